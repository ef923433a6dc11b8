"""Captions and chapters beside a sound file."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tts_async.core.cues import clock
from tts_async.faces.cli import options, rendering
from tts_async.settings import MergedSettings

if TYPE_CHECKING:
    from tests.faces.conftest import Call

TONE = ("--provider", "tone", "--rate", "1000", "--no-store", "--quiet")


@pytest.fixture
def news() -> Path:
    """Three sections, two of them with a heading."""
    sections = [
        {"text": "Good morning."},
        {"heading": "Rain", "text": "It is going to rain. <b>Not</b> for long."},
        {"heading": "Wind", "text": "There is a wind from the west."},
    ]
    path = Path("news.json")
    path.write_text(json.dumps({"title": "News", "language": "en-GB", "script": sections}), encoding="utf-8")
    return path


def listed() -> set[str]:
    return {path.name for path in Path().iterdir()}


def test_nothing_unless_asked_for(run: Call, news: Path) -> None:
    """There is the sound, and its manifest."""
    before = listed()
    assert run("render", news, *TONE).code == 0
    assert listed() - before == {"news.wav", "news.wav.manifest.json"}


def test_all_of_them(run: Call, news: Path) -> None:
    """Each has the name of the output and is whole; captions and chapters tell the times of the cues."""
    before = listed()
    said = run(
        "render", news, *TONE[:-1], "-o", "out.mp3", "--captions", "srt", "--captions", "vtt", "--chapters", "--json"
    )
    assert said.code == 0
    assert listed() - before == {"out.mp3", "out.mp3.manifest.json", "out.srt", "out.vtt", "out.chapters.json"}
    (result,) = json.loads(said.out)
    starts = {cue["section"]: cue["start_s"] for cue in reversed(result["cues"])}
    chapters = json.loads(Path("out.chapters.json").read_text(encoding="utf-8"))
    assert (chapters["version"], chapters["title"], chapters["fileName"]) == ("1.2.0", "News", "out.mp3")
    assert [each["title"] for each in chapters["chapters"]] == ["News", "Rain", "Wind"]
    assert [each["startTime"] for each in chapters["chapters"]] == pytest.approx(
        [starts[n] for n in range(3)], abs=6e-4
    )
    srt, vtt = (Path(f"out.{suffix}").read_text(encoding="utf-8") for suffix in ("srt", "vtt"))
    assert srt.startswith("1\n00:00:00,000 --> ")
    assert vtt.startswith("WEBVTT\n")
    for text in (srt, vtt.replace(".", ",")):
        assert clock(round(starts[2] * 1000), ",") in text


@pytest.mark.parametrize("suffix", ["srt", "vtt"])
def test_ffprobe_reads_captions(run: Call, news: Path, suffix: str) -> None:
    """A judge from outside finds a stream of captions in them, and does not complain."""
    if shutil.which("ffprobe") is None:
        pytest.skip("ffprobe is not installed")
    assert run("render", news, *TONE, "--captions", suffix).code == 0
    asked = ["ffprobe", "-v", "warning", "-count_packets", "-show_streams", "-of", "json", f"news.{suffix}"]
    done = subprocess.run(asked, capture_output=True, check=True, text=True)
    (stream,) = json.loads(done.stdout)["streams"]
    assert (done.stderr, stream["codec_type"]) == ("", "subtitle")
    assert int(stream["nb_read_packets"]) >= 3


def test_words_are_timed_in_a_vtt_only(run: Call, news: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--captions-words` asks for the times of words, and they are in the vtt and not in the srt."""
    asked: list[bool] = []

    def vtt(cues: object, *, words: bool, language: str) -> str:
        return f"words={words} in {language}"

    def settings_of(**values: Any) -> MergedSettings:
        asked.append(bool(values["timestamps"]))
        return options.settings_of(**values)

    monkeypatch.setattr("tts_async.api.result.vtt", vtt)
    monkeypatch.setattr(rendering, "settings_of", settings_of)
    formats = ("--captions", "vtt", "--captions", "srt")
    for rest, words in (((), False), (("--captions-words",), True)):
        assert run("render", news, *TONE, *formats, *rest, "--overwrite").code == 0
        assert Path("news.vtt").read_text(encoding="utf-8") == f"words={words} in en-GB"
        assert Path("news.srt").read_text(encoding="utf-8").startswith("1\n")
    assert asked == [False, True]


@pytest.mark.parametrize("rest", [(), ("--captions", "srt")], ids=["none", "srt"])
def test_words_need_a_vtt(run: Call, news: Path, rest: tuple[str, ...]) -> None:
    """Without one, `--captions-words` is a mistake in usage."""
    said = run("render", news, *TONE, "--captions-words", *rest)
    assert (said.code, "add --captions vtt" in said.err) == (2, True)


@pytest.mark.parametrize("name", ["news.srt", "news.chapters.json"])
def test_what_is_there_stays(run: Call, news: Path, name: str) -> None:
    """Somebody's own file is replaced on purpose only, and refused before anything is bought."""
    Path(name).write_text("mine", encoding="utf-8")
    said = run("render", news, *TONE, "--captions", "srt", "--chapters")
    assert (said.code, f"'{name}' is there already" in said.err) == (1, True)
    assert (Path(name).read_text(encoding="utf-8"), Path("news.wav").exists()) == ("mine", False)
    assert run("render", news, *TONE, "--captions", "srt", "--chapters", "--overwrite").code == 0
    assert Path(name).read_text(encoding="utf-8") != "mine"


def test_a_digest_is_never_replaced(run: Call, news: Path) -> None:
    """Also not with `--overwrite`, where it is called as the chapters would be; nor is the report written over them."""
    digest = news.rename("a.chapters.json")
    said = run("render", digest, *TONE, "-o", "a.wav", "--chapters", "--overwrite")
    assert (said.code, "is a digest" in said.err) == (2, True)
    said = run("render", digest, *TONE, "-o", "b.wav", "--chapters", "--report", "b.chapters.json")
    assert (said.code, "The report would replace" in said.err) == (2, True)


def test_a_name_that_gets_too_long(run: Call, news: Path) -> None:
    """The disk takes the name of the sound and not that of the chapters: nothing is bought."""
    said = run("render", news, *TONE, "-o", "x" * 245 + ".wav", "--chapters")
    assert said.code == 1
    assert said.err.count("\n") <= 2


@pytest.mark.skipif(os.name == "nt", reason="a folder takes files there whatever its mode")
def test_captions_that_cannot_be_written(run: Call, news: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk at the end is an error by name, and the sound is there."""

    def full(path: Path, told: object) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tts_async.api.result.write_whole", full)
    said = run("render", news, *TONE, "--captions", "srt")
    assert (said.code, "'news.srt' cannot be written: No space left" in said.err) == (1, True)
    assert Path("news.wav").exists()
