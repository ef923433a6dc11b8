"""The door: never too many, never too fast, never while it is closed, and always the best chunk."""

from __future__ import annotations

import asyncio
import contextvars
import random
from collections.abc import Coroutine
from dataclasses import replace
from itertools import pairwise
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.fakes import (
    FakeSender,
    Heard,
    MemoryStore,
    Server,
    buying_of,
    distinct,
    means_of,
    now,
    patient,
    plan_of,
)
from tts_async.core.backlog import Backlog
from tts_async.core.event import Event, Kind
from tts_async.core.headers import Credit, Signals
from tts_async.core.law import Law, Sent
from tts_async.core.pace import Pace
from tts_async.engine.account import Means
from tts_async.engine.coordinator import Buying
from tts_async.engine.gate import Gate
from tts_async.engine.record import Record
from tts_async.engine.slots import Cap, Slot, Slots
from tts_async.errors import Busy, Rejected, TTSError, Unavailable
from tts_async.providers.tone import ToneProvider
from tts_async.testing.clock import VirtualClockLoop


def gate_of(
    limit: int = 5, rate_per_s: float | None = None, budget_s: float = 300.0, *, ceiling: int | None = None
) -> Gate:
    """A gate whose limit stays, unless it is refused or has a higher ceiling."""
    start = Pace(limit=limit, good=limit, ceiling=ceiling or limit)
    return Gate(Law(pace=start, rate_per_s=rate_per_s), budget_s=budget_s)


class Queue:
    """A digest's side of the door whose chunks take ``takes_s`` each; notes when each started."""

    def __init__(self, gate: Gate, chars: list[int], *, takes_s: float = 1.0) -> None:
        self.backlog = Backlog(chars, attempts=3)
        self.cap = Cap(limit=100)
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.started: list[tuple[float, int]] = []
        self.stopped: TTSError | None = None
        self.closed = False
        self._gate = gate
        self._takes_s = takes_s
        self._changed = asyncio.Event()
        self._group: asyncio.TaskGroup | None = None

    def admissible(self) -> bool:
        return not self.closed and self.backlog.first() is not None

    def turned(self) -> None:
        self._changed.set()

    def record(self, kind: Kind, **facts: Any) -> None:
        self.heard.append((kind, facts))

    def stop(self, error: TTSError) -> None:
        self.stopped = error
        self.backlog.stop()
        self._changed.set()

    def start(self, index: int, slot: Slot) -> None:
        assert self._group
        self.backlog.take(index)
        self.started.append((now(), index))
        self._group.create_task(self._work(index, slot))

    async def _work(self, index: int, slot: Slot) -> None:
        try:
            await asyncio.sleep(self._takes_s)
        finally:
            self.backlog.buy(index)
            slot.leave()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as self._group:
            self._gate.join(self)
            try:
                while not self.backlog.finished:
                    self._changed.clear()
                    if self.admissible():
                        await self._gate.admit(self)
                    else:
                        await self._changed.wait()
            finally:
                self._gate.part(self)


async def run_all(*lines: Queue) -> None:
    async with asyncio.TaskGroup() as group:
        for line in lines:
            group.create_task(line.run())


# The three conditions


async def test_never_more_than_the_limit() -> None:
    """Thirteen equal chunks through five slots start in three waves."""
    line = Queue(gate_of(5), [10] * 13)
    await line.run()
    assert [round(at) for at, _ in line.started] == [0] * 5 + [1] * 5 + [2] * 3


@pytest.mark.parametrize("rate", [10.0, 1.0, 0.05])
async def test_spacing(rate: float) -> None:
    """The n-th request leaves no earlier than n - 1 spacings after the first, and not later either."""
    line = Queue(gate_of(100, rate), [10] * 30)
    await line.run()
    for number, (at, _) in enumerate(line.started):
        assert number / rate <= at - line.started[0][0] + 1e-6
        assert at == pytest.approx(number / rate, abs=0.01)


async def test_spacing_after_a_pause() -> None:
    """A pause saves up no requests: behind it they leave one spacing apart."""
    gate = gate_of(100, 10.0)
    line = Queue(gate, [10] * 30)
    refusal = Busy("full", signals=Signals(retry_after_s=7.0, kind="busy"))
    asyncio.get_running_loop().call_later(0.95, lambda: gate.refused(refusal, Slot(lambda: None)))
    await line.run()
    times = [at for at, _ in line.started]
    assert all(later - earlier >= 0.1 - 1e-6 for earlier, later in pairwise(times))
    assert [at for at in times if 0.95 < at < 7.95] == []


