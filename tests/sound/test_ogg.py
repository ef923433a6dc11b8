"""Ogg files with our serial number and our comments, and the sound as it was."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sound.files import chapters_seen, decoded, encoded, many, picture, probed
from tts_async.core.cover import Cover
from tts_async.core.tags import Tags, vorbis_comments
from tts_async.errors import AudioError
from tts_async.sound.comments import picture_block
from tts_async.sound.ogg import CONTINUED, OggRewriter, checksum, header_pages, renumbered

SERIAL = 0x1234ABCD
CODECS = ["VORBIS", "OPUS"]
COMMENTS = [("TITLE", "Grüße, Ōsaka = 大阪"), ("ARTIST", "Änne"), ("ARTIST", "Ben")]


@cache
def original(codec: str, seconds: float = 3.0) -> bytes:
    return encoded("OGG", codec, seconds)


def pages(file: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(file):
        segments = file[at + 26]
        end = at + 27 + segments + sum(file[at + 27 : at + 27 + segments])
        yield file[at:end]
        at = end


def stored(page: bytes) -> tuple[int, int, int]:
    """Serial number, page number, checksum."""
    serial, number, crc = (int.from_bytes(page[at : at + 4], "little") for at in (14, 18, 22))
    return serial, number, crc


def computed(page: bytes) -> int:
    return checksum(page[:22] + bytes(4) + page[26:])


def plain_checksum(page: bytes) -> int:
    """The checksum by its definition, bit by bit."""
    crc = 0
    for byte in page:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1) ^ (0x04C11DB7 if crc & 0x80000000 else 0)
            crc &= 0xFFFFFFFF
    return crc


def rewritten(
    file: bytes, comments: list[tuple[str, str]] | None = None, cover: Cover | None = None, serial: int = SERIAL
) -> bytes:
    rewriter = OggRewriter(serial, comments, cover)
    return rewriter.feed(file) + rewriter.finish()


@given(st.binary(max_size=300))
def test_the_checksum_is_the_one_of_ogg(page: bytes) -> None:
    """The way through zlib gives what the polynomial does bit by bit."""
    assert checksum(page) == plain_checksum(page)


@pytest.mark.parametrize("codec", CODECS)
def test_libsndfile_computes_the_same_checksums(codec: str) -> None:
    """Every page of a file that another writer made has the checksum that we find."""
    found = list(pages(original(codec)))
    assert len(found) > 3
    assert [computed(page) for page in found] == [stored(page)[2] for page in found]


@pytest.mark.parametrize("codec", CODECS)
def test_the_same_serial_number_gives_the_same_file(codec: str) -> None:
    """What is not told to change does not: with the number that was drawn, the file comes back byte for byte."""
    file = original(codec)
    assert rewritten(file, serial=stored(file)[0]) == file


@pytest.mark.parametrize("codec", CODECS)
def test_two_files_become_one(codec: str) -> None:
    """Of the same sound, libsndfile makes two files that differ, and with one serial number they do not."""
    one, other = encoded("OGG", codec), encoded("OGG", codec)
    while other == one:
        other = encoded("OGG", codec)
    assert b"".join(renumbered([one], SERIAL)) == b"".join(renumbered([other[:999], other[999:]], SERIAL))


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize(
    ("comments", "cover"),
    [
        (None, None),
        ([], None),
        (COMMENTS, None),
        ([("TITLE", "x" * 70_000)], None),
        (None, picture()),
        (COMMENTS, picture(noise_bytes=300_000)),
    ],
    ids=["none", "empty", "some", "over one page", "a cover only", "a large cover"],
)
def test_the_pages_are_in_order_and_the_sound_is_the_same(
    codec: str, comments: list[tuple[str, str]] | None, cover: Cover | None
) -> None:
    """Serial, number and checksum of every page are right, and the sound behind the headers is untouched."""
    file = original(codec)
    made = rewritten(file, comments, cover)
    found = list(pages(made))
    assert [stored(page) for page in found] == [(SERIAL, number, computed(page)) for number, page in enumerate(found)]
    assert np.array_equal(decoded(made), decoded(file))
    # A page's serial, number and checksum lie between its granule position and its segments.
    sound = [page[:14] + page[26:] for page in pages(file)][2:]
    assert [page[:14] + page[26:] for page in found][-len(sound) :] == sound


@given(st.lists(st.integers(0, 100), min_size=2, max_size=2), st.integers(-3, 3))
def test_header_packets_come_back_from_their_pages(hundreds: list[int], odd: int) -> None:
    """Whatever their sizes, pages say how they go on and end, and put together they are the packets again."""
    packets = [bytes([number]) * max(0, 255 * size + odd) for number, size in enumerate(hundreds, 1)]
    found = [bytes(page) for page in header_pages(packets)]
    assert b"".join(pages(b"".join(found))) == b"".join(found)
    assert b"".join(page[27 + page[26] :] for page in found) == b"".join(packets)
    segments = [page[27 : 27 + page[26]] for page in found]
    assert [len(each) for each in segments[:-1]] == [255] * (len(found) - 1)
    assert sum(size < 255 for each in segments for size in each) == len(packets)
    for (one, sizes), (other, _) in pairwise(zip(found, segments, strict=True)):
        assert bool(other[5] & CONTINUED) == (sizes[-1] == 255), one
    ends = [any(size < 255 for size in each) for each in segments]
    granules = [int.from_bytes(page[6:14], "little", signed=True) for page in found]
    assert granules == [0 if end else -1 for end in ends]


@pytest.mark.parametrize("codec", CODECS)
def test_mutagen_reads_what_was_written(codec: str, tmp_path: Path) -> None:
    """Comments of every script, one name twice, the encoder's own name, and the picture with its size."""
    flac, opus, vorbis = (pytest.importorskip(f"mutagen.{name}") for name in ("flac", "oggopus", "oggvorbis"))
    cover = picture(noise_bytes=100_000)
    path = tmp_path / "a.ogg"
    path.write_bytes(rewritten(original(codec), COMMENTS, cover))
    read = {"VORBIS": vorbis.OggVorbis, "OPUS": opus.OggOpus}[codec](path)
    assert read["title"] == ["Grüße, Ōsaka = 大阪"]
    assert read["artist"] == ["Änne", "Ben"]
    assert "lib" in read.tags.vendor
    seen = flac.Picture(base64.b64decode(read["metadata_block_picture"][0]))
    assert (seen.data, seen.mime, seen.type) == (cover.data, "image/png", 3)
    assert (seen.width, seen.height, seen.depth) == (40, 30, 8)
    assert read.info.length == pytest.approx(3.0, abs=0.01)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("noise_bytes", [0, 9_900_000], ids=["small", "10 MB"])
