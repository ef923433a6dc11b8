"""WAV headers that were written before anybody knew the length."""

from __future__ import annotations

import io
import struct
import time

import numpy as np
import pytest
import soundfile as sf
from hypothesis import given
from hypothesis import strategies as st

from tests.sound.encoded import by_ffmpeg, by_soundfile, signal
from tts_async.errors import AudioError
from tts_async.sound.wav import MOST_CHUNKS, claimed_frames, repaired

RATE_HZ = 24_000
SIGNAL = signal(RATE_HZ, 0.2, 7)
PCM = (SIGNAL * 32767).astype("<i2").tobytes()
LIST = b"LIST" + struct.pack("<I", 26) + b"INFOISFT" + struct.pack("<I", 14) + b"Lavf59.27.100\0"
ODD = b"note" + struct.pack("<I", 3) + b"abc"
ALL = len(PCM)


def fmt(tag: int = 1, channels: int = 1, bits: int = 16) -> bytes:
    block = channels * bits // 8
    return b"fmt " + struct.pack("<IHHIIHH", 16, tag, channels, RATE_HZ, RATE_HZ * block, block, bits)


def wav(
    *,
    size: int | None = None,
    riff: int | None = None,
    bits: int = 16,
    form: bytes = b"",
    before: bytes = b"",
    sound: bytes = PCM,
    after: bytes = b"",
) -> bytes:
    """A WAV with these sizes in its header, right ones where none are given."""
    size, form = len(sound) if size is None else size, form or fmt(bits=bits)
    body = b"WAVE" + form + before + b"data" + struct.pack("<I", size) + sound + after
    return b"RIFF" + struct.pack("<I", len(body) if riff is None else riff) + body


def rf64(*, size: int, large: int, sound: bytes = PCM) -> bytes:
    ds64 = b"ds64" + struct.pack("<IQQQI", 28, large + 72, large, large // 2, 0)
    body = b"WAVE" + ds64 + fmt() + b"data" + struct.pack("<I", size) + sound
    return b"RF64" + struct.pack("<I", 0xFFFFFFFF) + body


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(wav(size=0, riff=0), id="noughts"),
        pytest.param(wav(size=0, riff=0, before=LIST), id="noughts behind LIST"),
        pytest.param(wav(size=0xFFFFFFFF, riff=0xFFFFFFFF), id="all ones"),
        pytest.param(wav(size=0xFFFFFFFF - 44, riff=0xFFFFFFFF), id="all ones less the header"),
        pytest.param(wav(size=0x7FFFFFFF, riff=0x7FFFFFFF), id="the largest signed"),
        pytest.param(wav(size=0x7FFFF000, riff=0x7FFFF024), id="the largest of sox"),
        pytest.param(wav(size=ALL + 36, riff=ALL + 36), id="with the header in it"),
        pytest.param(wav(size=ALL + 999_999), id="more than there is"),
        pytest.param(wav(size=0xFFFFFFFF, riff=0xFFFFFFFF, before=LIST), id="ones behind LIST"),
        pytest.param(wav(size=0, riff=0, sound=PCM + b"\x01"), id="noughts and half a sample"),
        pytest.param(wav(size=ALL + 2, sound=PCM + b"\x01"), id="the last byte cut"),
        pytest.param(wav(sound=PCM + b"\x01", after=b"\0"), id="half a sample within"),
        pytest.param(wav(size=0, form=b"fmt \x11" + fmt()[5:] + bytes(2)), id="noughts behind an odd format"),
        pytest.param(rf64(size=0xFFFFFFFF, large=0), id="RF64 of noughts"),
        pytest.param(rf64(size=0xFFFFFFFF, large=(1 << 64) - 1 - 80), id="RF64 of ones"),
        pytest.param(rf64(size=0xFFFFFFFF, large=10 * ALL), id="RF64 of more"),
        pytest.param(rf64(size=0, large=0), id="RF64 that is none"),
    ],
)
def test_sizes_become_those_of_what_is_there(broken: bytes) -> None:
    """Every whole sample is read, and nothing else; repaired once there is nothing left to repair."""
    whole = repaired(broken)
    samples, rate_hz = sf.read(io.BytesIO(whole), dtype="int16")
    assert rate_hz == RATE_HZ
    assert samples.tobytes() == PCM
    assert whole.endswith(b"data" + struct.pack("<I", ALL) + PCM)
    assert whole[4:8] == struct.pack("<I", len(whole) - 8)
    assert repaired(whole) is whole
    assert claimed_frames(whole) == len(SIGNAL)


@pytest.mark.parametrize(
    "right",
    [
        pytest.param(wav(), id="plain"),
        pytest.param(wav(before=LIST * 5 + ODD + b"\0"), id="LIST before"),
        pytest.param(wav(after=LIST), id="LIST behind"),
        pytest.param(wav(after=ODD + b"\0" + LIST), id="an odd chunk behind"),
        pytest.param(wav(after=ODD), id="an odd chunk behind without its padding"),
        pytest.param(wav(bits=8, sound=b"abc", after=b"\0" + LIST), id="LIST behind an odd sound"),
        pytest.param(wav(bits=8, sound=b"abc", after=LIST), id="LIST behind an odd sound without its padding"),
        pytest.param(wav(after=b"\r\n"), id="less than a chunk behind"),
        pytest.param(rf64(size=0xFFFFFFFF, large=ALL), id="RF64"),
        *(
            pytest.param(by_soundfile(SIGNAL, RATE_HZ, *kind), id=" ".join(kind))
            for kind in [("WAV", "PCM_U8"), ("WAV", "PCM_24"), ("WAV", "FLOAT"), ("WAV", "ALAW"), ("WAVEX",), ("RF64",)]
        ),
        pytest.param(by_soundfile(SIGNAL[:-1], RATE_HZ, "WAV", "PCM_U8"), id="an odd number of bytes"),
    ],
)
def test_what_is_right_is_left_alone(right: bytes) -> None:
    """The same object comes back, and its header is taken at its word."""
    assert repaired(right) is right
    assert claimed_frames(right) == len(sf.read(io.BytesIO(right))[0])


