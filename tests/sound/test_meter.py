"""The meter: K-weighting at any rate, in blocks of any size, as the standard and its reference have it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import soxr
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.sound.conftest import Measure
from tts_async.errors import AudioError
from tts_async.sound.loudness import Loudness
from tts_async.sound.meter import Energies, Meter, subblock_frames, subblocks

RATES_HZ = [8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000, 96_000, 192_000]


def tone(dbfs: float, seconds: float, *, hz: float = 1_000, rate_hz: int = 48_000) -> NDArray[np.float32]:
    places = np.arange(round(seconds * rate_hz))
    return (10 ** (dbfs / 20) * np.sin(2 * np.pi * hz * places / rate_hz)).astype(np.float32)


def noise(frames: int, *, seed: int = 1) -> NDArray[np.float32]:
    return (0.2 * np.random.default_rng(seed).standard_normal(frames)).astype(np.float32)


def whole(samples: NDArray[np.float32], rate_hz: int) -> Energies:
    """The sub-blocks that a standard meter has: no incomplete one."""
    meter = Meter(rate_hz)
    return np.concatenate((meter.add(samples), meter.finish()))


def integrated_lufs(energies: Energies | NDArray[np.float64]) -> float:
    loudness = Loudness()
    loudness.add(energies)
    return loudness.integrated_lufs


def filtered(samples: NDArray[np.floating], above: Sequence[float], below: Sequence[float]) -> NDArray[np.float64]:
    """Run a biquad sample by sample; ``below`` without its leading 1."""
    out = np.zeros(len(samples) + 2)
    padded = np.concatenate((np.zeros(2), samples))
    for n in range(2, len(padded)):
        out[n] = np.dot(above, padded[n - 2 : n + 1][::-1]) - below[0] * out[n - 1] - below[1] * out[n - 2]
    return out[2:]


def test_the_weighting_is_that_of_the_standard() -> None:
    """At 48 kHz, energies are those of the two filters whose tables BS.1770 prints."""
    samples = noise(24_000)
    high = (1.53512485958697, -2.69169618940638, 1.19839281085285), (-1.69065929318241, 0.73248077421585)
    low = (1.0, -2.0, 1.0), (-1.99004745483398, 0.99007225036621)
    weighted = filtered(filtered(samples, *high), *low)
    expected = np.mean(weighted.reshape(-1, 4_800) ** 2, axis=1)
    np.testing.assert_allclose(subblocks(samples, 48_000), expected, rtol=1e-4)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_it_agrees_with_libebur128_on_speech(
    speech: NDArray[np.float32], libebur128_lufs: Measure, rate_hz: int
) -> None:
    """At every rate, to a hundredth of a LU, pauses and all."""
    samples = soxr.resample(speech, 24_000, rate_hz).astype(np.float32)
    assert integrated_lufs(whole(samples, rate_hz)) == pytest.approx(libebur128_lufs(samples, rate_hz), abs=0.01)


@pytest.mark.parametrize("hz", [40, 100, 1_000, 3_500])
@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_it_agrees_with_libebur128_on_tones(libebur128_lufs: Measure, hz: int, rate_hz: int) -> None:
    """From the bottom of the high pass to the top of the shelf."""
    samples = tone(-20, 3, hz=hz, rate_hz=rate_hz)
    assert integrated_lufs(whole(samples, rate_hz)) == pytest.approx(libebur128_lufs(samples, rate_hz), abs=0.01)


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
def test_it_agrees_with_pyloudnorm(speech: NDArray[np.float32], rate_hz: int) -> None:
    """Which designs its filters in another way, and is up to 0.1 LU off the reference."""
    pyloudnorm = pytest.importorskip("pyloudnorm")
    samples = soxr.resample(speech, 24_000, rate_hz).astype(np.float32)
    judged = pyloudnorm.Meter(rate_hz).integrated_loudness(samples.astype(np.float64))
    assert integrated_lufs(whole(samples, rate_hz)) == pytest.approx(judged, abs=0.1)


@pytest.mark.parametrize("rate_hz", [24_000, 44_100, 48_000])
@pytest.mark.parametrize(
    ("steps", "expected_lufs"),
    [
        ([(-23, 20)], -23),
        ([(-33, 20)], -33),
        ([(-36, 10), (-23, 60), (-36, 10)], -23),
        ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23),
        ([(-26, 20), (-20, 20.1), (-26, 20)], -23),
    ],
    ids=["case 1", "case 2", "case 3", "case 4", "case 5"],
)
def test_ebu_tech_3341(steps: list[tuple[float, float]], expected_lufs: float, rate_hz: int) -> None:
    """The minimum requirements on stereo sines of 1 kHz: two channels have twice the energy of one."""
    left = np.concatenate([tone(dbfs, seconds, rate_hz=rate_hz) for dbfs, seconds in steps])
    assert integrated_lufs(2 * whole(left, rate_hz)) == pytest.approx(expected_lufs, abs=0.1)
    # The same in one channel, the one that we have, is 3.01 dB less.
    assert integrated_lufs(whole(left, rate_hz)) == pytest.approx(expected_lufs - 3.01, abs=0.1)


def test_ebu_tech_3341_case_6() -> None:
    """Five channels: energies add up, those from behind with 1.41 times the weight."""
    channels = [(-28, 1), (-28, 1), (-24, 1), (-30, 1.41), (-30, 1.41)]
    energies = sum(weight * whole(tone(dbfs, 20), 48_000) for dbfs, weight in channels)
    assert isinstance(energies, np.ndarray)
    assert integrated_lufs(energies) == pytest.approx(-23, abs=0.1)


@given(
    cuts=st.lists(st.integers(0, 20_000), max_size=8),
    frames=st.integers(0, 20_000),
    rate_hz=st.sampled_from([8_000, 11_025, 24_000]),
    incomplete=st.booleans(),
)
def test_how_a_stream_is_cut_changes_nothing(cuts: list[int], frames: int, rate_hz: int, *, incomplete: bool) -> None:
    """Blocks of any size, empty ones too, give the energies of one."""
    samples = noise(frames)
    one, many = Meter(rate_hz), Meter(rate_hz)
    together = np.concatenate((one.add(samples), one.finish(incomplete=incomplete)))
    parts = np.split(samples, sorted(min(cut, frames) for cut in cuts))
    apart = np.concatenate([*map(many.add, parts), many.finish(incomplete=incomplete)])
    np.testing.assert_allclose(apart, together, rtol=1e-5)
    per = subblock_frames(rate_hz)
    assert len(together) == (-(-frames // per) if incomplete else frames // per)


@pytest.mark.parametrize("frames", [1, 240, 2_399, 2_400, 2_401, 9_600, 33_333])
def test_the_last_sub_block_is_the_mean_of_what_there_is(frames: int) -> None:
    """However short a clip is, it has an energy, and a steady sound's does not fall at its end."""
    energies = subblocks(tone(-20, 2, rate_hz=24_000)[6 : frames + 6], 24_000)
    assert len(energies) == -(-frames // 2_400)
    assert energies[-1] > 0
    if frames > 2_640:
        assert 10 * np.log10(energies[-1] / energies[-2]) == pytest.approx(0, abs=0.5)


def test_nothing_has_no_energies() -> None:
    """A clip without samples has no sub-block."""
    assert subblocks(np.zeros(0, np.float32), 24_000).shape == (0,)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, 3e38, -1e7])
def test_what_is_no_sound_is_said(wrong: float) -> None:
    """Decoded floats come from a server and may be anything; the measure would be spoilt for good."""
    samples = noise(5_000)
    samples[4_000] = wrong
    with pytest.raises(AudioError, match="full scale"):
        subblocks(samples, 24_000)


@pytest.mark.parametrize("rate_hz", [-1, 0, 1, 7_999, 192_001, 2**31])
def test_a_rate_that_no_speech_has(rate_hz: int) -> None:
    """A header may promise any; the sentence says which can be measured."""
    with pytest.raises(AudioError, match="from 8000 to 192000"):
        Meter(rate_hz)
