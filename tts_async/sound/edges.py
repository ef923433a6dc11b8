"""Edges: where the sound of a clip begins and ends, and where its noise floor can be heard."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tts_async.sound.level import decibels, speech_level_db

Samples = NDArray[np.float32]

EDGE_DB = -40.0
"""What is this far under the level of the speech is a rest."""

HOPS_PER_S = 1_000
FRAME_HOPS = 10
"""Levels are those of 10 ms, taken every millisecond."""

FLOOR_HOPS = 50
"""How long the quietest stretch is that stands for the noise floor: 50 ms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edges:
    """Where a clip sounds: from frame ``start`` up to ``end``, at ``level_db`` dBFS; all of it where it is silent.

    They are those of 10 ms in which something is heard: where a clip begins, or ends, in full voice they lie outside of it.
    ``floor`` is where its quietest 50 ms begin, ``None`` where that is no rest.
    """

    start: int
    end: int
    level_db: float
    floor: int | None


def edges(samples: Samples, rate_hz: int) -> Edges:
    """Find the first and the last 10 ms over -40 dB, relative to the speech of a clip of mono samples."""
    hop = hop_frames(rate_hz)
    power = hop_powers(samples, hop)
    around = FRAME_HOPS - 1
    levels_db = frame_levels_db(np.pad(power, around))
    level_db = speech_level_db(levels_db)
    over = np.flatnonzero(levels_db > level_db + EDGE_DB)
    if not len(over):
        return Edges(start=0, end=len(samples), level_db=level_db, floor=None)
    return Edges(
        start=(int(over[0]) - around) * hop,
        end=(int(over[-1]) - around + FRAME_HOPS) * hop,
        level_db=level_db,
        floor=_floor(power, hop, level_db + EDGE_DB),
    )


def hop_frames(rate_hz: int) -> int:
    """How many frames a millisecond is."""
    return max(1, round(rate_hz / HOPS_PER_S))


def hop_powers(samples: Samples, hop: int) -> NDArray[np.float64]:
    """The mean square of each millisecond; what does not fill the last one is left out."""
    whole = samples[: len(samples) // hop * hop].reshape(-1, hop)
    power: NDArray[np.float64] = np.einsum("ij,ij->i", whole, whole).astype(np.float64) / hop
    return power


def frame_levels_db(power: NDArray[np.float64]) -> NDArray[np.float64]:
    """The level of 10 ms, in dBFS, from each millisecond on."""
    return decibels(_means(power, FRAME_HOPS))


def _means(power: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """The mean of so many neighbours, from each place on; nothing where there are fewer."""
    if len(power) < count:
        return np.zeros(0)
    sums = np.concatenate(([0.0], np.cumsum(power)))
    means: NDArray[np.float64] = np.maximum(sums[count:] - sums[:-count], 0.0) / count
    return means


def _floor(power: NDArray[np.float64], hop: int, under_db: float) -> int | None:
    means = _means(power, FLOOR_HOPS)
    if not len(means):
        return None
    quietest = int(np.argmin(means))
    return quietest * hop if decibels(means[quietest : quietest + 1])[0] < under_db else None
