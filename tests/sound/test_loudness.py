"""Loudness: the gates, what can be put together, and a programme known from its clips alone."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tts_async.sound.loudness import Loudness, Programme, lufs, pooled
from tts_async.sound.meter import Meter, subblocks

LEVELS_LUFS = st.lists(st.floats(-90, 10), max_size=60)


def energies_of(levels_lufs: list[float]) -> NDArray[np.float32]:
    return (10 ** ((np.array(levels_lufs, dtype=np.float64) + 0.691) / 10)).astype(np.float32)


def blocks_of(energies: NDArray[np.float32]) -> list[float]:
    return [float(np.mean(energies[n : n + 4].astype(np.float64))) for n in range(len(energies) - 3)]


def gated_lufs(blocks: list[float]) -> float:
    """Gate blocks as the standard says it, one after the other."""
    passed = [block for block in blocks if lufs(block) > -70]
    if not passed:
        return -math.inf
    gate = lufs(sum(passed) / len(passed)) - 10
    # A block this near the gate is in with one rounding and out with another.
    assume(all(abs(lufs(block) - gate) > 0.011 for block in passed))
    assume(all(abs(lufs(block) + 70) > 1e-4 for block in blocks if block))
    passed = [block for block in passed if lufs(block) > gate]
    return lufs(sum(passed) / len(passed))


@given(LEVELS_LUFS.filter(lambda levels: len(levels) > 3), st.lists(st.integers(0, 60), max_size=4))
def test_the_gates_are_those_of_the_standard(levels: list[float], cuts: list[int]) -> None:
    """To 0.001 LU, in whatever pieces energies come."""
    energies = energies_of(levels)
    expected = gated_lufs(blocks_of(energies))
    loudness = pooled(np.split(energies, sorted(cuts)))
    assert loudness.integrated_lufs == pytest.approx(expected, abs=1e-3)


@given(LEVELS_LUFS, LEVELS_LUFS, LEVELS_LUFS)
def test_merged_is_gated_together(one: list[float], other: list[float], third: list[float]) -> None:
    """The blocks of all, in any order of merging, and none across a joint."""
    parts = [energies_of(levels) for levels in (one, other, third)]
    blocks = [block for part in parts for block in blocks_of(part)]
    assume(blocks)
    expected = gated_lufs(blocks)
    for order in ((0, 1, 2), (2, 0, 1), (1, 2, 0)):
        merged = Loudness()
        for n in order:
            merged.merge(pooled([parts[n]]))
        assert merged.integrated_lufs == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    ("levels", "expected"),
    [([], -math.inf), ([-20], -20), ([-20, -20, -20], -20), ([-20, -200], -23.01), ([-71, -71], -math.inf)],
    ids=["nothing", "100 ms", "300 ms", "half of it silent", "under the gate"],
)
def test_under_400_ms_there_is_a_value_too(levels: list[float], expected: float) -> None:
    """The mean of what there is, past the absolute gate."""
    assert pooled([energies_of(levels)]).integrated_lufs == pytest.approx(expected, abs=0.01)


def test_short_clips_are_heard_together() -> None:
    """Ten times "Yes." is a voice like any other, one after the other or merged."""
    clips = [energies_of([-20, -20])] * 10
    merged = Loudness()
    for clip in clips:
        merged.merge(pooled([clip]))
    assert pooled(clips).integrated_lufs == pytest.approx(-20, abs=0.01)
    assert merged.integrated_lufs == pytest.approx(-20, abs=0.01)


def test_memory_does_not_grow() -> None:
    """An hour is counted in what a minute is counted in."""

    def held(loudness: Loudness) -> int:
        return sum(sys.getsizeof(value) for value in vars(loudness).values())

    minute = energies_of([-20.0, -35.0] * 300)
    assert held(pooled([minute] * 60)) == pytest.approx(held(pooled([minute])), abs=100)


def test_silence_has_no_loudness() -> None:
    """Minus infinity, at any length."""
    assert pooled([np.zeros(100, np.float32)]).integrated_lufs == -math.inf


def test_gated_seconds_are_those_of_speech() -> None:
    """Pauses do not count for how much is known of a voice."""
    loudness = pooled([energies_of([-20] * 100), np.zeros(200, np.float32)])
    assert loudness.gated_s == pytest.approx(10, abs=0.4)
    assert Loudness().gated_s == 0


@given(levels=st.lists(st.floats(-40, 0), min_size=5, max_size=30), gain_db=st.floats(-6, 6))
def test_a_gain_is_that_much_louder(levels: list[float], gain_db: float) -> None:
    """Applied to energies or to the result, a gain is the same."""
    energies = energies_of(levels)
    gated_lufs(blocks_of(energies))
    louder = Loudness()
    louder.add(energies, gain_db=gain_db)
    assert louder.integrated_lufs == pytest.approx(pooled([energies]).integrated_lufs + gain_db, abs=1e-3)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 24_000])
def test_a_programme_is_known_from_its_clips(speech: NDArray[np.float32], rate_hz: int, seed: int) -> None:
    """Clips cut anywhere, with their gains and pauses: what the joined sound measures, to 0.1 LU after 30 s."""
    rng = np.random.default_rng(seed)
    said = np.tile(speech, 2)
    cuts = np.cumsum(rng.integers(rate_hz, 5 * rate_hz, 60))
    programme, meter, joined = Programme(), Meter(rate_hz), Loudness()
    for clip in np.split(said, cuts[cuts < len(said)]):
        gain_db, pause = rng.uniform(-3, 3), np.zeros(rng.integers(0, rate_hz), np.float32)
        programme.add(subblocks(clip, rate_hz), frames=len(clip), rate_hz=rate_hz, gain_db=gain_db)
        programme.pause(len(pause) / rate_hz)
        for block in (clip * np.float32(10 ** (gain_db / 20)), pause):
            joined.add(meter.add(block))
    joined.add(meter.finish())
    assert programme.loudness.integrated_lufs == pytest.approx(joined.integrated_lufs, abs=0.1)


class Counting(Loudness):
    """Also keeps what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.given: NDArray[np.float64] = np.zeros(0)

    def add(self, energies: NDArray[np.floating], *, gain_db: float = 0.0) -> None:
        self.given = np.append(self.given, energies)


@given(st.lists(st.tuples(st.integers(0, 9_000), st.integers(0, 900)), max_size=12))
def test_a_programme_is_as_long_as_its_clips(parts: list[tuple[int, int]]) -> None:
    """Not a sub-block is lost or made up by rounding, however many clips there are, and neither is energy."""
    programme = Programme()
    programme.loudness = counting = Counting()
    for frames, pause_ms in parts:
        programme.add(np.ones(-(-frames // 800), np.float32), frames=frames, rate_hz=8_000)
        programme.pause(pause_ms / 1000)
    length = sum(frames / 800 + pause_ms / 100 for frames, pause_ms in parts)
    assert len(counting.given) == pytest.approx(length, abs=0.501)
    programme.pause(1)
    assert counting.given.sum() == pytest.approx(sum(frames for frames, _ in parts) / 800)
