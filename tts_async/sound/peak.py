"""True peak: how high the sound goes between its samples."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from tts_async.sound.level import highest

CONTEXT = 12
"""Frames on either side that decide what is between two samples."""

_FINE, _COARSE = 8, 4
_COARSE_CONTEXT = 6
_BETA = 4.0
_ROW = 16
_ROWS = 16
"""Rows in one product of matrices: so few that OpenBLAS does not wake its threads, which would wait at full speed."""
_BATCH = 16 * _ROWS


def levels(samples: NDArray[np.float32], *, quiet: float) -> NDArray[np.float32]:
    """Return how high the sound goes around each sample, from neighbour to neighbour, but the first and last `CONTEXT`.

    Where the sound certainly stays at or under ``quiet``, the level is that of the sample alone, which costs
    next to nothing.
    """
    count = len(samples) - 2 * CONTEXT
    level = np.abs(samples[CONTEXT : CONTEXT + count])
    bank, most = _bank()
    rows = count // _ROW + 1
    padded = np.zeros((rows + 2) * _ROW, np.float32)
    padded[: len(samples)] = samples
    heights = np.abs(padded).reshape(-1, _ROW).max(axis=1)
    around = np.maximum(np.maximum(heights[:-2], heights[1:-1]), heights[2:])
    loud = np.flatnonzero(around * most > quiet)
    if loud.size:
        between = np.zeros((rows, _ROW), np.float32)
        windows = np.lib.stride_tricks.sliding_window_view(padded, len(bank))[::_ROW]
        for start in range(0, loud.size, _BATCH):
            some = loud[start : start + _BATCH]
            between[some] = _between(windows[some], bank)
        flat = between.ravel()
        np.maximum(level, flat[:count], out=level)
        np.maximum(level, flat[1 : count + 1], out=level)
    return level


def _between(windows: NDArray[np.float32], bank: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how high the sound goes between two samples, a row for each window."""
    rows = np.zeros((-(-len(windows) // _ROWS), _ROWS, len(bank)), np.float32)
    rows.reshape(-1, len(bank))[: len(windows)] = windows
    phases = (rows @ bank).reshape(-1, bank.shape[1] // _ROW, _ROW)[: len(windows)]
    tops: NDArray[np.float32] = np.abs(phases, out=phases).max(axis=1)
    return tops


def overshoot() -> float:
    """Return how many times as high as its highest sample a sound can go between samples."""
    return _bank()[1]


class TruePeak:
    """The highest true peak of a stream of blocks; never lower than what libebur128 reads."""

    def __init__(self) -> None:
        self._peak = 0.0
        self._held = np.zeros(2 * CONTEXT, np.float32)

    def add(self, block: NDArray[np.float32]) -> None:
        """Hear mono samples; raises `AudioError` where they are no numbers."""
        highest(block)
        held = np.concatenate((self._held, block))
        self._peak = max(self._peak, _peak(held, self._peak))
        self._held = held[-2 * CONTEXT :]

    @property
    def value_db(self) -> float:
        """The peak of all that was added, as if silence followed, in dBTP; minus infinity for silence."""
        peak = max(self._peak, _peak(np.pad(self._held, (0, 2 * CONTEXT)), self._peak))
        return 20 * math.log10(peak) if peak else -math.inf


def _peak(held: NDArray[np.float32], known: float) -> float:
    return float(levels(held, quiet=known).max(initial=0.0))


@cache
def _bank() -> tuple[NDArray[np.float32], float]:
    """Make the matrix that takes a row of samples to what is between them, and say how much it can add.

    BS.1770-5, annex 2, asks for at least four times the rate. Eight times and 24 taps find the peaks of sound
    under 0.45 of the rate to 0.1 dB; at four times and 12 taps, as meters mostly do it, sound above that reads
    higher, so that is done too.
    """
    fine = _taps(_FINE, CONTEXT, _kaiser)
    fine /= fine.sum(axis=1, keepdims=True)
    coarse = _taps(_COARSE, _COARSE_CONTEXT, _hann)
    taps = np.concatenate((fine, np.pad(coarse, ((0, 0), (CONTEXT - _COARSE_CONTEXT, CONTEXT - _COARSE_CONTEXT)))))
    bank = np.zeros((_ROW + 2 * CONTEXT - 1, len(taps), _ROW), np.float32)
    for place in range(_ROW):
        bank[place : place + 2 * CONTEXT, :, place] = taps.T
    return bank.reshape(len(bank), -1), float(np.abs(taps).sum(axis=1).max())


def _taps(
    factor: int, context: int, window: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Return a windowed sinc for each place between two samples, shape (factor - 1, 2 * context)."""
    places = np.arange(1 - context, context + 1) - np.arange(1, factor)[:, None] / factor
    taps: NDArray[np.float64] = np.sinc(places) * window(places / context)
    return taps


def _kaiser(place: NDArray[np.float64]) -> NDArray[np.float64]:
    window: NDArray[np.float64] = np.i0(_BETA * np.sqrt(1 - place**2)) / np.i0(_BETA)
    return window


def _hann(place: NDArray[np.float64]) -> NDArray[np.float64]:
    window: NDArray[np.float64] = 0.5 + 0.5 * np.cos(np.pi * place)
    return window
