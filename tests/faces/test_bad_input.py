"""Bad input: one sentence that names the place, an exit code, and nothing left behind."""

from __future__ import annotations

import contextlib
import json
import os
import string
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click.testing
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tts_async import Digest, DigestError
from tts_async.faces.cli import cli

if TYPE_CHECKING:
    from tests.faces.conftest import Call, Said

TONE = ("--provider", "tone", "--rate", "1000")


def content(name: str, text: str | bytes) -> Callable[[], Path]:
    """Make a file."""

    def make() -> Path:
        path = Path(name)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return make


def digest(**fields: object) -> Callable[[], Path]:
    return content("bad.json", json.dumps(fields))


def turn(**fields: object) -> Callable[[], Path]:
    return digest(script=[{"speaker": "anna", "text": "Good morning."}, fields])


def closed() -> Path:
    path = content("bad.json", "{}")()
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read every file")
    return path


BAD_DIGESTS: dict[str, tuple[Callable[[], Path], str]] = {
    "not JSON": (content("bad.json", '{\n"script":\n oops}'), "bad.json: line 3, column 2: this is not JSON"),
    "empty file": (content("bad.json", ""), "bad.json: line 1, column 1: this is not JSON"),
    "a list": (content("bad.json", "[]"), "bad.json: it has to be an object in braces"),
    "a number of 5,000 digits": (
        content("bad.json", '{"version": ' + "1" * 5000 + "}"),
        "bad.json: it holds a number with thousands",
    ),
    "NaN": (content("bad.json", '{"version": NaN, "script": "a"}'), "bad.json: /version: "),
    "wrong type": (digest(script="Hi.", title=3), "bad.json: /title: "),
    "wrong type deep inside": (turn(speaker="ben", text=["Hi."]), "bad.json: /script/1/text: "),
    "missing field": (turn(speaker="ben"), "bad.json: /script/1/text: "),
    "no script": (digest(title="A talk"), "bad.json: a digest has either 'script' or 'chunks'"),
    "unknown field": (digest(script="Hi.", scirpt="Hi."), "bad.json: /scirpt: there is no such field"),
    "empty script": (digest(script=""), "bad.json: /script: there is nothing to say"),
    "blank script": (digest(script=" \n "), "bad.json: /script: there is nothing to say"),
    "no turns": (digest(script=[]), "bad.json: /script: "),
    "empty turn": (turn(speaker="ben", text=""), "bad.json: /script/1/text: there is nothing to say"),
    "marks only": (digest(script="***"), "bad.json: /script: there is nothing to say"),
    "unknown speaker": (digest(script="Hi.", voices={"ben": "tone"}), "bad.json: /script: no voice is given for"),
    "unknown voice": (digest(script="Hi.", voices={"narrator": "nope"}), "tone has no voice 'nope' for 'narrator'"),
    "control character": (digest(script="Hi\x00."), "bad.json: /script: Character 3 of the text, U+0000"),
    "half a surrogate pair": (content("bad.json", '{"script": "\\ud800"}'), "bad.json: /script: "),
    "control character in text": (
        content("bad.txt", "Hi\x1b[31m."),
        "bad.txt: line 1: Character 3 of the text, U+001B",
    ),
    "empty text": (content("bad.md", "\n"), "bad.md: there is nothing to say"),
    "10,000 deep": (content("bad.json", '{"script": ' + "[" * 10_000 + "]" * 10_000 + "}"), "bad.json: "),
    "10,000 deep objects": (content("bad.json", '{"a":' * 10_000 + "1" + "}" * 10_000), "bad.json: "),
    "binary JSON": (content("bad.json", bytes(range(256))), "bad.json: it is not UTF-8 text (byte 128)"),
    "binary text": (content("bad.txt", b"RIFF\xff\xfe\x00"), "bad.txt: it is not UTF-8 text (byte 4)"),
    "UTF-16": (content("bad.txt", "Good morning.".encode("utf-16")), "bad.txt: it is not UTF-8 text (byte 0)"),
    "over 20 MB": (content("bad.txt", b"a" * 20_000_001), "bad.txt: it is larger than 20 MB"),
    "a sound file": (content("bad.wav", b"RIFF"), "bad.wav: a digest is a file that ends in .json"),
    "no suffix": (content("bad", "Hi."), "bad: a digest is a file that ends in .json"),
    "missing": (lambda: Path("bad.json"), "bad.json: it cannot be read: No such file or directory"),
    "not ours to read": (closed, "bad.json: it cannot be read: Permission denied"),
    "a name too long": (lambda: Path("bad" * 100 + ".json"), "it cannot be read: File name too long"),
}


