"""Bytes to samples: mono float32, all that was promised, or an `AudioError`."""

from __future__ import annotations

import io
import struct
import time
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
import soundfile as sf
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.engine.fakes import heard_hz
from tests.sound.encoded import (
    RATES_HZ,
    Samples,
    by_ffmpeg,
    by_lame,
    by_soundfile,
    lag,
    signal,
    speech,
    untagged_vbr,
    with_checksum,
)
from tts_async.core.exchange import Clip, Encoding
from tts_async.engine.decode import decode, decoded
from tts_async.errors import AudioError
from tts_async.sound.xing import Gaps, info_frame

RATE_HZ = 24_000
TONE = (0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE_HZ) / RATE_HZ)).astype(np.float32)
CONTAINERS: list[tuple[str, str | None]] = [
    ("WAV", "PCM_16"),
    ("WAV", "PCM_U8"),
    ("WAV", "PCM_24"),
    ("WAV", "FLOAT"),
    ("WAV", "DOUBLE"),
    ("WAVEX", "PCM_16"),
    ("RF64", "PCM_16"),
    ("AIFF", "PCM_16"),
    ("AU", "PCM_16"),
    ("FLAC", "PCM_16"),
    ("OGG", "VORBIS"),
    ("OGG", "OPUS"),
    ("MP3", None),
]
NAMES = ["-".join(filter(None, each)) for each in CONTAINERS]


def pcm(audio: bytes, rate_hz: int = RATE_HZ) -> Clip:
    return Clip(audio=audio, encoding="pcm_s16le", rate_hz=rate_hz)


def clip(audio: bytes) -> Clip:
    """A container; the rate that a provider claims for it is wrong."""
    return Clip(audio=audio, encoding="file", rate_hz=1)


def file(samples: NDArray[np.float32], container: str, subtype: str | None = None, rate_hz: int = RATE_HZ) -> bytes:
    return by_soundfile(samples, rate_hz, container, subtype)


async def test_pcm() -> None:
    """Little-endian 16 bits, full scale is just under 1; half a sample at the end is dropped."""
    samples, rate_hz = await decode(pcm(b"\x00\x80\xff\x7f\x00\x00\x01", 8_000))
    assert rate_hz == 8_000
    assert samples.dtype == np.float32
    assert samples.tolist() == [-1.0, 32767 / 32768, 0.0]


@pytest.mark.parametrize("law", ["ulaw", "alaw"])
async def test_every_code_of_a_telephone(law: Encoding) -> None:
    """All 256 are what libsndfile makes of them."""
    codes = bytes(range(256))
    wanted, _ = sf.read(
        io.BytesIO(codes), dtype="float32", format="RAW", subtype=law.upper(), channels=1, samplerate=8_000
    )
    samples, rate_hz = await decode(Clip(audio=codes, encoding=law, rate_hz=8_000))
    assert rate_hz == 8_000
    assert samples.dtype == np.float32
    assert samples.tolist() == wanted.tolist()


@pytest.mark.parametrize(("container", "subtype"), CONTAINERS, ids=NAMES)
async def test_files(container: str, subtype: str | None) -> None:
    """A container says itself what it holds; the clip's rate is not asked."""
    samples, rate_hz = await decode(clip(file(TONE, container, subtype)))
    assert rate_hz == RATE_HZ
    assert samples.dtype == np.float32
    assert samples.shape == TONE.shape
    assert heard_hz(samples[4_000:20_000]) == pytest.approx(440, abs=2)


@pytest.mark.parametrize("say", [signal, speech], ids=["tones", "speech"])
@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize(("container", "subtype"), CONTAINERS, ids=NAMES)
async def test_no_sample_too_many_or_too_late(
    container: str, subtype: str | None, rate_hz: int, say: Callable[[int], Samples]
) -> None:
    """What comes out is as long as what went in, and begins with it."""
    if subtype == "OPUS" and rate_hz % 8_000:
        pytest.skip("Opus has no such rate")
    sent = say(rate_hz)
    samples, _ = await decode(clip(file(sent, container, subtype, rate_hz)))
    assert len(samples) == len(sent)
    assert lag(samples, sent) == 0


