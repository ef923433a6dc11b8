"""True peak: between the samples, in blocks of any size, and never lower than the reference."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import soxr
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.sound.conftest import Measure
from tts_async.errors import AudioError
from tts_async.sound.peak import CONTEXT, TruePeak, levels, overshoot


def true_peak_db(*blocks: NDArray[np.float32]) -> float:
    peak = TruePeak()
    for block in blocks:
        peak.add(block)
    return peak.value_db


def wave(per_cycle: float, degrees: float, peak: float, frames: int = 4_800) -> NDArray[np.float32]:
    angles = 2 * np.pi * np.arange(frames) / per_cycle + np.radians(degrees)
    sine: NDArray[np.float64] = peak * np.sin(angles)
    return sine.astype(np.float32)


def noise(frames: int, seed: int = 1) -> NDArray[np.float32]:
    return np.random.default_rng(seed).uniform(-1, 1, frames).astype(np.float32)


@pytest.mark.parametrize(
    ("per_cycle", "degrees", "peak", "expected_db"),
    [(4, 0, 0.5, -6), (4, 45, 0.5, -6), (6, 60, 0.5, -6), (8, 67.5, 0.5, -6), (4, 45, 1.41, 3)],
    ids=["case 15", "case 16", "case 17", "case 18", "case 19"],
)
def test_ebu_tech_3341(per_cycle: float, degrees: float, peak: float, expected_db: float) -> None:
    """Sines whose samples lie beside their crests, which are faded in as those of the test set are."""
    samples = wave(per_cycle, degrees, peak)
    samples[:480] *= np.linspace(0, 1, 480, dtype=np.float32)
    samples[-480:] *= np.linspace(1, 0, 480, dtype=np.float32)
    assert expected_db - 0.4 <= true_peak_db(samples) <= expected_db + 0.2


@pytest.mark.parametrize("place", range(4))
def test_ebu_tech_3341_one_crest(place: int) -> None:
    """Cases 20 to 23: a full-scale crest in a band-limited sound, a quarter of a sample further on each time."""
    times = np.arange(-400, 400) - place / 4
    steady = np.cos(np.pi * times / 3) * np.exp(-((times / 60) ** 2))
    samples = (0.5 * steady + 0.5 * np.exp(-((times / 4) ** 2))).astype(np.float32)
    assert -0.4 <= true_peak_db(samples) <= 0.2


@pytest.mark.parametrize("rate_hz", [8_000, 24_000, 48_000])
@pytest.mark.parametrize("gain", [0.3, 4])
def test_never_lower_than_libebur128(
    speech: NDArray[np.float32], libebur128_dbtp: Measure, rate_hz: int, gain: float
) -> None:
    """On speech equal to 0.1 dB; on noise up to half the rate at least as high."""
    said = soxr.resample(speech, 24_000, rate_hz).astype(np.float32) * np.float32(gain)
    assert true_peak_db(said) == pytest.approx(libebur128_dbtp(said, rate_hz), abs=0.1)
    for samples in (said, noise(rate_hz) * np.float32(gain)):
        assert true_peak_db(samples) >= libebur128_dbtp(samples, rate_hz) - 1e-3


@pytest.mark.parametrize("make", [noise, lambda frames: wave(40, 60, 1, frames)], ids=["noise", "sine"])
@given(cuts=st.lists(st.integers(0, 3_000), max_size=8), frames=st.integers(0, 3_000))
def test_how_a_stream_is_cut_changes_nothing(
    make: Callable[[int], NDArray[np.float32]], cuts: list[int], frames: int
) -> None:
    """Crests across the joint of two blocks are found, and none is made by it."""
    samples = make(frames)
    apart = true_peak_db(*np.split(samples, sorted(min(cut, frames) for cut in cuts)))
    assert apart == pytest.approx(true_peak_db(samples), abs=1e-5)


def test_a_crest_counts_for_both_its_neighbours() -> None:
    """A quarter of the rate at 45 degrees has a crest beside every sample, now left, now right."""
    np.testing.assert_allclose(levels(wave(4, 45, 0.5), quiet=0), 0.5, rtol=0.01)


@given(place=st.integers(0, 200), length=st.integers(1, 40), share=st.floats(0.1, 0.99), seed=st.integers(0, 9))
def test_passing_over_quiet_sound_changes_nothing(place: int, length: int, share: float, seed: int) -> None:
    """Where a sound may be over what is asked for, its level is the same as without the question."""
    samples = 0.01 * noise(300)
    samples[place : place + length] = noise(length, seed)
    exact = levels(samples, quiet=0)
    quiet = float(share * exact.max())
    skipping = levels(samples, quiet=quiet)
    assert (skipping <= exact + 1e-6).all()
    np.testing.assert_allclose(np.maximum(skipping, quiet), np.maximum(exact, quiet), rtol=0, atol=1e-6)


def test_quiet_sound_is_passed_over() -> None:
    """Else an hour would take a minute."""
    samples = noise(5_000)
    assert np.array_equal(levels(samples, quiet=9), np.abs(samples[CONTEXT:-CONTEXT]))


def test_how_far_a_sound_can_go() -> None:
    """The worst of all signals reaches the bound and does not pass it."""
    worst = 0.0
    for seed in range(200):
        signs = np.sign(noise(2 * CONTEXT, seed))
        worst = max(worst, float(levels(np.pad(signs, 2 * CONTEXT), quiet=0).max()))
    assert 1.5 < worst <= overshoot() < 3


@pytest.mark.parametrize("frames", [0, 1, 12, 24])
def test_silence_and_next_to_nothing(frames: int) -> None:
    """Minus infinity for silence, at least the sample itself for a click."""
    assert true_peak_db(np.zeros(frames, np.float32)) == -math.inf
    if frames:
        click = np.zeros(frames, np.float32)
        click[-1] = 0.5
        assert true_peak_db(click) == pytest.approx(-6.02, abs=0.01)


def test_what_is_no_sound_is_said() -> None:
    """A peak that is no number would hide all others."""
    with pytest.raises(AudioError, match="full scale"):
        TruePeak().add(np.array([0, np.nan, 1], np.float32))
