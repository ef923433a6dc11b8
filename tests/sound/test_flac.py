"""FLAC files with our comments and cover, and the sound as it was."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sound.files import chapters_seen, decoded, encoded, many, picture, probed
from tts_async.core.cover import Cover
from tts_async.core.tags import Tags, vorbis_comments
from tts_async.errors import AudioError, ConfigError
from tts_async.sound.flac import FlacRewriter

COMMENTS = [("TITLE", "Grüße, Ōsaka = 大阪"), ("ARTIST", "Änne"), ("ARTIST", "Ben")]
CHAPTERS = [("CHAPTER001", "00:00:00.000"), ("CHAPTER001NAME", "Eins"), ("CHAPTER002", "00:00:01.500")]
CHAPTERS += [("CHAPTER002NAME", "Über die Brücke")]
SEEKTABLE, PADDING = (3, bytes(range(18)) * 2), (1, bytes(100))


@cache
def original() -> bytes:
    return encoded("FLAC", "PCM_16")


def rewritten(file: bytes, comments: list[tuple[str, str]] = COMMENTS, cover: Cover | None = None) -> bytes:
    rewriter = FlacRewriter(comments, cover)
    return rewriter.feed(file) + rewriter.finish()


def taken_apart(file: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """The metadata blocks, type and body, and the sound."""
    blocks, at, last = [], 4, False
    while not last:
        last, end = file[at] >= 0x80, at + 4 + int.from_bytes(file[at + 1 : at + 4], "big")
        blocks.append((file[at] & 0x7F, file[at + 4 : end]))
        at = end
    return blocks, file[at:]


def put_together(blocks: list[tuple[int, bytes]], sound: bytes) -> bytes:
    flags = [*[0] * (len(blocks) - 1), 0x80]
    made = [
        bytes([kind | flag]) + len(body).to_bytes(3, "big") + body
        for (kind, body), flag in zip(blocks, flags, strict=True)
    ]
    return b"fLaC" + b"".join(made) + sound


BLOCKS, SOUND = taken_apart(original())


@pytest.mark.parametrize("cover", [None, picture(noise_bytes=200_000)], ids=["no cover", "a cover"])
def test_the_sound_is_the_same(cover: Cover | None) -> None:
    """Not a byte of the sound changes, and it decodes to the same samples."""
    made = rewritten(original(), cover=cover)
    assert taken_apart(made)[1] == SOUND
    assert np.array_equal(decoded(made), decoded(original()))


@pytest.mark.parametrize(
    ("others", "kinds"),
    [
        ([], [0, 4, 6]),
        ([SEEKTABLE, PADDING], [0, 4, 6, 3, 1]),
        ([PADDING, BLOCKS[1], SEEKTABLE], [0, 4, 6, 1, 3]),
        ([BLOCKS[1], (6, b"an old picture"), PADDING, (6, b"another")], [0, 4, 6, 1]),
    ],
    ids=["none", "seek table and padding", "comments between", "pictures"],
)
def test_other_metadata_stay(others: list[tuple[int, bytes]], kinds: list[int]) -> None:
    """Ours come first and replace what is of their kind, the others keep their bytes and their order."""
    made, sound = taken_apart(rewritten(put_together([BLOCKS[0], *others], SOUND), cover=picture()))
    assert [kind for kind, _ in made] == kinds
    assert made[0] == BLOCKS[0]
    assert made[1][1][4:].startswith(b"reference libFLAC" if BLOCKS[1] in others else b"tts_async")
    assert made[3:] == [block for block in others if block[0] not in {4, 6}]
    assert sound == SOUND


def test_writing_twice_gives_the_same_file() -> None:
    """What was written once is replaced by the same."""
    once = rewritten(original(), cover=picture())
    assert rewritten(original(), cover=picture()) == once
    assert rewritten(once, cover=picture()) == once


def test_mutagen_reads_what_was_written(tmp_path: Path) -> None:
    """Comments of every script, one name twice, the encoder's own name, and the picture with its size."""
    flac = pytest.importorskip("mutagen.flac")
    cover = picture(noise_bytes=100_000)
    path = tmp_path / "a.flac"
    path.write_bytes(rewritten(original(), cover=cover))
    read = flac.FLAC(path)
    assert read["title"] == ["Grüße, Ōsaka = 大阪"]
    assert read["artist"] == ["Änne", "Ben"]
    assert "FLAC" in read.tags.vendor
    (seen,) = read.pictures
    assert (seen.data, seen.mime, seen.type) == (cover.data, "image/png", 3)
    assert (seen.width, seen.height, seen.depth) == (40, 30, 8)


@pytest.mark.parametrize("noise_bytes", [0, 9_900_000], ids=["small", "10 MB"])
def test_ffprobe_sees_chapters_and_cover(noise_bytes: int, tmp_path: Path) -> None:
    """Chapters have their titles, the cover is a picture of its own, and nothing is complained of."""
    path = tmp_path / "a.flac"
    path.write_bytes(rewritten(original(), [*COMMENTS, *CHAPTERS], picture(noise_bytes=noise_bytes)))
    found = probed(path)
    assert chapters_seen(found) == [(0, "Eins"), (1_500, "Über die Brücke")]
    assert found["format"]["tags"]["TITLE"] == "Grüße, Ōsaka = 大阪"
    assert found["streams"][1]["disposition"]["attached_pic"] == 1


@pytest.mark.parametrize("count", [1, 300, 600, 999])
def test_ffprobe_sees_every_chapter(count: int, tmp_path: Path) -> None:
    """However many there are, each with its start and its title; and the sound is the same."""
    path = tmp_path / "a.flac"
    path.write_bytes(rewritten(original(), vorbis_comments(Tags(title="Ä", chapters=many(count)))))
    assert chapters_seen(probed(path)) == [(each.start_ms, each.title) for each in many(count)]
    assert np.array_equal(decoded(path.read_bytes()), decoded(original()))


@given(st.lists(st.integers(1, 3_000), min_size=1, max_size=9))
def test_the_size_of_the_pieces_makes_no_difference(sizes: list[int]) -> None:
    """A file in whatever pieces becomes the same file, and sound does not wait."""
    file, rewriter, made, at, turn = original(), FlacRewriter(COMMENTS, picture()), b"", 0, 0
    begins = len(file) - len(SOUND)
    while at < len(file):
        piece = file[at : at + sizes[turn % len(sizes)]]
        here = rewriter.feed(piece)
        assert bool(here) == (at + len(piece) >= begins)
        made, at, turn = made + here, at + len(piece), turn + 1
    assert made + rewriter.finish() == rewritten(file, cover=picture())


@pytest.mark.parametrize(
    ("file", "complaint"),
    [
        (b"", "ends in its metadata, after 0 bytes"),
        (original()[:30], "ends in its metadata, after 30 bytes"),
        (b"OggS" + bytes(40), "begins with b'OggS'"),
        (put_together([PADDING, *BLOCKS], SOUND), "type 1"),
        (put_together([BLOCKS[0], (4, b"\xff\xff\0\0")], SOUND), "a name of 65535"),
    ],
    ids=["empty", "cut off", "another format", "no STREAMINFO", "broken comments"],
)
def test_what_is_no_whole_file_is_said(file: bytes, complaint: str) -> None:
    """Each of these is an error in words, and none a wrong file."""
    with pytest.raises(AudioError, match=complaint):
        rewritten(file)


def test_more_than_a_block_holds_is_said() -> None:
    """The length of a block has 24 bits."""
    with pytest.raises(ConfigError, match=r"17,000,0.. bytes do not fit"):
        rewritten(original(), [("TITLE", "x" * 17_000_000)])
