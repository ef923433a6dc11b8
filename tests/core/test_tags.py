"""What a file says about itself: safe to show, whatever the digest holds."""

from __future__ import annotations

import json
import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.plans import plan_of
from tests.sound.files import many, picture, png
from tts_async.core.cover import MOST_BYTES, Cover
from tts_async.core.cues import Cue, cues
from tts_async.core.digest import Digest
from tts_async.core.languages import three_letters
from tts_async.core.tags import Chapter, Tags, chapters_json, chapters_of, vorbis_comments
from tts_async.errors import ConfigError


def heard(*sections: tuple[int, int, int], rate_hz: int = 1_000) -> list[Cue]:
    """Cues from (section, start, end) in frames."""
    return [
        Cue(
            chunk=number,
            section=section,
            speaker="narrator",
            text="x",
            start_frame=start,
            end_frame=end,
            rate_hz=rate_hz,
            exact=True,
        )
        for number, (section, start, end) in enumerate(sections)
    ]


def told(chapters: tuple[Chapter, ...]) -> list[tuple[str, int, int]]:
    return [(each.title, each.start_ms, each.end_ms) for each in chapters]


IN_ORDER = heard((0, 0, 900), (0, 950, 1_900), (1, 2_500, 3_000), (2, 3_500, 4_000), (2, 4_000, 5_000))


@pytest.mark.parametrize(
    ("sections", "said", "expected"),
    [
        (("A", "B", "C"), IN_ORDER, [("A", 0, 2_500), ("B", 2_500, 3_500), ("C", 3_500, 6_000)]),
        (("", "B", "C"), IN_ORDER, [("News", 0, 2_500), ("B", 2_500, 3_500), ("C", 3_500, 6_000)]),
        (("A", "", "C"), IN_ORDER, [("A", 0, 3_500), ("C", 3_500, 6_000)]),
        (("", "", "C"), IN_ORDER, [("News", 0, 3_500), ("C", 3_500, 6_000)]),
        (("A", "B", "C"), IN_ORDER[:2], [("A", 0, 6_000)]),
        (("A", "B", "C"), IN_ORDER[2:], [("B", 2_500, 3_500), ("C", 3_500, 6_000)]),
        (("", "", ""), IN_ORDER, []),
        (("", "", "C"), IN_ORDER[:3], []),
        ((" \n\0", "B\n\tb", "C"), IN_ORDER, [("News", 0, 2_500), ("B b", 2_500, 3_500), ("C", 3_500, 6_000)]),
        (("A", "B"), [], []),
        (("A", "B"), heard((0, 0, 0), (1, 0, 9)), [("B", 0, 6_000)]),
        (("A", "B"), heard((0, 0, 9), (1, 6_000, 6_000)), [("A", 0, 6_000)]),
    ],
    ids=[
        "each",
        "none at first",
        "none inside",
        "two without",
        "only the first was heard",
        "the first is missing",
        "no headings",
        "the heading was not heard",
        "headings to be cleaned",
        "nothing",
        "one without length",
        "one at the very end",
    ],
)
def test_sections_become_chapters(
    sections: tuple[str, ...], said: list[Cue], expected: list[tuple[str, int, int]]
) -> None:
    """A heading begins a chapter where its first words are heard, and it lasts until the next."""
    assert told(chapters_of(sections, said, title="News", end_ms=6_000)) == expected


def test_a_leading_part_without_any_title_is_no_chapter() -> None:
    """There is nothing that it could be called."""
    assert told(chapters_of(("", "B"), heard((0, 0, 9), (1, 10, 20)), title=" ", end_ms=30)) == [("B", 10, 30)]


