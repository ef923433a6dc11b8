"""Shows renders as they go: a bar a digest on a terminal, plain lines elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column
from rich.text import Text

from tts_async.core.event import Event

NAME_CHARS = 28
BAR_CHARS = 20


class QuietConsole(Console):
    """A console that goes on in silence when nobody reads it any more; rich would end the process."""

    def on_broken_pipe(self) -> None:
        self.quiet = True


class Live:
    """A listener to a Renderer's events; writes to standard error, so that results can be piped."""

    def __init__(self, *, shown: bool = True) -> None:
        self._console = QuietConsole(stderr=True, quiet=not shown)
        self._bars: dict[str, TaskID] = {}
        self._refusals: dict[str, int] = {}
        self._arrived: set[tuple[str, int | None]] = set()
        self._over: set[str] = set()
        bars = shown and self._console.is_terminal and not self._console.is_dumb_terminal
        self._progress = Progress(*_columns(), console=self._console, disable=not bars, expand=True)

    def __enter__(self) -> Self:
        if not self._progress.disable:
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Some versions of rich end even what never began, with an empty line.
        if not self._progress.disable:
            self._progress.stop()

    def __call__(self, event: Event) -> None:
        """Show one event."""
        if event.digest in self._over:
            return
        if self._progress.disable:
            self._tell(event)
        elif event.kind == "planned":
            self._plan(event)
        else:
            self._move(self._bars[event.digest], event)

    def over(self, digest: str) -> None:
        """Show nothing more of a digest, whatever is still done with it."""
        self._over.add(digest)

    def _plan(self, event: Event) -> None:
        """Add a bar, or lengthen the one that a digest of the same name has."""
        if (bar := self._bars.get(event.digest)) is None:
            self._bars[event.digest] = self._progress.add_task(_line(event.digest), total=event.chunks, saying="")
        else:
            # A second plan of the same render is instead of the first.
            total = event.chunks if event.attempt > 1 else (self._progress.tasks[bar].total or 0) + event.chunks
            self._progress.update(bar, total=total)

    def _move(self, bar: TaskID, event: Event) -> None:
        match event.kind:
            case "bought" | "found" | "here":
                self._progress.update(bar, advance=1)
                self._arrived.add((event.digest, event.chunk))
            case "sent" | "limit":
                self._progress.update(bar, saying=self._traffic(event))
            case "refused":
                self._refusals[event.digest] = self._refusals.get(event.digest, 0) + 1
                self._progress.update(bar, saying=_say(event))
            case "warning":
                self._progress.console.print(
                    Text(f"{_line(event.digest)}: note: {_line(event.reason)}"), soft_wrap=True
                )
            case "failed" if (event.digest, event.chunk) in self._arrived:
                self._arrived.remove((event.digest, event.chunk))
                self._progress.update(bar, advance=-1, saying=_say(event))  # It came, and is taken again.
            case "failed" | "lost" | "stopped" | "waiting" | "instead":
                self._progress.update(bar, saying=_say(event))
            case "finished":
                self._progress.update(bar, saying="")

    def _traffic(self, event: Event) -> str:
        """Slots in use, the limit, and how often this digest was refused."""
        refusals = self._refusals.get(event.digest, 0)
        said = f", {refusals} refusals" if refusals else ""
        why = f": {_line(event.reason)}" if event.reason else ""
        return f"{event.in_flight} of {event.limit} in flight{said}{why}"

    def _tell(self, event: Event) -> None:
        """One line for what a person reading a log wants to know."""
        match event.kind:
            case "planned":
                said = f"{event.chunks} chunks, {event.chars:,} characters"
            case "refused" | "failed" | "lost" | "stopped" | "waiting" | "instead":
                said = _say(event)
            case "warning":
                said = f"note: {_line(event.reason)}"
            case "limit":
                said = f"{event.limit} at once: {_line(event.reason)}"
            case "finished":
                said = f"{event.audio_s:.1f} s of speech after {event.at_s:.1f} s"
            case _:
                return
        self._console.print(Text(f"{_line(event.digest)}: {said}"), soft_wrap=True)


def _columns() -> tuple[ProgressColumn, ...]:
    """What is said beside the bar takes the room that is left, and is cut rather than wrapped."""
    name = Column(no_wrap=True, overflow="ellipsis", max_width=NAME_CHARS)
    saying = Column(no_wrap=True, overflow="ellipsis", ratio=1)
    return (
        TextColumn("{task.description}", markup=False, table_column=name),
        BarColumn(BAR_CHARS),
        TextColumn("{task.percentage:>3.0f} %", markup=False, table_column=Column(no_wrap=True)),
        MofNCompleteColumn(table_column=Column(no_wrap=True)),
        TextColumn("{task.fields[saying]}", markup=False, table_column=saying),
        TimeElapsedColumn(table_column=Column(no_wrap=True)),
    )


def _say(event: Event) -> str:
    if event.kind == "instead":
        return f"chunk {event.chunk}: {_line(event.provider)} speaks it, as {_line(event.reason)}"
    if event.kind == "waiting":
        return f"waiting {event.wait_s:.0f} s: {_line(event.reason)}"
    wait = f"; waiting {event.wait_s:.1f} s" if event.wait_s else ""
    chunk = "" if event.chunk is None else f"chunk {event.chunk} "
    return f"{chunk}{event.kind}: {_line(event.reason)}{wait}"


def _line(text: str) -> str:
    """Foreign text in one line in which nothing steers a terminal."""
    return "".join(char if char.isprintable() else "�" for char in " ".join(text.split()))