@pytest.mark.parametrize("form", ["wav", "flac"])
@pytest.mark.parametrize("rate_hz", RATES_HZ)
async def test_what_a_server_pipes(form: str, rate_hz: int) -> None:
    """Headers that were written before the length was known lose nothing."""
    sent = signal(rate_hz)
    piped = by_ffmpeg(sent, rate_hz, "-sample_fmt", "s16", "-f", form)
    samples, found_hz = await decode(clip(piped))
    assert (len(samples), found_hz) == (len(sent), rate_hz)
    assert np.abs(samples - sent).max() < 1e-4


@pytest.mark.parametrize("make", [by_lame, untagged_vbr], ids=["lame", "ffmpeg"])
@pytest.mark.parametrize("rate_hz", RATES_HZ)
async def test_an_mp3_without_a_tag(rate_hz: int, make: Callable[[Samples, int], bytes]) -> None:
    """Forty seconds come whole and on time, and less than one frame of MP3 is left at the end."""
    sent = np.roll(speech(rate_hz, 40), -rate_hz // 2)
    samples, _ = await decode(clip(make(sent, rate_hz)))
    assert lag(samples, sent) == 0
    assert 0 <= len(samples) - len(sent) < (1152 if rate_hz > 24_000 else 576)


@pytest.mark.parametrize("container", ["WAV", "FLAC", "OGG", "MP3"])
async def test_the_body_says_what_it_is(container: str) -> None:
    """Also behind a tag that belongs to another kind of file."""
    tag = b"ID3\x03\x00\x00\x00\x00\x01\x00" + bytes(128)
    samples, _ = await decode(clip(tag + file(TONE, container)))
    assert len(samples) == len(TONE)


async def test_stereo_becomes_mono() -> None:
    """Two channels are averaged."""
    both = np.stack([TONE, np.zeros_like(TONE)], axis=1)
    samples, _ = await decode(clip(file(both, "WAV", "FLOAT")))
    assert samples.dtype == np.float32
    assert np.allclose(samples, TONE / 2, atol=1e-6)


FLAC, OPUS, VORBIS = file(TONE, "FLAC"), file(TONE, "OGG", "OPUS"), file(TONE, "OGG", "VORBIS")
HOLE = TONE.copy()
HOLE[100] = np.nan
HUGE = np.stack([TONE, TONE], axis=1)
HUGE[100] = 3e38, 3e38
OPPOSITE = np.stack([TONE, TONE], axis=1)
OPPOSITE[100] = np.inf, -np.inf


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        pytest.param(pcm(b""), "the audio is empty", id="nothing"),
        pytest.param(pcm(b"\x00"), "the audio is empty", id="half a sample"),
        pytest.param(Clip(audio=b"", encoding="ulaw", rate_hz=8_000), "the audio is empty", id="no u-law"),
        pytest.param(clip(b""), "the audio is empty", id="no file"),
        pytest.param(clip(b"<html>busy</html>" * 100), "neither MP3", id="a web page"),
        pytest.param(clip(b"\x00" * 5_000), "neither MP3", id="noughts"),
        pytest.param(clip(bytes(range(256)) * 40), "neither MP3", id="noise"),
        pytest.param(clip(file(TONE[:0], "WAV")), "the audio is empty", id="a WAV header alone"),
        pytest.param(clip(file(TONE[:0], "FLAC")), "decoded|empty|cut off", id="a FLAC header alone"),
        pytest.param(clip(b"\xff\xf3\x14\xc4" + bytes(20)), "the audio is empty", id="an MP3 shorter than its gaps"),
        pytest.param(clip(b"ID3\x03\x00\x00\x00\x00\x01\x00" + bytes(128)), "the audio is empty", id="a tag alone"),
        pytest.param(clip(file(HOLE, "WAV", "FLOAT")), "not numbers", id="not a number"),
        pytest.param(clip(file(HUGE, "WAV", "FLOAT")), "not numbers", id="too large a number"),
        pytest.param(clip(file(OPPOSITE, "WAV", "FLOAT")), "not numbers", id="no mean"),
        pytest.param(clip(file(TONE, "FLAC")[:30]), "cannot be decoded", id="cut in its header"),
        pytest.param(clip(file(np.zeros((9, 3), np.float32), "WAV")), "3 channels at 24000 Hz", id="three channels"),
        pytest.param(clip(file(TONE, "WAV", rate_hz=384_000)), "1 channels at 384000 Hz", id="too high a rate"),
        pytest.param(clip(b"\xff\xf1\x50\x80" + bytes(999)), "AAC", id="AAC"),
    ],
)
async def test_what_is_no_audio(broken: Clip, message: str) -> None:
    """Each of these is an `AudioError`: billed, and worth another take."""
    with pytest.raises(AudioError, match=message) as caught:
        await decode(broken)
    assert caught.value.retryable
    assert caught.value.billed


