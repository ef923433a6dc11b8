"""What shells complete."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tts_async.faces.cli import COMMANDS
from tts_async.faces.cli.completion import SHELLS, VARIABLE

if TYPE_CHECKING:
    from tests.faces.conftest import Call

MAIN = "from tts_async.faces.cli import main; import sys; sys.argv[0] = 'tts-async'; main()"
real_time = pytest.mark.real_time


@pytest.fixture
def command(environment: dict[str, str]) -> dict[str, str]:
    """An environment in which `tts-async` is a command."""
    folder = Path("bin")
    folder.mkdir()
    program = folder / "tts-async"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{MAIN}" "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return {**environment, "PATH": os.pathsep.join([str(folder.resolve()), os.environ["PATH"]])}


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_for_each_shell(run: Call, shell: str) -> None:
    """It calls the command by its name."""
    said = run("completion", shell)
    assert (said.code, said.err) == (0, "")
    assert f"{VARIABLE}={shell}_complete" in said.out


def test_another_shell_is_a_mistake(run: Call) -> None:
    """In usage."""
    assert run("completion", "cmd").code == 2


@real_time
@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_takes_the_script(run: Call, shell: str) -> None:
    """Where it is installed: it has no fault in it."""
    if not shutil.which(shell):
        pytest.skip(f"no {shell} here")
    Path("script").write_text(run("completion", shell).out, encoding="utf-8")
    subprocess.run([shell, "-n", "script"], check=True)


@real_time
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("tts-async ", set(COMMANDS)),
        ("tts-async ren", {"render"}),
        ("tts-async render --form", {"--format"}),
        ("tts-async render --format m", {"mp3", "m4a", "m4b"}),
        ("tts-async completion ", set(SHELLS)),
    ],
)
def test_bash_completes(run: Call, command: dict[str, str], words: str, offered: set[str]) -> None:
    """Commands, options and what they take, by the function that the script defines."""
    Path("script").write_text(run("completion", "bash").out, encoding="utf-8")
    *_, last = split = words.split(" ")
    ask = (
        f"source ./script; COMP_WORDS=({' '.join(filter(None, split))} {'' if last else chr(39) * 2});"
        f' COMP_CWORD={len(split) - 1}; _tts_async_completion tts-async; printf "%s\\n" "${{COMPREPLY[@]}}"'
    )
    done = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, check=True, env=command)
    assert set(done.stdout.split()) == offered, done.stderr


@real_time
@pytest.mark.parametrize("words", ["render a", "render -o a", "render --store a", "plan a"])
def test_files_are_left_to_the_shell(command: dict[str, str], words: str) -> None:
    """Where a path is wanted."""
    asked = {
        **command,
        VARIABLE: "bash_complete",
        "COMP_WORDS": f"tts-async {words}",
        "COMP_CWORD": str(len(words.split())),
    }
    done = subprocess.run(["tts-async"], capture_output=True, text=True, check=False, env=asked)
    assert done.stdout == "file,a\n", done.stderr


@real_time
@pytest.mark.parametrize("arguments", [("--help",), ("render", "--help"), ("completion", "bash")])
def test_help_loads_little(environment: dict[str, str], arguments: tuple[str, ...]) -> None:
    """Neither it nor a completion waits for numbers, sound, the network or a terminal's pictures."""
    heavy = {"asyncio", "httpx", "numpy", "pydantic", "rich.console", "soundfile"}
    ask = f"import sys; sys.argv[1:] = {arguments!r}\ntry: {MAIN}\nfinally: print({heavy!r} & set(sys.modules), file=sys.stderr)"
    ask = ask.replace("try: ", "try:\n    ").replace("finally: ", "finally:\n    ")
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True, env=environment)
    assert done.stderr == "set()\n"
