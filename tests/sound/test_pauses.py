"""Pauses inside a clip."""

from __future__ import annotations

import time

import numpy as np
import pytest
from numpy.typing import NDArray

from tts_async.sound.pauses import pauses

Samples = NDArray[np.float32]


def clip(*parts_ms: int, rate_hz: int = 24_000, level: float = 0.1, hush: float = 0.0) -> Samples:
    """Noise for so many milliseconds, then quiet for so many, and so on; ``hush`` is how loud the quiet is."""
    dice = np.random.default_rng(1)
    return np.concatenate(
        [
            dice.normal(0, hush if number % 2 else level, part * rate_hz // 1000).astype(np.float32)
            for number, part in enumerate(parts_ms)
        ]
    )


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 24_000, 44_100, 48_000])
@pytest.mark.parametrize("level", [0.001, 0.1, 1.0])
def test_pauses_are_found_where_they_are(rate_hz: int, level: float) -> None:
    """To a frame of 10 ms, at any level and rate; what is shorter than 0.12 s is none, nor are the ends."""
    found = pauses(clip(0, 500, 800, 200, 300, 60, 300, 700, 900, 400, rate_hz=rate_hz, level=level), rate_hz)
    expected = [(1_300, 1_500), (2_160, 2_860)]
    assert len(found) == len(expected)
    for pause, (start_ms, end_ms) in zip(found, expected, strict=True):
        assert [frame * 1_000 / rate_hz for frame in pause] == pytest.approx([start_ms, end_ms], abs=20)


@pytest.mark.parametrize(("hush_db", "count"), [(-30, 0), (-50, 1)])
def test_a_pause_is_quiet_against_the_speech(hush_db: float, count: int) -> None:
    """Hiss 50 dB under the speech is a pause, sound 30 dB under it is none."""
    assert len(pauses(clip(500, 300, 500, hush=0.1 * 10 ** (hush_db / 20)), 24_000)) == count


def test_the_level_is_that_of_the_speech() -> None:
    """Also where it is but a tenth of the clip, or a click in it is as loud as can be."""
    samples = clip(500, 9_000, 500, level=0.003, hush=0.00001)
    samples[3_000:3_240] = 1.0
    assert len(pauses(samples, 24_000)) == 1


@pytest.mark.parametrize(
    "samples",
    [clip(0), clip(0, 1_000), clip(5), clip(2), clip(1_000), np.zeros(3, np.float32)],
    ids=["empty", "silence", "a moment", "less", "speech", "three zeros"],
)
def test_without_a_pause_there_is_none(samples: Samples) -> None:
    """Nor any warning."""
    assert pauses(samples, 24_000) == []


def test_it_is_fast() -> None:
    """A clip of 40 s takes a few milliseconds at most."""
    samples = clip(*[400, 200] * 67)
    start = time.perf_counter()
    assert len(pauses(samples, 24_000)) == 66
    assert time.perf_counter() - start < 0.1
