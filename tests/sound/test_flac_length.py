"""A FLAC that does not say how long it is."""

from __future__ import annotations

import io
import time

import numpy as np
import pytest
import soundfile as sf
from hypothesis import given
from hypothesis import strategies as st

from tests.sound.encoded import RATES_HZ, by_ffmpeg, by_soundfile, checksum, signal
from tts_async.errors import AudioError
from tts_async.sound.flac_length import counted

RATE_HZ = 24_000


def unsaid(flac: bytes) -> bytes:
    """The same with noughts for the number of samples."""
    return flac[:21] + bytes([flac[21] & 0xF0]) + bytes(4) + flac[26:]


FLAC = by_soundfile(signal(RATE_HZ, 1.0), RATE_HZ, "FLAC")
UNSAID = unsaid(FLAC)


def test_what_says_its_length_is_left_alone() -> None:
    """The same object comes back."""
    assert counted(FLAC) is FLAC


@pytest.mark.parametrize("frames", [1, 100, 192, 255, 4_095, 4_096, 4_097, 65_537, 600_000])
@pytest.mark.parametrize("rate_hz", [8_000, 11_025, *RATES_HZ, 96_000])
def test_the_last_frame_says_where_it_ends(rate_hz: int, frames: int) -> None:
    """Every way to write a number, a length and a rate; what comes out is the file as it was."""
    whole = by_soundfile(signal(rate_hz, 0, frames), rate_hz, "FLAC")
    assert counted(unsaid(whole)) == whole


@pytest.mark.parametrize(
    "how", [(), ("-frame_size", "1000"), ("-compression_level", "0")], ids=["usual", "odd", "fast"]
)
@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_a_flac_from_a_pipe(rate_hz: int, how: tuple[str, ...]) -> None:
    """As ffmpeg writes it, which soundfile alone cannot read: every sample comes back."""
    sent = signal(rate_hz)
    piped = by_ffmpeg(sent, rate_hz, *how, "-sample_fmt", "s16", "-f", "flac")
    with pytest.raises(sf.LibsndfileError), sf.SoundFile(io.BytesIO(piped)) as alone:
        alone.read(10 * len(sent))
    heard, _ = sf.read(io.BytesIO(counted(piped)), dtype="float32")
    assert len(heard) == len(sent)
    assert np.abs(heard - sent).max() < 1e-4


def test_frames_of_many_lengths() -> None:
    """Where their lengths differ, each says its first sample instead of its number; samples that look like starts are none."""
    frame = bytearray(b"\xff\xf9\x69\x08" + "\u8000".encode() + b"\x0f")  # 16 samples, from 32,768 on
    frame += bytes([checksum(bytes(frame), 8, 0x07)]) + b"\x02" + b"\xff\xf8" * 16
    frame += checksum(bytes(frame), 16, 0x8005).to_bytes(2, "big")
    whole = counted(UNSAID + bytes(frame))
    assert int.from_bytes(whole[22:26], "big") == 32_768 + 16


@pytest.mark.parametrize("lost_bytes", [1, 2, 100, 5_000])
def test_a_cut_download_is_found(lost_bytes: int) -> None:
    """The checksum of the last frame is not right."""
    with pytest.raises(AudioError, match="cut off: its last frame is not whole"):
        counted(UNSAID[:-lost_bytes])


@pytest.mark.parametrize(
    "filler",
    [b"\xff\xf8", b"\xff\xf8\xc9\x08\x00\xc0" + bytes(10), FLAC[-3_000:]],
    ids=["starts", "headers", "another end"],
)
def test_hostile_bytes_take_no_longer_than_others(filler: bytes) -> None:
    """Not every start is looked at, and few are read to the end."""
    hostile = UNSAID + filler * (2_000_000 // len(filler)) + b"\1"
    began_s = time.process_time()
    with pytest.raises(AudioError):
        counted(hostile)
    assert time.process_time() - began_s < 0.25


@given(st.binary(max_size=500), st.integers(0, len(UNSAID)))
def test_any_bytes(body: bytes, kept_bytes: int) -> None:
    """They are counted, left alone where there is no header, or an `AudioError`."""
    whole = UNSAID[:kept_bytes] + body
    try:
        assert len(counted(whole)) == len(whole)
    except AudioError:
        return
