"""The virtual clock jumps over waiting, stands still for work, and never stands quite still."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import anyio.to_thread
import pytest
from aiolimiter import AsyncLimiter

from tts_async.testing.clock import VirtualClockLoop

ABOUT = 1e-3
"""Seconds that all the microseconds of one test stay under."""

REAL_S = 0.15
"""Real seconds that the work in a thread takes here."""

InThread = Callable[[Callable[[], Any]], Awaitable[Any]]


async def by_asyncio(work: Callable[[], Any]) -> Any:
    return await asyncio.to_thread(work)


async def by_pool(work: Callable[[], Any]) -> Any:
    with ThreadPoolExecutor(1) as pool:
        return await asyncio.get_running_loop().run_in_executor(pool, work)


async def by_anyio(work: Callable[[], Any]) -> Any:
    return await anyio.to_thread.run_sync(work)


IN_THREADS = [pytest.param(way, id=way.__name__) for way in (by_asyncio, by_pool, by_anyio)]


def now() -> float:
    return asyncio.get_running_loop().time()


def run(loop_class: type[VirtualClockLoop], main: Awaitable[Any]) -> Any:
    async def await_it() -> Any:
        return await main

    with asyncio.Runner(loop_factory=loop_class) as runner:
        return runner.run(await_it())


async def test_the_clock_starts_near_nought_and_a_sleep_moves_it_exactly() -> None:
    """Forty seconds of sleep are forty seconds on the clock, and none on the wall."""
    began = time.monotonic()
    assert now() < ABOUT
    start = now()
    await asyncio.sleep(40)
    assert now() - start == pytest.approx(40, abs=ABOUT)
    assert time.monotonic() - began < 5


async def test_timers_fire_in_order_and_on_time() -> None:
    """What is due first comes first, however it was asked for."""
    seen: list[tuple[str, float]] = []

    async def nap(name: str, seconds: float) -> None:
        await (anyio.sleep(seconds) if name == "anyio" else asyncio.sleep(seconds))
        seen.append((name, now()))

    async with asyncio.TaskGroup() as group:
        group.create_task(nap("late", 3600))
        group.create_task(nap("anyio", 2))
        group.create_task(nap("early", 0.5))
    assert [name for name, _ in seen] == ["early", "anyio", "late"]
    assert [at for _, at in seen] == pytest.approx([0.5, 2, 3600], abs=ABOUT)


async def test_timeouts_of_both_libraries_fire_on_time() -> None:
    """A wait that is too long ends at the virtual second that was said."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(30):
            await asyncio.sleep(60)
    with pytest.raises(TimeoutError), anyio.fail_after(30):
        await anyio.sleep(60)
    assert now() == pytest.approx(60, abs=ABOUT)


async def test_every_turn_moves_the_clock_by_at_least_a_microsecond() -> None:
    """Even when everything is ready and nobody waits."""
    start = now()
    for _ in range(100):
        await asyncio.sleep(0)
    assert now() - start == pytest.approx(100e-6, rel=1e-6)


@pytest.mark.parametrize("in_thread", IN_THREADS)
async def test_no_timeout_fires_while_a_thread_is_at_work(in_thread: InThread) -> None:
    """A shorter timeout than the real work takes does not fire: virtual time does not pass meanwhile."""
    async with asyncio.timeout(REAL_S / 10):
        await in_thread(lambda: time.sleep(REAL_S))
    assert now() < ABOUT


@pytest.mark.parametrize("in_thread", IN_THREADS)
def test_without_the_first_half_of_the_rule_timeouts_fire_during_work(in_thread: InThread) -> None:
    """A clock that does not look at the threads jumps to the timeout at once."""

    class Careless(VirtualClockLoop):
        def outstanding(self) -> int:
            return 0

    async def main() -> None:
        async with asyncio.timeout(3600):
            await in_thread(lambda: time.sleep(REAL_S))

    with pytest.raises(TimeoutError):
        run(Careless, main())


async def take_turns(rate_per_s: float, count: int) -> None:
    limiter = AsyncLimiter(1, 1 / rate_per_s)
    for _ in range(count):
        async with limiter:
            pass


async def test_a_rate_limiter_spaces_as_on_a_real_clock() -> None:
    """The limiter's waits are rounding errors short; the microsecond carries it over them."""
    await take_turns(rate_per_s=3, count=31)
    assert now() == pytest.approx(10, abs=0.02)


def test_without_the_second_half_of_the_rule_a_rate_limiter_spins_for_ever() -> None:
    """A clock that may stand still leaves it waiting a rounding error again and again."""

    class Stubborn(VirtualClockLoop):
        tick_s = 0.0
        turns = 0

        def _wait(self, timeout_s: float | None) -> Any:
            self.turns += 1
            if self.turns > 10_000:
                raise RecursionError("it spins")
            return super()._wait(timeout_s)

    with pytest.raises(RecursionError, match="it spins"):
        run(Stubborn, take_turns(rate_per_s=3, count=31))


async def test_the_clock_waits_for_a_job_that_nobody_waits_for() -> None:
    """A cancelled wait ends; the thread does not, and the clock knows."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualClockLoop)
    finished = threading.Event()

    def work() -> None:
        time.sleep(REAL_S)
        finished.set()

    future = loop.run_in_executor(None, work)
    await asyncio.sleep(0)
    future.cancel()
    assert loop.outstanding() == 1
    await asyncio.sleep(1)
    assert finished.is_set()
    assert loop.outstanding() == 0


async def test_a_job_that_fails_is_over() -> None:
    """The error comes through, and the clock moves again."""
    with pytest.raises(ZeroDivisionError):
        await asyncio.to_thread(lambda: 1 / 0)
    await asyncio.sleep(5)
    assert now() == pytest.approx(5, abs=ABOUT)


def test_closing_waits_for_threads_without_a_timeout() -> None:
    """asyncio gives its threads 300 s to end; on this clock they would be over at once, with a warning."""
    done: list[str] = []

    def work() -> None:
        time.sleep(REAL_S)
        done.append("work")

    async def main() -> None:
        asyncio.get_running_loop().run_in_executor(None, work)

    run(VirtualClockLoop, main())
    assert done == ["work"]


async def test_a_thread_nobody_announced_can_still_wake_the_loop() -> None:
    """`call_soon_threadsafe` from a hand-made thread is heard when nothing else is going on."""
    loop = asyncio.get_running_loop()
    rung = asyncio.Event()
    threading.Timer(REAL_S, loop.call_soon_threadsafe, [rung.set]).start()
    await rung.wait()


def test_a_deadlock_is_said_at_once() -> None:
    """A test that waits for what nobody will do fails with a sentence that names who waits."""

    class Hasty(VirtualClockLoop):
        patience_s = 0.01

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.Event().wait(), name="the forgotten one")

    with pytest.raises(RuntimeError, match=r"nothing will ever happen: .*the forgotten one"):
        run(Hasty, main())


async def test_it_tells_where_it_stands() -> None:
    """The repr has the time and the jobs."""
    await asyncio.sleep(2)
    assert repr(asyncio.get_running_loop()).startswith("<VirtualClockLoop at 2.0000")


def test_a_closed_loop_takes_no_job() -> None:
    """As everywhere in asyncio."""
    loop = VirtualClockLoop()
    loop.close()
    with pytest.raises(RuntimeError, match="closed"):
        loop.run_in_executor(None, print)