def test_chapters_of_a_plan() -> None:
    """Headings of a Markdown script come out as chapters at the first cue of their section."""
    plan = plan_of({"title": "Heute", "script": "Guten Tag.\n\n# Über Köln\n\nEs regnet.\n\n# Bonn\n\nAuch."})
    at, said = 0, []
    for chunk in plan.chunks:
        said += cues(chunk, start_frame=at, end_frame=at + 24_000, rate_hz=24_000)
        at += 36_000
    chapters = chapters_of(plan.sections, said, title=plan.title, end_ms=at * 1_000 // 24_000)
    assert [each.title for each in chapters] == ["Heute", "Über Köln", "Bonn"]
    assert all(one.end_ms == other.start_ms for one, other in pairwise(chapters))
    assert chapters[-1].end_ms == len(plan.chunks) * 1_500


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Größe 大阪 👩‍👩‍👧‍👦", "Größe 大阪 👩‍👩‍👧‍👦"),
        ("a\0b\x1b[31mc\x7f\x9f", "a b [31mc"),
        ("  a\r\n\tb\u2028c\u2029 ", "a b c"),
        ("a\ud800b\udfff", "a b"),
        ("evil \u202egpj.exe", "evil gpj.exe"),
        ("\ufeffa\uffff", "a"),
        ("x" * 300, "x" * 300),
        ("x" * 301, "x" * 299 + "…"),
        ("x" * 298 + " yz", "x" * 298 + "…"),
        ("\0" * 10_000_000 + "x", ""),
    ],
    ids=[
        "kept",
        "controls",
        "lines",
        "surrogates",
        "turned",
        "no characters",
        "long",
        "too long",
        "at a space",
        "huge",
    ],
)
def test_titles_can_be_shown(text: str, shown: str) -> None:
    """Of a title, what a player cannot show is taken out, in tags and in chapters."""
    assert Tags(title=text, author=text, album=text, date=text, language=text) == Tags(
        title=shown, author=shown, album=shown, date=shown, language=shown
    )
    assert Tags(title=text).title == shown
    assert Chapter(title=text, start_ms=0, end_ms=1).title == shown


def test_a_description_has_lines() -> None:
    """It keeps its paragraphs, and is not without end either."""
    assert Tags(description=" a \r\n\x1b\n\nb\0c").description == "a\n\n\nb c"
    assert Tags(description="ab " * 9_999).description == "ab " * 1_332 + "ab…"


@pytest.mark.parametrize(("start_ms", "end_ms"), [(-1, 5), (5, 5), (6, 5), (0, 2**32)])
def test_no_chapter_is_empty(start_ms: int, end_ms: int) -> None:
    """A chapter that players cannot hold is a mistake of ours."""
    with pytest.raises(ValueError, match=f"{start_ms} to {end_ms} ms"):
        Chapter(title="x", start_ms=start_ms, end_ms=end_ms)


DIGEST = Digest.read(
    {
        "title": "Heute",
        "date": "2026-03-01",
        "language": "de-CH",
        "script": "x",
        "metadata": {"author": "Änne", "album": "Täglich", "description": "Kurz."},
    }
)
CHAPTERS = [
    Chapter(title="Zwei", start_ms=3_723_004, end_ms=4_000_000),
    Chapter(title="Eins", start_ms=0, end_ms=3_723_004),
]


def test_tags_of_a_digest() -> None:
    """What it says about itself, and the chapters in order of time."""
    tags = Tags.of(DIGEST, chapters=CHAPTERS, cover=picture())
    assert (tags.title, tags.author, tags.album) == ("Heute", "Änne", "Täglich")
    assert (tags.date, tags.language, tags.description) == ("2026-03-01", "de-CH", "Kurz.")
    assert tags.cover == picture()
    assert [each.title for each in tags.chapters] == ["Eins", "Zwei"]
    assert Tags.of(Digest.read({"script": "x"})) == Tags(language="en")


def test_vorbis_comments() -> None:
    """What is said has its usual name, what is not said has none, and chapters are numbered from 001."""
    assert vorbis_comments(Tags.of(DIGEST, chapters=CHAPTERS, cover=picture())) == [
        ("TITLE", "Heute"),
        ("ARTIST", "Änne"),
        ("ALBUM", "Täglich"),
        ("DATE", "2026-03-01"),
        ("LANGUAGE", "de-CH"),
        ("DESCRIPTION", "Kurz."),
        ("CHAPTER001", "00:00:00.000"),
        ("CHAPTER001NAME", "Eins"),
        ("CHAPTER002", "01:02:03.004"),
        ("CHAPTER002NAME", "Zwei"),
    ]
    assert vorbis_comments(Tags()) == []


def test_more_chapters_than_vorbis_counts() -> None:
    """The first 999 are there, and the file of chapters has them all."""
    tags = Tags(chapters=many(1_200))
    assert len(vorbis_comments(tags)) == 2 * 999
    assert vorbis_comments(tags)[-1] == ("CHAPTER999NAME", "Teil 998: Öl")
    assert len(json.loads(chapters_json(tags))["chapters"]) == 1_200


