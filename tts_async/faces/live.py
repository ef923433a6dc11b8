"""Shows renders as they go: a bar a digest on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import monotonic
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live as Screen
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from tts_async.core.event import Event
from tts_async.core.progress import Bar, Progress, shown
from tts_async.core.said import NOTABLE, words
from tts_async.core.shown import clock, printable

NAME_CHARS = 22
BAR_CHARS = 16
FEWEST_ROWS = 3
OTHER_ROWS = 4
"""What is left of a screen's height for what is not a bar."""

REFRESHES_PER_S = 8
LINE_EVERY_S = 30.0
"""How often a line says how far a digest is, where there are no bars."""


class QuietConsole(Console):
    """A console that goes on in silence when nobody reads it any more; rich would end the process."""

    def on_broken_pipe(self) -> None:
        self.quiet = True


class Live:
    """A listener to a Renderer's events; writes to standard error, so that results can be piped."""

    def __init__(self, *, bars: bool = True, lines: bool = True) -> None:
        """Show bars where there is a terminal, and where there is none lines, if they are wanted."""
        self._console = QuietConsole(stderr=True, quiet=not (bars or lines))
        self._bars = bars and self._console.is_terminal and not self._console.is_dumb_terminal
        self._lines = lines
        self._progress = Progress()
        self._over: set[str] = set()
        self._told_s: dict[str, float] = {}
        self._began_s = monotonic()
        self._screen = Screen(
            get_renderable=self._picture, console=self._console, refresh_per_second=REFRESHES_PER_S, auto_refresh=True
        )

    def __enter__(self) -> Self:
        if self._bars:
            self._screen.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Some versions of rich end even what never began, with an empty line.
        if self._bars:
            self._screen.stop()

    def __call__(self, event: Event) -> None:
        """Show one event."""
        if event.digest in self._over:
            return
        # Digests begin at different times: here all of them have one clock.
        self._progress = shown(self._progress, replace(event, at_s=self._now_s()))
        if not self._bars:
            self._tell(event)
        elif event.kind == "warning":
            self.write(f"{event.digest}: {words(event)}")

    def over(self, digest: str) -> None:
        """Show nothing more of a digest, whatever is still done with it."""
        self._over.add(digest)

    def write(self, line: str) -> None:
        """Print a line, above the bars where there are any."""
        self._console.print(Text(_line(line)), soft_wrap=True)

    def _now_s(self) -> float:
        return monotonic() - self._began_s

    def _picture(self) -> RenderableType:
        """Called by rich's own thread: it reads one frozen value."""
        return picture(self._progress, self._now_s(), rows=max(FEWEST_ROWS, self._console.height - OTHER_ROWS))

    def _tell(self, event: Event) -> None:
        """One line for what a person reading a log wants to know."""
        if self._lines and (said := self._said(event)):
            self._told_s[event.digest] = self._now_s()
            self.write(f"{_line(event.digest)}: {said}")

    def _said(self, event: Event) -> str:
        if event.kind == "lost" and event.reason == self._progress.bars[event.digest].stopped:
            return ""  # Said when it stopped, and again of all such chunks in the end.
        if event.kind in NOTABLE:
            return _line(words(event))
        if self._now_s() < self._told_s.get(event.digest, 0.0) + LINE_EVERY_S:
            return ""
        return so_far(self._progress, event.digest)


def picture(progress: Progress, now_s: float, *, rows: int) -> RenderableType:
    """Bars for at most so many digests, the unfinished first, and what their gate does."""
    bars = list(progress.bars.values())
    kept = _kept(bars, rows)
    parts: list[RenderableType] = [_table(kept, now_s)]
    if hidden := [bar for bar in bars if bar not in kept]:
        finished = sum(bar.phase == "finished" for bar in hidden)
        parts.append(Text(f"and {len(hidden)} more" + (f", {finished} of them finished" if finished else ""), "dim"))
    if progress.limit and any(bar.phase == "buying" for bar in bars):
        parts.append(Text(_gate(progress, now_s), style="dim", no_wrap=True, overflow="ellipsis"))
        if progress.closed_s > now_s:
            paused = f"paused {progress.closed_s - now_s:.0f} s: {_line(progress.why)}"
            parts.append(Text(paused, style="yellow", no_wrap=True, overflow="ellipsis"))
    return Group(*parts)


def _kept(bars: Sequence[Bar], rows: int) -> list[Bar]:
    """The bars that have room, in their order."""
    if len(bars) <= rows:
        return list(bars)
    first = sorted(bars, key=lambda bar: bar.phase == "finished")[:rows]
    return [bar for bar in bars if bar in first]


def _table(bars: Sequence[Bar], now_s: float) -> Table:
    """What is said beside a bar takes the room that is left, and is cut rather than wrapped."""
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(no_wrap=True, overflow="ellipsis", max_width=NAME_CHARS)
    table.add_column(width=BAR_CHARS)
    table.add_column(justify="right", no_wrap=True, min_width=len("100 %"))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    table.add_column(justify="right", no_wrap=True)
    for bar in bars:
        total = max(1, bar.chunks)
        over = bar.phase == "finished"
        table.add_row(
            Text(_line(bar.digest)),
            ProgressBar(total, min(bar.arrived, total), BAR_CHARS, complete_style="cyan", finished_style="green"),
            Text(f"{min(1.0, bar.arrived / total):.0%}".replace("%", " %")),
            Text(f"{bar.arrived}/{bar.chunks}"),
            Text(_beside(bar), style="" if over else "dim"),
            Text(clock((bar.at_s if over else now_s) - bar.began_s)),
        )
    return table


def _beside(bar: Bar) -> str:
    match bar.phase:
        case "joining" if not bar.lost:
            return "all here; measuring it"
        case "writing":
            return f"writing {min(bar.written, bar.chunks)} of {bar.chunks}"
        case "finished":
            return f"{clock(bar.audio_s)} of speech"
        case "stopped":
            return f"stopped: {_line(bar.stopped)}"
        case _:
            return _line(bar.said)


def _gate(progress: Progress, now_s: float) -> str:
    """Slots, speed, refusals, money and time, as far as there is something to say of them."""
    refusals = "1 refusal" if progress.refusals == 1 else f"{progress.refusals} refusals"
    left_s = progress.left_s
    parts = (
        f"{progress.in_flight} of {progress.limit} in flight",
        f"{progress.rate_per_s(now_s):.1f}/s",
        refusals if progress.refusals else "",
        _money(progress),
        "" if left_s is None else f"about {clock(max(0.0, left_s - (now_s - progress.at_s)))} left",
    )
    return " · ".join(filter(None, parts))


def _money(progress: Progress) -> str:
    """What was spent of what was expected, in characters where the price is unknown; nothing where it is free."""
    spent, expected = progress.spent_usd, progress.expected_usd
    if spent is None or expected is None:
        return f"{progress.spent_chars:,} of {progress.expected_chars:,} characters"
    return f"{_usd(spent)} of about {_usd(expected)}" if expected else ""


def _usd(usd: float) -> str:
    return f"${usd:,.2f}" if usd >= 1 or not usd else f"${usd:.3f}"


def so_far(progress: Progress, digest: str) -> str:
    """How far one digest is, in words; the time left is that of all digests."""
    bar = progress.bars[digest]
    left = "" if progress.left_s is None else f", about {clock(progress.left_s)} left in all"
    return f"{bar.arrived} of {bar.chunks} chunks{left}" if bar.phase == "buying" else _beside(bar)


def _line(text: str) -> str:
    """Foreign text in one line in which nothing steers a terminal."""
    return printable(" ".join(text.split()))