def test_a_few_samples_are_some() -> None:
    """Less than a chunk behind noughts can only be sound."""
    whole = repaired(wav(size=0, riff=0, sound=PCM[:6]))
    assert sf.read(io.BytesIO(whole), dtype="int16")[0].tobytes() == PCM[:6]


def test_an_empty_wav_stays_empty() -> None:
    """Noughts before nothing, or before chunks, are no sound."""
    for after in (b"", LIST):
        empty = wav(sound=b"", after=after)
        assert repaired(empty) is empty
        assert claimed_frames(empty) == 0


@pytest.mark.parametrize(
    ("broken", "frames"),
    [
        pytest.param(wav(size=0, riff=0), None, id="noughts"),
        pytest.param(wav(size=0xFFFFFFFF), None, id="ones"),
        pytest.param(wav(size=0x7FFFF000), None, id="the largest"),
        pytest.param(wav(size=ALL + 36), None, id="with the header in it"),
        pytest.param(wav(size=ALL + 1_000), ALL // 2 + 500, id="more than there is"),
        pytest.param(wav(size=2 * RATE_HZ * 36_000), RATE_HZ * 36_000, id="ten hours"),
        pytest.param(rf64(size=0xFFFFFFFF, large=2 * RATE_HZ * 360_000), RATE_HZ * 360_000, id="a hundred hours"),
        pytest.param(rf64(size=0xFFFFFFFF, large=(1 << 64) - 1 - 80), None, id="RF64 of ones"),
        pytest.param(by_soundfile(SIGNAL, RATE_HZ, "WAV", "IMA_ADPCM"), None, id="packed"),
    ],
)
def test_what_a_header_promises(broken: bytes, frames: int | None) -> None:
    """A number that stands for an unknown one promises nothing, any other does."""
    assert claimed_frames(broken) == frames


def test_a_wav_from_a_pipe(tmp_path: object) -> None:
    """As ffmpeg writes it: a LIST before the samples, and all ones for the sizes."""
    piped = by_ffmpeg(SIGNAL, RATE_HZ, "-f", "wav")
    assert piped[4:8] == b"\xff" * 4
    whole = repaired(piped)
    assert whole is not piped
    assert claimed_frames(whole) == len(SIGNAL)
    assert np.allclose(sf.read(io.BytesIO(whole))[0], SIGNAL, atol=1e-4)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param(wav()[:20], "no samples", id="cut in its header"),
        pytest.param(b"RIFF" + bytes(4) + b"WAVE" + fmt(), "no samples", id="no data"),
        pytest.param(b"RIFF" + bytes(4) + b"WAVEdata" + bytes(100), "which format", id="no format"),
        pytest.param(wav().replace(b"\x02\x00\x10\x00", b"\x00\x00\x10\x00", 1), "no bytes", id="samples of no bytes"),
        pytest.param(wav(size=1_000), "1000 bytes of samples, and 8614 bytes follow", id="sound behind the data"),
        pytest.param(wav() + wav(), "bytes follow", id="a second file"),
        pytest.param(wav(before=LIST * MOST_CHUNKS), "more than 1000 chunks", id="chunks without end"),
    ],
)
def test_what_is_no_wav(body: bytes, message: str) -> None:
    """Sound that would be passed over in silence is an error, and so is a header that says too little."""
    with pytest.raises(AudioError, match=message):
        repaired(body)


@pytest.mark.parametrize("filler", [b"\0" * 8, b"LIST\0\0\0\0", b"\xff" * 8], ids=["noughts", "chunks", "ones"])
def test_hostile_bytes_take_no_longer_than_others(filler: bytes) -> None:
    """Megabytes of chunks are not counted one by one."""
    body = filler * 500_000
    began_s = time.process_time()
    for hostile in (b"RIFF" + bytes(4) + b"WAVE" + body, wav(size=2, sound=b"ab", after=body), wav(size=0, sound=body)):
        try:
            assert repaired(hostile)
        except AudioError:
            continue
    assert time.process_time() - began_s < 0.5


@given(
    st.binary(max_size=300),
    st.sampled_from([b"RIFF", b"RF64", wav()[:44], wav(before=LIST)[:60], rf64(size=0, large=9)]),
)
def test_any_bytes(body: bytes, before: bytes) -> None:
    """They are a WAV with right sizes or an `AudioError`."""
    try:
        whole = repaired(before + body)
    except AudioError:
        return
    assert repaired(whole) is whole
    assert len(whole) <= len(before + body) + 44


@given(
    st.lists(st.tuples(st.integers(0, 79), st.integers(0, 255)), max_size=5), st.integers(0, ALL + 80), st.booleans()
)
def test_damaged_files(changes: list[tuple[int, int]], kept_bytes: int, large: bool) -> None:
    """Cut anywhere and with any bytes of the header changed, the same."""
    damaged = bytearray(rf64(size=0xFFFFFFFF, large=ALL) if large else wav(before=LIST))
    for at, value in changes:
        damaged[at] = value
    try:
        whole = repaired(bytes(damaged[:kept_bytes]))
    except AudioError:
        return
    assert repaired(whole) is whole
