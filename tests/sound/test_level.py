"""The limiter: under the ceiling, without steps, and only where it must."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from tts_async.sound.level import CEILING_DB, LOOK_AHEAD_S, limit_peaks

RATE_HZ = 24_000
CEILING = 10 ** (CEILING_DB / 20)
REACH = round(LOOK_AHEAD_S * RATE_HZ)

LOUD = arrays(np.float32, st.integers(0, 1_000), elements=st.floats(-8, 8, width=32))


def tone(peak: float, seconds: float = 0.2) -> NDArray[np.float32]:
    """Make a 220 Hz sine."""
    places = np.arange(round(seconds * RATE_HZ))
    return (peak * np.sin(2 * np.pi * 220 * places / RATE_HZ)).astype(np.float32)


@given(samples=LOUD, ceiling_db=st.sampled_from([CEILING_DB, -0.1, -12.0]))
def test_nothing_is_over_the_ceiling(samples: NDArray[np.float32], ceiling_db: float) -> None:
    """Whatever comes in, no sample goes out over the ceiling, and length and type stay."""
    limited = limit_peaks(samples, RATE_HZ, ceiling_db=ceiling_db)
    assert limited.shape == samples.shape
    assert limited.dtype == np.float32
    assert np.abs(limited).max(initial=0) <= np.float32(10 ** (ceiling_db / 20))


@given(samples=LOUD)
def test_it_only_turns_down(samples: NDArray[np.float32]) -> None:
    """No sample grows or changes its sign."""
    limited = limit_peaks(samples, RATE_HZ)
    assert (np.abs(limited) <= np.abs(samples) * np.float32(1 + 1e-6)).all()
    assert (limited * samples >= 0).all()


@pytest.mark.parametrize(
    "samples",
    [np.zeros(0, np.float32), np.zeros(1, np.float32), tone(0.5), tone(0.81)],
    ids=["empty", "one sample", "quiet", "just under"],
)
def test_quiet_sound_is_left_alone(samples: NDArray[np.float32]) -> None:
    """Where nothing is over the ceiling, the very same samples come back."""
    assert limit_peaks(samples, RATE_HZ) is samples


def test_the_gain_never_jumps() -> None:
    """One tall peak in a steady sound moves the gain by no more than its depth over the look-ahead a sample."""
    samples = np.full(4 * REACH + 1, 0.5, np.float32)
    samples[2 * REACH] = 4.0
    gain = limit_peaks(samples, RATE_HZ) / samples
    steepest = (1 - CEILING / 4) / (2 * REACH + 1)
    assert np.abs(np.diff(gain)).max() <= steepest * 1.01


@pytest.mark.parametrize("place", [0, 1, 2_000, 4_798, 4_799], ids="at {}".format)
def test_far_from_a_peak_nothing_changes(place: int) -> None:
    """Two look-aheads away from a peak, at whatever end of the sound, samples are what they were."""
    samples = tone(0.5)
    samples[place] = 3.0
    limited = limit_peaks(samples, RATE_HZ)
    far = np.abs(np.arange(samples.size) - place) > 2 * REACH
    np.testing.assert_allclose(limited[far], samples[far], rtol=1e-5)
    assert abs(limited[place]) == pytest.approx(CEILING, rel=1e-5)


@given(samples=arrays(np.float32, st.integers(1, 700), elements=st.floats(-3, 3, width=32)))
def test_the_window_minimum_is_the_plain_one(samples: NDArray[np.float32]) -> None:
    """The gain equals the mean, over the look-ahead, of the least gain that any neighbour needs."""
    needed = CEILING / np.maximum(np.abs(samples), CEILING)
    around = np.lib.stride_tricks.sliding_window_view(np.pad(needed, REACH, constant_values=1.0), 2 * REACH + 1)
    least = np.pad(around.min(axis=1), REACH, mode="edge")
    gain = np.lib.stride_tricks.sliding_window_view(least, 2 * REACH + 1).mean(axis=1)
    np.testing.assert_allclose(limit_peaks(samples, RATE_HZ), samples * gain, rtol=1e-4, atol=1e-6)
