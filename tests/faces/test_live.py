"""The display of renders in progress."""

from __future__ import annotations

import functools
import io
import re
import sys
from typing import Any

import pytest
from rich.console import Console

from tts_async import Event
from tts_async.core.event import Kind
from tts_async.core.progress import Progress
from tts_async.core.progress import shown as folded
from tts_async.faces import live
from tts_async.faces.live import LINE_EVERY_S, Live, picture

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
    "waiting": {"reason": ESCAPE, "wait_s": 12.0, "limit": 5},
    "limit": {"reason": ESCAPE, "limit": 6},
    "warning": {"reason": ESCAPE},
    "instead": {"chunk": 0, "provider": ESCAPE, "reason": ESCAPE},
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
            shown._screen.refresh()
    assert not [char for char in plain(screen) if not char.isprintable() and char != "\n"]
    assert max(len(line) for line in plain(screen).splitlines() if ": note: " not in line) <= 80
    assert "\nforged" not in screen.getvalue()


def test_lines_hold_nothing_foreign(capsys: pytest.CaptureFixture[str]) -> None:
    """Nor does a log: one line an event."""
    with Live() as shown:
        for kind, facts in KINDS.items():
            shown(event(kind, **facts))
    out, err = capsys.readouterr()
    assert out == ""
    assert not [char for char in err if not char.isprintable() and char != "\n"]
    assert [line.partition(": ")[0] for line in err.splitlines()] == ["talk"] * 10
    assert "talk: chunk 0 refused: no room �[31m�1;1H� forged: line; waiting 2.0 s\n" in err


def test_digests_of_the_same_name_share_a_bar(screen: io.StringIO) -> None:
    """It is as long as both together, and full only at the end of both."""
    with Live() as shown:
        for _ in range(2):
            shown(event("planned", chunks=2))
        for _ in range(3):
            shown(event("bought", chunk=0))
        shown._screen.refresh()
        assert "3/4" in plain(screen)
        shown(event("here", chunk=1))
    assert "100 % 4/4" in plain(screen)


def drawn(*events: Event, rows: int = 10, width: int = 80, later_s: float = 0.0) -> str:
    """The picture after these events, as text."""
    progress = functools.reduce(folded, events, Progress())
    console = Console(file=io.StringIO(), width=width, record=True, force_terminal=True)
    console.print(picture(progress, progress.at_s + later_s, rows=rows))
    return console.export_text()


TWO = (
    Event(kind="planned", digest="news", at_s=0, chunks=4, chars=400),
    Event(kind="priced", digest="news", at_s=0, chars=300, cost_usd=2.0),
    Event(kind="here", digest="news", at_s=0, chunk=0),
    Event(kind="sent", digest="news", at_s=1, chunk=1, in_flight=1, limit=5),
    Event(kind="sent", digest="news", at_s=2, chunk=2, in_flight=2, limit=5),
    Event(kind="bought", digest="news", at_s=4, chunk=1, chars=100, cost_usd=0.5),
    Event(kind="bought", digest="news", at_s=5, chunk=2, chars=100, cost_usd=0.25),
    Event(kind="sent", digest="news", at_s=6, chunk=3, in_flight=1, limit=5),
)


def test_the_gate_is_below_the_bars() -> None:
    """Slots, speed, money and time left, and how far each digest is."""
    bar, gate = drawn(*TWO).splitlines()
    assert bar.split() == ["news", "━" * 12 + "╺" + "━" * 3, "75", "%", "3/4", "0:06"]
    assert gate.strip() == "1 of 5 in flight · 0.6/s · $0.750 of about $2.00 · about 0:02 left"


def test_a_pause_counts_down() -> None:
    """With its reason, and is gone when it is over."""
    refused = Event(kind="refused", digest="news", at_s=7, chunk=3, reason="429: slow down", wait_s=12.0)
    _, gate, pause = drawn(*TWO, refused, later_s=2).splitlines()
    assert "0 of 5 in flight" in gate
    assert "· 1 refusal ·" in gate
    assert pause.strip() == "paused 10 s: the provider refused"
    assert "paused" not in drawn(*TWO, refused, later_s=12)
    waiting = Event(kind="waiting", digest="news", at_s=7, wait_s=30, reason="the server has no credit left", limit=5)
    assert "paused 30 s: the server has no credit left" in drawn(*TWO, waiting)


@pytest.mark.parametrize(
    ("costs", "said"),
    [
        ((0.0, 0.0), None),
        ((None, None), "100 of 300 characters"),
        ((0.0123, 0.5), "$0.012 of about $0.500"),
    ],
    ids=["free", "unknown", "little"],
)
def test_money(costs: tuple[float | None, float | None], said: str | None) -> None:
    """Nothing is said of what costs nothing; where nobody knows a price, characters are counted."""
    spent, expected = costs
    gate = drawn(
        Event(kind="planned", digest="a", at_s=0, chunks=3, chars=300),
        Event(kind="priced", digest="a", at_s=0, chars=300, cost_usd=expected),
        Event(kind="sent", digest="a", at_s=0, chunk=0, in_flight=1, limit=2),
        Event(kind="bought", digest="a", at_s=1, chunk=0, chars=100, cost_usd=spent),
    ).splitlines()[1]
    assert gate.strip() == " · ".join(filter(None, ["0 of 2 in flight", "1.0/s", said]))