def test_ffprobe_sees_comments_and_cover(codec: str, noise_bytes: int, tmp_path: Path) -> None:
    """The title is a tag, the cover a picture of its own, and no page is complained of."""
    path = tmp_path / "a.ogg"
    path.write_bytes(rewritten(original(codec), COMMENTS, picture(noise_bytes=noise_bytes)))
    found = probed(path)
    sound, cover = found["streams"]
    assert sound["tags"]["TITLE" if "TITLE" in sound["tags"] else "title"] == "Grüße, Ōsaka = 大阪"
    assert (cover["codec_name"], cover["width"], cover["disposition"]["attached_pic"]) == ("png", 40, 1)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("count", [1, 300, 600, 999])
def test_ffprobe_sees_every_chapter(codec: str, count: int, tmp_path: Path) -> None:
    """However many there are, each with its start and its title; and the sound is the same."""
    path = tmp_path / "a.ogg"
    path.write_bytes(rewritten(original(codec), vorbis_comments(Tags(title="Ä", chapters=many(count)))))
    assert chapters_seen(probed(path)) == [(each.start_ms, each.title) for each in many(count)]
    assert np.array_equal(decoded(path.read_bytes()), decoded(original(codec)))


@pytest.mark.parametrize("codec", CODECS)
def test_libsndfile_reads_our_title(codec: str) -> None:
    """Who wrote the file reads it, too."""
    with sf.SoundFile(io.BytesIO(rewritten(original(codec), COMMENTS))) as file:
        assert file.title == "Grüße, Ōsaka = 大阪"


