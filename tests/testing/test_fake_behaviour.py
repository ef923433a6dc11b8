"""How many at once, how fast, how often: the fake keeps to what it was told, on the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from itertools import pairwise
from statistics import fmean

import httpx
import pytest

from tests.engine.fakes import now
from tests.testing.asking import KEY, SPEECH, get, say, speak
from tts_async.errors import ConfigError
from tts_async.testing.fake import Behaviour, FakeSpeech, Fault, Latency, Window
from tts_async.testing.fake.behaviour import Overflow
from tts_async.testing.fake.slots import Slots

SLOW = Latency(first_s=1.0)


async def at_once(*asked: Awaitable[httpx.Response]) -> Sequence[httpx.Response]:
    """Ask all of it at the same moment."""
    return await asyncio.gather(*asked)


def texts(count: int) -> list[str]:
    return [f"Sentence {number}." for number in range(count)]


async def test_more_than_there_may_be_at_once_are_refused() -> None:
    """Within 250 ms, in the words of the real one, without any header that tells a limit; nothing is billed."""
    fake = FakeSpeech(Behaviour(concurrency=3, latency=SLOW))

    async def ask(text: str) -> tuple[httpx.Response, float]:
        return await speak(fake, text), now()

    answers = await asyncio.gather(*map(ask, texts(5)))
    refused = [(answer, at_s) for answer, at_s in answers if answer.status_code == 429]
    assert len(refused) == 2
    for answer, at_s in refused:
        assert 0 < at_s <= 0.25
        detail = answer.json()["detail"]
        assert detail["code"] == "concurrent_limit_exceeded"
        assert "a maximum of 3 concurrent requests (running in parallel)" in detail["message"]
        assert not [name for name in answer.headers if "concurrent" in name or "rate" in name or "retry" in name]
    assert (fake.most_in_flight, fake.in_flight, fake.bill.requests) == (3, 0, 3)
    assert [request.refused for request in fake.requests] == [False] * 3 + [True] * 2


async def test_or_they_wait() -> None:
    """In the order in which they came."""
    fake = FakeSpeech(Behaviour(concurrency=2, overflow="queue", latency=SLOW))
    done: list[tuple[str, int]] = []

    async def ask(text: str) -> None:
        await speak(fake, text)
        done.append((text, round(now())))

    await asyncio.gather(*map(ask, texts(5)))
    assert done == list(zip(texts(5), (1, 1, 2, 2, 3), strict=True))
    assert fake.most_in_flight == 2


async def test_who_stops_waiting_takes_no_slot() -> None:
    """A place in the queue that is given up is nobody's, whether it was called or not."""
    fake = FakeSpeech(Behaviour(concurrency=1, overflow="queue", latency=SLOW))
    first, second, third = [asyncio.create_task(speak(fake, text)) for text in texts(3)]
    await asyncio.sleep(0.5)
    second.cancel()
    await asyncio.wait({first, second, third})
    assert (second.cancelled(), third.result().status_code, round(now())) == (True, 200, 2)
    assert fake.in_flight == 0


async def test_who_leaves_when_called_takes_no_slot_either() -> None:
    """A slot that is given to somebody who stops waiting at that moment goes to the next."""
    slots = Slots(lambda: 1)
    leave = slots.take(("key", "group"))
    called, next_one = [asyncio.create_task(slots.queue(("key", "group"))) for _ in range(2)]
    await asyncio.sleep(0)
    leave()
    called.cancel()
    (await next_one)()
    assert called.cancelled()
    assert slots.taken == 0


async def test_or_the_platform_is_busy() -> None:
    """Another 429, which says nothing of a limit."""
    fake = FakeSpeech(Behaviour(concurrency=1, overflow="busy", latency=SLOW))
    _, busy = await at_once(speak(fake), speak(fake))
    assert busy.json()["detail"]["code"] == "system_busy"


async def test_openai_refuses_in_its_own_words() -> None:
    """Where such a limit is set at all."""
    fake = FakeSpeech(Behaviour(concurrency=1, latency=SLOW))
    _, refused = await at_once(say(fake), say(fake))
    assert refused.status_code == 429
    assert refused.json()["error"]["code"] == "rate_limit_exceeded"


async def test_keys_and_groups_of_models_are_counted_for_themselves() -> None:
    """One of each at once; two models of a group share its limit."""
    fake = FakeSpeech(Behaviour(concurrency=1, latency=SLOW))
    answers = await at_once(
        speak(fake, key="a"),
        speak(fake, key="b"),
        speak(fake, key="a", model_id="eleven_flash_v2_5"),
        speak(fake, key="a", model_id="eleven_turbo_v2"),
    )
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]


async def test_a_request_counts_until_its_body_is_sent() -> None:
    """A client that reads slowly keeps its slot; one that hangs up gives it back."""
    fake = FakeSpeech(Behaviour(concurrency=1))
    async with fake.client("http://fake") as client:
        async with client.stream("POST", f"{SPEECH}/stream", headers=KEY, json={"text": "Hello."}) as answer:
            assert fake.in_flight == 1
            assert (await speak(fake)).status_code == 429
            await anext(answer.aiter_bytes())
            assert fake.in_flight == 1
        assert fake.in_flight == 0
        async with client.stream("POST", f"{SPEECH}/stream", headers=KEY, json={"text": "Hello."}) as answer:
            await answer.aread()
            assert fake.in_flight == 0


async def test_a_cancelled_request_gives_its_slot_back() -> None:
    """And stays billed, as with a real one."""
    fake = FakeSpeech(Behaviour(concurrency=1, latency=SLOW))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await speak(fake)
    assert (fake.in_flight, fake.bill.requests) == (0, 1)


