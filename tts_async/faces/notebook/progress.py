"""The bar of a notebook: one line of HTML a render, replaced in place."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, cast

from tts_async.core.event import Event

if TYPE_CHECKING:
    from IPython.display import DisplayHandle

EVERY_S = 0.1
"""A notebook keeps up with so many pictures, and not with one an event."""

MOST_CHARS = 100
MOST_LINES = 20


@dataclass(kw_only=True)
class Line:
    """What is known of one render by now."""

    digest: str
    chunks: int = 0
    arrived: set[int] = field(default_factory=set)
    bought: int = 0
    refusals: int = 0
    cost_usd: float | None = 0.0
    at_s: float = 0.0
    traffic: str = ""
    saying: str = ""
    over: bool = False

    def hear(self, event: Event) -> None:
        """Hear one event."""
        self.at_s = event.at_s
        match event.kind:
            case "planned":
                self.chunks, self.arrived = event.chunks, set()
            case "bought" | "found" | "here":
                self._arrive(event)
            case "sent" | "limit":
                self.traffic = f"{event.in_flight} of {event.limit} in flight"
                self.saying = ""
            case "refused" | "failed" | "lost":
                self.arrived.discard(-1 if event.chunk is None else event.chunk)
                self.refusals += event.kind == "refused"
                self.saying = f"chunk {event.chunk} {event.kind}: {event.reason}"
            case "waiting":
                self.saying = f"waiting {event.wait_s:.0f} s: {event.reason}"
            case "warning" | "stopped":
                self.saying = event.reason
            case "finished":
                self.over, self.saying = True, f"{event.audio_s:.1f} s of speech"
            case "unfinished":
                self.over, self.saying = True, f"ended without its audio {event.error}"

    def _arrive(self, event: Event) -> None:
        assert event.chunk is not None
        self.arrived.add(event.chunk)
        if event.kind == "bought":
            self.bought += 1
            unknown = self.cost_usd is None or event.cost_usd is None
            self.cost_usd = None if unknown else cast(float, self.cost_usd) + cast(float, event.cost_usd)

    def html(self) -> str:
        """The line as HTML; all that is foreign in it is escaped, and cut to a line."""
        left = self.chunks - len(self.arrived)
        told = [f"{len(self.arrived)} of {self.chunks} chunks", f"{self.at_s:.1f} s"]
        if self.bought and left and not self.over:
            told.append(f"about {left * self.at_s / self.bought:.0f} s left")
        if not self.over:
            told.append(self.traffic)
        if self.refusals:
            told.append(f"{self.refusals} refused")
        if self.cost_usd:
            told.append(f"${self.cost_usd:.4f}")
        told.append(_cut(self.saying))
        return (
            f'<div style="margin:2px 0"><b>{escape(_cut(self.digest))}</b> '
            f'<progress value="{len(self.arrived)}" max="{max(1, self.chunks)}" style="width:12em;vertical-align:middle">'
            f"</progress> {escape(' · '.join(filter(None, told)))}</div>"
        )


class Progress:
    """A listener to a Renderer's events that shows them under the cell in which the first of them comes."""

    def __init__(self) -> None:
        self._lines: dict[str, Line] = {}
        self._handle: DisplayHandle | None = None
        self._timer: asyncio.TimerHandle | None = None

    def __call__(self, event: Event) -> None:
        """Show one event, at once or a moment later."""
        line = self._lines.setdefault(event.render, Line(digest=event.digest))
        line.hear(event)
        if all(each.over for each in self._lines.values()):
            self._show()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(EVERY_S, self._show)

    def _show(self) -> None:
        """Replace what is shown."""
        from IPython.display import HTML, display

        if self._timer:
            self._timer.cancel()
            self._timer = None
        shown = list(self._lines.values())[-MOST_LINES:]
        html = HTML("".join(line.html() for line in shown))
        if self._handle is None:
            self._handle = display(html, display_id=True)
        else:
            self._handle.update(html)


def _cut(text: str) -> str:
    """Foreign text in one line that is not too long."""
    text = "".join(char if char.isprintable() else "�" for char in " ".join(text.split()))
    return text if len(text) <= MOST_CHARS else f"{text[: MOST_CHARS - 1]}…"
