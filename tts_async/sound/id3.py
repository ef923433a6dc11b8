"""The tag in front of an MP3 file: ID3v2.3, which every player reads, with chapters and a cover."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tts_async.core.cover import Cover
from tts_async.core.languages import three_letters
from tts_async.core.tags import Chapter, Tags
from tts_async.errors import ConfigError

MOST_BYTES = 2**28 - 1
MOST_CHILDREN = 255
"""A table of contents counts its entries in one byte; what is more goes into tables inside it."""
TOP_LEVEL, IN_ORDER = 2, 1
FRONT_COVER = b"\x03"
LATIN_1, UTF_16 = b"\x00", b"\x01"
NO_PLACE = b"\xff" * 4
"""For a chapter's place in bytes: its times hold."""

_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?(?!\d)", re.ASCII)


def tag(tags: Tags) -> bytes:
    """Everything that stands in front of the sound; raises `ConfigError` where it would be over 256 MB."""
    frames = b"".join(_frames(tags))
    if not frames:
        return b""  # A tag has one frame at least, or libsndfile does not know the file.
    if len(frames) > MOST_BYTES:
        raise ConfigError(f"Tags of {len(frames):,} bytes do not fit into an MP3 file; write fewer chapters.")
    size = bytes(len(frames) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\x00\x00" + size + frames


def _frames(tags: Tags) -> Iterator[bytes]:
    language = three_letters(tags.language)
    told = {"TIT2": tags.title, "TPE1": tags.author, "TALB": tags.album, **_dated(tags.date), "TLAN": language}
    yield from (_frame(name, _text(value)) for name, value in told.items() if value)
    if tags.description:
        yield _comment(tags.description, language or "XXX")
    if tags.cover is not None:
        yield _picture(tags.cover)
    if tags.chapters:
        names = [b"ch%d" % number for number in range(len(tags.chapters))]
        yield from _contents(names)
        yield from map(_chapter, names, tags.chapters)


def _frame(name: str, body: bytes) -> bytes:
    return name.encode("ascii") + len(body).to_bytes(4, "big") + bytes(2) + body


def _text(text: str) -> bytes:
    return LATIN_1 + text.encode("ascii") if text.isascii() else UTF_16 + _wide(text)


def _wide(text: str) -> bytes:
    return b"\xff\xfe" + text.encode("utf-16-le")


def _dated(date: str) -> dict[str, str]:
    """A date as year, and day and month; nothing for words."""
    found = _DATE.match(date)
    if not found:
        return {}
    year, month, day = found.groups()
    return {"TYER": year, "TDAT": day + month if day else ""}


def _comment(text: str, language: str) -> bytes:
    return _frame("COMM", UTF_16 + language.encode("ascii") + _wide("") + bytes(2) + _wide(text))


def _picture(cover: Cover) -> bytes:
    return _frame("APIC", LATIN_1 + cover.mime.encode("ascii") + b"\0" + FRONT_COVER + b"\0" + cover.data)


def _contents(names: Sequence[bytes]) -> Iterator[bytes]:
    """Tables of contents over all these names; the one that holds all others is the last."""
    level = 0
    while len(names) > MOST_CHILDREN:
        groups = [names[start : start + MOST_CHILDREN] for start in range(0, len(names), MOST_CHILDREN)]
        names = [b"toc%d.%d" % (level, number) for number in range(len(groups))]
        yield from (_table(name, group, IN_ORDER) for name, group in zip(names, groups, strict=True))
        level += 1
    yield _table(b"toc", names, TOP_LEVEL | IN_ORDER)


def _table(name: bytes, children: Sequence[bytes], flags: int) -> bytes:
    counted = bytes([flags, len(children)]) + b"".join(child + b"\0" for child in children)
    return _frame("CTOC", name + b"\0" + counted)


def _chapter(name: bytes, chapter: Chapter) -> bytes:
    times = chapter.start_ms.to_bytes(4, "big") + chapter.end_ms.to_bytes(4, "big")
    return _frame("CHAP", name + b"\0" + times + 2 * NO_PLACE + _frame("TIT2", _text(chapter.title)))
