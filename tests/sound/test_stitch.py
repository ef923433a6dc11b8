"""Clips one behind the other, without a click."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tts_async.sound.edges import Edges, edges
from tts_async.sound.stitch import BLOCK_FRAMES, FADE_S, REST_S, Joined, Samples, Span, Stitcher, blocks, raised_cosine

RATE_HZ = 24_000


def laid(*clips: Samples, pause_ms: int | None = 0, rate_hz: int = RATE_HZ, room_tone: bool = False) -> list[Joined]:
    stitcher = Stitcher(rate_hz, room_tone=room_tone)
    return [stitcher.add(clip, edges(clip, rate_hz), pause_ms=pause_ms) for clip in clips]


def joined(*clips: Samples, pause_ms: int | None = 0, rate_hz: int = RATE_HZ, room_tone: bool = False) -> Samples:
    made = laid(*clips, pause_ms=pause_ms, rate_hz=rate_hz, room_tone=room_tone)
    return np.concatenate([block for each in made for block in each.blocks])


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
    at = pause = 0
    for frames, pause_ms in clips:
        clip = np.ones(frames, np.float32)
        made = stitcher.add(clip, Edges(start=0, end=frames, level_db=0, floor=None), pause_ms=pause_ms)
        assert made.span == Span(start=at + pause, end=at + pause + frames)
        assert sum(map(len, made.blocks)) == pause + frames
        at, pause = made.span.end, round(pause_ms * rate_hz / 1000)
        assert stitcher.frames == at


def test_a_pause_can_be_silence() -> None:
    """Between two clips there is nothing at all; behind the last one nothing is added."""
    whole = joined(np.ones(1_000, np.float32), np.ones(1_000, np.float32), pause_ms=50)
    longer = 2 * 0.009 * RATE_HZ  # What sounds to the very edge is heard 9 ms further, in frames of 10.
    assert len(whole) == pytest.approx(1_000 + 1_200 + longer + 1_000, abs=24)
    assert whole[500] == whole[-500] == 1
    assert not whole[1_000:-1_000].any()


@pytest.mark.parametrize("rate_hz", [8_000, 24_000, 44_100, 48_000])
def test_a_fade_is_a_raised_cosine(rate_hz: int) -> None:
    """Eight milliseconds at both ends, the same forwards and backwards, and nothing changed between."""
    clip = np.ones(rate_hz, np.float32)
    out = joined(clip, rate_hz=rate_hz)
    length = round(FADE_S * rate_hz)
    assert np.allclose(out[:length], raised_cosine(length), atol=1e-6)
    assert np.allclose(out, out[::-1])
    assert np.array_equal(out[length:-length], clip[length:-length])
    assert clip.all()


@pytest.mark.parametrize("frames", [1, 2, 3, 100, 383, 384, 385])
def test_a_clip_shorter_than_two_fades_is_faded_too(frames: int) -> None:
    """It keeps its length, and is never louder than it was."""
    out = joined(np.ones(frames, np.float32))
    assert out.shape == (frames,)
    assert out.dtype == np.float32
    assert (np.abs(out) <= 1).all()


def with_rests(lead_ms: int, trail_ms: int, *, floor: float = 0.0, rate_hz: int = RATE_HZ) -> Samples:
    """A second of a vowel, with rests of noise, or of nothing, around it."""
    lead, trail = (ms * rate_hz // 1000 for ms in (lead_ms, trail_ms))
    noise = floor * np.random.default_rng(1).standard_normal(lead + rate_hz + trail)
    noise[lead : lead + rate_hz] += sine(180, rate_hz, rate_hz=rate_hz)
    return noise.astype(np.float32)


def silences_ms(samples: Samples, rate_hz: int) -> list[float]:
    """Every gap of a stream by its definition, found the slow way."""
    size, hop, loud = rate_hz // 100, rate_hz // 1000, []
    for start in range(0, len(samples) - size, hop):
        level_db = 10 * np.log10(np.mean(np.square(samples[start : start + size], dtype=np.float64)) + 1e-15)
        if level_db > -9.03 - 40:  # The vowel's own level, less 40 dB.
            loud.append(start)
    gaps = [(later - (start + size)) * 1000 / rate_hz for start, later in pairwise(loud)]
    return [gap for gap in gaps if gap > 0]


@pytest.mark.parametrize("floor", [0.0, 0.0004], ids=["silent", "noisy"])
@pytest.mark.parametrize("rests_ms", [(0, 0), (5, 7), (40, 300), (300, 40), (500, 500)])
@pytest.mark.parametrize("pause_ms", [30, 250, 350, 900])
@pytest.mark.parametrize("rate_hz", [24_000, 44_100])
def test_a_gap_is_as_long_as_planned(pause_ms: int, rests_ms: tuple[int, int], floor: float, rate_hz: int) -> None:
    """The rests that clips bring along are part of the pause: within 5 ms of the plan from sound to sound."""
    clip = with_rests(*rests_ms, floor=floor, rate_hz=rate_hz)
    made = laid(clip, clip, pause_ms=pause_ms, rate_hz=rate_hz, room_tone=True)
    [gap_ms] = silences_ms(np.concatenate([block for each in made for block in each.blocks]), rate_hz)
    assert gap_ms == pytest.approx(pause_ms, abs=5)
    assert made[1].seam is not None
    assert made[1].seam.gap_ms == pytest.approx(gap_ms, abs=2.5)


@pytest.mark.parametrize("rests_ms", [(0, 0), (5, 7), (300, 300)])
def test_nothing_inside_a_sentence(rests_ms: tuple[int, int]) -> None:
    """Where a sentence had to be cut there is no rest, whatever the clips bring along."""
    clip = with_rests(*rests_ms, floor=0.0004)
    whole = joined(clip, clip, pause_ms=0, room_tone=True)
    assert sum(silences_ms(whole, RATE_HZ)) <= 5


def test_a_rest_is_natural() -> None:
    """At the ends of the whole, 60 ms of what the clip has there are kept; all that is longer goes."""
    clip = with_rests(400, 400, floor=0.0004)
    [made] = laid(clip, pause_ms=None)
    rest = REST_S * RATE_HZ
    assert made.span.end == pytest.approx(RATE_HZ + 2 * rest, abs=2 * RATE_HZ / 100)
    assert made.span.offset == pytest.approx(0.4 * RATE_HZ - rest, abs=RATE_HZ / 100)


@pytest.mark.parametrize("floor", [0.0, 0.0004, 0.002], ids=["silent", "quiet", "noisy"])
def test_a_pause_carries_the_noise_floor(floor: float) -> None:
    """It sounds as the rests of the clip before it do: as loud, and never a hole in it."""
    clip = with_rests(200, 200, floor=floor)
    whole = joined(clip, clip, pause_ms=600, room_tone=True)
    middle = len(whole) // 2
    levels = [np.sqrt(np.mean(whole[at : at + 240] ** 2)) for at in range(middle - 6_000, middle + 6_000, 240)]
    assert min(levels) >= 0.5 * floor
    assert max(levels) <= 1.5 * floor


def test_silence_stays_silence() -> None:
    """A clip in which nothing is heard, as one that stands for what is missing, is laid whole and measured nowhere."""
    nothing = np.zeros(5_000, np.float32)
    made = laid(sine(440, 9_000), nothing, sine(440, 9_000), pause_ms=100)
    assert [each.span.end - each.span.start for each in made] == [9_000, 5_000, 9_000]
    assert [each.seam for each in made] == [None, None, None]


def test_a_gain_is_heard() -> None:
    """Six decibels more are twice the amplitude, and the joint says that the level has changed."""
    stitcher, clip = Stitcher(RATE_HZ), sine(440, 12_000)
    quiet = stitcher.add(clip, edges(clip, RATE_HZ), pause_ms=100)
    loud = stitcher.add(clip, edges(clip, RATE_HZ), pause_ms=100, gain_db=6.0206)
    assert np.abs(loud.blocks[-1]).max() == pytest.approx(2 * np.abs(quiet.blocks[-1]).max(), rel=1e-3)
    assert loud.seam is not None
    assert loud.seam.change_db == pytest.approx(6.02, abs=0.01)


@pytest.mark.parametrize("pause_ms", [0, 1, 250])
@pytest.mark.parametrize(("hz", "rate_hz"), [(220, 24_000), (440, 24_000), (1_000, 24_000), (440, 44_100)])
@pytest.mark.parametrize("phase", [0.0, np.pi / 4, np.pi / 2, 2.5])
def test_no_click_at_a_joint(hz: float, rate_hz: int, phase: float, pause_ms: int) -> None:
    """A sine cut at a bad phase is the strict test: at most 6 dB over the signal where a butt joint has 75."""
    one, other = (sine(hz, 12_000, phase=phase + more, rate_hz=rate_hz) for more in (0, 2))
    whole = joined(one, other, pause_ms=pause_ms, rate_hz=rate_hz)
    assert roughness_db(whole, len(one), one) <= 6
    assert roughness_db(whole, len(whole) - len(other), one) <= 6


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
