"""What happened: one stream of events, and its sum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

Kind = Literal[
    "planned",  # chunks, chars
    "here",  # chunk: it was bought before
    "sent",  # chunk, attempt, in_flight, limit
    "admitted",  # chunk: the headers of an answer are there
    "refused",  # chunk, reason, wait_s: the gate is closed for so long
    "failed",  # chunk, attempt, reason, wait_s
    "parked",  # chunk, reason
    "lost",  # chunk, reason
    "bought",  # chunk, attempt, chars billed, took_s
    "written",  # chunk, audio_s so far
    "stopped",  # reason: no further request leaves
    "finished",  # audio_s in all
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened to a digest, ``at_s`` seconds after its render began."""

    kind: Kind
    digest: str
    at_s: float
    chunk: int | None = None
    attempt: int = 0
    chunks: int = 0
    chars: int = 0
    in_flight: int = 0
    limit: int = 0
    wait_s: float = 0.0
    took_s: float = 0.0
    audio_s: float = 0.0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A chunk that will never be here, and why."""

    chunk: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A render in figures; times are seconds since it began, ``None`` for what has not happened.

    ``provider_s`` is the sum of all bought chunks' times: what one at a time would have taken.
    """

    digest: str = ""
    chunks: int = 0
    chars: int = 0
    here: int = 0
    requests: int = 0
    bought: int = 0
    billed_chars: int = 0
    refusals: int = 0
    failures: int = 0
    provider_s: float = 0.0
    first_audio_s: float | None = None
    audio_s: float = 0.0
    took_s: float = 0.0
    most_in_flight: int = 0
    lost: tuple[Loss, ...] = ()
    stopped: str = ""

    @property
    def speedup(self) -> float | None:
        """How many times faster than one request after another; ``None`` when nothing was bought."""
        return self.provider_s / self.took_s if self.bought and self.took_s else None

    @property
    def mean_chunk_s(self) -> float | None:
        """The mean time from sending a chunk to its last byte; ``None`` when nothing was bought."""
        return self.provider_s / self.bought if self.bought else None


def fold(report: Report, event: Event) -> Report:
    """Add one event to the sum."""
    return replace(report, took_s=event.at_s, **_changes(report, event))


def _changes(report: Report, event: Event) -> dict[str, Any]:
    change = CHANGES.get(event.kind)
    return change(report, event) if change else {}


def _planned(_: Report, event: Event) -> dict[str, Any]:
    return {"digest": event.digest, "chunks": event.chunks, "chars": event.chars}


def _sent(report: Report, event: Event) -> dict[str, Any]:
    return {"requests": report.requests + 1, "most_in_flight": max(report.most_in_flight, event.in_flight)}


def _bought(report: Report, event: Event) -> dict[str, Any]:
    return {
        "bought": report.bought + 1,
        "billed_chars": report.billed_chars + event.chars,
        "provider_s": report.provider_s + event.took_s,
    }


def _lost(report: Report, event: Event) -> dict[str, Any]:
    assert event.chunk is not None
    return {"lost": (*report.lost, Loss(chunk=event.chunk, reason=event.reason))}


def _audible(report: Report, event: Event) -> dict[str, Any]:
    first_s = event.at_s if report.first_audio_s is None else report.first_audio_s
    return {"audio_s": event.audio_s, "first_audio_s": first_s}


CHANGES: dict[Kind, Callable[[Report, Event], dict[str, Any]]] = {
    "planned": _planned,
    "here": lambda report, _: {"here": report.here + 1},
    "sent": _sent,
    "refused": lambda report, _: {"refusals": report.refusals + 1},
    "failed": lambda report, _: {"failures": report.failures + 1},
    "bought": _bought,
    "lost": _lost,
    "written": _audible,
    "finished": _audible,
    "stopped": lambda _, event: {"stopped": event.reason},
}
