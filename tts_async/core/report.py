"""What happened to a digest in figures: the sum of its events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from tts_async.core.event import Event, Kind
from tts_async.core.mastered import Mastered
from tts_async.core.receipt import Receipt, receipt
from tts_async.core.sizes import BySize, counted
from tts_async.core.trace import Trace, traced

MOST_LIMITS = 1_000
"""So many changes of the limit are kept, the latest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How many requests could be in flight from a moment on, and why; over all digests of the gate."""

    at_s: float
    limit: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A chunk that will never be here, its first words, and why; ``error`` is a class's name."""

    chunk: int
    reason: str
    words: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A render in figures; times are seconds since it began, ``None`` for what has not happened.

    ``found`` were billed earlier, and came only now. ``bought_s`` is when the last chunk was bought: writing the file comes after it. ``hedged_chars`` were asked for twice, and perhaps billed twice. ``provider_s`` is the sum of all bought chunks' times: what one at a time would have taken. ``workers`` is how many
    requests the Renderer may have in flight, ``allowed`` how many the server was last known to take, ``limits`` the less of both over time. ``by_size`` counts requests
    by the length of their text: "sent", and the names of the errors that came instead of speech. ``receipts`` has what
    this run bought, in the order of time; ``server_limit`` is the largest number of requests at once that the server named,
    ``server_in_flight`` the largest that it counted, everybody's. ``gaps`` are the chunks
    without which the file was written. ``expected_credits`` and ``expected_usd`` is what all that was not here was expected to
    cost, ``billed_chars`` and ``billed_usd`` what it did, in the provider's own unit and by the known price; ``None`` where nobody
    knows it. ``first_audio_s`` is when the first audio was handed to a stream's reader, or the first chunk was in the file.
    ``mastered`` is what came out, as it was measured; ``peak_mb`` is the most memory that the process ever had. ``trace`` has every attempt.
    """

    digest: str = ""
    provider: str = ""
    chunks: int = 0
    chars: int = 0
    here: int = 0
    requests: int = 0
    bought: int = 0
    found: int = 0
    billed_chars: int = 0
    billed_usd: float | None = 0.0
    expected_credits: float = 0.0
    expected_usd: float | None = 0.0
    refusals: int = 0
    failures: int = 0
    hedged: int = 0
    hedged_chars: int = 0
    provider_s: float = 0.0
    first_audio_s: float | None = None
    audio_s: float = 0.0
    took_s: float = 0.0
    bought_s: float = 0.0
    longest_s: float = 0.0
    workers: int = 0
    allowed: int = 0
    most_in_flight: int = 0
    server_limit: int = 0
    server_in_flight: int = 0
    limits: tuple[Limit, ...] = ()
    by_size: BySize = field(default_factory=dict)
    peak_mb: float | None = None
    mastered: Mastered | None = None
    receipts: tuple[Receipt, ...] = ()
    warnings: tuple[str, ...] = ()
    lost: tuple[Loss, ...] = ()
    gaps: tuple[int, ...] = ()
    stopped: str = ""
    trace: Trace = Trace()

    @property
    def speedup(self) -> float | None:
        """How many times faster than one request after another; ``None`` when nothing was bought."""
        return self.provider_s / self.bought_s if self.bought and self.bought_s else None

    @property
    def of_possible(self) -> float | None:
        """The share of the speed that the limits allowed, for a digest that had the gate to itself.

        Nothing could have been faster than all slots in use all the time, or than the longest chunk.
        """
        bounds_s = [min(each.at_s, self.bought_s) for each in self.limits] + [self.bought_s]
        slot_s = sum(
            each.limit * (end_s - at_s) for each, (at_s, end_s) in zip(self.limits, pairwise(bounds_s), strict=False)
        )
        if not self.bought or not slot_s:
            return None
        return min(1.0, max(self.provider_s / slot_s, self.longest_s / self.bought_s))

    @property
    def mean_chunk_s(self) -> float | None:
        """The mean time from sending a chunk to its last byte; ``None`` when nothing was bought."""
        return self.provider_s / self.bought if self.bought else None


def fold(report: Report, event: Event) -> Report:
    """Add one event to the sum."""
    return replace(report, took_s=event.at_s, trace=traced(report.trace, event), **_changes(report, event))


def _changes(report: Report, event: Event) -> dict[str, Any]:
    change = CHANGES.get(event.kind)
    return change(report, event) if change else {}


def _planned(_: Report, event: Event) -> dict[str, Any]:
    return {
        "digest": event.digest,
        "provider": event.provider,
        "chunks": event.chunks,
        "chars": event.chars,
        "workers": event.limit,
    }


def _sent(report: Report, event: Event) -> dict[str, Any]:
    return {
        "requests": report.requests + 1,
        "most_in_flight": max(report.most_in_flight, event.in_flight),
        "by_size": counted(report.by_size, event.chars, "sent"),
        "allowed": event.limit if event.known else report.allowed,
        **({} if report.limits else _limit(report, event)),
    }


def _limit(report: Report, event: Event) -> dict[str, Any]:
    limit = Limit(at_s=event.at_s, limit=min(event.limit, report.workers or event.limit), reason=event.reason)
    return {"limits": (*report.limits, limit)[-MOST_LIMITS:], "allowed": event.limit if event.known else report.allowed}


def _bought(report: Report, event: Event) -> dict[str, Any]:
    return {
        "bought": report.bought + 1,
        "bought_s": event.at_s,
        "billed_chars": report.billed_chars + event.chars,
        "billed_usd": _sum(report.billed_usd, event.cost_usd),
        "provider_s": report.provider_s + event.took_s,
        "longest_s": max(report.longest_s, event.took_s),
        "receipts": (*report.receipts, receipt(event, report.provider)),
    }


def _found(report: Report, event: Event) -> dict[str, Any]:
    return {"found": report.found + 1, "receipts": (*report.receipts, receipt(event, report.provider))}


def _sum(*costs_usd: float | None) -> float | None:
    """What is unknown in part is unknown."""
    return None if None in costs_usd else sum(filter(None, costs_usd))


def _lost(report: Report, event: Event) -> dict[str, Any]:
    assert event.chunk is not None
    return {"lost": (*report.lost, Loss(chunk=event.chunk, reason=event.reason, words=event.words, error=event.error))}


def _audible(report: Report, event: Event) -> dict[str, Any]:
    return {"first_audio_s": event.at_s if report.first_audio_s is None else report.first_audio_s}


def _longer(report: Report, event: Event) -> dict[str, Any]:
    peak_mb = event.peak_mb or report.peak_mb
    return {**_audible(report, event), "audio_s": event.audio_s, "peak_mb": peak_mb}


CHANGES: dict[Kind, Callable[[Report, Event], dict[str, Any]]] = {
    "planned": _planned,
    "priced": lambda report, event: {
        "expected_credits": report.expected_credits + event.credits,
        "expected_usd": _sum(report.expected_usd, event.cost_usd),
    },
    "here": lambda report, _: {"here": report.here + 1},
    "sent": _sent,
    "admitted": lambda report, event: {
        "server_limit": max(report.server_limit, event.limit),
        "server_in_flight": max(report.server_in_flight, event.in_flight),
    },
    "warning": lambda report, event: {"warnings": tuple(dict.fromkeys([*report.warnings, event.reason]))},
    "limit": _limit,
    "hedged": lambda report, event: {
        "hedged": report.hedged + 1,
        "hedged_chars": report.hedged_chars + event.chars,
        "most_in_flight": max(report.most_in_flight, event.in_flight),
    },
    "refused": lambda report, event: {
        "refusals": report.refusals + 1,
        "by_size": counted(report.by_size, event.chars, event.error),
    },
    "failed": lambda report, event: {
        "failures": report.failures + 1,
        "by_size": counted(report.by_size, event.chars, event.error),
    },
    "bought": _bought,
    "found": _found,
    "lost": _lost,
    "gap": lambda report, event: {"gaps": (*report.gaps, event.chunk)},
    "audible": _audible,
    "written": _longer,
    "finished": _longer,
    "mastered": lambda _, event: {"mastered": event.mastered},
    "stopped": lambda _, event: {"stopped": event.reason},
}
