"""How far renders in progress are: the sum of their events, as people want to see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from tts_async.core.event import Event, Kind
from tts_async.core.said import words

RATE_WINDOW_S = 10.0
"""Over how long it is counted how many requests leave a second."""

FEWEST = 2
"""So many chunks are bought before it is said how long the rest may take."""

Phase = Literal["buying", "joining", "writing", "finished", "stopped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One digest: ``arrived`` of its ``chunks`` are here, ``written`` are in the file; ``said`` is the latest trouble.

    Digests of the same name share one. ``came`` are the chunks that may yet prove bad, and go again.
    """

    digest: str
    chunks: int = 0
    arrived: int = 0
    written: int = 0
    bought: int = 0
    refusals: int = 0
    lost: int = 0
    audio_s: float = 0.0
    began_s: float = 0.0
    sent_s: float | None = None
    at_s: float = 0.0
    ended: bool = False
    stopped: str = ""
    said: str = ""
    came: frozenset[int | None] = frozenset()

    @property
    def phase(self) -> Phase:
        """What is being done: joining is listening to all of it, before it is written."""
        if self.ended:
            return "finished"
        if self.written:
            return "writing"
        if self.stopped:
            return "stopped"
        return "joining" if self.chunks and self.arrived + self.lost >= self.chunks else "buying"

    @property
    def left(self) -> int:
        """How many chunks are still to be bought."""
        return max(0, self.chunks - self.arrived - self.lost) if self.phase == "buying" else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """All digests of a command, and the gate that they share.

    ``sends_s`` are the moments of the latest requests. Money is what was spent of what was expected, ``None`` where
    nobody knows a price. Until ``closed_s`` nothing leaves, for the reason ``why``.
    """

    bars: Mapping[str, Bar] = field(default_factory=dict)
    at_s: float = 0.0
    in_flight: int = 0
    limit: int = 0
    sends_s: tuple[float, ...] = ()
    refusals: int = 0
    closed_s: float = 0.0
    why: str = ""
    spent_usd: float | None = 0.0
    spent_chars: int = 0
    expected_usd: float | None = 0.0
    expected_chars: int = 0

    @property
    def left_s(self) -> float | None:
        """How long buying the rest takes at the speed so far; ``None`` where there is no rest, or no speed yet."""
        bars = self.bars.values()
        bought, left = sum(bar.bought for bar in bars), sum(bar.left for bar in bars)
        began_s = min((bar.sent_s for bar in bars if bar.sent_s is not None), default=self.at_s)
        return left * (self.at_s - began_s) / bought if left and bought >= FEWEST else None

    def rate_per_s(self, now_s: float) -> float:
        """Requests that left a second, lately."""
        recent = [each for each in self.sends_s if each > now_s - RATE_WINDOW_S]
        return len(recent) / min(RATE_WINDOW_S, max(1.0, now_s - self.sends_s[0])) if recent else 0.0


def shown(progress: Progress, event: Event) -> Progress:
    """Add one event to the sum; the times of all events are of one clock."""
    before = progress.bars.get(event.digest) or Bar(digest=event.digest, began_s=event.at_s)
    step, turn = BARS.get(event.kind), GATES.get(event.kind)
    bar = replace(before, at_s=event.at_s, **(step(before, event) if step else {}))
    changed = turn(progress, event) if turn else {}
    return replace(progress, at_s=event.at_s, bars={**progress.bars, event.digest: bar}, **changed)


def _planned(bar: Bar, event: Event) -> dict[str, Any]:
    # A second plan of the same render is instead of the first.
    chunks = event.chunks if event.attempt > 1 else bar.chunks + event.chunks
    return {"chunks": chunks, "ended": False, "stopped": ""}


def _arrived(bar: Bar, event: Event) -> dict[str, Any]:
    bought = event.kind == "bought"
    return {
        "arrived": bar.arrived + 1,
        "bought": bar.bought + bought,
        "came": bar.came | {event.chunk},
        "said": "" if bought else bar.said,
    }


def _sent(bar: Bar, event: Event) -> dict[str, Any]:
    return {"sent_s": event.at_s if bar.sent_s is None else bar.sent_s}


def _failed(bar: Bar, event: Event) -> dict[str, Any]:
    """What came, and is taken again, has not arrived."""
    again = event.chunk in bar.came
    return {"arrived": bar.arrived - again, "came": bar.came - {event.chunk}, "said": words(event)}


def _said(_: Bar, event: Event) -> dict[str, Any]:
    return {"said": words(event)}


BARS: dict[Kind, Callable[[Bar, Event], dict[str, Any]]] = {
    "planned": _planned,
    "here": _arrived,
    "found": _arrived,
    "bought": _arrived,
    "sent": _sent,
    "refused": lambda bar, event: {"refusals": bar.refusals + 1, "said": words(event)},
    "failed": _failed,
    "instead": _said,
    "lost": lambda bar, event: {"lost": bar.lost + 1, "said": words(event)},
    "written": lambda bar, event: {"written": bar.written + 1, "audio_s": event.audio_s},
    "gap": lambda bar, event: {"written": bar.written + 1, "audio_s": event.audio_s},
    "stopped": lambda _, event: {"stopped": event.reason or "stopped"},
    "finished": lambda _, event: {"ended": True, "said": "", "audio_s": event.audio_s},
}


def _leaves(progress: Progress, event: Event) -> dict[str, Any]:
    recent = (each for each in progress.sends_s if each > event.at_s - RATE_WINDOW_S)
    return {**_counted(progress, event), "sends_s": (*recent, event.at_s), "closed_s": 0.0, "why": ""}


def _counted(_: Progress, event: Event) -> dict[str, Any]:
    return {"in_flight": event.in_flight, "limit": event.limit}


def _waits(progress: Progress, event: Event) -> dict[str, Any]:
    return {**_counted(progress, event), "closed_s": event.at_s + event.wait_s, "why": event.reason}


def _left(progress: Progress, _: Event) -> dict[str, Any]:
    """The gate's own count comes with the next request; until then one less is in flight."""
    return {"in_flight": max(0, progress.in_flight - 1)}


def _came(progress: Progress, event: Event) -> bool:
    bar = progress.bars.get(event.digest)
    return bar is not None and event.chunk in bar.came


def _refused(progress: Progress, event: Event) -> dict[str, Any]:
    closed = {"closed_s": event.at_s + event.wait_s, "why": "the provider refused"} if event.wait_s else {}
    return {**_left(progress, event), "refusals": progress.refusals + 1, **closed}


def _paid(progress: Progress, event: Event) -> dict[str, Any]:
    return {
        **_left(progress, event),
        "spent_usd": _sum(progress.spent_usd, event.cost_usd),
        "spent_chars": progress.spent_chars + event.chars,
    }


def _priced(progress: Progress, event: Event) -> dict[str, Any]:
    return {
        "expected_usd": _sum(progress.expected_usd, event.cost_usd),
        "expected_chars": progress.expected_chars + event.chars,
    }


def _sum(*costs_usd: float | None) -> float | None:
    """What is unknown in part is unknown."""
    return None if None in costs_usd else sum(filter(None, costs_usd))


GATES: dict[Kind, Callable[[Progress, Event], dict[str, Any]]] = {
    "sent": _leaves,
    "hedged": _leaves,
    "limit": _counted,
    "waiting": _waits,
    "refused": _refused,
    # What came, and proves bad now, is in flight no more.
    "failed": lambda progress, event: {} if _came(progress, event) else _left(progress, event),
    "bought": _paid,
    "priced": _priced,
}
