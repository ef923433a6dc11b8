"""Meter: the K-weighted energy of each tenth of a second, which is all that loudness needs of a sound."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tts_async.errors import AudioError
from tts_async.sound.level import highest

Samples = NDArray[np.float32]
Energies = NDArray[np.float32]
"""Mean squares of K-weighted mono sub-blocks, one each 100 ms; shape (sub-blocks,)."""

_SHELF_HZ, _SHELF_Q, _SHELF_DB, _SHELF_SLOPE = (
    1681.974450955533,
    0.7071752369554196,
    3.999843853973347,
    0.4996667741545416,
)
_PASS_HZ, _PASS_Q = 38.13547087602444, 0.5003270373238773
"""The analogue filters behind the two tables of BS.1770-5, annex 1, which are for 48 kHz only; as in libebur128."""

_HOP = 3
"""Sub-blocks in a frame of the overlap-save convolution, besides the one before them."""
_BATCH = 8
"""Frames in one call: what is made of them stays in the cache."""


class Meter:
    """Weights a stream of mono blocks; however it is cut, the energies are the same.

    Energies come out up to 300 ms late.
    """

    def __init__(self, rate_hz: int) -> None:
        self._per = subblock_frames(rate_hz)
        self._response = _response(rate_hz)
        # The sub-block before the next to be weighted, and all that has come since.
        self._held: Samples = np.zeros(self._per, np.float32)

    def add(self, block: Samples) -> Energies:
        """Take a block and give the energies that are ready; raises `AudioError` where samples are no numbers."""
        highest(block)
        self._held = np.concatenate((self._held, block))
        return self._release()

    def finish(self, *, incomplete: bool = False) -> Energies:
        """Give what is left.

        BS.1770 leaves out what does not fill the last sub-block; where that is wanted, its energy is the mean of
        what there is.
        """
        left = len(self._held) - self._per
        self._held = np.pad(self._held, (0, _HOP * self._per))
        energies = self._release()[: -(-left // self._per)]
        if not left % self._per:
            return energies
        if not incomplete:
            return energies[:-1]
        energies[-1] *= self._per / (left % self._per)
        return energies

    def _release(self) -> Energies:
        per, hop = self._per, _HOP * self._per
        count = (len(self._held) - per) // hop
        if not count:
            return np.zeros(0, np.float32)
        frames = np.lib.stride_tricks.sliding_window_view(self._held, per + hop)[::hop]
        found = []
        for start in range(0, count, _BATCH):
            spectra = np.fft.rfft(frames[start : min(start + _BATCH, count)])
            spectra *= self._response
            weighted = np.fft.irfft(spectra, per + hop)[:, per:].reshape(-1, per)
            found.append(np.einsum("ij,ij->i", weighted, weighted) / np.float32(per))
        self._held = self._held[count * hop :]
        return np.concatenate(found)


def subblocks(samples: Samples, rate_hz: int) -> Energies:
    """Return the energies of a whole clip; the last is the mean of what there is, however short."""
    meter, most = Meter(rate_hz), _HOP * _BATCH * subblock_frames(rate_hz)
    found = [meter.add(samples[start : start + most]) for start in range(0, len(samples), most)]
    return np.concatenate((*found, meter.finish(incomplete=True)))


def subblock_frames(rate_hz: int) -> int:
    """Return how many frames 100 ms are, as libebur128 rounds them; raises `AudioError` for a rate no speech has."""
    if not 8_000 <= rate_hz <= 192_000:
        raise AudioError(f"The audio has {rate_hz} samples a second; from 8000 to 192000 can be measured.")
    return (rate_hz + 5) // 10


@lru_cache(maxsize=8)
def _response(rate_hz: int) -> NDArray[np.complex64]:
    """Return what K-weighting does to each frequency of a frame.

    The filter has forgotten a sound after 100 ms (it is e^-24 of what it was), so the sub-block before a hop is
    enough for its circular convolution.
    """
    size = (1 + _HOP) * subblock_frames(rate_hz)
    delay = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    return (_shelf(rate_hz, delay) * _high_pass(rate_hz, delay)).astype(np.complex64)


def _shelf(rate_hz: int, delay: NDArray[np.complex128]) -> NDArray[np.complex128]:
    warped = math.tan(math.pi * _SHELF_HZ / rate_hz)
    high = 10 ** (_SHELF_DB / 20)
    damped = high**_SHELF_SLOPE * warped / _SHELF_Q
    zeros = high + damped + warped**2, 2 * (warped**2 - high), high - damped + warped**2
    return _polynomial(zeros, delay) / _polynomial(_poles(warped, _SHELF_Q), delay)


def _high_pass(rate_hz: int, delay: NDArray[np.complex128]) -> NDArray[np.complex128]:
    poles = _poles(math.tan(math.pi * _PASS_HZ / rate_hz), _PASS_Q)
    # The table has 1, -2, 1 over a denominator that begins with 1.
    return poles[0] * (1 - delay) ** 2 / _polynomial(poles, delay)


def _poles(warped: float, q: float) -> tuple[float, float, float]:
    return 1 + warped / q + warped**2, 2 * (warped**2 - 1), 1 - warped / q + warped**2


def _polynomial(coefficients: tuple[float, float, float], delay: NDArray[np.complex128]) -> NDArray[np.complex128]:
    first, second, third = coefficients
    return first + delay * (second + delay * third)