def files() -> set[str]:
    return {path.name for path in Path().iterdir()}


def check(said: Said, code: int, sentence: str, *, left: set[str]) -> None:
    assert (said.code, said.out) == (code, ""), said
    complaints = [line for line in said.err.splitlines() if line.startswith("Error: ")]
    assert len(complaints) == 1, said.err
    assert sentence in complaints[0]
    assert "Traceback" not in said.err
    assert files() == left


@pytest.mark.parametrize("command", ["render", "plan"])
@pytest.mark.parametrize(("make", "sentence"), BAD_DIGESTS.values(), ids=BAD_DIGESTS)
def test_a_bad_digest(run: Call, make: Callable[[], Path], sentence: str, command: str) -> None:
    """It is told where it is bad, before anything is sent."""
    path = make()
    before = files()
    said = run(command, path, *(TONE if command == "render" else TONE[:2]))
    check(said, 1, sentence, left=before)
    assert "chunks," not in said.err, "it was not even planned"


BAD_CALLS: dict[str, tuple[tuple[str, ...], int, str]] = {
    "unknown provider": (
        ("--provider", "nope"),
        1,
        "There is no provider 'nope'; there are local, elevenlabs, openai, tone.",
    ),
    "no provider": (("--provider", ""), 1, "'' names no provider"),
    "unknown voice": (("--voice", "nonsense"), 1, "tone has no voice 'nonsense' for 'anna'; it has tone,"),
    "unknown speaker": (("--voice", "carl=tone"), 1, "No speaker is called 'carl'; this digest has anna, ben."),
    "no voice": (("--voice", "anna="), 2, "'anna=' names no voice; write VOICE or SPEAKER=VOICE."),
    "no speaker": (("--voice", "=tone"), 2, "'=tone' names no voice"),
    "empty voice": (("--voice", ""), 2, "'' names no voice"),
    "no workers": (("--workers", "0"), 2, "The setting workers cannot be 0: "),
    "fewer workers": (("--workers", "-3"), 2, "The setting workers cannot be -3: "),
    "too many workers": (("--workers", "101"), 2, "The setting workers cannot be 101: "),
    "half a worker": (("--workers", "1.5"), 2, "'1.5' is not a valid integer"),
    "some workers": (("--workers", "many"), 2, "'many' is not a valid integer"),
    "sequential crowd": (("--sequential", "--workers", "2"), 2, "--sequential is one worker"),
    "sequential nobody": (("--sequential", "--workers", "0"), 2, "--sequential is one worker"),
    "no rate": (("--rate", "0"), 2, "The setting rate_per_s cannot be 0.0: "),
    "endless rate": (("--rate", "inf"), 2, "The setting rate_per_s cannot be inf: "),
    "rate not a number": (("--rate", "nan"), 2, "The setting rate_per_s cannot be nan: "),
    "no characters": (("--chunk-chars", "0"), 2, "The setting chunk_chars cannot be 0: "),
    "unknown option": (("--louder",), 2, "No such option"),
    "format not written": (("-o", "out.aac"), 1, "'out.aac' does not end in a format that can be written"),
    "no format": (("-o", "out"), 1, "'out' does not end in a format"),
    "no output": (("-o", ""), 1, "does not end in a format"),
    "missing folder": (("-o", "nowhere/out.wav"), 1, "The folder 'nowhere' for the output does not exist"),
    "folder is a file": (("-o", "talk.json/out.wav"), 1, "The folder 'talk.json' for the output does not exist"),
    "nothing can be written there": (("-o", "/proc/out.wav"), 1, "Nothing can be written to '/proc'"),
    "output is a folder": (("-o", "folder.wav"), 1, "'folder.wav' is a folder"),
    "output is there": (("-o", "there.wav"), 1, "'there.wav' is there already"),
    "output's name too long": (("-o", "x" * 300 + ".wav"), 1, "File name too long"),
    "folder of outputs is missing": (("-o", "nowhere/"), 1, "The folder 'nowhere' for the output does not exist"),
    "two formats": (("-o", "out.mp3", "--format", "flac"), 2, "--output ends in .mp3 already"),
    "unknown format": (("--format", "aac"), 2, "'aac' is not one of 'wav', 'flac'"),
    "unknown field": (("-o", "{name}.wav"), 2, "--output has no field {name}; there are {id}, {title}, {date}."),
    "a field's insides": (("-o", "{id.__class__}.wav"), 2, "--output has no field {id.__class__}"),
    "a converted field": (("-o", "{id!r}.wav"), 2, "--output has no field {id!r}"),
    "a wide field": (("-o", "{id:>999999999}.wav"), 2, "--output has no field {id:>999999999}"),
    "half a field": (("-o", "{id.wav"), 2, "--output '{id.wav' is no template"),
    "two models": (("--provider", "openai:tts-1", "--model", "tts-1-hd"), 2, "write --provider NAME:MODEL"),
    "an address as a model": (("--provider", "openai", "--model", "a+http://b"), 2, "write --provider NAME:MODEL"),
    "no models": (("--model", "best"), 1, "tone has no models to choose from"),
    "report without a folder": (("--report", "nowhere/r.json"), 1, "The report cannot be written to 'nowhere/r.json'"),
    "report is a folder": (("--report", "folder.wav"), 1, "The report 'folder.wav' is a folder"),
    "report nowhere to be written": (("--report", "/proc/r.json"), 1, "The report cannot be written to '/proc/r.json'"),
    "report over the digest": (("--report", "./talk.json"), 2, "The report would replace 'talk.json'"),
    "report over the output": (("--report", "talk.wav"), 2, "The report would replace 'talk.wav'"),
    "report over the manifest": (("--report", "talk.wav.manifest.json"), 2, "What is beside a sound file ends"),
    "report of another kind": (("--report", "report.pdf"), 2, "The report 'report.pdf' has to end in .html or .json"),
}


