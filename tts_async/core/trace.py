"""When each request left, and what came of it: the sum of a render's events over time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from tts_async.core.event import Event
from tts_async.core.shown import shortened

Outcome = Literal["open", "bought", "refused", "failed", "lost"]

MOST_SPANS = 20_000
"""So many requests are kept, the latest."""

MOST_REASON_CHARS = 300
"""A server may say as much as it likes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One attempt at a chunk, from its request to its last byte or to its error; ``error`` is a class's name.

    ``attempt`` counts those that were spent; a refusal spends none. ``end_s`` is ``None`` while it is open, and stays so
    where it was broken off. ``hedged``: it was asked for a second time meanwhile.
    """

    chunk: int
    attempt: int
    chars: int
    start_s: float
    end_s: float | None = None
    outcome: Outcome = "open"
    error: str = ""
    reason: str = ""
    hedged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """All attempts, in the order in which they began; the chunks that were ``here`` before, and those that were ``found``."""

    spans: tuple[Span, ...] = ()
    here: tuple[int, ...] = ()
    found: tuple[int, ...] = ()


def traced(trace: Trace, event: Event) -> Trace:
    """Add one event to the sum."""
    if event.chunk is None:
        return trace
    match event.kind:
        case "here":
            return replace(trace, here=(*trace.here, event.chunk))
        case "found":
            return replace(trace, found=(*trace.found, event.chunk))
        case "sent":
            return replace(trace, spans=(*trace.spans, _begun(event, event.chunk))[-MOST_SPANS:])
        case "hedged" | "bought" | "refused" | "failed" | "lost":
            return replace(trace, spans=_changed(trace.spans, event))
        case _:
            return trace


def _begun(event: Event, chunk: int) -> Span:
    return Span(chunk=chunk, attempt=event.attempt, chars=event.chars, start_s=event.at_s)


def _changed(spans: tuple[Span, ...], event: Event) -> tuple[Span, ...]:
    """The spans with the one that an event is about as it is now; as they are where it is about none.

    What was bought can still fail, for some of it is judged only once all before it is here.
    """
    at = next((each for each in reversed(range(len(spans))) if spans[each].chunk == event.chunk), None)
    if at is None or spans[at].outcome not in ({"open", "bought"} if event.kind == "failed" else {"open"}):
        return spans
    return (*spans[:at], _as_it_is(spans[at], event), *spans[at + 1 :])


def _as_it_is(span: Span, event: Event) -> Span:
    match event.kind:
        case "hedged":
            return replace(span, hedged=True)
        case "bought":
            return replace(span, outcome="bought", end_s=span.start_s + event.took_s if event.took_s else event.at_s)
        case "refused" | "failed" | "lost":
            end_s = event.at_s if span.end_s is None else span.end_s
            reason = shortened(event.reason, MOST_REASON_CHARS)
            return replace(span, outcome=event.kind, end_s=end_s, error=event.error, reason=reason)
        case _:
            raise AssertionError(event.kind)