@pytest.mark.parametrize("asked_s", [0.5, 7.0, 250.0])
async def test_a_pause_closes_the_gate_for_everyone(asked_s: float) -> None:
    """While the server has asked to wait, nothing of any digest leaves; then it goes on."""
    gate = gate_of(2)
    lines = [Queue(gate, [10] * 6), Queue(gate, [10] * 6)]

    def refuse() -> None:
        closed_s = gate.refused(Busy("full", signals=Signals(retry_after_s=asked_s)), Slot(lambda: None))
        assert closed_s >= asked_s

    asyncio.get_running_loop().call_later(1.5, refuse)
    await run_all(*lines)
    times = sorted(at for line in lines for at, _ in line.started)
    assert [at for at in times if 1.5 < at < 1.5 + asked_s] == []
    assert len(times) == 12


async def test_hopeless_waits_stop_all_and_leave_nothing() -> None:
    """A wait over the budget ends every render here with a sentence; facts of the error survive; the next is clean."""
    gate = gate_of(1)
    lines = [Queue(gate, [10] * 3), Queue(gate, [10] * 3)]
    error = Busy("full", status=429, code="quota", request_id="r1", signals=Signals(retry_after_s=3000.0))
    asyncio.get_running_loop().call_later(0.5, lambda: gate.refused(error, Slot(lambda: None)))
    await run_all(*lines)
    for line in lines:
        assert isinstance(line.stopped, Busy)
        assert "3000 s" in str(line.stopped)
        assert "300 s" in str(line.stopped)
        assert (line.stopped.status, line.stopped.code, line.stopped.request_id) == (429, "quota", "r1")
    again = Queue(gate, [10] * 2)
    await again.run()
    assert [round(at) for at, _ in again.started] == [1, 2]


async def test_an_unreachable_server_is_soon_given_up() -> None:
    """Three tries in a row without a connection stop everything; nothing of it counts as billed."""
    gate = gate_of(1)
    line = Queue(gate, [10])
    gate.join(line)
    for _ in range(3):
        await asyncio.sleep(1.5)
        gate.unreached(Unavailable("nobody there", unreachable=True), Slot(lambda: None))
    assert isinstance(line.stopped, Unavailable)
    assert line.stopped.unreachable
    assert not line.stopped.billed
    assert "3 times" in str(line.stopped)


async def test_a_wait_that_comes_with_speech_is_none() -> None:
    """Retry-After has a meaning in refusals only (RFC 9110, 10.2.3): whoever was served is not sent away."""
    gate = gate_of(1)
    line = Queue(gate, [10])
    gate.join(line)
    gate.admitted(Signals(retry_after_s=3600.0), Slot(lambda: None))
    assert line.stopped is None
    assert gate.statistics().paused_s == 0


async def test_a_lost_connection_is_a_refusal_where_there_was_one() -> None:
    """Once the server has admitted something, a connection that fails closes the gate like a refusal."""
    gate = gate_of(1)
    gate.admitted(Signals(), Slot(lambda: None))
    await asyncio.sleep(1)
    assert gate.unreached(Unavailable("gone", unreachable=True), Slot(lambda: None)) >= 0.75


# The choice


async def test_the_choice_is_made_after_the_wait() -> None:
    """What becomes the best chunk while the one at the door waits is the one that is sent."""
    gate = gate_of(1)
    early = Queue(gate, [10] * 5, takes_s=10)
    late = Queue(gate, [10] * 2)

    async def later() -> None:
        await asyncio.sleep(5)
        await late.run()

    async with asyncio.TaskGroup() as group:
        group.create_task(early.run())
        group.create_task(later())
    # The first chunk of a digest goes before all others, although the other digest came to the door first.
    assert round(late.started[0][0]) == 10


async def test_a_retried_chunk_is_chosen_when_it_is_the_best() -> None:
    """A longer chunk that gets ready during the wait goes first in the tail."""
    gate = gate_of(1)
    line = Queue(gate, [10, 10, 1000], takes_s=4)
    line.backlog.take(2)
    line.backlog.wait(2, 1.0)

    def due() -> None:
        line.backlog.wake(now())
        gate.turn()

    asyncio.get_running_loop().call_later(1.0, due)
    await line.run()
    assert [index for _, index in line.started] == [0, 2, 1]