def test_chapters_json() -> None:
    """Version, texts and chapters under the names of the format, times in seconds, umlauts as they are."""
    text = chapters_json(Tags.of(DIGEST, chapters=CHAPTERS), file_name="heute.mp3")
    assert json.loads(text) == {
        "version": "1.2.0",
        "title": "Heute",
        "author": "Änne",
        "description": "Kurz.",
        "fileName": "heute.mp3",
        "chapters": [
            {"startTime": 0.0, "endTime": 3723.004, "title": "Eins"},
            {"startTime": 3723.004, "endTime": 4000.0, "title": "Zwei"},
        ],
    }
    assert "Änne" in text
    assert json.loads(chapters_json(Tags())) == {"version": "1.2.0", "chapters": []}


@given(st.text(max_size=400), st.text(max_size=100))
def test_any_text_can_be_written(title: str, heading: str) -> None:
    """Whatever the texts are, they encode, and JSON reads back what is said elsewhere."""
    tags = Tags(title=title, description=heading, chapters=(Chapter(title=heading, start_ms=0, end_ms=9),))
    for _, value in vorbis_comments(tags):
        assert value.encode().decode() == value
    read = json.loads(chapters_json(tags).encode())
    assert read["chapters"][0]["title"] == tags.chapters[0].title
    assert read.get("title", "") == tags.title


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("de", "deu"),
        ("de-CH", "deu"),
        ("EN-us", "eng"),
        ("zh", "zho"),
        ("gsw", "gsw"),
        ("xx", ""),
        ("", ""),
        ("d1e", ""),
    ],
)
def test_languages_have_three_letters(language: str, code: str) -> None:
    """By ISO 639-2; a code of three letters is one already."""
    assert three_letters(language) == code


def jpeg(*segments: bytes) -> bytes:
    return b"\xff\xd8" + b"".join(segments) + b"\xff\xd9"


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


FRAME = struct.pack(">BHHB", 8, 480, 640, 3) + bytes(9)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (png(40, 30), ("image/png", 40, 30, 8)),
        (jpeg(segment(0xE0, b"JFIF\0"), segment(0xC0, FRAME)), ("image/jpeg", 640, 480, 24)),
        (
            jpeg(segment(0xE1, bytes(60_000)), segment(0xC4, bytes(20)), segment(0xC2, FRAME)),
            ("image/jpeg", 640, 480, 24),
        ),
        (jpeg(segment(0xDB, b"x"), b"\xff\xff\xff", segment(0xC1, FRAME)), ("image/jpeg", 640, 480, 24)),
    ],
    ids=["png", "jpeg", "progressive", "filled"],
)
def test_a_cover_says_what_it_is(data: bytes, expected: tuple[str, int, int, int]) -> None:
    """Type, size and depth are read from the picture, whatever its file was called."""
    cover = Cover.of(data)
    assert (cover.mime, cover.width, cover.height, cover.depth_bits) == expected
    assert cover.data == data


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "neither JPEG nor PNG"),
        (b"GIF89a" + bytes(99), "begins with b'GIF89a"),
        (b"<svg xmlns='http", "neither JPEG nor PNG"),
        (png(40, 30)[:30], "a PNG and does not say how large"),
        (png(0, 30), "a PNG and does not say how large"),
        (jpeg(segment(0xE0, b"JFIF\0")), "a JPEG and does not say how large"),
        (jpeg(segment(0xE0, b"JFIF\0"), b"junk" * 9), "a JPEG and does not say how large"),
        (b"\xff\xd8\xff" + b"\xff" * 5_000, "a JPEG and does not say how large"),
        (png(1, 1, noise_bytes=MOST_BYTES), r"has 10,000,\d+ bytes"),
    ],
    ids=["nothing", "gif", "svg", "cut off", "no width", "no frame", "junk", "nothing but filling", "too large"],
)
def test_what_is_no_cover_is_said(data: bytes, complaint: str) -> None:
    """Before anything is written, and with what could be used instead."""
    with pytest.raises(ConfigError, match=complaint):
        Cover.of(data)


@given(st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"]), st.binary(max_size=200))
def test_any_bytes_are_a_cover_or_are_not(begins: bytes, rest: bytes) -> None:
    """Nothing but our own error comes of bytes from somewhere."""
    try:
        cover = Cover.of(begins + rest)
    except ConfigError:
        return
    assert cover.width > 0
    assert cover.height > 0
