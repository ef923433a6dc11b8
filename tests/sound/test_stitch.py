"""Clips one behind the other, without a click."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tts_async.sound.stitch import BLOCK_FRAMES, FADE_S, Samples, Span, Stitcher, blocks, faded

RATE_HZ = 24_000


def joined(*clips: Samples, pause_ms: int = 0, rate_hz: int = RATE_HZ) -> Samples:
    stitcher = Stitcher(rate_hz)
    return np.concatenate([block for clip in clips for block in stitcher.add(clip, pause_ms=pause_ms)[1]])


def sine(hz: float, frames: int, *, phase: float = 0.0, rate_hz: int = RATE_HZ) -> Samples:
    wave: NDArray[np.float64] = 0.5 * np.sin(2 * np.pi * hz * np.arange(frames) / rate_hz + phase)
    return wave.astype(np.float32)


def roughness_db(samples: Samples, around: int, signal: Samples) -> float:
    """The third difference around a joint against the signal's own: what of a click is heard."""
    near = samples[around - 600 : around + 600].astype(np.float64)
    return float(20 * np.log10(np.abs(np.diff(near, 3)).max() / np.abs(np.diff(signal.astype(np.float64), 3)).max()))


@given(
    st.lists(st.tuples(st.integers(0, 3_000), st.integers(0, 1_000)), max_size=6),
    st.sampled_from([8_000, 22_050, 24_000, 44_100]),
)
def test_every_frame_is_counted(clips: list[tuple[int, int]], rate_hz: int) -> None:
    """Spans follow one another with the pause between, and the blocks have exactly as many frames."""
    stitcher = Stitcher(rate_hz)
    at = 0
    for frames, pause_ms in clips:
        span, made = stitcher.add(np.ones(frames, np.float32), pause_ms=pause_ms)
        assert span == Span(start=at, end=at + frames)
        length = frames + round(pause_ms * rate_hz / 1000)
        assert sum(map(len, made)) == length
        at += length
        assert stitcher.frames == at


def test_a_pause_is_silence() -> None:
    """The clip comes first, and after it nothing at all."""
    whole = joined(np.ones(1_000, np.float32), pause_ms=50)
    assert len(whole) == 1_000 + 1_200
    assert whole[500] == 1
    assert not whole[1_000:].any()


@pytest.mark.parametrize("rate_hz", [8_000, 24_000, 44_100, 48_000])
def test_a_fade_is_a_raised_cosine(rate_hz: int) -> None:
    """Eight milliseconds at both ends, the same forwards and backwards, and nothing changed between."""
    clip = np.ones(rate_hz, np.float32)
    out = faded(clip, rate_hz)
    length = round(FADE_S * rate_hz)
    at = (np.arange(length) + 0.5) / length
    assert np.allclose(out[:length], 0.5 - 0.5 * np.cos(np.pi * at), atol=1e-6)
    assert np.array_equal(out, out[::-1])
    assert np.array_equal(out[length:-length], clip[length:-length])
    assert clip.all()


@pytest.mark.parametrize("frames", [0, 1, 2, 3, 100, 383, 384, 385])
def test_a_clip_shorter_than_two_fades_is_faded_too(frames: int) -> None:
    """It keeps its length, and is never louder than it was."""
    out = faded(np.ones(frames, np.float32), RATE_HZ)
    assert out.shape == (frames,)
    assert out.dtype == np.float32
    assert (np.abs(out) <= 1).all()


@pytest.mark.parametrize("pause_ms", [0, 1, 250])
@pytest.mark.parametrize(("hz", "rate_hz"), [(220, 24_000), (440, 24_000), (1_000, 24_000), (440, 44_100)])
@pytest.mark.parametrize("phase", [0.0, np.pi / 4, np.pi / 2, 2.5])
def test_no_click_at_a_joint(hz: float, rate_hz: int, phase: float, pause_ms: int) -> None:
    """A sine cut at a bad phase is the strict test: at most 6 dB over the signal where a butt joint has 75."""
    one, other = (sine(hz, 12_000, phase=phase + more, rate_hz=rate_hz) for more in (0, 2))
    whole = joined(one, other, pause_ms=pause_ms, rate_hz=rate_hz)
    assert roughness_db(whole, len(one), one) <= 6
    assert roughness_db(whole, len(one) + round(pause_ms * rate_hz / 1000), one) <= 6


@pytest.mark.parametrize("hz", [80, 100, 150])
def test_a_low_tone_has_no_click_either(hz: float) -> None:
    """Its own third difference is next to nothing, so the butt joint is the measure: at least 55 dB under it."""
    one, other = sine(hz, 12_000, phase=np.pi / 2), sine(hz, 12_000, phase=np.pi / 2 + 2)
    butt = roughness_db(np.concatenate([one, other]), len(one), one)
    assert roughness_db(joined(one, other), len(one), one) < butt - 55


def test_the_test_hears_a_click() -> None:
    """The same measure finds the butt joint that the stitcher avoids."""
    one = sine(440, 12_000, phase=np.pi / 2)
    assert roughness_db(np.concatenate([one, -one]), len(one), one) > 30


@pytest.mark.parametrize("frames", [0, 1, BLOCK_FRAMES - 1, BLOCK_FRAMES, BLOCK_FRAMES + 1, 3 * BLOCK_FRAMES + 7])
def test_no_block_is_too_long(frames: int) -> None:
    """An encoder dies of a write of more than 47 s; the blocks are the samples, and none is empty."""
    samples = np.arange(frames, dtype=np.float32)
    made = list(blocks(samples))
    assert all(0 < len(block) <= BLOCK_FRAMES for block in made)
    assert np.array_equal(np.concatenate([np.zeros(0, np.float32), *made]), samples)
