"""The commands and their options."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest
import soundfile as sf

from tts_async.core.exchange import SpeechResponse
from tts_async.faces.cli import COMMANDS, cli
from tts_async.faces.cli.options import TOPICS
from tts_async.faces.cli.words import clock, printable
from tts_async.providers.tone import ToneProvider

if TYPE_CHECKING:
    from tests.faces.conftest import Call

TONE = ("--provider", "tone", "--rate", "1000")


def test_render_writes_beside_the_person_and_tells_it_in_one_line(run: Call, talk: Path) -> None:
    """The file has the digest's name and lies in the current folder; standard output has the result only."""
    folder = Path("elsewhere")
    folder.mkdir()
    said = run("render", talk.rename(folder / talk.name), *TONE)
    assert said.code == 0
    assert said.out.startswith("talk.wav: 0:03 of speech from 2 chunks in ")
    assert said.out.count("\n") == 1
    assert said.err == "talk: 2 chunks, 46 characters\n" + said.err.splitlines(keepends=True)[-1]
    assert sf.info("talk.wav").frames


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "opus", "mp3"])
def test_the_suffix_of_the_output_chooses_its_format(run: Call, talk: Path, suffix: str) -> None:
    """`-o` names the file."""
    assert run("render", talk, "-o", f"out.{suffix}", *TONE).code == 0
    assert sf.info(f"out.{suffix}").format == {"opus": "OGG"}.get(suffix, suffix.upper())


@pytest.mark.parametrize(
    ("options", "most"),
    [
        ((), 2),
        (("--parallel",), 2),
        (("--sequential",), 1),
        (("--workers", "1"), 1),
        (("--workers", "2"), 2),
        (("--sequential", "--workers", "1"), 1),
    ],
    ids=["default", "parallel", "sequential", "one", "two", "sequential one"],
)
def test_how_many_at_once(run: Call, talk: Path, options: tuple[str, ...], most: int) -> None:
    """Sequential is one worker, and parallel is the default."""
    assert run("render", talk, *TONE, *options, "--report", "report.json").code == 0
    report = json.loads(Path("report.json").read_text(encoding="utf-8"))
    assert report["most_in_flight"] <= most
    assert (report["chunks"], report["bought"]) == (2, 2)


@pytest.mark.parametrize(
    ("options", "voices"),
    [
        ((), ["tone", "tone-low"]),
        (("--voice", "tone-high"), ["tone-high", "tone-high"]),
        (("--voice", "ben=tone-high"), ["tone", "tone-high"]),
        (("--voice", "tone-low", "--voice", "ben=tone-high"), ["tone-low", "tone-high"]),
    ],
    ids=["none", "all", "one", "all but one"],
)
def test_voices_are_given_to_one_or_all(run: Call, talk: Path, options: tuple[str, ...], voices: list[str]) -> None:
    """`SPEAKER=VOICE` goes before `VOICE`, and both go before the digest."""
    said = run("plan", talk, "--provider", "tone", *options)
    assert said.code == 0
    shown = [[word for word in line.split() if word.startswith("tone")] for line in said.out.splitlines()]
    found = [words[0] for words in shown[3:5] if words]
    assert found == (voices if len(set(voices)) > 1 else [])
    assert run("render", talk, *TONE, *options).code == 0


def test_json_is_for_programs(run: Call, talk: Path) -> None:
    """Standard output is one JSON list, a result a digest, and nothing is said beside it."""
    said = run("render", talk, *TONE, "--json")
    [result] = json.loads(said.out)
    assert (said.code, said.err) == (0, "")
    assert (result["digest"], result["path"], result["rate_hz"]) == ("talk.json", "talk.wav", 24_000)
    assert result["duration_s"] == pytest.approx(result["report"]["audio_s"])
    assert [cue["speaker"] for cue in result["cues"]] == ["anna", "ben"]


def test_json_names_the_files_beside_it(run: Call, talk: Path) -> None:
    """Those that were written; without a file there is the report only."""
    beside = ("--captions", "vtt", "--captions", "srt", "--chapters", "--report", "report.json")
    [result] = json.loads(run("render", talk, *TONE, *beside, "--json").out)
    assert result["files"] == {
        "manifest": "talk.wav.manifest.json",
        "captions_vtt": "talk.vtt",
        "captions_srt": "talk.srt",
        "chapters": "talk.chapters.json",
        "report": "report.json",
    }
    assert all(Path(path).is_file() for path in result["files"].values())
    said = run("render", talk, *TONE, "--max-chars", "20", "--no-store", "-o", "no.wav", "--report", "r.json", "--json")
    assert (said.code, json.loads(said.out)[0]["files"]) == (5, {"report": "r.json"})


