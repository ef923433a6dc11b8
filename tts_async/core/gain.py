"""How much louder or quieter a speaker, and the whole, is made."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass

from tts_async.errors import ConfigError

TARGETS_LUFS: Mapping[str, Mapping[int, float] | None] = {
    "podcast": {1: -19.0, 2: -16.0},
    "broadcast": {1: -23.0, 2: -23.0},
    "none": None,
}
"""Loudness by purpose and channels, of the file as it is measured.

One channel played by two loudspeakers is 3 dB louder than it measures, so a mono podcast at -19 is as loud as a
stereo one at -16. Broadcasters (EBU R 128) ask for what is measured.
"""

STREAM_DBTP = -1.0
"""How high the limiter lets true peaks go where samples are handed on as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """What a format does to levels: how high true peaks may go before it, and by how much it turns everything down."""

    ceiling_dbtp: float = STREAM_DBTP
    loss_db: float = 0.0


EXACT = Codec()
_AAC = Codec(ceiling_dbtp=-2.5)
CODECS: Mapping[str, Codec] = {
    ".wav": EXACT,
    ".flac": EXACT,
    ".mp3": Codec(ceiling_dbtp=-2.0, loss_db=-20 * math.log10(0.95)),
    ".opus": Codec(ceiling_dbtp=-2.6),
    ".ogg": Codec(ceiling_dbtp=-2.5),
    ".m4a": _AAC,
    ".m4b": _AAC,
}
"""By the format of a file, so that its decoder gives back the loudness that was asked for, and at most -1 dBTP.

Peaks grow by the more the more of them the limiter has cut. The worst of what was measured (`tests/bench/codecs.py`), in
90 s of speech with the highest 5 dB cut: MP3 +0.9 dB, AAC +1.0, Opus +1.2 (in five minutes +1.5), Vorbis +1.3. LAME takes
5 % off, so that what it decodes to does not clip, from 8 to 48 kHz alike.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """How loud a speaker is, over how many seconds of speech; minus infinity is silence."""

    lufs: float
    speech_s: float


ENOUGH_S = 5.0
"""Less speech than this says too little of a voice: its level spreads by 0.7 LU at 3 s, by 0.35 at 5."""

MOST_DB = 6.0
STEP_DB = 1.0


def target_lufs(purpose: str, *, channels: int = 1) -> float | None:
    """Return the loudness to aim at, ``None`` for leaving it; raises `ConfigError` for a purpose that is not known."""
    if purpose not in TARGETS_LUFS:
        raise ConfigError(f"There is no loudness called {purpose!r}; there are {', '.join(TARGETS_LUFS)}.")
    targets = TARGETS_LUFS[purpose]
    return None if targets is None else targets[channels]


def speaker_gains_db(levels: Mapping[str, Level]) -> dict[str, float]:
    """Return the gain that brings each speaker to the median one, at most 6 dB; none for who says too little."""
    known = {name: level.lufs for name, level in levels.items() if _is_known(level)}
    median = statistics.median(known.values()) if known else 0.0
    return {name: speaker_gain_db(level, median) for name, level in levels.items()}


def speaker_gain_db(own: Level, others_lufs: float) -> float:
    """Return the gain that brings one speaker to the level of all, at most 6 dB; none for who says too little."""
    return _clamped(others_lufs - own.lufs, MOST_DB) if _is_known(own) and math.isfinite(others_lufs) else 0.0


def programme_gain_db(measured_lufs: float, target: float | None) -> float:
    """Return the gain that brings the whole to its target; none for silence."""
    return target - measured_lufs if target is not None and math.isfinite(measured_lufs) else 0.0


def next_gain_db(gain_db: float, wanted_db: float) -> float:
    """Return the gain of a stream after a pause: nearer to what is wanted, by at most 1 dB."""
    return gain_db + _clamped(wanted_db - gain_db, STEP_DB)


def _is_known(level: Level) -> bool:
    return level.speech_s >= ENOUGH_S and math.isfinite(level.lufs)


def _clamped(value: float, most: float) -> float:
    return max(-most, min(most, value))
