"""The limiter: true peaks under the ceiling, sample for sample in place, whatever the blocks."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.sound.conftest import Measure
from tts_async.core.gain import CODECS, programme_gain_db
from tts_async.errors import AudioError
from tts_async.sound.level import LOOK_AHEAD_S
from tts_async.sound.limiter import Limiter
from tts_async.sound.loudness import pooled
from tts_async.sound.meter import subblocks
from tts_async.sound.peak import CONTEXT, TruePeak
from tts_async.sound.stitch import blocks

Make = Callable[[int], NDArray[np.float32]]

CEILING_DB = -1.0
RATES_HZ = [8_000, 24_000, 44_100, 48_000]


def limited(
    samples: NDArray[np.float32], rate_hz: int, *cuts: int, ceiling_db: float = CEILING_DB
) -> NDArray[np.float32]:
    limiter = Limiter(rate_hz, ceiling_db)
    parts = np.split(samples, sorted(min(cut, len(samples)) for cut in cuts))
    return np.concatenate([*map(limiter.add, parts), limiter.finish()])


def noise(frames: int) -> NDArray[np.float32]:
    return (2 * np.random.default_rng(1).standard_normal(frames)).astype(np.float32)


def band_limited(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Take away what is over 0.45 of the rate, as converters of rates do."""
    spectrum = np.fft.rfft(samples)
    spectrum *= np.clip((0.45 - np.arange(len(spectrum)) / len(samples)) / 0.02, 0, 1)
    return np.fft.irfft(spectrum, len(samples)).astype(np.float32, copy=False)


def square(frames: int) -> NDArray[np.float32]:
    wave: NDArray[np.float64] = 1.5 * np.sign(np.sin(np.arange(frames) * 0.1157))
    return wave.astype(np.float32)


def impulses(frames: int) -> NDArray[np.float32]:
    samples = np.zeros(frames, np.float32)
    samples[:: frames // 17], samples[1 :: frames // 11] = 3, -2
    return samples


def sixteen_times_dbtp(samples: NDArray[np.float32]) -> float:
    """The true peak by another way: the rate times 16."""
    padded = np.pad(samples.astype(np.float64), 2_000)
    return float(20 * np.log10(np.abs(soxr.resample(padded, 1, 16, quality="VHQ")).max()))


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("make", [noise, square, impulses], ids=["noise", "square wave", "impulses"])
def test_libebur128_reads_no_more_than_the_ceiling(libebur128_dbtp: Measure, make: Make, rate_hz: int) -> None:
    """Even in noise 12 dB too hot that reaches up to half the rate."""
    made = make(rate_hz)
    assert libebur128_dbtp(made, rate_hz) > 3
    assert libebur128_dbtp(limited(made, rate_hz), rate_hz) <= CEILING_DB + 0.05


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("make", [noise, square], ids=["noise", "square wave"])
def test_any_meter_reads_no_more_than_the_ceiling(make: Make, rate_hz: int) -> None:
    """Where there is nothing over 0.45 of the rate, 0.1 dB at most on a finer meter."""
    made = make(rate_hz)
    assert sixteen_times_dbtp(limited(band_limited(made), rate_hz)) <= CEILING_DB + 0.1


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_speech_that_is_far_too_loud(speech: NDArray[np.float32], libebur128_dbtp: Measure, rate_hz: int) -> None:
    """Twelve decibels over full scale come out under the ceiling, and not far under."""
    said = soxr.resample(speech, 24_000, rate_hz).astype(np.float32)
    hot = said * np.float32(4 / np.abs(said).max())
    cold = limited(hot, rate_hz)
    assert CEILING_DB - 0.1 <= libebur128_dbtp(cold, rate_hz) <= CEILING_DB + 0.05
    assert sixteen_times_dbtp(limited(band_limited(hot), rate_hz)) <= CEILING_DB + 0.1


@pytest.mark.parametrize("make", [noise, square, impulses], ids=["noise", "square wave", "impulses"])
@pytest.mark.parametrize("ceiling_db", [-0.1, -1.8, -12])
def test_our_own_meter_agrees(make: Make, ceiling_db: float) -> None:
    """What the limiter holds down is what `TruePeak` measures, at any ceiling."""
    made = make(24_000)
    peak = TruePeak()
    peak.add(limited(made, 24_000, ceiling_db=ceiling_db))
    assert ceiling_db - 0.2 <= peak.value_db <= ceiling_db + 0.05


@given(
    cuts=st.lists(st.integers(0, 12_000), max_size=12),
    frames=st.integers(0, 12_000),
    rate_hz=st.sampled_from([8_000, 24_000]),
    seed=st.integers(0, 9),
)
def test_how_a_stream_is_cut_changes_nothing(cuts: list[int], frames: int, rate_hz: int, seed: int) -> None:
    """As long as what went in, and the same in blocks of any size."""
    rng = np.random.default_rng(seed)
    samples = (rng.standard_normal(frames) * rng.choice([0.01, 0.3, 2], 1 + frames // 500).repeat(500)[:frames]).astype(
        np.float32
    )
    together = limited(samples, rate_hz)
    apart = limited(samples, rate_hz, *cuts)
    assert together.shape == apart.shape == samples.shape
    assert together.dtype == apart.dtype == np.float32
    np.testing.assert_allclose(apart, together, rtol=0, atol=1e-6)


def test_single_frames_are_blocks_too() -> None:
    """One frame at a time, nothing is lost, and nothing is kept longer than 25 ms."""
    samples = noise(1_500)
    limiter, out = Limiter(8_000, CEILING_DB), []
    for n, sample in enumerate(samples):
        out.append(limiter.add(sample[None]))
        assert n - sum(map(len, out)) <= 0.025 * 8_000
    np.testing.assert_allclose(np.concatenate([*out, limiter.finish()]), limited(samples, 8_000), rtol=0, atol=1e-6)


@pytest.mark.parametrize("place", [0, 1, 30, 20_000, 39_970, 39_998, 39_999])
def test_far_from_a_peak_nothing_changes(place: int) -> None:
    """Two look-aheads from a crest, and a filter's reach, samples are bit for bit what they were."""
    samples = np.full(40_000, 0.1, np.float32)
    samples[place] = 3
    out = limited(samples, 24_000)
    far = np.abs(np.arange(len(samples)) - place) > 2 * LOOK_AHEAD_S * 24_000 + CONTEXT
    assert np.array_equal(out[far], samples[far])
    assert 0.8 < out[place] <= 10 ** (CEILING_DB / 20) + 1e-6


@pytest.mark.parametrize("scale", [0.1, 0.6])
def test_sound_under_the_ceiling_is_left_alone(scale: float) -> None:
    """Not one bit of it changes, though it may be near."""
    samples = (scale * np.sin(np.arange(30_000) * 0.05)).astype(np.float32)
    assert np.array_equal(limited(samples, 24_000, 10_000), samples)


@given(seed=st.integers(0, 100))
def test_it_only_turns_down(seed: int) -> None:
    """No sample grows or changes its sign."""
    samples = np.random.default_rng(seed).normal(0, 1.5, 2_000).astype(np.float32)
    out = limited(samples, 8_000)
    assert (np.abs(out) <= np.abs(samples)).all()
    assert (out * samples >= 0).all()


def test_the_gain_never_jumps() -> None:
    """One tall crest in a steady sound moves the gain by no more than its depth over the look-ahead a sample."""
    samples = np.full(4_000, 0.1, np.float32)
    samples[2_000] = 4
    gain = np.delete(limited(samples, 24_000) / samples, 2_000)
    assert np.abs(np.diff(gain)).max() <= 2.02 / (2 * LOOK_AHEAD_S * 24_000)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -3e38])