@pytest.mark.parametrize("container", ["WAV", "RF64", "FLAC", "OGG", "MP3"])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.99])
async def test_a_cut_file(container: str, part: float) -> None:
    """A download that ended early is found where its header, its pages or its tag promise more."""
    whole = file(TONE, container)
    with pytest.raises(AudioError):
        await decode(clip(whole[: int(len(whole) * part)]))


async def test_an_ogg_that_a_decoder_would_accept() -> None:
    """A page less, or a stream more, is not passed over."""
    for broken in (OPUS[:-9], OPUS + OPUS):
        with pytest.raises(AudioError, match="the Ogg"):
            await decode(clip(broken))


async def test_a_wav_of_no_size() -> None:
    """Noughts in its header do not make it empty."""
    whole = bytearray(file(TONE, "WAV"))
    whole[4:8] = whole[40:44] = bytes(4)
    samples, _ = await decode(clip(bytes(whole)))
    assert len(samples) == len(TONE)


@pytest.mark.parametrize("subtype", ["IMA_ADPCM", "MS_ADPCM", "GSM610"])
async def test_packed_wav(subtype: str) -> None:
    """Formats that pack many samples to a block fill the last one up."""
    samples, _ = await decode(clip(file(TONE, "WAV", subtype)))
    assert 0 <= len(samples) - len(TONE) < 2_100


async def test_a_cut_file_is_told_with_both_numbers() -> None:
    """What was promised, and what is there."""
    with pytest.raises(AudioError, match="cut off: 24000 frames were promised, and 12000 are there"):
        await decode(clip(file(TONE, "WAV")[:-RATE_HZ]))


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
async def test_a_cut_mp3_without_a_tag(part: float) -> None:
    """Nobody promised more: what is there is heard."""
    whole = by_lame(TONE, RATE_HZ)
    samples, _ = await decode(clip(whole[: int(len(whole) * part)]))
    assert abs(len(samples) - len(TONE) * part) < 2_000


TEN_HOURS = 36_000 * RATE_HZ


def ogg_of_ten_hours(ogg: bytes, hz: int) -> bytes:
    """The last page says that it ends there, and its checksum is right."""
    start = ogg.rindex(b"OggS")
    page = ogg[start : start + 6] + struct.pack("<Q", 36_000 * hz) + ogg[start + 14 :]
    return ogg[:start] + with_checksum(page)


def mp3_of_ten_hours() -> bytes:
    mp3 = by_soundfile(TONE, RATE_HZ, "MP3")
    info = info_frame(mp3, mp3_frames=TEN_HOURS // 576, mp3_bytes=10**8, gaps=Gaps(delay=576, padding=576))
    return info + mp3


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param(file(TONE, "WAV")[:40] + struct.pack("<I", 2 * TEN_HOURS) + bytes(999), "36000 s", id="WAV"),
        pytest.param(FLAC[:22] + struct.pack(">I", TEN_HOURS) + FLAC[26:], "36000 s", id="FLAC"),
        pytest.param(ogg_of_ten_hours(OPUS, 48_000), "36000 s", id="Opus"),
        pytest.param(mp3_of_ten_hours(), "promises 15000", id="MP3"),
        pytest.param((b"\xff\xf3\x14\xc4" + bytes(20)) * 160_000, "3839.95 s", id="MP3 that has them"),
    ],
)
def test_ten_hours_are_not_believed(body: bytes, message: str) -> None:
    """A claim is refused before there is room for it."""
    tracemalloc.start()
    try:
        with pytest.raises(AudioError, match=message):
            decoded(clip(body))
        _, most_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most_bytes < 3 * len(body) + 1_000_000


async def test_ten_hours_of_vorbis() -> None:
    """The decoder goes by its packets, not by what a page says of them."""
    samples, _ = await decode(clip(ogg_of_ten_hours(VORBIS, RATE_HZ)), longest_s=1.1)
    assert RATE_HZ <= len(samples) < 1.1 * RATE_HZ


