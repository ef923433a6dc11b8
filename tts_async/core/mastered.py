"""What a finished file sounds like, as it was measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Seams:
    """The joints of a file: how many, and the worst of each figure.

    ``gap_off_ms``: how much longer or shorter a pause is than it was planned. ``step_db``: the sharpest bend of the
    waveform at a joint, against the sharpest of the speech around it; nothing is heard up to 6. ``change_db``: the
    largest change of level from one clip to the next.
    """

    count: int = 0
    gap_off_ms: float = 0.0
    step_db: float = -120.0
    change_db: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mastered:
    """The level and the joints of what was written, before a lossy codec; ``None`` where it was left as it came."""

    target_lufs: float | None = None
    loudness_lufs: float | None = None
    peak_dbtp: float | None = None
    seams: Seams = Seams()
