"""`tts-async render --play`, with programs that play nothing but note what they were given."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tts_async.faces.cli.play import DEVICE, PLAYERS, Player
from tts_async.providers.tone import RATE_HZ, ToneProvider
from tts_async.settings import Settings

if TYPE_CHECKING:
    from tests.faces.conftest import Call

pytestmark = [
    pytest.mark.real_time,
    pytest.mark.skipif(sys.platform == "win32", reason="the players of these tests are scripts with a shebang"),
]
TONE = ("--provider", "tone", "--rate", "1000")
HEARS = """
    note("asked", " ".join(sys.argv[1:]))
    with open("heard", "ab") as file:
        while piece := sys.stdin.buffer.read(4096):
            file.write(piece)
"""
LEAVES = """
    sys.stdin.buffer.read(4096)
    note("heard", "a little")
    print("first\\nno\\x1b[31m sound  here.\\n", file=sys.stderr)
    sys.exit(3)
"""
FAILS_AT_THE_END = """
    sys.stdin.buffer.read()
    sys.exit(4)
"""
NEVER_READS = """
    signal.signal(signal.SIGINT, lambda *_: note("interrupted", "too"))
    note("pid", str(os.getpid()))
    while True:
        time.sleep(60)
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in which programs are found; an empty one."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def program(folder: Path, does: str, name: str = "aplay") -> None:
    note = "def note(name, text):\n    Path(name).write_text(text)\n"
    path = folder / name
    path.write_text(
        f"#!{sys.executable}\nimport os, signal, sys, time\nfrom pathlib import Path\n{note}\nif True:{does}"
    )
    path.chmod(0o755)


def sound(path: str = "talk.wav") -> bytes:
    """The samples of a WAV file, behind what our files have for a header."""
    from tts_async.sound.riff import wav_header

    return Path(path).read_bytes()[len(wav_header(0, RATE_HZ)) :]


def test_the_player_hears_what_is_in_the_file(run: Call, programs: Path, talk: Path) -> None:
    """To the sample, where levels are left; each chunk is bought once, and the report tells of buying it for the player."""
    program(programs, HEARS)
    said = run("render", talk, *TONE, "--play", "--loudness", "none", "--report", "report.json")
    assert said.code == 0
    assert re.fullmatch(r"talk\.wav: 0:03 of speech from 2 chunks in \d\.\d s, first audio after \d\.\d s\n", said.out)
    assert re.fullmatch(
        r"talk: 2 chunks, 46 characters\ntalk: .* s of speech after .* s\nreport.json: what happened\n", said.err
    )
    assert Path("heard").read_bytes() == sound()
    assert Path("asked").read_text(encoding="utf-8").endswith(f"-r {RATE_HZ}")
    report = json.loads(Path("report.json").read_text(encoding="utf-8"))
    assert (report["bought"], report["here"], report["chunks"]) == (2, 0, 2)
    assert 0 < report["first_audio_s"] <= report["took_s"]


def test_it_plays_long_before_all_is_bought(run: Call, programs: Path, talk: Path) -> None:
    """The first chunk is heard while the second one has to wait."""
    program(programs, HEARS)
    turns = [{"speaker": f"nr {number}", "text": "Good morning to you."} for number in range(4)]
    talk.write_text(json.dumps({"id": "talk", "script": turns}), encoding="utf-8")
    assert run("render", talk, *TONE[:2], "--rate", "4", "--play", "--report", "report.json").code == 0
    report = json.loads(Path("report.json").read_text(encoding="utf-8"))
    assert report["first_audio_s"] < 0.5
    assert report["took_s"] > 0.7


def test_digests_are_played_one_after_the_other(run: Call, programs: Path, talk: Path) -> None:
    """In the order in which they are named; none at the same time."""
    program(programs, HEARS)
    Path("short.txt").write_text("Good evening.", encoding="utf-8")
    assert run("render", "short.txt", talk, *TONE, "--no-store", "--play", "--loudness", "none").code == 0
    assert Path("heard").read_bytes() == sound("short.wav") + sound("talk.wav")


