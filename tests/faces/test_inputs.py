"""What is rendered, and to which files."""

from __future__ import annotations

import json
import string
from pathlib import Path
from typing import TYPE_CHECKING

import click.testing
import pytest
import soundfile as sf
from hypothesis import given
from hypothesis import strategies as st

from tests.faces.conftest import runner
from tts_async.core.digest import Digest
from tts_async.engine.formats import FORMATS as WRITTEN
from tts_async.faces.cli import cli
from tts_async.faces.cli.inputs import Input
from tts_async.faces.cli.options import FORMATS
from tts_async.faces.cli.outputs import safe, values

if TYPE_CHECKING:
    from tests.faces.conftest import Call

TONE = ("--provider", "tone", "--rate", "1000", "--no-store", "--quiet")


def digest(path: str, **fields: object) -> Path:
    Path(path).write_text(json.dumps({"script": "Good morning.", **fields}), encoding="utf-8")
    return Path(path)


def sounds(folder: str = ".") -> set[str]:
    return {path.name for path in Path(folder).iterdir() if path.suffix.removeprefix(".") in FORMATS}


def piped(text: str | bytes, *arguments: str) -> click.testing.Result:
    return runner().invoke(cli, ["render", "-", *TONE, *arguments], input=text, prog_name="tts-async")


def test_a_folder_is_its_digests(run: Call) -> None:
    """Sorted, without folders in it, hidden files, and what an earlier render wrote there."""
    Path("in/more").mkdir(parents=True)
    for name in ("in/b.json", "in/a.MD", "in/.hidden.md", "in/more/c.md"):
        digest(name)
    for name in ("in/picture.png", "in/b.wav.manifest.json", "in/b.chapters.json"):
        Path(name).write_text("{}", encoding="utf-8")
    said = run("render", "in", *TONE, "--json")
    assert (said.code, said.err) == (0, "")
    assert [each["digest"] for each in json.loads(said.out)] == [str(Path("in/a.MD")), str(Path("in/b.json"))]
    assert sounds() == {"a.wav", "b.wav"}


def test_a_folder_without_digests_is_a_mistake(run: Call) -> None:
    """In usage; nothing is rendered."""
    Path("in").mkdir()
    said = run("render", "in", *TONE)
    assert said.code == 2
    assert "The folder 'in' has no digests: no .json, .markdown, .md, .txt files." in said.err


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Good morning.", "digest.wav"),
        ('\n {"id": "talk", "script": "Good morning."}', "talk.wav"),
        ('{"id": "../up/there", "script": "Good morning."}', "up-there.wav"),
        ('{"id": "..", "script": "Good morning."}', "digest.wav"),
        ("[calm] Good morning.", "digest.wav"),
    ],
    ids=["text", "JSON", "a path for an id", "the folder above for an id", "a mark"],
)
def test_standard_input(text: str, name: str) -> None:
    """What begins with a brace is JSON, all else is text; the file has the digest's id."""
    done = piped(text)
    assert done.exit_code == 0, done.output
    assert sounds() == {name}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Error: standard input: there is nothing to say in it"),
        ("{oops", "Error: standard input: line 1, column 2: this is not JSON"),
        ('{"script": 3}', "Error: standard input: /script: "),
        (b"\xff\xfe", "Error: standard input: it is not UTF-8 text (byte 0)"),
        (b"a" * 20_000_001, "Error: standard input: it is larger than 20 MB"),
    ],
    ids=["empty", "no JSON", "wrong", "no text", "long"],
)
def test_bad_standard_input(text: str | bytes, sentence: str) -> None:
    """It is told what is bad, and nothing is rendered."""
    done = piped(text)
    assert done.exit_code == 1
    assert sentence in done.stderr
    assert sounds() == set()


