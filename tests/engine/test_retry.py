"""How long to wait between attempts, who hears of it, and what is raised of a group."""

from __future__ import annotations

import asyncio

import pytest

from tts_async.core.event import Event
from tts_async.engine import retry
from tts_async.engine.groups import alone
from tts_async.engine.record import Record
from tts_async.settings import Settings


@pytest.mark.parametrize(("attempt", "planned_s"), [(1, 4), (2, 8), (3, 16), (4, 32), (5, 60), (6, 60), (2_000, 60)])
def test_waits(attempt: int, planned_s: float) -> None:
    """4, 8, 16 … 60 s, times 0.5 to 1 by chance."""
    assert retry.wait_s(attempt, Settings(), u=0.0) == planned_s / 2
    assert retry.wait_s(attempt, Settings(), u=0.5) == planned_s * 0.75
    assert retry.wait_s(attempt, Settings(), u=1.0) == planned_s


def test_waits_are_settings() -> None:
    """First and longest wait are what the settings say."""
    settings = Settings(retry_first_s=1.0, retry_max_s=3.0)
    assert [retry.wait_s(attempt, settings, u=1.0) for attempt in (1, 2, 3)] == [1, 2, 3]


class Collects(list[Event]):
    """A listener that is false as long as it has heard nothing."""

    def __call__(self, event: Event) -> None:
        self.append(event)


async def test_events_are_stamped_and_summed() -> None:
    """Times count from the record's beginning; the report is their fold; any listener hears them."""
    await asyncio.sleep(5)
    heard = Collects()
    record = Record("d", heard)
    record("planned", chunks=2, chars=7)
    await asyncio.sleep(3)
    record("here", chunk=0)
    assert [(event.kind, round(event.at_s), event.digest) for event in heard] == [("planned", 0, "d"), ("here", 3, "d")]
    assert (record.report.chunks, record.report.chars, record.report.here) == (2, 7, 1)


def test_one_error_is_raised_alone() -> None:
    """A group in a group with one error in it is that error."""
    with pytest.raises(ZeroDivisionError), alone():
        raise ExceptionGroup("outer", [ExceptionGroup("inner", [ZeroDivisionError()])])


def test_several_errors_stay_a_group() -> None:
    """None of several errors is hidden."""
    with pytest.raises(ExceptionGroup) as caught, alone():
        raise ExceptionGroup("all", [ZeroDivisionError(), ValueError()])
    assert len(caught.value.exceptions) == 2


def test_what_is_no_group_goes_through() -> None:
    """An error that stands alone is left as it is."""
    with pytest.raises(KeyError), alone():
        raise KeyError
