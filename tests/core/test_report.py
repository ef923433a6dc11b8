"""The sum of what happened."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_async.core.report import CHANGES, Event, Kind, Loss, Report, fold


def event(kind: Kind, at_s: float = 1.0, *, chunk: int | None = 0, **more: object) -> Event:
    return Event(kind=kind, digest="news", at_s=at_s, chunk=chunk, **more)  # type: ignore[arg-type]


def total(*events: Event) -> Report:
    return reduce(fold, events, Report())


STORY = [
    event("planned", 0.0, chunk=None, chunks=3, chars=90),
    event("here", 0.1, chunk=0),
    event("sent", 0.2, chunk=1, attempt=1, in_flight=1, limit=5),
    event("sent", 0.3, chunk=2, attempt=1, in_flight=2, limit=5),
    event("refused", 0.4, chunk=2, wait_s=1.0, reason="busy"),
    event("admitted", 0.5, chunk=1),
    event("written", 0.6, chunk=0, audio_s=2.0),
    event("bought", 4.2, chunk=1, attempt=1, chars=30, took_s=4.0),
    event("written", 4.3, chunk=1, audio_s=4.5),
    event("sent", 4.4, chunk=2, attempt=1, in_flight=1, limit=5),
    event("failed", 5.0, chunk=2, attempt=1, wait_s=4.0, reason="cut off"),
    event("parked", 5.0, chunk=2, reason="cut off"),
    event("sent", 9.0, chunk=2, attempt=2, in_flight=1, limit=5),
    event("stopped", 9.5, chunk=None, reason="no credit"),
    event("lost", 10.0, chunk=2, reason="no credit"),
]


def test_a_render_in_figures() -> None:
    """Every figure of a whole story."""
    assert total(*STORY) == Report(
        digest="news",
        chunks=3,
        chars=90,
        here=1,
        requests=4,
        bought=1,
        billed_chars=30,
        refusals=1,
        failures=1,
        provider_s=4.0,
        first_audio_s=0.6,
        audio_s=4.5,
        took_s=10.0,
        most_in_flight=2,
        lost=(Loss(chunk=2, reason="no credit"),),
        stopped="no credit",
    )


def test_the_first_audio_is_heard_once() -> None:
    """Later audio makes it longer, not later."""
    report = total(
        event("written", 2.0, audio_s=1.0), event("written", 3.0, audio_s=5.0), event("finished", 4.0, audio_s=6.0)
    )
    assert (report.first_audio_s, report.audio_s, report.took_s) == (2.0, 6.0, 4.0)


def test_an_audio_of_nothing_in_no_time_is_audio() -> None:
    """Zero seconds are a time like any other."""
    assert total(event("written", 0.0, audio_s=1.0), event("written", 3.0, audio_s=5.0)).first_audio_s == 0.0


@pytest.mark.parametrize(
    ("events", "speedup", "mean_s"),
    [
        ([], None, None),
        ([event("here", 1.0)], None, None),
        ([event("bought", 4.0, took_s=4.0), event("bought", 4.0, took_s=8.0)], 3.0, 6.0),
        ([event("bought", 0.0, took_s=0.0)], None, 0.0),
    ],
    ids=["nothing", "all here", "two", "in no time"],
)
def test_figures_that_need_a_purchase(events: Sequence[Event], speedup: float | None, mean_s: float | None) -> None:
    """Where nothing was bought, there is no mean and no speed-up."""
    report = total(*events)
    assert (report.speedup, report.mean_chunk_s) == (speedup, mean_s)


def test_every_kind_is_known() -> None:
    """Kinds that change no figure are the ones that this list names."""
    assert set(get_args(Kind)) - set(CHANGES) == {"admitted", "parked"}


@given(st.lists(st.sampled_from(STORY)))
def test_counts_are_counts(events: list[Event]) -> None:
    """In whatever order and however often events come, each is counted once."""
    report = total(*events)
    kinds: list[str] = [each.kind for each in events]
    counted = (report.here, report.requests, report.bought, report.refusals, report.failures, len(report.lost))
    assert counted == tuple(map(kinds.count, ("here", "sent", "bought", "refused", "failed", "lost")))
