"""Verdict: is this the audio that was paid for? What can be heard of that without knowing the words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tts_async.sound.level import speech_level_db

FRAME_S = 0.01
FLOOR_DB = -60.0
"""What is under this, in dBFS, nobody hears as speech: voices are at -35 to -15, dither and codecs under -70."""

AUDIBLE_DB = -30.0
"""A sound this far under the level of the speech still is a part of it; the hiss of mu-law is at -38."""

PAUSE_S = 2.0
"""Longer than any pause that a voice makes between sentences (0.8 s measured), or leaves at its ends."""

TAIL_S, TAIL_DB = 0.0025, -10.0
"""In full voice is what ends over -10 dB: no good clip of the bench's was over -36, half of those that are cut are, and a
linear fade of 10 ms ends at -17."""

NOISE_S, STEADY_DB, TONAL = 2.0, 4.0, 0.95
"""Noise varies less than 4 dB, which no voice did for 2 s (single words do), and is not one tone, as a test's signal may be."""

BLOCK_FRAMES, BLOCKS = 512, 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What is heard of a clip, whatever its text.

    - ``speech_s``: how long it sounds, pauses left out.
    - ``silent_share``: how much of its length is in silences longer than `PAUSE_S`.
    - ``level_db``: of what sounds, in dBFS; `FLOOR_DB` where nothing does.
    - ``tail_db``: of the last 2.5 ms, against ``level_db``.
    - ``trail_s``: the silence at the end.
    - ``spread_db``: how much the level of what sounds varies, a standard deviation.
    - ``tonal_share``: how much of the power is in the strongest tone of the moment, 1 for a sine.
    """

    duration_s: float
    speech_s: float
    silent_share: float
    level_db: float
    tail_db: float
    trail_s: float
    spread_db: float
    tonal_share: float


def hear(samples: NDArray[np.float32], rate_hz: int) -> Heard:
    """Listen to mono samples, full scale 1; a clip of 40 s takes about a millisecond."""
    duration_s = len(samples) / rate_hz
    size = max(1, min(round(FRAME_S * rate_hz), len(samples)))
    frames_db, frame_s = _frames_db(samples, size), size / rate_hz
    sounding = frames_db > FLOOR_DB
    if not sounding.any():
        return _silence(duration_s)
    level_db = speech_level_db(frames_db[sounding])
    audible = frames_db > max(level_db + AUDIBLE_DB, FLOOR_DB)
    tail = samples[-max(1, round(TAIL_S * rate_hz)) :]
    last = int(np.flatnonzero(audible)[-1]) + 1
    return Heard(
        duration_s=duration_s,
        speech_s=float(audible.sum()) * frame_s,
        silent_share=_long_silences(audible, round(PAUSE_S / frame_s)) * frame_s / duration_s,
        level_db=level_db,
        tail_db=_db(float(np.mean(np.square(tail, dtype=np.float64)))) - level_db,
        trail_s=max(0.0, duration_s - last * frame_s),
        spread_db=float(frames_db[audible].std()),
        tonal_share=_tonal_share(samples),
    )


def flaw(heard: Heard) -> str:
    """Say why a clip is not what was paid for, whatever its text; "" where nothing is wrong. Read it after "the audio"."""
    if heard.level_db <= FLOOR_DB:
        return f"is silent for all of its {heard.duration_s:.1f} s"
    if heard.silent_share > 0.5:
        return f"is silent for {100 * heard.silent_share:.0f} % of its {heard.duration_s:.1f} s"
    if heard.speech_s >= NOISE_S and heard.spread_db < STEADY_DB and heard.tonal_share < TONAL:
        return f"is steady noise for {heard.speech_s:.1f} s"
    if heard.tail_db > TAIL_DB:
        return "ends in full voice, as if it had been cut"
    return ""


def _silence(duration_s: float) -> Heard:
    return Heard(
        duration_s=duration_s,
        speech_s=0.0,
        silent_share=1.0,
        level_db=FLOOR_DB,
        tail_db=0.0,
        trail_s=duration_s,
        spread_db=0.0,
        tonal_share=0.0,
    )


def _frames_db(samples: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Return the level of each so many samples, in dBFS; a remainder is left out."""
    whole = samples[: len(samples) // size * size].reshape(-1, size)
    power: NDArray[np.float32] = np.einsum("ij,ij->i", whole, whole) / np.float32(size)
    levels: NDArray[np.float32] = 10 * np.log10(np.clip(power, np.float32(1e-12), np.float32(1e12)))
    return levels


def _long_silences(audible: NDArray[np.bool_], pause: int) -> int:
    """Count the frames in silences of more than ``pause`` frames."""
    places = np.concatenate(([-1], np.flatnonzero(audible), [len(audible)]))
    silences = np.diff(places) - 1
    return int(silences[silences > pause].sum())


def _tonal_share(samples: NDArray[np.float32]) -> float:
    """Return the share of power around the strongest frequency of each block, over blocks from all over the clip."""
    count = len(samples) // BLOCK_FRAMES
    if not count:
        return 1.0
    blocks = samples[: count * BLOCK_FRAMES].reshape(count, BLOCK_FRAMES)[:: -(-count // BLOCKS)]
    power = np.square(np.abs(np.fft.rfft(blocks * np.hanning(BLOCK_FRAMES))))
    # A Hann window spreads a sine over three bins or four.
    around = np.lib.stride_tricks.sliding_window_view(power, 4, axis=1).sum(axis=2)
    return float(around.max(axis=1).sum() / max(float(power.sum()), 1e-12))


def _db(power: float) -> float:
    return float(10 * np.log10(max(power, 1e-12)))
