"""The sum of what happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_async.core.advice import faster
from tts_async.core.event import Event, Kind
from tts_async.core.receipt import Receipt
from tts_async.core.report import CHANGES, Limit, Loss, Report, fold
from tts_async.core.trace import Trace


def event(kind: Kind, at_s: float = 1.0, *, chunk: int | None = 0, **more: object) -> Event:
    return Event(kind=kind, digest="news", at_s=at_s, chunk=chunk, **more)  # type: ignore[arg-type]


def total(*events: Event) -> Report:
    return reduce(fold, events, Report())


STORY = [
    event("planned", 0.0, chunk=None, chunks=3, chars=90, limit=32, provider="acme"),
    event("warning", 0.0, chunk=None, reason="a table is not read"),
    event("here", 0.1, chunk=0),
    event("sent", 0.2, chunk=1, attempt=1, chars=300, in_flight=1, limit=5),
    event("sent", 0.3, chunk=2, attempt=1, in_flight=2, limit=5),
    event("refused", 0.4, chunk=2, wait_s=1.0, reason="busy", error="Busy"),
    event("limit", 0.4, chunk=None, limit=1, in_flight=1, reason="refused with 1 in flight"),
    event("waiting", 0.4, chunk=None, wait_s=1.0, reason="a pause"),
    event("admitted", 0.5, chunk=1, limit=7, in_flight=3),
    event("instead", 0.5, chunk=2, provider="other", reason="x"),
    event("written", 0.6, chunk=0, audio_s=2.0),
    event(
        "bought", 4.2, chunk=1, attempt=1, chars=30, took_s=4.0, request_id="r1", history_item_id="h1", server_ms=447
    ),
    event("written", 4.3, chunk=1, audio_s=4.5),
    event("sent", 4.4, chunk=2, attempt=1, in_flight=1, limit=5),
    event("failed", 5.0, chunk=2, attempt=1, wait_s=4.0, reason="cut off", error="Unavailable"),
    event("parked", 5.0, chunk=2, reason="cut off"),
    event("sent", 9.0, chunk=2, attempt=2, in_flight=1, limit=5, known=True),
    event("stopped", 9.5, chunk=None, reason="no credit"),
    event("lost", 10.0, chunk=2, reason="no credit"),
]


def test_a_render_in_figures() -> None:
    """Every figure of a whole story."""
    assert replace(total(*STORY), trace=Trace()) == Report(
        digest="news",
        provider="acme",
        chunks=3,
        chars=90,
        here=1,
        requests=4,
        bought=1,
        billed_chars=30,
        billed_usd=None,
        refusals=1,
        failures=1,
        provider_s=4.0,
        longest_s=4.0,
        workers=32,
        allowed=5,
        limits=(Limit(at_s=0.2, limit=5, reason=""), Limit(at_s=0.4, limit=1, reason="refused with 1 in flight")),
        by_size={
            "up to 500 characters": {"sent": 1},
            "up to 250 characters": {"sent": 3, "Busy": 1, "Unavailable": 1},
        },
        first_audio_s=0.6,
        audio_s=4.5,
        took_s=10.0,
        bought_s=4.2,
        most_in_flight=2,
        server_limit=7,
        server_in_flight=3,
        warnings=("a table is not read",),
        receipts=(
            Receipt(chunk=1, provider="acme", billed_chars=30, request_id="r1", history_item_id="h1", server_ms=447),
        ),
        lost=(Loss(chunk=2, reason="no credit"),),
        stopped="no credit",
    )


def test_the_first_audio_is_heard_once() -> None:
    """Later audio makes it longer, not later."""
    report = total(
        event("written", 2.0, audio_s=1.0), event("written", 3.0, audio_s=5.0), event("finished", 4.0, audio_s=6.0)
    )
    assert (report.first_audio_s, report.audio_s, report.took_s) == (2.0, 6.0, 4.0)


def test_the_first_audio_of_a_stream_is_heard_when_it_is_handed_out() -> None:
    """Not when its reader has heard the whole chunk."""
    report = total(event("audible", 0.5), event("written", 9.0, audio_s=1.0))
    assert (report.first_audio_s, report.audio_s) == (0.5, 1.0)


def test_an_audio_of_nothing_in_no_time_is_audio() -> None:
    """Zero seconds are a time like any other."""
    assert total(event("written", 0.0, audio_s=1.0), event("written", 3.0, audio_s=5.0)).first_audio_s == 0.0


@pytest.mark.parametrize(
    ("events", "speedup", "mean_s"),
    [
        ([], None, None),
        ([event("here", 1.0)], None, None),
        ([event("bought", 4.0, took_s=4.0), event("bought", 4.0, took_s=8.0)], 3.0, 6.0),
        ([event("bought", 4.0, took_s=8.0), event("finished", 9.0)], 2.0, 8.0),
        ([event("bought", 0.0, took_s=0.0)], None, 0.0),
    ],
    ids=["nothing", "all here", "two", "written later", "in no time"],
)
def test_figures_that_need_a_purchase(events: Sequence[Event], speedup: float | None, mean_s: float | None) -> None:
    """Where nothing was bought, there is no mean and no speed-up."""
    report = total(*events)
    assert (report.speedup, report.mean_chunk_s) == (speedup, mean_s)


PLANNED = event("planned", 0.0, chunk=None, chunks=9, chars=90, limit=4)


@pytest.mark.parametrize(
    ("events", "share"),
    [
        pytest.param([], None, id="nothing"),
        pytest.param([PLANNED, event("sent", 0.0, limit=2), event("bought", 10.0, took_s=10.0)], 1.0, id="the longest"),
        pytest.param(
            [PLANNED, event("sent", 0.0, limit=2), *[event("bought", 10.0, took_s=5.0)] * 3], 0.75, id="a slot was idle"
        ),
        pytest.param(
            [PLANNED, event("sent", 0.0, limit=9), *[event("bought", 10.0, took_s=5.0)] * 8], 1.0, id="the cap counts"
        ),
        pytest.param(
            [
                PLANNED,
                event("sent", 0.0, limit=4),
                event("limit", 5.0, limit=1),
                *[event("bought", 10.0, took_s=4.0)] * 5,
            ],
            0.8,
            id="the limit changed",
        ),
    ],
)
def test_the_share_of_what_was_possible(events: Sequence[Event], share: float | None) -> None:
    """All slots in use all the time, or the longest chunk, is as fast as it can be."""
    assert total(*events).of_possible == share


@pytest.mark.parametrize(
    ("workers", "allowed", "in_flight", "refusals", "said"),
    [
        (32, 10, 10, 3, ""),
        (5, 10, 5, 0, "the provider allowed 10 at once; you capped at 5: leave workers unset"),
        (5, 10, 3, 0, ""),
        (20, 7, 20, 13, "the provider allowed 7 at once; asking for 20 brought 13 refusals: leave workers unset"),
        (20, 7, 20, 0, ""),
        (5, 5, 5, 0, ""),
        (5, 0, 5, 0, ""),
    ],
)
def test_advice_in_a_line(workers: int, allowed: int, in_flight: int, refusals: int, said: str) -> None:
    """Only of workers that were set, and only where others would have been faster."""
    report = Report(bought=3, workers=workers, allowed=allowed, most_in_flight=in_flight, refusals=refusals)
    assert faster(report) == said
    assert faster(replace(report, bought=0)) == ""


def test_every_kind_is_known() -> None:
    """Kinds that change no figure are the ones that this list names."""
    assert set(get_args(Kind)) - set(CHANGES) == {"parked", "waiting", "instead", "unfinished"}


@given(st.lists(st.sampled_from(STORY)))
def test_counts_are_counts(events: list[Event]) -> None:
    """In whatever order and however often events come, each is counted once."""
    report = total(*events)
    kinds: list[str] = [each.kind for each in events]
    counted = (report.here, report.requests, report.bought, report.refusals, report.failures, len(report.lost))
    assert counted == tuple(map(kinds.count, ("here", "sent", "bought", "refused", "failed", "lost")))
