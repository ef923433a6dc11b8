"""What a finished file says about itself: its tags, its cover and its chapters."""

from __future__ import annotations

import io
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from tests.sound.files import chapters_seen, picture, probed
from tts_async import ConfigError, DigestError, Event, OutputError, Renderer, RenderResult, Settings
from tts_async.api.source import Source
from tts_async.core.cover import MOST_BYTES
from tts_async.providers.tone import ToneProvider

QUICK = ToneProvider(s_per_char=0.03)
METADATA = {"author": "Zoë Łąka", "album": "Weather, daily", "description": "What it will be.\nAnd what it was."}
TALK: dict[str, Any] = {
    "id": "talk",
    "title": "Tomorrow’s weather",
    "date": "2026-03-04",
    "language": "en-GB",
    "metadata": METADATA,
    "script": [
        {"text": "Good morning to you."},
        {"heading": "Rain — again", "text": "It is going to rain. It will rain all day."},
        {"heading": "Wind", "text": "There is a wind from the west."},
    ],
}
WORDS = [(0, "It"), (24_000, "rains"), (48_000, "again.")]
TAGGED = [".mp3", ".flac", ".ogg", ".opus", ".m4a", ".m4b"]


async def rendered(source: Source, output: Path, **settings: Any) -> RenderResult:
    if output.suffix in {".m4a", ".m4b"}:
        pytest.importorskip("av", reason="the extra 'm4b' is not installed")
    async with Renderer(QUICK, settings=Settings(rate_per_s=1000, **settings), store=False) as renderer:
        return await renderer.render(source, output)


def told(found: dict[str, Any]) -> dict[str, str]:
    """The tags that ffprobe found, in the file or in its stream, their names in lower case."""
    both = {**found["format"].get("tags", {}), **found["streams"][0].get("tags", {})}
    return {name.lower(): value for name, value in both.items()}


@pytest.fixture
def digest(tmp_path: Path) -> Path:
    """A digest in a file, and its cover beside it."""
    (tmp_path / "cover.png").write_bytes(picture().data)
    path = tmp_path / "talk.json"
    path.write_text(json.dumps({**TALK, "metadata": {**METADATA, "cover": "cover.png"}}), encoding="utf-8")
    return path


@pytest.mark.parametrize("suffix", TAGGED)
async def test_ffprobe_reads_tags_and_chapters(digest: Path, tmp_path: Path, suffix: str) -> None:
    """Every format but WAV says what the digest says; chapters begin where their sections are heard."""
    result = await rendered(digest, tmp_path / f"out{suffix}")
    found = probed(result.path)
    tags = told(found)
    assert (tags["title"], tags["artist"], tags["album"]) == (TALK["title"], METADATA["author"], METADATA["album"])
    assert tags["date"].startswith("2026")
    assert tags["language"] in {"en-GB", "eng"}
    first = {section: next(cue for cue in result.cues if cue.section == section) for section in range(3)}
    assert chapters_seen(found) == [
        (0, TALK["title"]),
        (first[1].start_ms, "Rain — again"),
        (first[2].start_ms, "Wind"),
    ]
    assert [each.title for each in result.tags.chapters] == [TALK["title"], "Rain — again", "Wind"]
    assert result.tags.chapters[-1].end_ms == round(result.duration_s * 1000)
    assert found["streams"][-1]["codec_name"] == "png"


@pytest.mark.parametrize("suffix", TAGGED)
async def test_mutagen_reads_them_too(digest: Path, tmp_path: Path, suffix: str) -> None:
    """A second judge finds the title and the picture, byte for byte."""
    mutagen = pytest.importorskip("mutagen")
    path = (await rendered(digest, tmp_path / f"out{suffix}")).path
    assert mutagen.File(path, easy=True)["title"] == [TALK["title"]]
    file = mutagen.File(path)
    if suffix == ".mp3":
        assert file.tags.getall("APIC")[0].data == picture().data
    elif suffix == ".flac":
        assert file.pictures[0].data == picture().data
    elif suffix in {".m4a", ".m4b"}:
        assert [bytes(each) for each in file["covr"]] == [picture().data]
    else:
        assert len(file["metadata_block_picture"]) == 1


@pytest.mark.parametrize("suffix", TAGGED)
async def test_tags_do_not_touch_the_sound(digest: Path, tmp_path: Path, suffix: str) -> None:
    """The samples are those of a file that says nothing."""
    tagged = await rendered(digest, tmp_path / f"tagged{suffix}")
    bare = await rendered({"id": "talk", "script": TALK["script"]}, tmp_path / f"bare{suffix}")
    np.testing.assert_array_equal(tagged.read(), bare.read())
    assert tagged.path.stat().st_size > bare.path.stat().st_size


@pytest.mark.parametrize("suffix", [*TAGGED, ".wav"])
async def test_the_same_bytes_each_time(digest: Path, tmp_path: Path, suffix: str) -> None:
    """No clock and no dice: the same digest gives the same file."""
    first, second = [await rendered(digest, tmp_path / f"{name}{suffix}") for name in ("one", "two")]
    assert first.path.read_bytes() == second.path.read_bytes()