def test_writing_is_shown_after_buying() -> None:
    """When all is here it is measured, then written, then told how long it is; the gate has nothing to do then."""
    last = Event(kind="bought", digest="news", at_s=8, chunk=3, chars=100, cost_usd=0.5)
    written = [Event(kind="written", digest="news", at_s=9, chunk=index, audio_s=20.0) for index in range(4)]
    ended = Event(kind="finished", digest="news", at_s=10, audio_s=83.0)
    assert "100 % 4/4 all here; measuring it" in drawn(*TWO, last)
    assert "writing 3 of 4" in drawn(*TWO, last, *written[:3])
    [line] = drawn(*TWO, last, *written, ended, later_s=100).splitlines()
    assert "1:23 of speech" in line
    assert line.endswith("0:10")


@pytest.mark.parametrize("kind", ["lost", "stopped"])
def test_what_fails_says_why_to_the_end(kind: Kind) -> None:
    """A bar that is not full is the last that is seen of it, with the reason, and nothing is said of the gate."""
    [line] = drawn(*TWO, event(kind, "news", chunk=3, reason="no such voice"), width=100).splitlines()
    assert "75 % 3/4" in line
    assert "no such voice" in line


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_screen_has_room_for_so_many(width: int) -> None:
    """The unfinished ones are shown first, and no line is longer than the screen."""
    plans = [Event(kind="planned", digest=f"{ESCAPE}{index}" * 9, at_s=0, chunks=1, limit=9) for index in range(6)]
    ends = [Event(kind="finished", digest=each.digest, at_s=1, audio_s=1.0) for each in plans[:4]]
    lines = drawn(*plans, *ends, *TWO, rows=3, width=width).splitlines()
    assert max(map(len, lines)) <= width
    assert [line for line in lines if "of speech" in line] == []
    assert lines[3].strip() == "and 4 more, 4 of them finished"
    assert not [char for line in lines for char in line if not char.isprintable()]


def test_a_log_line_goes_above_the_bars(screen: io.StringIO) -> None:
    """Whole and once, be it written by us or by anybody else to standard error."""
    with Live() as shown:
        shown(TWO[0])
        shown._screen.refresh()
        shown.write("a line of the log " + "x" * 100)
        sys.stderr.write("a line of somebody\n")
        shown._screen.refresh()
    assert plain(screen).count("a line of the log " + "x" * 100 + "\n") == 1
    assert plain(screen).count("a line of somebody\n") == 1
    assert plain(screen).rstrip().splitlines()[-1].startswith("news ")


def test_no_colour_is_asked_for(screen: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then there is none, and the bars are there."""
    monkeypatch.setenv("NO_COLOR", "1")
    with Live() as shown:
        for each in TWO:
            shown(each)
    assert "3/4" in screen.getvalue()
    assert not re.search(r"\x1b\[[0-9;]*(?<=[\[;])(?:3[0-8]|9[0-7])[;m]", screen.getvalue())


def test_lines_say_how_far_it_is_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there are no bars, a long render is not silent, and not loud either."""
    now_s = 0.0
    monkeypatch.setattr(live, "monotonic", lambda: now_s)
    with Live() as shown:
        for each in TWO:
            shown(each)
        assert capsys.readouterr().err == "news: 4 chunks, 400 characters\n"
        now_s = LINE_EVERY_S
        for _ in range(2):
            shown(Event(kind="sent", digest="news", at_s=31, chunk=3, in_flight=1, limit=5))
    assert capsys.readouterr().err == "news: 3 of 4 chunks, about 0:15 left in all\n"


def test_a_stop_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    """And not again of each of a book's chunks that are missing for it; what is missing for another reason is told."""
    with Live() as live:
        live(event("planned", chunks=3))
        live(event("lost", chunk=0, reason="It cannot be said."))
        live(event("stopped", reason="No credit."))
        for chunk in (1, 2):
            live(event("lost", chunk=chunk, reason="No credit."))
    said = capsys.readouterr().err
    assert (said.count("No credit."), said.count("It cannot be said.")) == (1, 1)


def test_hidden_it_says_nothing(capsys: pytest.CaptureFixture[str], screen: io.StringIO) -> None:
    """For --quiet and --json."""
    with Live(bars=False, lines=False) as shown:
        for kind, facts in KINDS.items():
            shown(event(kind, **facts))
    assert capsys.readouterr() == ("", "")
    assert screen.getvalue() == ""