def test_json_tells_errors_too(run: Call, talk: Path) -> None:
    """In the list for programs, and as ever on standard error for people."""
    said = run("render", talk, "missing.json", *TONE, "--json")
    good, bad = json.loads(said.out)
    assert said.code == 1
    assert good["path"] == "talk.wav"
    assert bad == {"digest": "missing.json", "error": "missing.json: it cannot be read: No such file or directory"}
    assert said.err == "Error: missing.json: it cannot be read: No such file or directory\n"


def test_quiet_says_nothing(run: Call, talk: Path) -> None:
    """But errors."""
    said = run("render", talk, *TONE, "--quiet")
    assert (said.code, said.out, said.err) == (0, "", "")
    Path("talk.wav").write_bytes(b"somebody's")
    assert "is there already" in run("render", talk, *TONE, "--quiet").err


def test_overwriting_is_asked_for(run: Call, talk: Path) -> None:
    """What is no earlier output of the digest is left alone, before anything is sent, and it is said what to do."""
    Path("talk.wav").write_bytes(b"somebody's")
    before = Path("talk.wav").stat()
    refused = run("render", talk, *TONE)
    assert (refused.code, refused.out) == (1, "")
    assert refused.err == (
        "Error: 'talk.wav' is there already, and no earlier output of this digest; choose another, or --overwrite it.\n"
    )
    assert Path("talk.wav").stat() == before
    assert run("render", talk, *TONE, "--overwrite").code == 0


def test_its_own_output_is_replaced(run: Call, talk: Path) -> None:
    """A digest may be rendered again and again to one file; one that somebody changed since is not its own any more."""
    for _ in range(2):
        assert run("render", talk, *TONE).code == 0
    Path("other.json").write_text(json.dumps({"id": "other", "script": "Hello."}), encoding="utf-8")
    assert run("render", "other.json", *TONE, "-o", "talk.wav").code == 1
    with Path("talk.wav").open("ab") as file:
        file.write(b"edited")
    assert run("render", talk, *TONE).code == 1