async def test_whoever_has_nothing_left_to_send_leaves_the_door() -> None:
    """One a minute: a digest whose only chunk another one at the door has started ends when that chunk does."""
    gate = gate_of(5, 1 / 60)
    long, short = Queue(gate, [10] * 4), Queue(gate, [10])

    async def later() -> float:
        await asyncio.sleep(5)
        await short.run()
        return now()

    async with asyncio.TaskGroup() as group:
        group.create_task(long.run())
        ended = group.create_task(later())
    assert short.started[0][0] == pytest.approx(60, abs=0.1)
    assert ended.result() == pytest.approx(61, abs=0.1)


async def test_a_stopped_digest_does_not_wait_for_its_spacing() -> None:
    """One a minute: a digest that is stopped while it waits for its turn ends at once."""
    gate = gate_of(5, 1 / 60)
    line = Queue(gate, [10] * 3)
    asyncio.get_running_loop().call_later(2.0, lambda: gate.stop(Rejected("no")))
    await line.run()
    assert now() == pytest.approx(2.0, abs=0.01)


async def test_a_digest_cancelled_while_another_is_at_the_door() -> None:
    """Cancelled in the queue, at the door, or in flight: the others go on and no slot is lost."""
    gate = gate_of(2, 10.0)
    lines = [Queue(gate, [10] * 8) for _ in range(4)]
    tasks = [asyncio.create_task(line.run()) for line in lines]
    await asyncio.sleep(0.05)
    tasks[1].cancel()
    await asyncio.sleep(1.5)
    tasks[0].cancel()
    await asyncio.wait(tasks)
    assert [task.cancelled() for task in tasks] == [True, True, False, False]
    assert all(line.backlog.finished for line in lines[2:])
    assert gate.statistics().in_flight == 0
    assert gate.statistics().lines == 0


async def test_stop_ends_what_waits_and_the_next_starts_clean() -> None:
    """A stop reaches every digest, lets what is in flight finish, and forgets pauses and refusals."""
    gate = gate_of(2)
    lines = [Queue(gate, [10] * 8) for _ in range(2)]
    error = Rejected("the key is wrong")

    def stop() -> None:
        gate.refused(Busy("full", signals=Signals(retry_after_s=100.0)), Slot(lambda: None))
        gate.stop(error)

    asyncio.get_running_loop().call_later(0.5, stop)
    await run_all(*lines)
    assert all(line.stopped is error for line in lines)
    assert sum(len(line.started) for line in lines) == 2
    assert gate.law.pace.pause_until_s == 0
    again = Queue(gate, [10])
    await again.run()
    assert again.started[0][0] == pytest.approx(1.0, abs=0.01)


async def test_a_user_s_word_is_a_start() -> None:
    """A gate grows to what another Renderer asks for, at once, and does not shrink."""
    gate = gate_of(1)
    line = Queue(gate, [10] * 10)
    asyncio.get_running_loop().call_later(1.5, gate.allow, 4)
    asyncio.get_running_loop().call_later(1.6, gate.allow, 2)
    await line.run()
    assert [round(at, 1) for at, _ in line.started] == [0, 1, 1.5, 1.5, 1.5, 2, 2.5, 2.5, 2.5, 3]
    assert gate.statistics().limit == 4


async def test_it_tells_how_it_is() -> None:
    """Its representation says how full it is and for how long it is closed."""
    gate = gate_of(3)
    line = Queue(gate, [10] * 5)
    task = asyncio.create_task(line.run())
    await asyncio.sleep(0.5)
    gate.refused(Busy("full", signals=Signals(retry_after_s=20.0)), Slot(lambda: None))
    assert repr(gate).startswith("<Gate 3 of 3 in flight, 1 digests, paused for 20.")
    await task
    assert repr(gate) == "<Gate 0 of 3 in flight, 0 digests>"


async def test_a_slot_is_left_once() -> None:
    """However often it is left, a slot is given back once, what was asked for last first."""
    left: list[str] = []
    slot = Slot(lambda: left.append("gate"))
    slot.first(lambda: left.append("cap"))
    slot.leave()
    slot.leave()
    assert left == ["cap", "gate"]