@pytest.mark.parametrize(("options", "code", "sentence"), BAD_CALLS.values(), ids=BAD_CALLS)
def test_a_bad_call(run: Call, talk: Path, options: tuple[str, ...], code: int, sentence: str) -> None:
    """It is told what is wrong, before anything is sent or written: 2 for usage, 1 for what the system has."""
    if "/proc" in sentence and not Path("/proc").is_dir():
        pytest.skip("this system has no /proc")
    Path("folder.wav").mkdir()
    Path("there.wav").touch()
    said = run("render", talk, *TONE, *options)
    check(said, code, sentence, left={"talk.json", "folder.wav", "there.wav"})
    assert "chunks," not in said.err, "nothing was sent"
    assert Path("there.wav").stat().st_size == 0


@pytest.mark.parametrize(
    ("mode", "sentence"),
    [(0o500, "Nothing can be written to 'closed': Permission denied."), (0, "Permission denied")],
    ids=["read only", "closed"],
)
def test_a_folder_that_is_not_ours(run: Call, talk: Path, mode: int, sentence: str) -> None:
    """The system's reason is told; the superuser has no such folder."""
    folder = Path("closed")
    folder.mkdir()
    folder.chmod(mode)
    if os.access(folder, os.W_OK):
        pytest.skip("this user may write everywhere")
    said = run("render", talk, *TONE, "-o", folder / "out.wav")
    folder.chmod(0o700)
    check(said, 1, sentence, left={"talk.json", "closed"})
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("render",), "Missing argument 'DIGEST...'"),
        (("plan",), "Missing argument 'DIGEST'"),
        (("speak",), "No such command 'speak'"),
        (("render", "talk.json", "talk.json"), "Two of these digests would be written to 'talk.wav'"),
        (("render", "talk.json", "a/talk.md"), "Two of these digests would be written to 'talk.wav'"),
        (("render", "talk.json", "a.md", "-o", "a.wav"), "--output names one file"),
        (("plan", "talk.json", "--workers", "0"), "The setting workers cannot be 0"),
        (("render", "-", "-"), "Standard input can be read once"),
    ],
    ids=[
        "nothing to render",
        "nothing to plan",
        "command",
        "twice",
        "same name",
        "one output",
        "plan's workers",
        "two inputs",
    ],
)
def test_usage(run: Call, talk: Path, arguments: tuple[str, ...], sentence: str) -> None:
    """Mistakes in usage have the exit code 2."""
    check(run(*arguments), 2, sentence, left={"talk.json"})


def test_an_unknown_providers_voices(run: Call) -> None:
    """The same sentence everywhere."""
    check(run("voices", "--provider", "nope"), 1, "There is no provider 'nope'", left=set())


ESCAPE = "\x1b[31m\x9b1;1H\u202e"


