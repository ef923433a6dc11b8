"""The command as a process of its own: pipes, terminals and Ctrl-C."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

pytestmark = pytest.mark.real_time
COMMAND = [sys.executable, "-m", "tts_async"]
TONE = ("--provider", "tone")
SLOW = (*TONE, "--rate", "2", "--chunk-chars", "40")
COLOUR = re.compile(r"\x1b\[[0-9;]*(?<=[\[;])(?:3[0-7]|38|9[0-7])[;m]")


@pytest.fixture
def long() -> Path:
    path = Path("long.txt")
    lines = (f"This is sentence number {number} of a long story." for number in range(40))
    path.write_text("\n\n".join(lines), encoding="utf-8")
    return path


def process(*arguments: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, env=environment, check=False)


def test_results_and_progress_go_their_own_ways(environment: dict[str, str], talk: Path) -> None:
    """Into a pipe, progress is plain lines on standard error, the result one line on standard output."""
    done = process("render", str(talk), *TONE, environment=environment)
    assert done.returncode == 0
    assert re.fullmatch(r"talk\.wav: 0:03 of speech from 2 chunks in \d+\.\d s(, .*)?\n", done.stdout)
    assert re.fullmatch(r"talk: 2 chunks, 46 characters\ntalk: \d+\.\d s of speech after \d+\.\d s\n", done.stderr)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("render", "talk.json", *TONE), 0),
        (("render", "missing.json", *TONE), 1),
        (("render", "talk.json", "--provider", "nope"), 1),
        (("render", "talk.json", *TONE, "--workers", "0"), 2),
        (("render",), 2),
        (("--version",), 0),
        (("--help",), 0),
    ],
    ids=["whole", "error", "provider", "option", "argument", "version", "help"],
)
def test_exit_codes(environment: dict[str, str], talk: Path, arguments: tuple[str, ...], code: int) -> None:
    """0 whole, 1 an error, 2 usage; the name in the messages is the command's, however it was started."""
    done = process(*arguments, environment=environment)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert "__main__" not in done.stdout + done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_help_on_a_full_disk(environment: dict[str, str]) -> None:
    """Is a sentence, as everything else there."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [*COMMAND, "--help"], stdout=full, stderr=subprocess.PIPE, text=True, env=environment, check=False
        )
    assert (done.returncode, done.stderr) == (1, "Error: The system says: [Errno 28] No space left on device.\n")


def test_a_narrow_encoding_is_no_reason_to_fail(environment: dict[str, str]) -> None:
    """What it does not know is shown as a question mark."""
    Path("news.txt").write_text("Ça va, 日本?", encoding="utf-8")
    done = process("plan", "news.txt", *TONE, environment={**environment, "PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, "")
    assert "?a va, ??" in done.stdout


def test_a_reader_that_leaves_is_no_reason_to_complain(environment: dict[str, str], long: Path) -> None:
    """As in `tts-async plan … | head -1`."""
    plan = subprocess.Popen(
        [*COMMAND, "plan", str(long), *SLOW[:2]],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**environment, "COLUMNS": "2000"},
    )
    assert plan.stdout
    assert plan.stderr
    plan.stdout.close()
    with plan.stderr:
        assert b"Traceback" not in plan.stderr.read()
    plan.wait()


@pytest.mark.parametrize("output", ["long.wav", "long.mp3"])
def test_ctrl_c_leaves_nothing(environment: dict[str, str], long: Path, output: str) -> None:
    """In the middle of a render: exit code 130, one word, no file and no half of one."""
    temporary = Path("temporary")
    temporary.mkdir()
    render = subprocess.Popen(
        [*COMMAND, "render", str(long), "-o", output, *SLOW],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**environment, "TMPDIR": str(temporary.resolve())},
    )
    try:
        until_s = time.monotonic() + 15
        while not list(Path().glob(".*.part.*")) and time.monotonic() < until_s:
            time.sleep(0.05)
        time.sleep(0.3)
        render.send_signal(signal.SIGINT)
        out, err = render.communicate(timeout=10)
    finally:
        render.kill()
    assert (render.returncode, out) == (130, "")
    assert "Traceback" not in err
    assert err.endswith("the same command goes on from here.\n")
    assert set(Path().iterdir()) == {long, temporary}
    assert list(temporary.iterdir()) == []


def test_what_is_finished_is_handed_over(environment: dict[str, str], talk: Path, long: Path) -> None:
    """Of several digests, those that are over when it is interrupted are told as ever, and the others as interrupted."""
    render = subprocess.Popen(
        [*COMMAND, "render", str(talk), str(long), "--report", "r.json", "--json", *SLOW],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        until_s = time.monotonic() + 30
        while not Path("talk.wav.manifest.json").exists() and time.monotonic() < until_s:
            time.sleep(0.05)
        time.sleep(0.3)
        render.send_signal(signal.SIGINT)
        out, err = render.communicate(timeout=10)
    finally:
        render.kill()
    first, second = json.loads(out)
    assert render.returncode == 130
    assert (first["path"], first["report"]["bought"]) == ("talk.wav", 2)
    assert (second["digest"], "goes on from here" in second["error"]) == ("long.txt", True)
    assert json.loads(Path("r.json").read_text(encoding="utf-8"))
    assert "Stopping: what is in flight is finished and kept, for 20 s at most." in err


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_an_impatient_interrupt_ends_it_too(environment: dict[str, str], long: Path, second: signal.Signals) -> None:
    """A second signal in the middle of the clean-up leaves no process that waits for its threads."""
    render = subprocess.Popen(
        [*COMMAND, "render", str(long), *SLOW], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    )
    try:
        until_s = time.monotonic() + 10
        while not list(Path().glob(".*.part.*")) and time.monotonic() < until_s:
            time.sleep(0.05)
        for number in (signal.SIGINT, second, second):
            time.sleep(0.01)
            render.send_signal(number)
        render.communicate(timeout=10)
    finally:
        render.kill()
    assert render.returncode in {130, -signal.SIGINT, -signal.SIGTERM}


@pytest.mark.parametrize("reader", ["head -1", "true"])
def test_nobody_reads_the_progress(environment: dict[str, str], talk: Path, reader: str) -> None:
    """A closed pipe behind standard error is no reason to end, nor to wait for ever: the file is made."""
    command = " ".join([*COMMAND, "render", str(talk), *SLOW])
    piped = f"set -o pipefail; {command} 2>&1 >/dev/null | {reader} >/dev/null"
    subprocess.run(["bash", "-c", piped], env=environment, check=False, timeout=15)
    assert Path("talk.wav").stat().st_size > 1000


def terminal(arguments: Sequence[str], environment: dict[str, str]) -> Iterator[str]:
    """Run in a terminal of 100 columns and yield what it writes, as it comes."""
    child, master = pty.fork()
    if not child:
        os.execve(sys.executable, [*COMMAND, *arguments], environment)
    until_s = time.monotonic() + 15
    try:
        while time.monotonic() < until_s:
            if select.select([master], [], [], 0.1)[0]:
                yield os.read(master, 65_536).decode(errors="replace")
    except OSError:
        pass
    finally:
        os.close(master)
        os.waitpid(child, 0)


@pytest.fixture
def seat(environment: dict[str, str]) -> dict[str, str]:
    left_out = {"NO_COLOR", "FORCE_COLOR", "CI", "TTY_COMPATIBLE", "TTY_INTERACTIVE"}
    kept = {name: value for name, value in environment.items() if name not in left_out}
    return {**kept, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "24"}


def test_a_terminal_shows_a_bar_that_ends_at_100_per_cent(seat: dict[str, str], talk: Path) -> None:
    """It moves, and the last line tells the file, its length and how long it took."""
    shown = "".join(terminal(["render", str(talk), *TONE], seat))
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    assert "100 % 2/2" in plain
    assert re.search(r"talk\.wav: 0:03 of speech from 2 chunks in \d+\.\d s", plain.splitlines()[-1])
    assert COLOUR.search(shown)


def test_a_terminal_without_colour(seat: dict[str, str], talk: Path) -> None:
    """NO_COLOR is honoured; the bar still moves."""
    shown = "".join(terminal(["render", str(talk), *TONE], {**seat, "NO_COLOR": "1"}))
    assert "2/2" in shown
    assert not COLOUR.search(shown)


def test_a_dumb_terminal_gets_plain_lines(seat: dict[str, str], talk: Path) -> None:
    """One that cannot move its cursor."""
    shown = "".join(terminal(["render", str(talk), *TONE], {**seat, "TERM": "dumb"}))
    assert "\x1b" not in shown
    assert "talk: 2 chunks, 46 characters" in shown


def test_importing_the_command_is_cheap(environment: dict[str, str]) -> None:
    """Help and mistakes in usage are answered without numpy, rich and the engine."""
    code = "import json, sys, tts_async.faces.cli; print(json.dumps([*sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert set(json.loads(done.stdout)).isdisjoint({"numpy", "rich", "soundfile", "httpx", "pydantic"})