# The law at work


async def test_it_probes_while_work_waits_for_a_slot() -> None:
    """Six, nine, thirteen … on a timer, and every digest is told why."""
    gate = gate_of(5, ceiling=32)
    lines = [Queue(gate, [10] * 40, takes_s=10), Queue(gate, [10] * 40, takes_s=10)]
    await run_all(*lines)
    told = [(facts["limit"], facts["reason"]) for kind, facts in lines[0].heard if kind == "limit"]
    assert told[:3] == [
        (6, "one more is tried"),
        (9, "6 at once were let in"),
        (13, "9 at once were let in"),
    ]
    assert told[-1][0] == 32
    assert [facts for kind, facts in lines[1].heard if kind == "limit"] == [
        facts for kind, facts in lines[0].heard if kind == "limit"
    ]
    assert gate.statistics().reason == "28 at once were let in"


async def test_nothing_grows_while_there_are_slots() -> None:
    """A digest that does not fill its slots says nothing about the server."""
    gate = gate_of(5, ceiling=32)
    line = Queue(gate, [10] * 4, takes_s=100)
    await line.run()
    assert gate.statistics().limit == 5


async def test_a_smaller_limit_lets_finish_what_is_in_flight() -> None:
    """Those in flight go on, more than there are slots now; then as many go as the limit says."""
    gate = gate_of(5)
    line = Queue(gate, [10] * 12, takes_s=10)

    task = asyncio.create_task(line.run())
    await asyncio.sleep(1)
    assert gate.statistics().in_flight == 5
    gate.admitted(Signals(ceiling=3), Slot(lambda: None, Sent(at_s=0.9)))
    assert gate.statistics().limit == 3
    await asyncio.sleep(0)
    gate.refused(Busy("full"), Slot(lambda: None, Sent(at_s=0.9)))
    assert (gate.statistics().limit, gate.statistics().refusals) == (3, 1)
    await task
    late = [round(at) for at, _ in line.started]
    assert late == [0] * 5 + [10] * 3 + [20] * 3 + [30]


async def test_why_it_waits_is_told_once() -> None:
    """A pause that a person would notice is an event with its length and its reason, for every digest."""
    gate = gate_of(1)
    lines = [Queue(gate, [10] * 3), Queue(gate, [10] * 3)]
    refusal = Busy("full", signals=Signals(retry_after_s=20.0))
    asyncio.get_running_loop().call_later(0.5, lambda: gate.refused(refusal, Slot(lambda: None)))
    await run_all(*lines)
    for line in lines:
        waits = [facts for kind, facts in line.heard if kind == "waiting"]
        assert [wait["reason"] for wait in waits] == ["a pause after a refusal"]
        assert 19 < waits[0]["wait_s"] <= 20.25


async def test_credits_are_not_overdrawn() -> None:
    """Three requests are left and one comes back every two seconds: nothing leaves that is not there."""
    gate = gate_of(10)
    line = Queue(gate, [10] * 8, takes_s=0.1)
    credit = Credit(name="requests", unit="requests", limit=60, remaining=3, refill_per_s=0.5)
    gate.admitted(Signals(credits=(credit,)), Slot(lambda: None))
    await line.run()
    assert [round(at) for at, _ in line.started] == [0, 0, 0, 2, 4, 6, 8, 10]


async def test_a_newcomer_starts_at_the_lowest_share() -> None:
    """A small digest is not stuck behind a large one, nor does it hold that up until it has caught up."""
    gate = gate_of(1)
    large, small = Queue(gate, [10] * 40), Queue(gate, [10] * 4)

    async def later() -> None:
        await asyncio.sleep(9.5)
        await small.run()

    async with asyncio.TaskGroup() as group:
        group.create_task(large.run())
        group.create_task(later())
    assert [round(at) for at, _ in small.started] == [10, 13, 15, 17]