@pytest.mark.parametrize("codec", CODECS)
@settings(max_examples=25)
@given(sizes=st.lists(st.integers(1, 9_000), min_size=1, max_size=9))
def test_the_size_of_the_pieces_makes_no_difference(codec: str, sizes: list[int]) -> None:
    """A file in whatever pieces becomes the same file."""
    file, rewriter, made, at, turn = original(codec), OggRewriter(SERIAL, COMMENTS, picture()), b"", 0, 0
    while at < len(file):
        size = sizes[turn % len(sizes)]
        made += rewriter.feed(file[at : at + size])
        at, turn = at + size, turn + 1
    assert made + rewriter.finish() == rewritten(file, COMMENTS, picture())


def test_a_file_byte_by_byte() -> None:
    """The smallest pieces there are; and nothing waits longer than until its page is whole."""
    file = original("VORBIS", 0.5)
    rewriter, made, lengths = OggRewriter(SERIAL), bytearray(), set()
    for at in range(len(file)):
        made += rewriter.feed(file[at : at + 1])
        lengths.add(len(made))
    assert made == rewritten(file)
    assert len(lengths) == len(list(pages(file))) + 1


VORBIS = original("VORBIS")
FIRST, SECOND, *OTHERS = pages(VORBIS)


def with_more(page: bytes) -> bytes:
    """A page on which one more packet begins, which does not end on it."""
    segments = page[26]
    return page[:26] + bytes([segments + 1]) + page[27 : 27 + segments] + b"\xff" + page[27 + segments :] + bytes(255)


@pytest.mark.parametrize(
    ("file", "complaint"),
    [
        (b"", "ends before its last page"),
        (VORBIS[:-1], "ends before its last page"),
        (FIRST + SECOND, "ends before its last page"),
        (b"RIFF" + bytes(40), "a page begins with b'RIFF"),
        (VORBIS + VORBIS, "more than one stream"),
        (VORBIS + b"junk", "a page begins with b'junk'"),
        (FIRST[:28] + b"Speex   " + FIRST[36:], "neither Vorbis nor Opus"),
        (FIRST + b"".join(OTHERS), "sound on the page of its headers"),
        (FIRST + with_more(SECOND) + b"".join(OTHERS), "sound on the page of its headers"),
        (FIRST + SECOND.replace(b"\x03vorbis", b"\x09vorbis") + b"".join(OTHERS), "no list of comments"),
        (FIRST + SECOND[:5] + b"\x04" + SECOND[6:], "there is no sound in it"),
        (FIRST + next(pages(original("OPUS"))), "more than one stream"),
    ],
    ids=[
        "empty",
        "cut off",
        "headers only",
        "another format",
        "two files in one",
        "junk behind it",
        "another codec",
        "no headers",
        "sound begins with the headers",
        "another header",
        "an end in the headers",
        "two streams",
    ],
)
def test_what_is_no_whole_file_is_said(file: bytes, complaint: str) -> None:
    """Each of these is an error in words, and none a wrong file."""
    with pytest.raises(AudioError, match=complaint):
        rewritten(file, COMMENTS)


def test_the_picture_is_as_flac_describes_pictures() -> None:
    """Kind, type, description, size, depth, colours and bytes, each with its length before it."""
    block = picture_block(picture())
    assert block[:4] == (3).to_bytes(4, "big")
    assert block[4:17] == b"\0\0\0\x09image/png"
    assert block[17:21] == bytes(4)
    assert [int.from_bytes(block[at : at + 4], "big") for at in (21, 25, 29, 33)] == [40, 30, 8, 0]
    assert block[37:41] == len(picture().data).to_bytes(4, "big")
    assert block[41:] == picture().data
