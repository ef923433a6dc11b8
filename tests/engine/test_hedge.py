"""Second requests for what takes too long."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

import httpx
import pytest

from tests.engine.fakes import Answer, Heard, Server, buying_of, distinct, means_of, now, patient
from tts_async.settings import Settings

HEDGED = patient(hedge=True, remember=False)
TEXTS = distinct(20)
STALLED = TEXTS[7]


class Stalling(Server):
    """Takes 1 s for a request, and for those of one text what a list says, the last for all further ones."""

    def __init__(self, *stalls_s: float, says: Callable[[str, int], Answer] = lambda text, nth: None) -> None:
        self.asked: Counter[str] = Counter()
        self._stalls_s = stalls_s
        super().__init__(latency_s=self._takes_s, says=says)

    def _takes_s(self, text: str) -> float:
        self.asked[text] += 1
        if text != STALLED:
            return 1.0
        return self._stalls_s[min(self.asked[text], len(self._stalls_s)) - 1]


async def buy(server: Server, settings: Settings = HEDGED) -> tuple[Heard, float]:
    """Buy the digest, and return what was heard and how long it took."""
    heard, began_s = Heard(), now()
    async with means_of(server, settings=settings) as means:
        buying = buying_of(means, TEXTS, heard)
        await buying.run()
        assert len(buying.backlog.bought) == len(TEXTS)
        assert means.gate.statistics().in_flight == 0
        assert means.cap.used == set()
    assert server.in_flight == 0, "the loser was cancelled"
    assert len(heard.of("bought")) == len(TEXTS), "two requests are one purchase"
    return heard, now() - began_s


async def test_a_stalled_chunk_is_asked_for_once_more() -> None:
    """The second answer wins, and the first request is cancelled; its cost is counted."""
    server = Stalling(300.0, 1.0)
    heard, took_s = await buy(server)
    assert took_s < 8
    assert server.asked[STALLED] == 2
    assert sum(server.asked.values()) == 21
    [hedged] = heard.of("hedged")
    assert (hedged.chunk, hedged.chars) == (7, len(STALLED))


async def test_it_is_off_unless_it_is_asked_for() -> None:
    """A second request can be billed."""
    server = Stalling(300.0, 1.0)
    heard, took_s = await buy(server, patient(remember=False))
    assert took_s > 300
    assert server.asked[STALLED] == 1
    assert heard.of("hedged") == []


async def test_the_first_answer_wins_whichever_it_is() -> None:
    """A second request that is slower is cancelled."""
    server = Stalling(6.0, 300.0)
    _, took_s = await buy(server)
    assert took_s < 10
    assert server.asked[STALLED] == 2


async def test_a_refused_second_request_is_dropped() -> None:
    """The gate hears of it, and the first one goes on."""
    server = Stalling(20.0, 0.1, says=lambda text, nth: httpx.Response(429) if (text, nth) == (STALLED, 2) else None)
    heard, took_s = await buy(server)
    assert took_s > 20
    assert server.asked[STALLED] == 2
    assert heard.of("failed", "refused") == []


@pytest.mark.parametrize("refused", [True, False])
async def test_what_was_refused_is_not_spent(refused: bool) -> None:
    """A second request is set against the budget, and given back where nothing was made of it."""
    server = Stalling(60.0, 1.0, says=lambda text, nth: httpx.Response(429) if refused and nth == 2 else None)
    settings = patient(hedge=True, remember=False, max_chars=1_000)
    async with means_of(server, settings=settings) as means:
        await buying_of(means, TEXTS).run()
        spent = sum(map(len, TEXTS)) + (0 if refused else len(STALLED))
        assert repr(means.budget).startswith(f"<Budget {spent:,} characters")
    assert server.asked[STALLED] == 2


async def test_a_first_request_that_fails_leaves_it_to_the_second() -> None:
    """No attempt is spent while one of them is under way."""

    def says(text: str, nth: int) -> Answer:
        return httpx.Response(500) if text == STALLED and now() > 12 else None

    server = Stalling(15.0, 5.0, says=says)
    heard, _ = await buy(server)
    assert heard.of("failed") == []
    assert heard.of("bought")[-1].chunk == 7


async def test_where_both_fail_one_attempt_is_spent() -> None:
    """Then it is tried again as always."""
    server = Stalling(9.0, 1.0, says=lambda text, nth: httpx.Response(500) if text == STALLED and nth < 3 else None)
    heard, _ = await buy(server)
    assert [event.chunk for event in heard.of("failed")] == [7]
    assert server.asked[STALLED] == 3


async def test_no_more_than_the_share_is_asked_for_twice() -> None:
    """Of four chunks that stall at the end, one is asked for again."""
    server = Server(latency_s=lambda text: 1.0 if text in TEXTS[:16] else 30.0)
    heard, _ = await buy(server)
    assert len(heard.of("hedged")) == 1


async def test_what_waits_goes_first() -> None:
    """While a chunk waits for its first request, nothing is asked for twice."""
    server = Stalling(300.0, 1.0)
    settings = HEDGED.model_copy(update={"workers": 1, "rate_per_s": 0.5})
    heard, _ = await buy(Stalling(2.5, 1.0), settings)
    assert heard.of("hedged") == []
    other = Heard()
    async with means_of(server, settings=HEDGED) as means, asyncio.TaskGroup() as group:
        texts = distinct(120)
        group.create_task(buying_of(means, TEXTS, other).run())
        group.create_task(buying_of(means, texts[20:]).run())
    [hedged] = other.of("hedged")
    assert hedged.at_s > 120 / 5 - 2, "the other digest had something to send until then"


@pytest.mark.parametrize("at_s", [6.0, 7.5, 9.0])
async def test_cancelled_while_two_are_under_way(at_s: float) -> None:
    """Nothing is left behind, whichever moment it is."""
    server = Stalling(300.0, 300.0)
    async with means_of(server, settings=HEDGED.model_copy(update={"grace_s": 1.0})) as means:
        task = asyncio.create_task(buying_of(means, TEXTS).run())
        await asyncio.sleep(at_s)
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()
        assert means.gate.statistics().in_flight == 0
        assert means.cap.used == set()
    assert server.in_flight == 0
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_stopped_while_two_are_under_way() -> None:
    """A wrong key ends everything; the chunk under way may still arrive."""
    server = Stalling(10.0, 20.0, says=lambda text, nth: httpx.Response(401) if text == STALLED and nth == 1 else None)
    heard = Heard()
    async with means_of(server, settings=HEDGED) as means:
        buying = buying_of(means, TEXTS, heard)
        await buying.run()
        assert buying.backlog.finished
        assert means.gate.statistics().in_flight == 0
    assert server.in_flight == 0