class TestSlots:
    """A semaphore that can be resized while it is in use."""

    async def test_a_debt_is_paid_by_acquires_too(self) -> None:
        """Shrunk from ten to two while all are free, it lets two through and not ten."""
        slots = Slots(10)
        slots.resize(2)
        await slots.acquire()
        await slots.acquire()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await slots.acquire()
        assert slots.used == 2

    @given(st.lists(st.integers(-1, 12), max_size=60))
    def test_any_resizing(self, steps: list[int]) -> None:
        """Whatever the order of growing, shrinking, taking and giving back, as many fit as there are."""

        async def resize() -> None:
            slots = Slots(3)
            for step in steps:
                if step > 0:
                    slots.resize(step)
                elif step == 0 and slots.free:
                    async with asyncio.timeout(0.1):
                        await slots.acquire()
                elif step < 0 and slots.used:
                    slots.release()
            while slots.used:
                slots.release()
            async with asyncio.timeout(0.1):
                for _ in range(slots.limit):
                    assert slots.free
                    await slots.acquire()
            assert not slots.free
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await slots.acquire()

        with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
            runner.run(resize())

    def test_it_tells_how_it_is(self) -> None:
        """Its representation is a probe."""
        assert repr(Slots(3)) == "<Slots 0 of 3 used>"


# Many at once


@given(
    limit=st.integers(1, 6),
    sizes=st.lists(st.integers(1, 12), min_size=1, max_size=4),
    takes=st.floats(0.01, 3),
    rate=st.sampled_from([None, 10.0, 2.0]),
    cancel_s=st.lists(st.floats(0, 10), max_size=3),
)
@settings(max_examples=60)
def test_any_mixture(limit: int, sizes: list[int], takes: float, rate: float | None, cancel_s: list[float]) -> None:
    """Whatever digests come and are cancelled when, the limit holds and every slot comes back."""

    async def mixture() -> None:
        gate = gate_of(limit, rate)
        lines = [Queue(gate, [10] * size, takes_s=takes) for size in sizes]
        tasks = [asyncio.create_task(line.run()) for line in lines]
        for task, at_s in zip(tasks, cancel_s, strict=False):
            asyncio.get_running_loop().call_later(at_s, task.cancel)
        await asyncio.wait(tasks)
        running = [(at, 1) for line in lines for at, _ in line.started]
        ends = [(at + takes, -1) for at, _ in running]
        most = level = 0
        for _, change in sorted([*running, *ends]):
            level += change
            most = max(most, level)
        if not cancel_s:
            assert most <= limit
            assert all(line.backlog.finished for line in lines)
        assert gate.statistics().in_flight == 0
        after = Queue(gate, [10] * 3 * limit, takes_s=takes)
        await after.run()
        assert len(after.started) == 3 * limit

    with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
        runner.run(mixture())


def means_with(gate: Gate, sender: FakeSender, *, cap: int = 100) -> Means:
    return Means(
        provider=ToneProvider(s_per_char=0.03),
        sender=sender,
        gate=gate,
        store=MemoryStore(),
        cap=Cap(limit=cap),
        settings=patient(),
    )


async def test_random_cancellation_leaks_nothing() -> None:
    """Of 4,000 attempts 36 % are cancelled, many before their first step, while the limit goes up and down at random.

    No slot leaks, no waiter is lost, no chunk is paid twice, and nothing starts above the limit of that moment (I1, I9).
    """
    dice = random.Random(36)
    gate = gate_of(7, ceiling=12)
    sender = FakeSender(lambda: dice.uniform(0.1, 3))
    loop = asyncio.get_running_loop()
    attempts = cancelled = 0

    def factory(loop: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, Any], **kwargs: Any) -> asyncio.Task[Any]:
        nonlocal attempts, cancelled
        task = asyncio.Task(coro, loop=loop, **kwargs)
        if getattr(coro, "__qualname__", "") == "Buying._attempt":
            attempts += 1
            if dice.random() < 0.36:
                cancelled += 1
                if dice.random() < 0.3:
                    task.cancel()
                else:
                    loop.call_later(dice.uniform(0, 4), task.cancel)
        return task

    loop.set_task_factory(factory)  # type: ignore[arg-type]
    means = means_with(gate, sender)
    limits: set[int] = set()

    class Watched(Buying):
        def start(self, index: int, slot: Slot) -> None:
            limits.add(gate.law.pace.limit)
            assert slot.request.in_flight <= gate.law.pace.limit
            super().start(index, slot)

    def resize() -> None:
        gate.admitted(Signals(ceiling=dice.randint(1, 12), in_flight=0), Slot(lambda: None))
        loop.call_later(dice.uniform(1, 9), resize)

    resize()
    texts = [f"text {number}" for number in range(2500)]
    digests = [Watched(plan_of(texts[start : start + 250]), means, Record("d")) for start in range(0, 2500, 250)]
    async with asyncio.TaskGroup() as group:
        for buying in digests:
            group.create_task(buying.run())
    assert attempts > 3000
    assert cancelled > 1000
    assert all(len(buying.backlog.bought) == 250 for buying in digests)
    assert sender.sent == 2500
    assert limits >= set(range(1, 11))
    assert gate.statistics().in_flight == 0
    assert means.cap.used == set()


