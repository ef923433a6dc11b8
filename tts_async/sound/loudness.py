"""Loudness: the gated mean of energies, of one clip, a speaker or a programme."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from tts_async.sound.meter import Energies, subblock_frames

ABSOLUTE_LUFS = -70.0
RELATIVE_LU = -10.0
_OFFSET_LU = -0.691
_TOP_LUFS = 30.0
_BINS_PER_LU = 100
_BINS = round((_TOP_LUFS - ABSOLUTE_LUFS) * _BINS_PER_LU)
_OVERLAPPING = 4
"""Sub-blocks in a gating block: 400 ms, of which 300 ms are the next one's too."""


def lufs(energy: float) -> float:
    """Return the loudness of a K-weighted mean square (BS.1770-5, annex 1); minus infinity for silence."""
    return _OFFSET_LU + 10 * math.log10(energy) if energy > 0 else -math.inf


_ABSOLUTE = 10 ** ((ABSOLUTE_LUFS - _OFFSET_LU) / 10)


class Loudness:
    """Gates energies as BS.1770-5 asks, in memory that does not grow with them.

    Blocks are counted by their loudness in bins of 0.01 LU that also know their energy, so the mean is exact; only the
    blocks in the one bin at the relative gate pass it, or do not, together.
    Under 400 ms there is no block, and the mean of all energies stands for one.
    """

    def __init__(self) -> None:
        self._last: NDArray[np.float64] = np.zeros(0)
        self._energy = 0.0
        self._subblocks: int = 0
        self._blocks: int = 0
        self._counts = np.zeros(_BINS, np.int64)
        self._sums = np.zeros(_BINS)

    def add(self, energies: Energies | NDArray[np.float64], *, gain_db: float = 0.0) -> None:
        """Take the energies that come next, as a gain makes them."""
        scaled = energies.astype(np.float64) * 10 ** (gain_db / 10)
        self._energy += float(scaled.sum())
        self._subblocks += len(scaled)
        row = np.concatenate((self._last, scaled))
        self._last = row[1 - _OVERLAPPING :]
        if len(row) >= _OVERLAPPING:
            self._count(np.lib.stride_tricks.sliding_window_view(row, _OVERLAPPING).mean(axis=1))

    def _count(self, blocks: NDArray[np.float64]) -> None:
        self._blocks += len(blocks)
        passed = blocks[blocks > _ABSOLUTE]
        above_lu = 10 * np.log10(passed / _ABSOLUTE)
        bins = np.minimum((above_lu * _BINS_PER_LU).astype(np.int64), _BINS - 1)
        np.add.at(self._counts, bins, 1)
        np.add.at(self._sums, bins, passed)

    def merge(self, other: Loudness) -> None:
        """Take the blocks of another; none is made of both."""
        self._energy += other._energy
        self._subblocks += other._subblocks
        self._blocks += other._blocks
        self._counts += other._counts
        self._sums += other._sums

    @property
    def integrated_lufs(self) -> float:
        """The loudness of all that came; minus infinity where nothing passes the gates."""
        if not self._blocks:
            energy = self._energy / max(1, self._subblocks)
            return lufs(energy) if energy > _ABSOLUTE else -math.inf
        passed = self._passed()
        return lufs(float(self._sums[passed].sum()) / max(1, int(self._counts[passed].sum())))

    @property
    def gated_s(self) -> float:
        """Seconds of sound that pass the gates: speech without its pauses."""
        return float(self._counts[self._passed()].sum()) / 10

    def _passed(self) -> NDArray[np.bool_]:
        """Which bins pass the relative gate, each by the mean of its blocks."""
        mean = float(self._sums.sum()) / max(1, int(self._counts.sum()))
        passed: NDArray[np.bool_] = self._sums > self._counts * mean * 10 ** (RELATIVE_LU / 10)
        return passed


def pooled(clips: Iterable[Energies]) -> Loudness:
    """Return the loudness of clips as if they were one, such as all that one speaker says."""
    loudness = Loudness()
    for energies in clips:
        loudness.add(energies)
    return loudness


class Programme:
    """The loudness of clips and pauses one behind the other, from the energies of the clips alone.

    Each clip begins at the nearest sub-block of the programme: no such error adds up, and a minute of speech is some
    0.05 LU off at most. (Sharing each energy between the two sub-blocks that it is heard in makes speech of silence,
    and the gated mean 0.07 LU too low.)
    """

    def __init__(self) -> None:
        self.loudness: Loudness = Loudness()
        self._at = 0.0
        self._rest: NDArray[np.float64] = np.zeros(0)

    def add(self, energies: Energies, *, frames: int, rate_hz: int, gain_db: float = 0.0) -> None:
        """Append a clip: its energies, as `subblocks` gives them, and how long it is."""
        per = subblock_frames(rate_hz)
        scaled = energies.astype(np.float64) * 10 ** (gain_db / 10)
        scaled[-1:] *= (frames - (len(energies) - 1) * per) / per
        self._append(scaled, 10 * frames / rate_hz)

    @property
    def length_s(self) -> float:
        """How long it is, pauses and all."""
        return self._at / 10

    def pause(self, seconds: float) -> None:
        """Append silence."""
        self._append(np.zeros(0), 10 * seconds)

    def _append(self, energies: NDArray[np.float64], length: float) -> None:
        """Lay energies here, and go on by a length in sub-blocks: what lies before the new place is complete."""
        ready = round(self._at + length) - round(self._at)
        self._at += length
        row = np.zeros(max(ready, len(energies), len(self._rest)))
        row[: len(energies)] += energies
        row[: len(self._rest)] += self._rest
        self.loudness.add(row[:ready])
        self._rest = row[ready:]
