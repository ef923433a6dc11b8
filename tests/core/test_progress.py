"""How far renders are, by their events."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_async.core.event import Event, Kind
from tts_async.core.progress import RATE_WINDOW_S, Bar, Phase, Progress, shown


def event(kind: Kind, at_s: float = 0.0, digest: str = "a", **facts: Any) -> Event:
    return Event(kind=kind, digest=digest, at_s=at_s, **facts)


def after(*events: Event) -> Progress:
    return functools.reduce(shown, events, Progress())


def bar(*events: Event) -> Bar:
    return after(*events).bars["a"]


PLAN = event("planned", chunks=2)


@pytest.mark.parametrize(
    ("events", "phase"),
    [
        ((), "buying"),
        ((event("here", chunk=0), event("found", chunk=1)), "joining"),
        ((event("bought", chunk=0), event("lost", chunk=1)), "joining"),
        ((event("bought", chunk=0), event("bought", chunk=1), event("written", chunk=0)), "writing"),
        ((event("stopped", reason="the key is wrong"),), "stopped"),
        ((event("stopped"), event("written", chunk=0), event("gap", chunk=1)), "writing"),
        ((event("finished"),), "finished"),
        ((event("finished"), event("planned", chunks=2)), "buying"),
    ],
)
def test_phases(events: tuple[Event, ...], phase: Phase) -> None:
    """Buying, joining when nothing is awaited any more, writing, and an end."""
    assert bar(PLAN, *events).phase == phase


def test_what_proves_bad_is_bought_again() -> None:
    """It has not arrived, and its slot is not given back twice."""
    sent = [event("sent", chunk=index, in_flight=index + 1, limit=5) for index in range(2)]
    progress = after(PLAN, *sent, event("bought", chunk=0), event("failed", chunk=0, reason="silence"))
    assert (progress.bars["a"].arrived, progress.in_flight) == (0, 1)
    assert progress.bars["a"].said == "chunk 0 failed: silence"
    again = shown(progress, event("bought", chunk=0))
    assert (again.bars["a"].arrived, again.bars["a"].said) == (1, "")


def test_a_second_plan_is_instead_of_the_first() -> None:
    """Another digest of the same name adds to it."""
    assert bar(PLAN, event("planned", chunks=3, attempt=2)).chunks == 3
    assert bar(PLAN, event("planned", chunks=3)).chunks == 5


def test_the_gate_is_counted_over_all_digests() -> None:
    """Requests in flight fall with each that ends, and the gate's own count corrects it."""
    progress = after(
        event("sent", digest="a", chunk=0, in_flight=1, limit=4),
        event("sent", digest="b", chunk=0, in_flight=2, limit=4),
        event("refused", digest="b", chunk=0, wait_s=3.0),
        event("limit", digest="b", in_flight=1, limit=2, at_s=1.0),
    )
    assert (progress.in_flight, progress.limit, progress.refusals) == (1, 2, 1)
    assert (progress.closed_s, progress.why) == (3.0, "the provider refused")
    opened = shown(progress, event("sent", 2.0, chunk=1, in_flight=2, limit=2))
    assert (opened.closed_s, opened.why) == (0.0, "")


def test_the_time_left_is_by_what_all_were_bought_in() -> None:
    """Six of ten chunks in 30 s leave 20 s; nothing is said before there is a speed, nor after the last."""
    plans = (event("planned", digest=name, chunks=5) for name in "ab")
    progress = after(*plans, event("sent", 10.0, chunk=0, in_flight=1, limit=9))
    assert progress.left_s is None
    bought = [event("bought", 10.0 + 5 * (n + 1), digest="ab"[n % 2], chunk=n // 2) for n in range(10)]
    assert after(*progress_events(progress), *bought[:6]).left_s is None, "no plan, no rest"
    assert functools.reduce(shown, bought[:6], progress).left_s == pytest.approx(20.0)
    assert functools.reduce(shown, bought, progress).left_s is None


def progress_events(progress: Progress) -> list[Event]:
    """Only that a request was sent."""
    return [event("sent", progress.at_s, chunk=0, in_flight=1, limit=9)]


def test_the_rate_is_of_late() -> None:
    """What was sent long ago does not count, and is not kept."""
    progress = after(*(event("sent", float(second), chunk=second, limit=5) for second in range(60)))
    assert len(progress.sends_s) <= RATE_WINDOW_S + 1
    assert progress.rate_per_s(59.0) == pytest.approx(1.0, rel=0.15)
    assert progress.rate_per_s(100.0) == 0.0


def test_what_is_unknown_in_part_is_unknown() -> None:
    """Of money; characters are counted all the same."""
    progress = after(
        event("priced", chars=10, cost_usd=0.5),
        event("priced", digest="b", chars=20, cost_usd=None),
        event("bought", chunk=0, chars=7, cost_usd=0.25),
    )
    assert (progress.expected_usd, progress.spent_usd) == (None, 0.25)
    assert (progress.expected_chars, progress.spent_chars) == (30, 7)


KINDS: tuple[Kind, ...] = (
    "planned",
    "sent",
    "bought",
    "here",
    "refused",
    "failed",
    "lost",
    "written",
    "limit",
    "hedged",
)


@given(
    st.lists(
        st.builds(event, st.sampled_from(KINDS), st.floats(0, 100), st.sampled_from("ab"), chunk=st.integers(0, 3))
    )
)
def test_any_order_makes_sense(events: list[Event]) -> None:
    """No count is below nothing, whatever comes when."""
    progress = after(*events)
    assert progress.in_flight >= 0
    assert progress.rate_per_s(progress.at_s) >= 0
    assert all(each.arrived >= 0 and each.left >= 0 for each in progress.bars.values())