# With digests


AUTOMATIC = patient(workers=None, attempts=1, remember=False)


async def test_refusals_spend_no_attempt() -> None:
    """I5: with one attempt a chunk and a server that takes three at once, everything arrives."""
    server, heard = Server(latency_s=lambda text: 2.0, most=3), Heard()
    async with means_of(server, settings=AUTOMATIC) as means:
        buying = buying_of(means, distinct(60), heard)
        await buying.run()
        assert means.gate.statistics().limit in {3, 4}
    assert len(buying.backlog.bought) == 60
    assert server.refused == len(heard.of("refused")) > 0
    assert heard.of("failed", "parked", "lost") == []
    assert {event.attempt for event in heard.of("sent")} == {1}
    assert server.most_in_flight == 3
    assert now() == pytest.approx(60 / 3 * 2, abs=4)


async def test_an_outage_costs_few_requests() -> None:
    """Ten seconds of refusals to everybody are asked about ten times at most, and then it goes on."""

    down: set[str] = set()

    def latency_s(text: str) -> float:
        down.discard(text)
        if 12 <= now() < 22:
            down.add(text)
        return 0.15 if text in down else 2.0

    server = Server(latency_s=latency_s, says=lambda text, nth: httpx.Response(503) if text in down else None, most=10)
    heard = Heard()
    async with means_of(server, settings=AUTOMATIC.model_copy(update={"rate_per_s": 10.0})) as means:
        buying = buying_of(means, distinct(150), heard)
        await buying.run()
    assert len(buying.backlog.bought) == 150
    assert 1 <= len([event for event in heard.of("refused") if 12 < event.at_s < 23]) <= 10


async def test_a_known_cap_is_probed_rarely() -> None:
    """Where the limit was found, it is asked for more about once a minute."""
    server, heard = Server(latency_s=lambda text: 5.0, most=3), Heard()
    async with means_of(server, settings=AUTOMATIC) as means:
        await buying_of(means, distinct(400), heard).run()
    late = [event for event in heard.of("refused") if event.at_s > 300]
    assert now() > 600
    assert len(late) <= (now() - 300) / 60 + 1


async def test_digests_of_one_account_share_what_is_learned() -> None:
    """Four digests at once cost no more refusals than one of their length."""
    refusals = []
    for digests in (1, 4):
        server = Server(latency_s=lambda text: 2.0, most=3)
        texts = distinct(80)
        async with means_of(server, settings=AUTOMATIC) as means, asyncio.TaskGroup() as group:
            for part in range(digests):
                group.create_task(buying_of(means, texts[part::digests]).run())
        assert len(set(server.texts)) == 80
        refusals.append(server.refused)
    assert refusals[1] <= refusals[0] + 2


async def test_each_renderer_has_its_own_cap() -> None:
    """Two Renderers on one account share the gate; each has in flight what its own workers allow."""
    server = Server(latency_s=lambda text: 10.0)
    texts = distinct(32)
    heard = Heard()
    client = server.client()
    async with (
        means_of(client, settings=patient(workers=2)) as two,
        means_of(server, settings=patient(workers=6)) as six,
    ):
        assert two.gate is six.gate
        assert two.gate.statistics().limit == 6
        small, large = buying_of(two, texts[:8], heard), buying_of(six, texts[8:])
        async with asyncio.TaskGroup() as group:
            group.create_task(small.run())
            group.create_task(large.run())
    assert server.most_in_flight == 8, "the gate finds room for what both want"
    of_two = [at for at, text in server.seen if text in texts[:8]]
    assert all(sum(1 for other in of_two if at - 9.99 < other <= at) <= 2 for at in of_two)


