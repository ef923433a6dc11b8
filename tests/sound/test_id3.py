"""The tag in front of an MP3, as players read it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sound.files import chapters_seen, decoded, encoded, many, picture, probed
from tts_async.core.tags import Chapter, Tags
from tts_async.errors import ConfigError
from tts_async.sound import id3
from tts_async.sound.id3 import tag

TAGS = Tags(
    title="Grüße, Ōsaka = 大阪 👋",
    author="Änne",
    album="Daily",
    date="2026-03-01",
    language="de-CH",
    description="Über alles.\nZweite Zeile.",
    cover=picture(noise_bytes=50_000),
    chapters=(
        Chapter(title="Intro", start_ms=0, end_ms=1_000),
        Chapter(title="Über die Brücke", start_ms=1_000, end_ms=2_500),
        Chapter(title="大阪", start_ms=2_500, end_ms=3_000),
    ),
)


@cache
def original() -> bytes:
    return encoded("MP3", "MPEG_LAYER_III")


@pytest.fixture(params=[2.0, 10.0], ids=["2 s", "10 s"])
def tagged(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "a.mp3"
    path.write_bytes(tag(TAGS) + encoded("MP3", "MPEG_LAYER_III", request.param))
    return path


def test_mutagen_reads_what_was_written(tagged: Path) -> None:
    """Texts, date, language, comment, picture and chapters, each in its frame."""
    read = pytest.importorskip("mutagen.id3").ID3(tagged)
    assert read.version[:2] == (2, 3)
    assert [str(read[name]) for name in ("TIT2", "TPE1", "TALB", "TDRC", "TLAN")] == [
        "Grüße, Ōsaka = 大阪 👋",
        "Änne",
        "Daily",
        "2026-03-01",
        "deu",
    ]
    assert read["COMM::deu"].text == ["Über alles.\nZweite Zeile."]
    assert (read["APIC:"].data, read["APIC:"].mime, read["APIC:"].type) == (
        TAGS.cover and TAGS.cover.data,
        "image/png",
        3,
    )
    assert [(each.start_time, each.end_time, str(each.sub_frames["TIT2"])) for each in read.getall("CHAP")] == [
        (each.start_ms, each.end_ms, each.title) for each in TAGS.chapters
    ]
    (contents,) = read.getall("CTOC")
    assert contents.flags == 3
    assert contents.child_element_ids == [each.element_id for each in read.getall("CHAP")]


def test_ffprobe_reads_what_was_written(tagged: Path) -> None:
    """The same by another reader, which complains of nothing."""
    found = probed(tagged)
    assert chapters_seen(found) == [(each.start_ms, each.title) for each in TAGS.chapters]
    shown = {name: found["format"]["tags"][name] for name in ("title", "artist", "album", "language")}
    assert shown == {"title": TAGS.title, "artist": "Änne", "album": "Daily", "language": "deu"}
    assert found["format"]["tags"]["date"].startswith("2026")
    assert found["format"]["tags"]["comment"] == TAGS.description
    cover = next(each for each in found["streams"] if each["codec_type"] == "video")
    assert (cover["codec_name"], cover["width"], cover["disposition"]["attached_pic"]) == ("png", 40, 1)


@pytest.mark.parametrize(
    "tags",
    [Tags(), TAGS, Tags(chapters=many(600)), Tags(cover=picture(noise_bytes=9_900_000))],
    ids=["empty", "all", "600 chapters", "10 MB"],
)
def test_the_sound_is_the_same(tags: Tags) -> None:
    """libsndfile decodes the file behind the tag to the samples that it had before."""
    assert np.array_equal(decoded(tag(tags) + original()), decoded(original()))


@pytest.mark.parametrize(("count", "tables"), [(1, 1), (255, 1), (256, 3), (300, 3), (600, 4)])
def test_many_chapters(count: int, tables: int, tmp_path: Path) -> None:
    """More than 255 chapters hang on tables inside the table; in the file they are in order of time."""
    path = tmp_path / "a.mp3"
    path.write_bytes(tag(Tags(chapters=many(count))) + original())
    assert chapters_seen(probed(path)) == [(each.start_ms, each.title) for each in many(count)]
    read = pytest.importorskip("mutagen.id3").ID3(path)
    assert [each.start_time for each in read.getall("CHAP")] == [each.start_ms for each in many(count)]
    contents = {each.element_id: each for each in read.getall("CTOC")}
    assert len(contents) == tables

    def leaves(name: str) -> list[str]:
        if name not in contents:
            return [name]
        assert len(contents[name].child_element_ids) <= 255
        return [leaf for child in contents[name].child_element_ids for leaf in leaves(child)]

    (top,) = (each.element_id for each in contents.values() if each.flags & 2)
    assert leaves(top) == [each.element_id for each in read.getall("CHAP")]


def test_tables_inside_tables_inside_tables() -> None:
    """Where two levels do not do, the top has two tables, and each table and chapter a name of its own."""
    made, at, names, tops = tag(Tags(chapters=many(255 * 255 + 1))), 10, [], []
    while at < len(made):
        end = at + 10 + int.from_bytes(made[at + 4 : at + 8], "big")
        name, _, body = made[at + 10 : end].partition(b"\0")
        names.append(name)
        if made[at : at + 4] == b"CTOC" and body[0] & id3.TOP_LEVEL:
            tops.append((name, body[1]))
        at = end
    assert tops == [(b"toc", 2)]
    assert len(set(names)) == len(names) == 255 * 255 + 1 + 256 + 2 + 1


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("2026-03-01", {"TYER": "2026", "TDAT": "0103"}),
        ("2026-03-01T12:00:00Z", {"TYER": "2026", "TDAT": "0103"}),
        ("2026-03", {"TYER": "2026", "TDAT": ""}),
        ("2026", {"TYER": "2026", "TDAT": ""}),
        ("20260", {}),
        ("1 March 2026", {}),
        ("", {}),
    ],
)
def test_dates(date: str, expected: dict[str, str]) -> None:
    """A year, and a day where one is told; words are no date."""
    frames = {name: tag(Tags(date=date)).partition(name.encode())[2] for name in ("TYER", "TDAT")}
    assert {name: body[7:11].decode() for name, body in frames.items() if body} == {
        name: value for name, value in expected.items() if value
    }


@given(st.text(max_size=50), st.integers(0, 5_000))
def test_the_tag_says_how_long_it_is(title: str, noise_bytes: int) -> None:
    """Its length, seven bits a byte, leads to the sound; its frames fill it; twice is the same."""
    made = tag(Tags(title=title, description=title, cover=picture(noise_bytes=noise_bytes)))
    assert made == tag(Tags(title=title, description=title, cover=picture(noise_bytes=noise_bytes)))
    assert made[:6] == b"ID3\x03\0\0"
    assert max(made[6:10]) < 0x80
    assert sum(byte << shift for byte, shift in zip(made[6:10], (21, 14, 7, 0), strict=True)) == len(made) - 10
    at = 10
    while at < len(made):
        assert made[at : at + 4].isalnum()
        at += 10 + int.from_bytes(made[at + 4 : at + 8], "big")
    assert at == len(made)


def test_more_than_a_tag_holds_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """The length of a tag has 28 bits."""
    monkeypatch.setattr(id3, "MOST_BYTES", 10_000)
    with pytest.raises(ConfigError, match=r"\d\d,\d\d\d bytes do not fit into an MP3"):
        tag(TAGS)
