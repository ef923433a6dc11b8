"""The command line, as a person calls it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click.testing
import pytest

import tts_async
from tts_async.faces.cli import cli, main


@dataclass(frozen=True)
class Said:
    """How a call ended."""

    code: int
    out: str
    err: str


Call = Callable[..., Said]


def runner() -> click.testing.CliRunner:
    """Click's runner, with an eye on either stream."""
    try:
        return click.testing.CliRunner(mix_stderr=False)  # type: ignore[call-arg]
    except TypeError:  # From 8.2 on it has no other way.
        return click.testing.CliRunner()


@pytest.fixture
def run() -> Call:
    """Call the command line in this process, by click's runner; any exception but SystemExit fails the test."""

    def call(*args: object) -> Said:
        done = runner().invoke(cli, [str(arg) for arg in args], prog_name="tts-async")
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Said(done.exit_code, done.stdout, done.stderr)

    return call


@pytest.fixture
def run_main(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Call what the installed command calls."""

    def call(*args: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["tts-async", *map(str, args)])
        with pytest.raises(SystemExit) as left:
            main()
        out, err = capfd.readouterr()
        assert isinstance(left.value.code, int)
        return Said(left.value.code, out, err)

    return call


@pytest.fixture
def environment() -> dict[str, str]:
    """What a process of the package under test needs."""
    path = str(Path(next(iter(tts_async.__path__))).parent)
    return {**os.environ, "PYTHONPATH": os.pathsep.join([path, *filter(None, sys.path)]), "PYTHONIOENCODING": "utf-8"}


@pytest.fixture
def talk() -> Path:
    """A dialogue in the folder in which the person works."""
    path = Path("talk.json")
    path.write_text(
        '{"id": "talk", "title": "A talk", "script": ['
        '{"speaker": "anna", "text": "Good morning to you."}, {"speaker": "ben", "text": "And a good morning to you."}'
        "]}",
        encoding="utf-8",
    )
    return path