@pytest.mark.parametrize("suffix", [".m4a", ".m4b"])
async def test_an_extra_that_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    """It is said, and how to get it, before anything is sent."""
    monkeypatch.setitem(sys.modules, "av", None)
    events: list[Event] = []
    async with Renderer(QUICK, store=False, on_event=events.append) as renderer:
        with pytest.raises(ConfigError, match=r"pip install 'tts-async\[m4b\]'"):
            await renderer.render(TALK, tmp_path / f"out{suffix}")
    assert [event for event in events if event.kind == "sent"] == []


async def test_a_wav_file_says_nothing(digest: Path, tmp_path: Path) -> None:
    """Nothing follows its samples and no tags are in front; the chapters are in the result."""
    result = await rendered(digest, tmp_path / "out.wav")
    raw = result.path.read_bytes()
    assert len(raw) == 80 + 2 * sf.info(io.BytesIO(raw)).frames
    assert len(result.tags.chapters) == 3


async def test_captions_and_chapters_are_saved(digest: Path, tmp_path: Path) -> None:
    """A result writes them where it is told to, also over what is there; the suffix chooses the format of captions."""
    result = await rendered(digest, tmp_path / "out.wav", timestamps=True)
    for suffix in (".srt", ".VTT", ".VTT"):
        path = result.save_captions(tmp_path / f"said{suffix}")
        assert "It is going to rain." in path.read_text(encoding="utf-8")
    cues = [replace(result.cues[0], text=text, start_frame=at, end_frame=at + 24_000, exact=True) for at, text in WORDS]
    timed = replace(result, cues=tuple(cues)).save_captions(tmp_path / "words.vtt", words=True)
    assert "It <00:00:01.000>rains <00:00:02.000>again." in timed.read_text(encoding="utf-8")
    chapters = json.loads(result.save_chapters(tmp_path / "chapters.json").read_text(encoding="utf-8"))
    assert [each["title"] for each in chapters["chapters"]] == [TALK["title"], "Rain — again", "Wind"]
    with pytest.raises(ConfigError, match=r"choose \.srt or \.vtt"):
        result.save_captions(tmp_path / "said.txt")
    with pytest.raises(ConfigError, match=r"save them as \.vtt"):
        result.save_captions(tmp_path / "said.srt", words=True)
    with pytest.raises(OutputError, match="cannot be written"):
        result.save_chapters(tmp_path / "gone" / "chapters.json")


# Covers that cannot be one


def outside(folder: Path) -> str:
    (folder.parent / "picture.png").write_bytes(picture().data)
    return "../picture.png"


def absolute(folder: Path) -> str:
    return str(Path(folder, outside(folder)).resolve())


def linked(folder: Path) -> str:
    outside(folder)
    (folder / "link.png").symlink_to(folder.parent / "picture.png")
    return "link.png"


def a_folder(folder: Path) -> str:
    return "."


def a_pipe(folder: Path) -> str:
    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes with names here")
    os.mkfifo(folder / "pipe.png")
    return "pipe.png"


def missing(folder: Path) -> str:
    return "gone.png"


def too_long(folder: Path) -> str:
    return "x" * 5_000


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (outside, "outside of the digest's folder"),
        (absolute, "outside of the digest's folder"),
        pytest.param(
            linked, "outside of the digest's folder", marks=pytest.mark.skipif(os.name == "nt", reason="no links")
        ),
        (a_folder, "is no file"),
        (a_pipe, "is no file"),
        (missing, "is no file"),
        (too_long, "is no file|cannot be read"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
async def test_a_cover_that_is_not_there(tmp_path: Path, made: Any, says: str) -> None:
    """It is refused by name and place before anything is sent; a digest cannot have other folders read."""
    folder = tmp_path / "digests"
    folder.mkdir()
    path = folder / "talk.json"
    path.write_text(json.dumps({**TALK, "metadata": {"cover": made(folder)}}), encoding="utf-8")
    events: list[Event] = []
    async with Renderer(QUICK, store=False, on_event=events.append) as renderer:
        with pytest.raises(DigestError, match=says) as caught:
            await renderer.render(path, tmp_path / "out.mp3")
        for look in (renderer.plan, renderer.estimate):
            with pytest.raises(DigestError, match=says):
                await look(path)
    assert str(caught.value).startswith(str(path))
    assert caught.value.where == "/metadata/cover"
    assert len(str(caught.value)) < 500
    assert [event.kind for event in events if event.kind == "sent"] == []
    assert not (tmp_path / "out.mp3").exists()


@pytest.mark.parametrize(
    ("raw", "says"),
    [(b"GIF89a" + bytes(50), "neither JPEG nor PNG"), (b"", "neither JPEG nor PNG"), (bytes(MOST_BYTES + 1), "bytes")],
    ids=["gif", "empty", "large"],
)
async def test_a_cover_that_is_no_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raw: bytes, says: str
) -> None:
    """What its bytes say counts, not its name; without a file, a digest's folder is the current one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cover.png").write_bytes(raw)
    with pytest.raises(ConfigError, match=says):
        await rendered({**TALK, "metadata": {"cover": "cover.png"}}, tmp_path / "out.mp3")
