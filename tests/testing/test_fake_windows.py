"""Requests in a window of time, and every dialect in which a server tells about them."""

from __future__ import annotations

import asyncio
import time

import httpx
import pytest

from tests.engine.fakes import now
from tests.testing.asking import say, speak
from tts_async.core.headers import Signals, read
from tts_async.testing.fake import DIALECTS, Behaviour, FakeSpeech, Window
from tts_async.testing.fake.windows import go_duration

COUNTING = ("x-ratelimit-delta", "x-ratelimit-epoch", "openai", "ietf-03", "ietf-06", "ietf-07", "ietf-08")
WAITING = ("retry-after", "retry-after-date", "retry-after-ms")


def fake_with(dialect: str, requests: int = 2, per_s: float = 10) -> FakeSpeech:
    return FakeSpeech(Behaviour(windows=(Window(requests=requests, per_s=per_s, dialect=dialect),)))


def signals(answer: httpx.Response) -> Signals:
    return read(dict(answer.headers.items()), now_s=time.time())


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_more_than_a_window_holds_are_refused_until_it_is_over(dialect: str) -> None:
    """429, not billed; the window begins with its first request."""
    fake = fake_with(dialect)
    answers = [await speak(fake, "Hello.") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["detail"]["code"] == "rate_limit_exceeded"
    await asyncio.sleep(10 - now() - 0.1)
    assert (await speak(fake)).status_code == 429
    await asyncio.sleep(0.1)
    assert (await speak(fake)).status_code == 200
    assert fake.bill.requests == 3


@pytest.mark.parametrize("dialect", COUNTING)
async def test_dialects_that_count_are_understood(dialect: str) -> None:
    """Our own reader finds limit and rest in each answer, and how fast it comes back."""
    answers = []
    fake = fake_with(dialect)
    for _ in range(3):
        answers.append(await speak(fake, "Hello."))
        await asyncio.sleep(1)
    for answer, remaining in zip(answers, (1, 0, 0), strict=True):
        [credit] = signals(answer).credits
        assert (credit.unit, credit.limit, credit.remaining) == ("requests", 2, remaining)
        assert 0.05 < credit.refill_per_s < 0.4


@pytest.mark.parametrize("dialect", WAITING)
async def test_dialects_that_say_when_to_come_back_are_understood(dialect: str) -> None:
    """Only a refusal has them."""
    fake = fake_with(dialect)
    answers = [await speak(fake, "Hello.") for _ in range(3)]
    waits = [signals(answer).retry_after_s for answer in answers]
    assert waits[:2] == [None, None]
    assert waits[2] == pytest.approx(10, abs=1)


def test_every_dialect_is_tested_here() -> None:
    """One that is added to the table needs its reader."""
    assert {*COUNTING, *WAITING, "none"} == set(DIALECTS)


async def test_the_dialect_none_tells_nothing() -> None:
    """As ElevenLabs' 429."""
    fake = fake_with("none", requests=1)
    for _ in range(2):
        assert signals(await speak(fake)) == Signals()


async def test_several_windows_hold_at_once() -> None:
    """A request counts in all or in none of them, and only the full one is a reason to wait."""
    windows = (Window(requests=1, per_s=1, dialect="retry-after-ms"), Window(requests=2, per_s=60, dialect="openai"))
    fake = FakeSpeech(Behaviour(windows=windows, refusal_s=0))
    statuses, rest, waits = [], [], []
    for _ in range(4):
        answer = await say(fake, "Hello.")
        statuses.append(answer.status_code)
        rest.append(answer.headers["x-ratelimit-remaining-requests"])
        waits.append("retry-after-ms" in answer.headers)
        await asyncio.sleep(0.6)
    assert statuses == [200, 429, 200, 429]
    assert rest == ["1", "1", "0", "0"]
    assert waits == [False, True, False, True]


async def test_keys_have_windows_of_their_own() -> None:
    """One key's requests are no other's."""
    fake = fake_with("none", requests=1)
    assert [(await speak(fake, key=key)).status_code for key in ("a", "b", "a")] == [200, 200, 429]


async def test_a_refusal_for_another_reason_does_not_count() -> None:
    """Neither a mistake nor one too many at once."""
    behaviour = Behaviour(concurrency=1, windows=(Window(requests=2, per_s=60),))
    fake = FakeSpeech(behaviour)
    await asyncio.gather(speak(fake), speak(fake))
    await speak(fake, model_id="nothing")
    assert (await speak(fake)).status_code == 200
    assert (await speak(fake)).status_code == 429


@pytest.mark.parametrize(
    ("length_s", "told"),
    [(0.012, "12ms"), (8.64, "8.64s"), (90, "1m30s"), (360, "6m0s"), (3_723, "1h2m3s"), (3_600, "1h0m0s"), (0, "0ms")],
)
def test_go_durations(length_s: float, told: str) -> None:
    """As Go writes them."""
    assert go_duration(length_s) == told
