"""Ogg pages: all there, in order, whole and of one stream."""

from __future__ import annotations

import io

import pytest
import soundfile as sf
from hypothesis import given
from hypothesis import strategies as st

from tests.sound.encoded import by_ffmpeg, by_soundfile, signal, with_checksum
from tts_async.errors import AudioError
from tts_async.sound.ogg_check import check_whole

RATE_HZ = 24_000
SIGNAL = signal(RATE_HZ, 4.0)
OPUS, VORBIS = (by_soundfile(SIGNAL, RATE_HZ, "OGG", subtype) for subtype in ("OPUS", "VORBIS"))
PAGES = OPUS.split(b"OggS")[1:]


def pages(*numbers: int) -> bytes:
    return b"".join(b"OggS" + PAGES[number] for number in numbers)


@pytest.mark.parametrize("whole", [OPUS, VORBIS], ids=["Opus", "Vorbis"])
def test_a_whole_ogg(whole: bytes) -> None:
    """It is let through."""
    check_whole(whole)


@pytest.mark.parametrize("codec", ["libopus", "libvorbis", "flac"])
def test_an_ogg_from_a_pipe(codec: str) -> None:
    """As servers write it with ffmpeg."""
    check_whole(by_ffmpeg(SIGNAL, RATE_HZ, "-c:a", codec, "-f", "ogg"))


def of_another(page: bytes) -> bytes:
    """The same page with another stream's number, and a right checksum."""
    return with_checksum(b"OggS" + page[:10] + b"else" + page[14:])


CASES = [
    pytest.param(OPUS[:-1], "cut off", id="a byte short"),
    pytest.param(OPUS[: len(OPUS) // 2], "cut off", id="cut in the middle"),
    pytest.param(OPUS + b"OggS", "cut off", id="cut in a head"),
    pytest.param(OPUS + bytes(40), f"no page at byte {len(OPUS)}", id="junk at the end"),
    pytest.param(pages(0, 1, 3), "has page 3 where page 2 should be", id="a page missing"),
    pytest.param(pages(0, 1, 2, 2), "has page 2 where page 3 should be", id="a page twice"),
    pytest.param(OPUS[:-9] + b"~" + OPUS[-8:], f"page {len(PAGES) - 1} of the Ogg is damaged", id="a byte changed"),
    pytest.param(OPUS + OPUS, "more than one stream", id="a stream twice"),
    pytest.param(pages(0, 1) + of_another(PAGES[2]), "more than one stream", id="another stream's page"),
    pytest.param(OPUS + VORBIS, "more than one stream", id="two streams"),
]


@pytest.mark.parametrize(("broken", "message"), CASES)
def test_what_is_not_whole(broken: bytes, message: str) -> None:
    """It is said what is wrong."""
    with pytest.raises(AudioError, match=message):
        check_whole(broken)


def test_a_decoder_says_nothing_of_it() -> None:
    """Without the check a cut file is a shorter one, and of two streams the second is not heard."""
    assert 0 < len(sf.read(io.BytesIO(OPUS[:-9]))[0]) < len(SIGNAL)
    assert len(sf.read(io.BytesIO(OPUS + OPUS))[0]) == len(SIGNAL)


@given(st.integers(0, len(OPUS) - 1), st.integers(1, 255))
def test_any_byte_changed(at: int, change: int) -> None:
    """The checksums cover all of the file."""
    damaged = bytearray(OPUS)
    damaged[at] ^= change
    with pytest.raises(AudioError):
        check_whole(bytes(damaged))


@given(st.binary(max_size=500), st.sampled_from([b"", b"OggS\0\2", OPUS[:100], pages(0, 1)]))
def test_any_bytes(body: bytes, before: bytes) -> None:
    """They are pages or an `AudioError`."""
    try:
        check_whole(before + body)
    except AudioError:
        return
    assert body == b""