def test_what_is_no_sound_is_said(wrong: float) -> None:
    """One such sample would take all of its neighbours with it."""
    with pytest.raises(AudioError, match="full scale"):
        Limiter(24_000, CEILING_DB).add(np.array([0, wrong], np.float32))


WRITTEN: dict[str, dict[str, Any]] = {
    ".flac": {"format": "FLAC", "subtype": "PCM_16"},
    # 69 kbit/s at 24 kHz, 147 at 48.
    ".mp3": {"format": "MP3", "subtype": "MPEG_LAYER_III", "bitrate_mode": "CONSTANT", "compression_level": 0.6},
    ".ogg": {"format": "OGG", "subtype": "VORBIS"},
    ".opus": {"format": "OGG", "subtype": "OPUS"},
}


@pytest.mark.parametrize("codec", WRITTEN)
@pytest.mark.parametrize("rate_hz", [24_000, 48_000])
def test_what_is_decoded_is_under_one_decibel(speech: NDArray[np.float32], codec: str, rate_hz: int) -> None:
    """Speech as loud as a stereo podcast, limited for its codec, encoded and decoded again."""
    said = soxr.resample(speech, 24_000, rate_hz).astype(np.float32)
    gain_db = programme_gain_db(pooled([subblocks(said, rate_hz)]).integrated_lufs, -16.0)
    loud = limited(said * np.float32(10 ** (gain_db / 20)), rate_hz, ceiling_db=CODECS[codec].ceiling_dbtp)
    file = io.BytesIO()
    with soundfile.SoundFile(file, "w", rate_hz, 1, **WRITTEN[codec]) as encoder:
        for block in blocks(loud):
            encoder.write(block)
    file.seek(0)
    peak = TruePeak()
    peak.add(soundfile.read(file, dtype="float32")[0])
    assert peak.value_db <= -1.0 + 0.02