@pytest.mark.parametrize(
    ("does", "says"),
    [
        (LEAVES, "Warning: aplay ended with exit code 3: no�[31m sound here. The rest is not played.\n"),
        (FAILS_AT_THE_END, "Warning: aplay ended with exit code 4. The rest is not played.\n"),
    ],
    ids=["in the middle", "at the end"],
)
def test_a_player_that_ends_is_no_reason_to_end(
    run: Call, programs: Path, does: str, says: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The rest is bought and the file is written; a warning says why it is silent, also with --quiet."""
    program(programs, does)
    Path("long.txt").write_text("\n\n".join(f"This is line {line} of a long talk." for line in range(40)), "utf-8")
    said = run("render", "long.txt", *TONE, "--play", "--quiet", "--report", "report.json")
    assert (said.code, said.err) == (0, says)
    assert caplog.records == []
    assert len(sound("long.wav")) > 20 * RATE_HZ * 2
    report = json.loads(Path("report.json").read_text(encoding="utf-8"))
    assert report["bought"] == report["chunks"]


def test_without_a_player_nothing_is_bought(
    run: Call, programs: Path, talk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a mistake in usage that names the ways out."""
    monkeypatch.setitem(sys.modules, "sounddevice", None)  # As if it were not installed.
    before = {*Path().iterdir()}
    said = run("render", talk, *TONE, "--store", tmp_path / "store", "--play")
    assert said.code == 2
    assert "--play found no player: install one of ffplay, paplay, aplay, play" in " ".join(said.err.split())
    assert "pip install 'tts-async[play]'" in " ".join(said.err.split())
    assert {*Path().iterdir()} == before
    assert not (tmp_path / "store").exists()


def test_what_could_not_be_written_is_not_played(run: Call, programs: Path, talk: Path) -> None:
    """A file that is there already is refused before anything is bought or heard."""
    program(programs, HEARS)
    Path("talk.wav").write_bytes(b"mine")
    said = run("render", talk, *TONE, "--play", "--json")
    assert said.code == 1
    assert "is there already" in said.out
    assert not Path("heard").exists()
    assert Path("talk.wav").read_bytes() == b"mine"


def test_a_missing_chunk_ends_the_playing_and_is_told_once(
    run: Call, programs: Path, talk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is before it is heard; the render says the rest, as it does without a player."""
    program(programs, HEARS)
    answer = ToneProvider.answer

    def refuses(self: ToneProvider, path: str, body: dict[str, object]) -> object:
        """Speak all but the second turn."""
        return answer(self, path, {}) if "And a good" in json.dumps(body) else answer(self, path, body)

    monkeypatch.setattr(ToneProvider, "answer", refuses)
    said = run("render", talk, *TONE, "--play", "--loudness", "none")
    assert said.code == 3
    assert said.err.count("Error: ") == 1
    assert "1 of 2 chunks" in said.err
    assert len(Path("heard").read_bytes()) > RATE_HZ
    assert not Path("talk.wav").exists()


def test_the_library_is_the_last_choice(
    run: Call, programs: Path, talk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    """It is asked for mono samples of 16 bits, in a process of its own."""
    library = tmp_path / "library"
    library.mkdir()
    (library / "sounddevice.py").write_text(
        "class RawOutputStream:\n"
        "    def __init__(self, **how): self.how = how\n"
        "    def __enter__(self): self.file = open('heard', 'wb'); print(self.how, file=open('how', 'w')); return self\n"
        "    def __exit__(self, *error): self.file.close()\n"
        "    def write(self, pcm): self.file.write(pcm)\n"
    )
    monkeypatch.syspath_prepend(library)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(library), environment["PYTHONPATH"]]))
    said = run("render", talk, *TONE, "--play", "--loudness", "none")
    assert (said.code, Path("heard").read_bytes()) == (0, sound())
    assert Path("how").read_text() == f"{{'samplerate': {RATE_HZ}, 'channels': 1, 'dtype': 'int16'}}\n"


@pytest.mark.parametrize("name", [*PLAYERS, "sounddevice"])
def test_every_player_is_told_the_rate(name: str) -> None:
    """Once, and nothing else is left open."""
    asked = Player(name=name, program="/x y", arguments=PLAYERS.get(name, DEVICE)).command(12_345)
    assert asked[0] == "/x y"
    assert " ".join(asked).count("12345") == 1
    assert "{" not in " ".join(asked)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_an_interrupt_ends_the_player_too(
    run: Call, programs: Path, environment: dict[str, str], stop: signal.Signals
) -> None:
    """As polite as without one: its exit code, its last line, no file, and nobody plays on.

    This player never reads, so until then no more is bought than a stream buys ahead of its reader.
    """
    program(programs, NEVER_READS)
    Path("long.txt").write_text(
        "\n\n".join(f"This is line {line:3} of a long, long talk." for line in range(200)), "utf-8"
    )
    command = [sys.executable, "-m", "tts_async", "render", "long.txt", *TONE, "--chunk-chars", "40", "--play"]
    render = subprocess.Popen(
        [*command, "--store", "store"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**environment, "PATH": str(programs)},
        start_new_session=True,
    )
    try:
        until_no_more_is_bought(Path("store"))
        os.killpg(render.pid, stop)  # As a terminal does, to all that it knows of.
        _, err = render.communicate(timeout=10)
    finally:
        render.kill()
    assert render.returncode == 128 + stop
    assert "Traceback" not in err
    assert "Warning" not in err
    assert err.endswith("the same command goes on from here.\n")
    with pytest.raises(ProcessLookupError):
        os.kill(int(Path("pid").read_text(encoding="utf-8")), 0)
    assert not Path("interrupted").exists()
    assert not list(Path().glob("*.wav"))
    bought = len(json.loads(run("store", "ls", "--store", "store", "--json").out))
    assert Settings().stream_ahead <= bought <= Settings().stream_ahead + 5


def until_no_more_is_bought(store: Path) -> None:
    """Wait until as many clips are there as a stream buys ahead, and for half a second no more have come."""
    until_s, clips, stands_s = time.monotonic() + 30, 0, time.monotonic()
    enough = Settings().stream_ahead
    while time.monotonic() < until_s and (clips < enough or time.monotonic() - stands_s < 0.5):
        time.sleep(0.05)
        if (now := sum(path.is_file() and not path.suffix for path in store.glob("clips/??/*"))) != clips:
            clips, stands_s = now, time.monotonic()
