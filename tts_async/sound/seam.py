"""Seam: what is heard where two clips meet, measured on what was joined."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tts_async.core.mastered import Seams
from tts_async.sound.edges import EDGE_DB, frame_levels_db, hop_frames, hop_powers
from tts_async.sound.level import decibels

Samples = NDArray[np.float32]

NEAR_S = 0.2
"""How much of the sound on either side a joint is measured with."""

STEP_S = 0.01
"""How near to a joint a step is one of the joint's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A clip as it stands at a joint: its samples, how many of them are a rest there, and its level in dBFS."""

    samples: Samples
    rest: int
    level_db: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Seam:
    """One joint.

    - ``gap_ms``: from the last 10 ms over -40 dB, relative to the speech there, to the next; ``wished_ms`` by the plan.
    - ``step_db``: the largest third difference of samples near the joint, against the largest of the speech around it.
    - ``change_db``: how much louder the second clip is.
    """

    wished_ms: float
    gap_ms: float
    step_db: float
    change_db: float


def seam(before: Side, filler: Samples, after: Side, rate_hz: int, *, wished: int) -> Seam:
    """Measure a joint: the end of a clip, the ``filler`` of the pause, the start of the next clip."""
    near, to_ms = round(NEAR_S * rate_hz), 1000 / rate_hz
    left = before.samples[-(near + before.rest) :]
    right = after.samples[: near + after.rest]
    middle = len(filler) // 2
    silent_left = _silence(np.concatenate((left, filler[:middle]))[::-1], rate_hz, before.level_db)
    silent_right = _silence(np.concatenate((filler[middle:], right)), rate_hz, after.level_db)
    return Seam(
        wished_ms=wished * to_ms,
        gap_ms=(silent_left + silent_right) * to_ms,
        step_db=_step_db(left, filler, right, round(STEP_S * rate_hz)),
        change_db=after.level_db - before.level_db,
    )


def more_seams(total: Seams, one: Seam) -> Seams:
    """Add one joint."""
    return Seams(
        count=total.count + 1,
        gap_off_ms=max(total.gap_off_ms, abs(one.gap_ms - one.wished_ms)),
        step_db=max(total.step_db, one.step_db),
        change_db=max(total.change_db, abs(one.change_db)),
    )


def _silence(samples: Samples, rate_hz: int, level_db: float) -> int:
    """How many frames there are before the first 10 ms over the edge; all where there are none."""
    hop = hop_frames(rate_hz)
    over = np.flatnonzero(frame_levels_db(hop_powers(samples, hop)) > level_db + EDGE_DB)
    return int(over[0]) * hop if len(over) else len(samples)


def _step_db(left: Samples, filler: Samples, right: Samples, close: int) -> float:
    """Measure steps by third differences, in which speech itself is small."""
    around = max(_steepest(left[:-close]), _steepest(right[close:]))
    joint = _steepest(np.concatenate((left[-close:], filler, right[:close])))
    return float(np.diff(decibels(np.array([around, joint]) ** 2))[0])


def _steepest(samples: Samples) -> float:
    return float(np.abs(np.diff(samples.astype(np.float64), 3)).max(initial=0.0))