async def test_the_cap_is_left_with_the_slot() -> None:
    """With one worker, the next request leaves when a body ends, not when it is committed and judged."""
    means = replace(means_with(gate_of(5), FakeSender(), cap=1), store=MemoryStore(commit_s=50.0))
    heard = Heard()
    await buying_of(means, distinct(4), heard).run()
    assert [round(event.at_s) for event in heard.of("sent")] == [0, 1, 2, 3]


DIGEST: contextvars.ContextVar[str] = contextvars.ContextVar("DIGEST", default="none")


async def test_a_chunk_runs_in_its_digests_context() -> None:
    """Listener and transport see the context in which the digest was begun, whoever was at the door."""
    seen: set[tuple[str, str]] = set()
    sent: set[tuple[str, str]] = set()
    texts = {"a": distinct(12)[:6], "b": distinct(12)[6:]}

    def says(text: str, nth: int) -> None:
        sent.add((DIGEST.get(), "a" if text in texts["a"] else "b"))

    server = Server(says=says)

    async def digest(name: str, means: Means) -> None:
        DIGEST.set(name)

        def listener(event: Event) -> None:
            seen.add((DIGEST.get(), event.digest))

        await Buying(plan_of(texts[name]), means, Record(name, listener)).run()

    async with means_of(server, settings=patient(workers=1)) as means, asyncio.TaskGroup() as group:
        group.create_task(digest("a", means))
        group.create_task(digest("b", means))
    assert seen == {("a", "a"), ("b", "b")}
    assert sent == {("a", "a"), ("b", "b")}


async def test_a_digest_that_crashes_does_not_hold_up_the_other() -> None:
    """A start that an ending group refuses puts slot and chunk back, and the other digest gets all it wants."""
    gate = gate_of(3)
    sender = FakeSender()
    means = means_with(gate, sender)

    def crash(event: Event) -> None:
        if event.kind == "bought":
            raise ZeroDivisionError

    crashing = Buying(plan_of(distinct(40)[:20]), means, Record("c", crash))
    sound = Buying(plan_of(distinct(40)[20:]), means, Record("s"))
    results = await asyncio.gather(crashing.run(), sound.run(), return_exceptions=True)
    assert isinstance(results[0], ExceptionGroup)
    assert results[0].subgroup(ZeroDivisionError)
    assert results[1] is None
    assert sound.backlog.finished
    assert gate.statistics().in_flight == 0
    assert means.cap.used == set()


async def test_a_start_that_a_group_refuses() -> None:
    """Slot and chunk are as before, and the digest does not come to the door again."""
    means = means_with(gate_of(1), FakeSender())
    buying = buying_of(means, ["one", "two"])
    async with buying._crew.at_work():
        pass
    left: list[bool] = []
    buying.start(0, Slot(lambda: left.append(True)))
    assert left == [True]
    assert buying.backlog.first() == 0
    assert not buying.admissible()
    assert means.cap.used == set()


@pytest.mark.parametrize("at_once", [True, False], ids=["before its first step", "in flight"])
async def test_a_cancelled_digest_gives_everything_back(at_once: bool) -> None:
    """A cancelled digest keeps no slot, and what it had in flight is kept for the next."""
    gate = gate_of(2)
    sender = FakeSender(lambda: 10.0)
    means = means_with(gate, sender)
    task = asyncio.create_task(buying_of(means, distinct(6)).run())
    if at_once:
        for _ in range(20):
            if not gate.statistics().in_flight:
                await asyncio.sleep(0)
    else:
        await asyncio.sleep(3)
    task.cancel()
    await asyncio.wait({task})
    assert gate.statistics().in_flight == 0
    assert means.cap.used == set()
    sent = sender.sent
    await buying_of(means, distinct(6)).run()
    assert sender.sent == 6
    assert sent <= 2


class NoJitter(random.Random):
    def random(self) -> float:
        return 0.0


async def test_a_refused_chunk_that_starts_again_at_once() -> None:
    """Sent again in the very turn in which its refused attempt ends, a chunk is still counted once."""
    server = Server(
        says=lambda text, nth: httpx.Response(429, headers={"retry-after": "0"}) if nth < 5 else None,
        latency_s=lambda text: 0.01,
    )
    async with means_of(server, settings=patient(workers=2)) as means:
        means.gate.dice = NoJitter()
        buying = buying_of(means, distinct(3))
        await buying.run()
        assert buying.backlog.bought == {0, 1, 2}
        assert means.gate.statistics().in_flight == 0
    assert len(server.seen) == 15