@pytest.mark.parametrize(
    ("output", "form", "written"),
    [
        ("{id}.mp3", None, {"one.mp3", "two.mp3"}),
        ("{date} {title}", None, {"2026-11-26 The first.wav", "2026-11-27 v1.2.mp3.wav"}),
        ("{date} {title}", "flac", {"2026-11-26 The first.flac", "2026-11-27 v1.2.mp3.flac"}),
        ("{{{id}}}.flac", None, {"{one}.flac", "{two}.flac"}),
        ("out/{id}.ogg", None, {"one.ogg", "two.ogg"}),
        ("out", None, {"a.wav", "b.wav"}),
        ("out/", "ogg", {"a.ogg", "b.ogg"}),
        (None, "flac", {"a.flac", "b.flac"}),
    ],
)
def test_where_they_go(run: Call, output: str | None, form: str | None, written: set[str]) -> None:
    """A template names them by the digests' own words, a folder by the files' names."""
    Path("out").mkdir()
    digests = digest("a.json", id="one", date="2026-11-26", title="The first")
    more = digest("b.json", id="two", date="2026-11-27", title="v1.2.mp3")
    options = [*(("-o", output) if output else ()), *(("--format", form) if form else ())]
    assert run("render", digests, more, *TONE, *options).code == 0
    assert sounds() | sounds("out") == written
    assert {sf.info(path).format.lower() for path in Path().rglob(f"*.{form or 'mp3'}")} <= {form or "mp3"}


def test_a_digest_that_cannot_be_read_does_not_stop_the_others(run: Call) -> None:
    """A template takes its file's name for it, and its error is told as ever."""
    digest("good.json", title="Good")
    Path("bad.json").write_text("{", encoding="utf-8")
    said = run("render", "good.json", "bad.json", *TONE, "-o", "{title}.wav")
    assert said.code == 1
    assert said.err.startswith("Error: bad.json: line 1, column 2: this is not JSON")
    assert sounds() == {"Good.wav"}


def test_two_of_the_same_title_are_a_mistake(run: Call) -> None:
    """Neither is rendered over the other."""
    said = run("render", digest("a.json", title="News"), digest("b.json", title="News"), *TONE, "-o", "{title}.wav")
    assert said.code == 2
    assert "Two of these digests would be written to 'News.wav'" in said.err
    assert sounds() == set()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("The news: rain / wind?", "The news- rain - wind"),
        ("../../etc/passwd", "etc-passwd"),
        ("a..b", "a-b"),
        ("C:\\boot", "C--boot"),
        ("\x1b[31mred\u202e\x00", "[31mred"),
        ("-rf", "rf"),
        (".hidden", "hidden"),
        (" .. ", ""),
        ("日本語", "日本語"),
        ("x" * 300, "x" * 50),
    ],
)
def test_what_a_digest_says_becomes_a_name(text: str, name: str) -> None:
    """Words stay, what leads elsewhere goes."""
    assert safe(text) == name


@given(st.text(st.characters() | st.sampled_from("/\\.:-{} \n\x00\u2066")))
def test_no_words_lead_elsewhere(text: str) -> None:
    """Whatever they are, they are one short part of a path, or nothing."""
    name = safe(text)
    assert not set(name) & set('/\\:*?"<>|')
    assert ".." not in name
    assert len(name.encode()) <= 200
    assert name.isprintable()
    assert not name.startswith((".", "-", " "))


def test_an_empty_field_is_the_id() -> None:
    """And that of a digest with none to show is its file's name."""
    one = Input(name=Path("a.json"), source=Path("a.json"))
    assert values(one, Digest(id="talk", title=" /", script="Hi.")) == dict.fromkeys(("id", "title", "date"), "talk")
    assert values(one, Digest(id="...", script="Hi."))["title"] == "a"
    assert values(one, None)["id"] == "a"


def test_the_formats_are_those_that_can_be_written() -> None:
    """The command's own table is there for help to be quick, and says the same as the engine's."""
    assert {f".{form}" for form in FORMATS} == set(WRITTEN)
    assert set("".join(FORMATS)) <= set(string.ascii_lowercase + string.digits)