@pytest.mark.parametrize(
    "arguments",
    [
        ("render", f"{ESCAPE}.json"),
        ("plan", f"{ESCAPE}.json"),
        ("render", "talk.json", "-o", f"{ESCAPE}.wav", *TONE),
        ("render", "talk.json", "-o", f"{ESCAPE}/a.wav", *TONE),
        ("render", "talk.json", "--report", f"{ESCAPE}/a.json", *TONE),
        ("render", "talk.json", "--provider", ESCAPE),
        ("render", "talk.json", "--voice", f"{ESCAPE}=tone", *TONE),
        ("render", "talk.json", "--voice", ESCAPE, *TONE),
        ("render", "talk.json", "--workers", ESCAPE),
        ("render", f"--{ESCAPE}"),
        (f"--{ESCAPE}",),
        (ESCAPE,),
        ("voices", "--provider", ESCAPE),
    ],
    ids=lambda arguments: " ".join(arguments).encode("ascii", "replace").decode().replace("\x1b", "?"),
)
def test_no_name_steers_the_terminal(run_main: Call, talk: Path, arguments: tuple[str, ...]) -> None:
    """Whatever a name on the command line holds, none of its escapes is written."""
    said = run_main(*arguments)
    assert not [char for char in said.out + said.err if not char.isprintable() and char != "\n"]


@pytest.mark.parametrize("foreign", [ESCAPE, "\u202e", "a\nb"], ids=["escape", "reversed", "lines"])
@pytest.mark.parametrize("place", ["title", "id", "mode", "heading", "speaker", "text"])
def test_no_digest_steers_the_terminal(run_main: Call, place: str, foreign: str) -> None:
    """Nor does anything that stands in a digest, be it refused or rendered."""
    words = {"title": "A talk", "id": "talk", "mode": "dialogue", "heading": "Hello", "speaker": "ben", "text": "Hi."}
    words[place] += foreign
    turns = [{"speaker": words["speaker"], "text": words["text"]}, {"speaker": "anna", "text": "Good morning."}]
    sections = [{"heading": words["heading"], "turns": turns}, {"heading": "Goodbye", "text": "That is all."}]
    fields = {field: words[field] for field in ("title", "id", "mode")}
    Path("bad.json").write_text(json.dumps({**fields, "script": sections}), encoding="utf-8")
    for command in (("render", "bad.json", *TONE), ("plan", "bad.json", "--provider", "tone")):
        said = run_main(*command)
        assert not [char for char in said.out + said.err if not char.isprintable() and char != "\n"]


NAMES = st.sampled_from(
    [*Digest.model_fields, "text", "speaker", "turns", "heading", "narrator", "providers", "voice", "settings", "tone"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | NAMES | st.just("Good morning."),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(), inner, max_size=6),
    max_leaves=12,
)
FEW = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(JSON)
@FEW
def test_any_json_value_is_a_digest_or_an_error(value: object) -> None:
    """Nothing else comes out of reading it."""
    with contextlib.suppress(DigestError):
        assert isinstance(Digest.read(value), Digest)  # type: ignore[arg-type]
    with contextlib.suppress(DigestError):
        assert isinstance(Digest.from_json(json.dumps(value)), Digest)


def called(*arguments: str) -> None:
    done = click.testing.CliRunner().invoke(cli, list(arguments))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception


@given(st.dictionaries(NAMES, JSON, max_size=4), JSON)
@example({"voices": {"narrator": {"settings": {"speed": 10**400}}}}, "Good morning.")
@FEW
def test_any_object_can_be_planned_or_is_refused(fields: dict[str, object], script: object) -> None:
    """The command line never ends in a traceback."""
    Path("fuzz.json").write_text(json.dumps({**fields, "script": script}), encoding="utf-8")
    called("plan", "fuzz.json", "--provider", "tone")
    called("plan", "fuzz.json")


OPTIONS = "-o --provider --voice --workers --rate --json --sequential --chunk-chars --report --overwrite"
VALUES = "render plan voices providers talk.json out.wav tone 1 0 -1 = . / .."
WORDS = st.sampled_from(f"{OPTIONS} {VALUES}".split()) | st.text(
    st.sampled_from(string.printable + "é\u202e"), max_size=6
)


@given(st.lists(WORDS, max_size=6))
@example(["render", "\udcff.json"])
@example(["render", "talk.json", "--provider", "\udcff"])
@FEW
def test_any_call_ends_in_an_exit_code(arguments: list[str]) -> None:
    """Whatever an operating system lets be on a command line."""
    if not Path("talk.json").exists():
        Path("talk.json").write_text('{"script": "Hi."}', encoding="utf-8")
    called(*arguments)


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode here")
def test_a_name_that_is_no_utf_8_is_a_name(run: Call, talk: Path) -> None:
    """Old disks have such files; they are rendered as any other, and shown as well as can be."""
    said = run("render", talk.rename("caf\udce9.json"), *TONE)
    assert said.code == 0, said.err
    assert said.out.startswith("caf�.wav: ")
