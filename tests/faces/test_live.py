"""The display of renders in progress."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from rich.console import Console

from tts_async import Event
from tts_async.core.event import Kind
from tts_async.faces import live
from tts_async.faces.live import Live

ESCAPE = "\x1b[31m\x9b1;1H\u202e\nforged: line"
KINDS: dict[Kind, dict[str, Any]] = {
    "planned": {"chunks": 2, "chars": 40},
    "sent": {"chunk": 0, "in_flight": 1, "limit": 5},
    "refused": {"chunk": 0, "reason": f"no room {ESCAPE}", "wait_s": 2.0},
    "failed": {"chunk": 0, "reason": ESCAPE},
    "parked": {"chunk": 0, "reason": ESCAPE},
    "lost": {"chunk": 0, "reason": ESCAPE},
    "bought": {"chunk": 1},
    "stopped": {"reason": ESCAPE},
    "written": {"chunk": 1},
    "finished": {"audio_s": 3.0},
}


def event(kind: Kind, digest: str = "talk", **facts: Any) -> Event:
    return Event(kind=kind, digest=digest, at_s=1.0, **facts)


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What a terminal of 80 columns is sent."""
    file = io.StringIO()
    monkeypatch.setenv("TERM", "xterm")

    def console(*, stderr: bool, quiet: bool) -> Console:
        return Console(file=file, force_terminal=True, width=80, quiet=quiet, color_system=None)

    monkeypatch.setattr(live, "QuietConsole", console)
    return file


def plain(screen: io.StringIO) -> str:
    """Without what the display itself moves the cursor and switches styles with."""
    return re.sub(r"\x1b\[(?:\d*[AK]|2K|1A|\?25[lh]|\d*m)", "", screen.getvalue()).replace("\r", "\n")


@pytest.mark.parametrize("digest", ["talk", "x" * 200, f"a{ESCAPE}"], ids=["plain", "long", "escape"])
def test_nothing_foreign_reaches_the_terminal(screen: io.StringIO, digest: str) -> None:
    """A digest's name or a server's error text can hold what it likes; every line fits."""
    with Live() as shown:
        for kind, facts in KINDS.items():
            shown(event(kind, digest, **facts))
            shown._progress.refresh()
    assert not [char for char in plain(screen) if not char.isprintable() and char != "\n"]
    assert max(map(len, plain(screen).splitlines())) <= 80
    assert "\nforged" not in screen.getvalue()


def test_lines_hold_nothing_foreign(capsys: pytest.CaptureFixture[str]) -> None:
    """Nor does a log: one line an event."""
    with Live() as shown:
        for kind, facts in KINDS.items():
            shown(event(kind, **facts))
    out, err = capsys.readouterr()
    assert out == ""
    assert not [char for char in err if not char.isprintable() and char != "\n"]
    assert [line.partition(": ")[0] for line in err.splitlines()] == ["talk"] * 6
    assert "talk: chunk 0 refused: no room �[31m�1;1H� forged: line; waiting 2.0 s\n" in err


def test_digests_of_the_same_name_share_a_bar(screen: io.StringIO) -> None:
    """It is as long as both together, and full only at the end of both."""
    with Live() as shown:
        for _ in range(2):
            shown(event("planned", chunks=2))
        for _ in range(3):
            shown(event("bought", chunk=0))
        shown._progress.refresh()
        assert "3/4" in plain(screen)
        shown(event("here", chunk=1))
    assert "100 % 4/4" in plain(screen)


def test_hidden_it_says_nothing(capsys: pytest.CaptureFixture[str], screen: io.StringIO) -> None:
    """For --quiet and --json."""
    with Live(shown=False) as shown:
        for kind, facts in KINDS.items():
            shown(event(kind, **facts))
    assert capsys.readouterr() == ("", "")
    assert screen.getvalue() == ""