@pytest.mark.parametrize(("overflow", "expected"), [("refuse", [200, 429]), ("queue", [200, 200])])
async def test_the_limit_changes_on_the_way(overflow: Overflow, expected: list[int]) -> None:
    """At a time since the first request; who queues is let in at that moment."""
    behaviour = Behaviour(
        concurrency=2, concurrency_at=((10, 1), (20, 2)), overflow=overflow, latency=Latency(first_s=30)
    )
    fake = FakeSpeech(behaviour)
    await get(fake, "/v1/user")
    await asyncio.sleep(11)
    asked = [asyncio.create_task(speak(fake)) for _ in range(2)]
    assert [(await one).status_code for one in asked] == expected
    assert now() == pytest.approx({"refuse": 41, "queue": 50}[overflow], abs=0.01)


async def test_how_long_speech_takes() -> None:
    """So long, and so much more for each character."""
    fake = FakeSpeech(Behaviour(latency=Latency(first_s=0.5, s_per_char=0.01)))
    answer = await speak(fake, "a" * 100)
    assert now() == pytest.approx(1.5, abs=0.001)
    assert answer.headers["tts-latency-ms"] == "1500"


async def test_part_of_the_time_passes_in_the_body() -> None:
    """Headers after their share of it, the last byte after all of it."""
    fake = FakeSpeech(Behaviour(latency=Latency(first_s=10, headers_share=0.3)))
    times: list[float] = []
    async with (
        fake.client("http://fake") as client,
        client.stream("POST", f"{SPEECH}/stream", headers=KEY, json={"text": "Hello."}) as answer,
    ):
        times.append(now())
        times += [now() async for _ in answer.aiter_raw()]
    assert (times[0], times[-1]) == pytest.approx((3, 10), abs=0.01)
    assert len(times) == 9


async def latencies(latency: Latency, count: int = 200) -> list[float]:
    fake = FakeSpeech(Behaviour(latency=latency, s_per_char=0.001))
    for text in texts(count):
        await speak(fake, text)
    return [request.at_s for request in fake.requests]


async def test_noise_varies_the_time() -> None:
    """Around what was told."""
    times = await latencies(Latency(first_s=1.0, noise=0.3))
    took = [after - before for before, after in pairwise(times)]
    assert fmean(took) == pytest.approx(1.05, abs=0.1)
    assert 0.2 < min(took) < 0.7
    assert max(took) > 1.5


async def test_some_take_much_longer() -> None:
    """The tail: a tenth of them, ten times as long."""
    times = await latencies(Latency(first_s=1.0, tail_share=0.1, tail_factor=10))
    took = [round(after - before) for before, after in pairwise(times)]
    assert set(took) == {1, 10}
    assert 8 <= took.count(10) <= 35


async def run(seed: int) -> tuple[list[int], list[bytes], list[str], float]:
    behaviour = Behaviour(
        seed=seed,
        epoch_s=0,
        latency=Latency(first_s=1, noise=0.5),
        concurrency=4,
        faults=(Fault(kind="internal_error", share=0.3),),
    )
    fake, began_s = FakeSpeech(behaviour), now()
    answers = await asyncio.gather(*(speak(fake, text) for text in texts(12)))
    headers = [str(answer.headers) for answer in answers]
    return [answer.status_code for answer in answers], [answer.content for answer in answers], headers, now() - began_s


async def test_the_same_seed_makes_the_same_run() -> None:
    """To the byte; another seed makes another."""
    first, again, other = await run(1), await run(1), await run(2)
    assert first[:3] == again[:3]
    assert first[3] == pytest.approx(again[3], abs=0.001)
    assert first[1] != other[1]
    assert first[0] != other[0]


async def test_the_bill_tells_what_was_paid_twice() -> None:
    """By its text, however it came about."""
    fake = FakeSpeech()
    for text in ("One.", "Two.", "One."):
        await speak(fake, text)
    await say(fake, "Two, too.")
    assert fake.bill.paid_again == {"One.": 2}
    assert (fake.bill.requests, fake.bill.characters, fake.bill.credits) == (4, 21, 21)


async def test_requests_are_written_down_without_their_keys() -> None:
    """What was asked, when, and how it ended."""
    fake = FakeSpeech()
    await get(fake, "/v2/voices", search="a", page_size="3")
    await asyncio.sleep(2)
    await speak(fake, "Hello.", output="pcm_8000")
    await say(fake, "Hello.", voice="nobody")
    voices, spoken, refused = fake.requests
    assert (voices.method, voices.path, voices.query) == ("GET", "/v2/voices", {"search": "a", "page_size": "3"})
    assert [request.number for request in fake.requests] == [0, 1, 2]
    assert [round(request.at_s, 2) for request in fake.requests] == [0, 2, 2]
    assert (spoken.body, spoken.query, spoken.status) == ({"text": "Hello."}, {"output_format": "pcm_8000"}, 200)
    assert (refused.status, refused.refused) == (400, False)
    assert spoken.headers["content-type"] == "application/json"
    assert "secret" not in repr(fake.requests)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Behaviour(concurrency=0),
        lambda: Behaviour(concurrency_at=((1, 0),)),
        lambda: Behaviour(overflow="drop"),  # type: ignore[arg-type]
        lambda: Behaviour(s_per_char=0),
        lambda: Latency(headers_share=1.5),
        lambda: Latency(first_s=float("nan")),
        lambda: Window(requests=0, per_s=1),
        lambda: Window(requests=1, per_s=1, dialect="klingon"),
        lambda: Fault(kind="earthquake"),
        lambda: Fault(kind="cut", share=2),
    ],
)
def test_what_cannot_be_is_refused_when_it_is_made(wrong: object) -> None:
    """In a sentence with the value in it."""
    assert callable(wrong)
    with pytest.raises(ConfigError, match=r"cannot be|There is no"):
        wrong()
