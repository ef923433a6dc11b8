"""Bytes to samples: mono float32, or an `AudioError`."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile as sf
from numpy.typing import NDArray

from tests.engine.fakes import heard_hz
from tts_async.core.exchange import Clip
from tts_async.engine.decode import decode
from tts_async.errors import AudioError

RATE_HZ = 24_000
TONE = (0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE_HZ) / RATE_HZ)).astype(np.float32)


def pcm(audio: bytes, rate_hz: int = RATE_HZ) -> Clip:
    return Clip(audio=audio, encoding="pcm_s16le", rate_hz=rate_hz)


def file(samples: NDArray[np.float32], container: str, subtype: str | None = None, rate_hz: int = RATE_HZ) -> bytes:
    whole = io.BytesIO()
    sf.write(whole, samples, rate_hz, format=container, subtype=subtype)
    return whole.getvalue()


async def test_pcm() -> None:
    """Little-endian 16 bits, full scale is just under 1; half a sample at the end is dropped."""
    samples, rate_hz = await decode(pcm(b"\x00\x80\xff\x7f\x00\x00\x01", 8_000))
    assert rate_hz == 8_000
    assert samples.dtype == np.float32
    assert samples.tolist() == [-1.0, 32767 / 32768, 0.0]


@pytest.mark.parametrize(
    ("container", "subtype"),
    [("WAV", "PCM_16"), ("WAV", "FLOAT"), ("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", None)],
)
async def test_files(container: str, subtype: str | None) -> None:
    """A container says itself what it holds; the clip's rate is not asked."""
    clip = Clip(audio=file(TONE, container, subtype), encoding="file", rate_hz=1)
    samples, rate_hz = await decode(clip)
    assert rate_hz == RATE_HZ
    assert samples.dtype == np.float32
    assert samples.ndim == 1
    assert len(samples) == pytest.approx(RATE_HZ, abs=2_500)
    assert heard_hz(samples[4_000:20_000]) == pytest.approx(440, abs=2)


async def test_stereo_becomes_mono() -> None:
    """Two channels are averaged."""
    both = np.stack([TONE, np.zeros_like(TONE)], axis=1)
    samples, _ = await decode(Clip(audio=file(both, "WAV", "FLOAT"), encoding="file", rate_hz=1))
    assert np.allclose(samples, TONE / 2, atol=1e-6)


HOLE = TONE.copy()
HOLE[100] = np.nan


@pytest.mark.parametrize(
    "clip",
    [
        pytest.param(pcm(b""), id="nothing"),
        pytest.param(pcm(b"\x00"), id="half a sample"),
        pytest.param(Clip(audio=b"", encoding="file", rate_hz=1), id="no file"),
        pytest.param(Clip(audio=b"<html>busy</html>" * 100, encoding="file", rate_hz=1), id="a web page"),
        pytest.param(Clip(audio=b"\x00" * 5_000, encoding="file", rate_hz=1), id="noughts"),
        pytest.param(Clip(audio=bytes(range(256)) * 40, encoding="file", rate_hz=1), id="noise"),
        pytest.param(Clip(audio=file(TONE[:0], "WAV"), encoding="file", rate_hz=1), id="a header alone"),
        pytest.param(Clip(audio=file(HOLE, "WAV", "FLOAT"), encoding="file", rate_hz=1), id="not a number"),
        pytest.param(Clip(audio=file(TONE, "FLAC")[:30], encoding="file", rate_hz=1), id="cut in its header"),
    ],
)
async def test_what_is_no_audio(clip: Clip) -> None:
    """Each of these is an `AudioError`: billed, and worth another take."""
    with pytest.raises(AudioError) as caught:
        await decode(clip)
    assert caught.value.retryable
    assert caught.value.billed


@pytest.mark.parametrize("container", ["WAV", "FLAC", "OGG", "MP3"])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
async def test_a_cut_file(container: str, part: float) -> None:
    """A file that was cut off anywhere is shorter or an `AudioError`, never anything else."""
    whole = file(TONE, container)
    try:
        samples, _ = await decode(Clip(audio=whole[: int(len(whole) * part)], encoding="file", rate_hz=1))
    except AudioError:
        return
    assert 0 < len(samples) <= RATE_HZ + 2_500