@pytest.mark.parametrize(
    "long",
    [
        pytest.param(pcm(bytes(2 * RATE_HZ)), id="PCM"),
        pytest.param(Clip(audio=bytes(8_000), encoding="alaw", rate_hz=8_000), id="A-law"),
        *(pytest.param(clip(file(TONE, *each)), id=name) for each, name in zip(CONTAINERS, NAMES, strict=True)),
    ],
)
async def test_longer_than_is_believed(long: Clip) -> None:
    """A second is a second, and not a moment longer."""
    assert len((await decode(long, longest_s=1.0))[0]) in {8_000, RATE_HZ}
    with pytest.raises(AudioError, match=r"claims to be 1 s long; at most 0\.99 s are believed"):
        await decode(long, longest_s=0.99)


async def test_a_bomb() -> None:
    """A few bytes that are hours of silence at the highest rates are not unpacked."""
    silence = file(np.zeros((655_350, 8), np.float32), "FLAC", rate_hz=655_350)
    assert len(silence) < 10_000
    with pytest.raises(AudioError, match="8 channels at 655350 Hz"):
        await decode(clip(silence))


def test_the_decoder_is_quiet(capfd: pytest.CaptureFixture[str]) -> None:
    """Where a tag's byte count is wrong soundfile alone writes to the terminal."""
    mp3 = file(TONE, "MP3") + b"ID3\x03\x00\x00\x00\x00\x10\x00" + bytes(2_048)
    sf.read(io.BytesIO(mp3))
    assert "Xing stream size off" in capfd.readouterr().err
    decoded(clip(mp3))
    assert capfd.readouterr() == ("", "")


def test_a_header_that_points_before_the_start(capfd: pytest.CaptureFixture[str]) -> None:
    """Such a place is an error of the file's, not an exception in the middle of C, which the test would find out."""
    aiff = bytearray(file(TONE, "AIFF"))
    aiff[38] = 0
    with pytest.raises(AudioError, match="cannot be decoded"):
        decoded(clip(bytes(aiff)))
    assert capfd.readouterr() == ("", "")


WHOLE = [file(TONE, *each) for each in CONTAINERS]


@given(
    st.sampled_from(WHOLE),
    st.lists(st.tuples(st.one_of(st.integers(0, 100), st.integers(0, 50_000)), st.integers(0, 255)), max_size=10),
    st.one_of(st.none(), st.integers(0, 50_000)),
)
def test_damaged_files(whole: bytes, changes: list[tuple[int, int]], kept_bytes: int | None) -> None:
    """Cut anywhere and with any bytes changed a file is samples or an `AudioError`, and soon."""
    damaged = bytearray(whole)
    for at, value in changes:
        damaged[at % len(damaged)] = value
    check_any(bytes(damaged[:kept_bytes]))


@given(
    st.binary(max_size=2_000),
    st.sampled_from(
        [b"", b"RIFF", b"RF64", b"fLaC", b"OggS\0\2", b"FORM", b".snd", b"caff", b"riff", b"RIFX", b"ID3\3"]
    ),
)
def test_any_bytes(body: bytes, before: bytes) -> None:
    """The same."""
    check_any(before + body)


def check_any(body: bytes) -> None:
    began_s = time.process_time()
    try:
        samples, rate_hz = decoded(clip(body))
    except AudioError:
        pass
    else:
        assert samples.dtype == np.float32
        assert samples.ndim == 1
        assert len(samples) > 0
        assert np.isfinite(samples).all()
        assert rate_hz > 0
    assert time.process_time() - began_s < 1


@pytest.mark.parametrize(
    "broken",
    [
        Clip(audio=b"", encoding="pcm_s16le", rate_hz=1),
        Clip(audio=b"x", encoding="pcm_s16le", rate_hz=1),
        Clip(audio=b"", encoding="alaw", rate_hz=1),
        Clip(audio=b"no sound", encoding="file", rate_hz=1),
    ],
    ids=["nothing", "half a sample", "no telephone", "no container"],
)
async def test_what_is_no_audio_is_found_out(broken: Clip) -> None:
    """Before anybody counts on it."""
    with pytest.raises(AudioError):
        await decode(broken)


@pytest.mark.parametrize("encoding", ["pcm_s16le", "ulaw"])
async def test_one_sample_is_audio(encoding: Encoding) -> None:
    """Every two bytes are a sound, and every one of a telephone's."""
    await decode(Clip(audio=b"ab" if encoding == "pcm_s16le" else b"a", encoding=encoding, rate_hz=1))