def test_a_gap_is_marked(run: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked to go on without what is missing, the file is written, the gap is told everywhere, and the exit code is 4."""
    Path("d.json").write_text(json.dumps({"chunks": ["Good one.", "Bad one.", "Good two."]}), encoding="utf-8")
    answer = ToneProvider.answer

    def failing(self: ToneProvider, path: str, body: Mapping[str, Any]) -> SpeechResponse:
        if "Bad" in str(body):
            return SpeechResponse(status=422, headers={}, body=b"no such word")
        return answer(self, path, body)

    monkeypatch.setattr(ToneProvider, "answer", failing)
    assert run("render", "d.json", *TONE).code == 3
    assert not Path("d.wav").exists()
    lengths = {}
    for how in ("skip", "silence"):
        said = run("render", "d.json", *TONE, "--on-failure", how, "--report", "r.json")
        assert said.code == 4
        assert "chunk 1 is missing" in said.err
        told = json.loads(Path("d.wav.manifest.json").read_text(encoding="utf-8"))
        assert told["gaps"] == [1]
        assert [part["gap"] for chunk in told["chunks"] for part in chunk["parts"]] == [False, True, False]
        assert json.loads(Path("r.json").read_text(encoding="utf-8"))
        lengths[how] = told["frames"]
    assert lengths["silence"] > lengths["skip"]


def test_several_digests_have_a_line_and_a_report_each(run: Call, talk: Path) -> None:
    """In the order in which they were named."""
    Path("news.md").write_text("Good morning.", encoding="utf-8")
    said = run("render", talk, "news.md", *TONE, "--report", "report.json")
    assert said.code == 0
    assert [line.partition(":")[0] for line in said.out.splitlines()] == ["talk.wav", "news.wav"]
    reports = json.loads(Path("report.json").read_text(encoding="utf-8"))
    assert [report["digest"] for report in reports] == ["talk", "news"]


def test_an_error_among_several_says_whose_it_is(run: Call, talk: Path) -> None:
    """The good one is rendered, and the exit code tells of the bad one."""
    Path("bad.json").write_text('{"script": [{"speaker": "a", "text": "!"}], "mode": "narrative"}', encoding="utf-8")
    Path("news.md").write_text("Good morning.", encoding="utf-8")
    Path("news.wav").touch()
    said = run("render", "bad.json", talk, "news.md", *TONE, "--quiet")
    assert said.code == 1
    assert [line.split(": ")[1] for line in said.err.splitlines()] == ["bad.json", "news.md"]
    assert Path("talk.wav").exists()


@pytest.mark.parametrize("columns", ["80", "40", "200"])
def test_the_plan_fits_the_screen(run: Call, talk: Path, monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    """A line a chunk, however wide it is; nothing is sent or written."""
    monkeypatch.setenv("COLUMNS", columns)
    said = run("plan", talk, "--provider", "tone")
    lines = said.out.splitlines()
    assert (said.code, said.err) == (0, "")
    assert lines[0] == "A talk"
    assert max(map(len, lines[:-1])) <= int(columns)
    assert [line.split()[0] for line in lines[3:-1]] == ["0", "1"]
    assert lines[-1] == "2 chunks, 46 characters, about 0:03 of speech by tone at 24000 Hz"
    assert list(Path().iterdir()) == [talk]


def test_a_piped_plan_can_be_read(run: Call, talk: Path) -> None:
    """The first words of each chunk are there, and no escape."""
    said = run("plan", talk, "--provider", "tone")
    assert "Good morning to you." in said.out
    assert "\x1b" not in said.out


def test_the_plan_gives_advice(run: Call) -> None:
    """As lines that begin with Note."""
    Path("long.txt").write_text("It was a dark and stormy night. " * 60, encoding="utf-8")
    assert "\nNote: " in run("plan", "long.txt", "--provider", "tone", "--workers", 10).out


def test_providers_and_voices_are_listed(run: Call) -> None:
    """As tables for people and as JSON for programs, the defaults first."""
    assert "local" in run("providers").out
    assert [entry["name"] for entry in json.loads(run("providers", "--json").out)] == [
        "local",
        "elevenlabs",
        "openai",
        "tone",
    ]
    assert "tone-high" in run("voices", "--provider", "tone").out
    assert json.loads(run("voices", "--json").out)[0]["voice"] == "heart"


@pytest.mark.parametrize("command", ["", *COMMANDS])
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_is_a_line_an_option(run: Call, command: str, option: str) -> None:
    """No option needs a second line at 80 columns, and those with a default say it."""
    said = run(*command.split(), option)
    assert said.code == 0
    lines = [line for line in said.out.splitlines() if line.startswith("  -")]
    assert max(map(len, said.out.splitlines())) <= 80
    shown = cli.get_command(click.Context(cli), command) if command else cli
    assert shown is not None
    options = [param for param in shown.get_params(click.Context(shown)) if isinstance(param, click.Option)]
    assert len(lines) == len(options)
    body = said.out.partition(":\n  -")[2].partition("Commands:")[0].splitlines()
    assert [line for line in body if line.startswith("   ")] == [], "no line goes on in a second one"
    takes_value = [line for line in lines if line.split("  ")[1].rsplit(" ", 1)[-1].strip("-")[:1].isupper()]
    assert [line for line in takes_value if "[default: " not in line and "--report" not in line] == []


@pytest.mark.parametrize("command", ["render", "plan"])
def test_help_is_by_topics(run: Call, command: str) -> None:
    """Each begins with its name, and they are in the same order everywhere."""
    said = run(command, "--help").out
    shown = [topic for topic in TOPICS if f"\n\n{topic}:\n  -" in said]
    assert shown == sorted(shown, key=said.index)
    assert shown == (list(TOPICS) if command == "render" else ["What", "How fast", "Settings"])


def test_the_version(run: Call) -> None:
    """Of the package that is installed."""
    assert run("--version").out == f"tts-async, version {version('tts-async')}\n"


def test_without_a_command_the_help_is_shown(run: Call) -> None:
    """Some versions of click count it as a mistake in usage."""
    said = run()
    assert said.code in {0, 2}
    assert "Usage: tts-async" in said.err + said.out


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0:00"), (0.6, "0:01"), (59.4, "0:59"), (60, "1:00"), (3599.6, "1:00:00"), (7384, "2:03:04")],
)
def test_the_clock(seconds: float, said: str) -> None:
    """Minutes and seconds, hours where there are any."""
    assert clock(seconds) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("naïve – 日本語", "naïve – 日本語"),
        ("a\x1b[31mb", "a�[31mb"),
        ("a\x9bb\x07", "a�b�"),
        ("a\u202eb", "a�b"),
        ("a\nb\tc", "a\nb\tc"),
        ("\udcff", "�"),
    ],
    ids=["words", "escape", "control", "reversed", "lines", "surrogate"],
)
def test_printable(text: str, said: str) -> None:
    """Words stay, what steers a terminal goes."""
    assert printable(text) == said
