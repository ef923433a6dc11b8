"""Every attempt, when it began and what came of it."""

from __future__ import annotations

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_async.core.event import Event, Kind
from tts_async.core.trace import MOST_REASON_CHARS, MOST_SPANS, Span, Trace, traced


def event(kind: Kind, at_s: float, chunk: int | None = 0, **more: object) -> Event:
    return Event(kind=kind, digest="news", at_s=at_s, chunk=chunk, **more)  # type: ignore[arg-type]


def total(*events: Event) -> Trace:
    return reduce(traced, events, Trace())


SENT = event("sent", 1.0, attempt=1, chars=90)


@pytest.mark.parametrize(
    ("after", "ended"),
    [
        pytest.param([], {}, id="under way"),
        pytest.param([event("bought", 4.0, took_s=2.0)], {"end_s": 3.0, "outcome": "bought"}, id="the last byte"),
        pytest.param(
            [event("refused", 1.5, error="Busy", reason="429")],
            {"end_s": 1.5, "outcome": "refused", "error": "Busy", "reason": "429"},
            id="refused",
        ),
        pytest.param(
            [event("bought", 4.0, took_s=2.0), event("failed", 9.0, error="AudioError", reason="silence")],
            {"end_s": 3.0, "outcome": "failed", "error": "AudioError", "reason": "silence"},
            id="judged later",
        ),
        pytest.param(
            [event("failed", 2.0, error="Unavailable"), event("lost", 9.0, error="Unavailable")],
            {"end_s": 2.0, "outcome": "failed", "error": "Unavailable"},
            id="its last failure",
        ),
        pytest.param(
            [event("lost", 2.0, error="Rejected")], {"end_s": 2.0, "outcome": "lost", "error": "Rejected"}, id="lost"
        ),
        pytest.param(
            [event("hedged", 2.0), event("bought", 4.0, took_s=3.0)],
            {"end_s": 4.0, "outcome": "bought", "hedged": True},
            id="asked for twice",
        ),
        pytest.param([event("bought", 2.0, chunk=1), event("limit", 2.0, chunk=None)], {}, id="of others"),
    ],
)
def test_what_came_of_an_attempt(after: list[Event], ended: dict[str, object]) -> None:
    """It ends with its last byte or its error, once."""
    assert total(SENT, *after).spans == (Span(chunk=0, attempt=1, chars=90, start_s=1.0, **ended),)  # type: ignore[arg-type]


def test_a_later_attempt_is_another_span() -> None:
    """In the order in which they began; what failed keeps its place."""
    trace = total(SENT, event("failed", 2.0), event("sent", 6.0, attempt=2), event("bought", 7.0, took_s=1.0))
    assert [(each.attempt, each.outcome) for each in trace.spans] == [(1, "failed"), (2, "bought")]


def test_what_was_here_before() -> None:
    """Chunks that no request was sent for, and those that an earlier request was billed for."""
    trace = total(event("here", 0.0, chunk=2), event("here", 0.0, chunk=0), event("found", 9.0, chunk=1))
    assert (trace.here, trace.found, trace.spans) == ((2, 0), (1,), ())


def test_memory_is_bounded() -> None:
    """By the number of attempts, and by the length of what a server says."""
    full = Trace(spans=(Span(chunk=1, attempt=1, chars=1, start_s=0.0),) * MOST_SPANS)
    trace = reduce(traced, [SENT, event("failed", 2.0, reason="x" * 10_000)], full)
    assert len(trace.spans) == MOST_SPANS
    assert trace.spans[-1].chunk == 0
    assert len(trace.spans[-1].reason) <= MOST_REASON_CHARS


@given(st.lists(st.sampled_from([SENT, event("bought", 2.0), event("failed", 3.0), event("lost", 4.0)])))
def test_one_span_a_request(events: list[Event]) -> None:
    """Whatever comes in whatever order, no request is forgotten and none invented."""
    assert len(total(*events).spans) == events.count(SENT)
