"""What a finished file says about itself, and its chapters."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tts_async.core.cover import Cover
from tts_async.core.cues import Cue, clock
from tts_async.core.digest import Digest
from tts_async.core.shown import one_line, shortened

MOST_TITLE_CHARS = 300
MOST_DESCRIPTION_CHARS = 4_000
MOST_VORBIS_CHAPTERS = 999
"""Their names have three digits."""
LONGEST_MS = 2**32 - 2
"""Times of ID3 chapters have 32 bits: 49 days."""


def _title(text: str) -> str:
    return shortened(one_line(text[: 8 * MOST_TITLE_CHARS]), MOST_TITLE_CHARS)


def _paragraphs(text: str) -> str:
    lines = text[: 2 * MOST_DESCRIPTION_CHARS].splitlines()
    return shortened("\n".join(map(one_line, lines)).strip(), MOST_DESCRIPTION_CHARS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A titled stretch of the audio; raises ``ValueError`` where it is empty or later than 49 days."""

    title: str
    start_ms: int
    end_ms: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "title", _title(self.title))
        if not 0 <= self.start_ms < self.end_ms <= LONGEST_MS:
            raise ValueError(f"A chapter cannot last from {self.start_ms} to {self.end_ms} ms.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """What a file says about itself, "" where it says nothing.

    Whatever the digest holds, these texts can be shown: control characters are taken out, and what is too long is cut.
    ``language`` is as in the digest. Chapters are in order of time.
    """

    title: str = ""
    author: str = ""
    album: str = ""
    date: str = ""
    language: str = ""
    description: str = ""
    cover: Cover | None = None
    chapters: tuple[Chapter, ...] = ()

    def __post_init__(self) -> None:
        for name in ("title", "author", "album", "date", "language"):
            object.__setattr__(self, name, _title(getattr(self, name)))
        object.__setattr__(self, "description", _paragraphs(self.description))
        object.__setattr__(self, "chapters", tuple(sorted(self.chapters, key=lambda each: each.start_ms)))

    @classmethod
    def of(cls, digest: Digest, *, chapters: Sequence[Chapter] = (), cover: Cover | None = None) -> Tags:
        """What a digest says of itself."""
        told = digest.metadata
        return cls(
            title=digest.title,
            author=told.author or "",
            album=told.album or "",
            date=digest.date,
            language=digest.language,
            description=told.description or "",
            cover=cover,
            chapters=tuple(chapters),
        )


NO_TAGS = Tags()


def chapters_of(sections: Sequence[str], cues: Sequence[Cue], *, title: str, end_ms: int) -> tuple[Chapter, ...]:
    """The sections of a plan as chapters of audio that lasts until ``end_ms``.

    A chapter begins with the first words of its section. A section without a heading goes on with the chapter before
    it; at the start of the audio its chapter has the digest's ``title``. Without any heading there are no chapters,
    and a section of which nothing was heard is none; nor is one that ends after 49 days.
    """
    starts: dict[int, int] = {}
    for cue in cues:
        starts.setdefault(cue.section, cue.start_ms)
    titles: list[tuple[int, str]] = []
    for section, start_ms in sorted(starts.items()):
        if shown := _title(sections[section]) or ("" if titles else _title(title)):
            titles.append((start_ms, shown))
    if not any(_title(sections[section]) for section in starts):
        return ()
    ends = [*(start_ms for start_ms, _ in titles[1:]), end_ms]
    return tuple(
        Chapter(title=shown, start_ms=start_ms, end_ms=end)
        for (start_ms, shown), end in zip(titles, ends, strict=True)
        if start_ms < end <= LONGEST_MS
    )


_VORBIS = {
    "TITLE": "title",
    "ARTIST": "author",
    "ALBUM": "album",
    "DATE": "date",
    "LANGUAGE": "language",
    "DESCRIPTION": "description",
}


def vorbis_comments(tags: Tags) -> list[tuple[str, str]]:
    """Tags as FLAC and Ogg files name them, and the first 999 chapters; the cover is not among them."""
    told = [(name, value) for name, field in _VORBIS.items() if (value := getattr(tags, field))]
    return [*told, *_vorbis_chapters(tags.chapters[:MOST_VORBIS_CHAPTERS])]


def _vorbis_chapters(chapters: Sequence[Chapter]) -> Iterator[tuple[str, str]]:
    for number, chapter in enumerate(chapters, 1):
        yield f"CHAPTER{number:03}", clock(chapter.start_ms)
        yield f"CHAPTER{number:03}NAME", chapter.title


def chapters_json(tags: Tags, *, file_name: str = "") -> str:
    """The chapters as a file of their own, as podcast players load it (Podcasting 2.0, JSON chapters 1.2)."""
    told = {"title": tags.title, "author": tags.author, "description": tags.description, "fileName": file_name}
    chapters = [
        {"startTime": each.start_ms / 1_000, "endTime": each.end_ms / 1_000, "title": each.title}
        for each in tags.chapters
    ]
    shown = {name: value for name, value in told.items() if value}
    return json.dumps({"version": "1.2.0", **shown, "chapters": chapters}, ensure_ascii=False, indent=1) + "\n"
