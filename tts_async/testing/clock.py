"""An event loop whose clock jumps: forty seconds of waiting take no time, and work in threads takes its own."""

from __future__ import annotations

import asyncio
import selectors
import sys
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, TypeVarTuple

if TYPE_CHECKING:
    from anyio import CapacityLimiter

Ts = TypeVarTuple("Ts")
T = TypeVar("T")

Ready = list[tuple[selectors.SelectorKey, int]]


class _Turns(selectors.DefaultSelector):
    """Asks the loop how to wait; `really` waits as an ordinary selector does."""

    def __init__(self, wait: Callable[[float | None], Ready]) -> None:
        super().__init__()
        self._wait = wait

    def select(self, timeout: float | None = None) -> Ready:
        return self._wait(timeout)

    def really(self, timeout_s: float) -> Ready:
        return super().select(timeout_s)


class VirtualClockLoop(asyncio.SelectorEventLoop):
    """A loop factory for tests: `time()` starts at 0 and moves only by what the program waits for.

    When nothing is ready, the clock jumps to the next timer, with two exceptions without which
    tests go wrong. It stands still while a thread is at work (`run_in_executor`, or anyio's
    `to_thread.run_sync` with its default limiter), so that no timeout fires during real work. And
    every turn moves it by ``tick_s``: code that waits for exactly as long as something takes would
    else wake a rounding error too early, for ever.

    When nothing is left that could ever happen, it raises `RuntimeError` instead of hanging. It
    cannot know how long a peer on a socket, a process or a hand-made thread needs: such tests want
    a real clock, and so does a thread that waits for a timer of this loop.
    """

    tick_s: ClassVar[float] = 1e-6
    patience_s: ClassVar[float] = 2.0
    """Real seconds given to threads that nobody told us of, before the loop is declared dead."""
    glance_s: ClassVar[float] = 0.05
    """Real seconds of one look at the sockets while a thread is at work."""

    def __init__(self) -> None:
        self._now_s = 0.0
        self._jobs = 0
        self._pool: Executor | None = None
        self._limiter: CapacityLimiter | None = None
        self._turns = _Turns(self._wait)
        super().__init__(self._turns)

    def __repr__(self) -> str:
        return f"<VirtualClockLoop at {self._now_s:.6f} s, {self.outstanding()} thread jobs>"

    def time(self) -> float:
        return self._now_s

    def outstanding(self) -> int:
        """How many jobs threads are doing for this loop now."""
        borrowed = self._limiter.statistics().borrowed_tokens if self._limiter else 0
        return self._jobs + borrowed

    def _wait(self, timeout_s: float | None) -> Ready:
        """One turn: look at the sockets, then move the clock to where the loop wants to be."""
        if self._limiter is None and "anyio.to_thread" in sys.modules:
            # anyio tells its limiter to tasks only; this one is over within the turn.
            self.create_task(self._meet_limiter())
            timeout_s = 0.0
        advance_s = self.tick_s
        if timeout_s is not None and timeout_s <= 0:
            ready = self._turns.really(0)
        elif self.outstanding():
            ready = self._turns.really(self.glance_s)
        elif timeout_s is not None:
            ready = self._turns.really(0)
            advance_s = self.tick_s if ready else max(timeout_s, self.tick_s)
        else:
            ready = self._last_hope()
        self._now_s += advance_s
        return ready

    def _last_hope(self) -> Ready:
        """Wait for a thread that was not announced; with no timer set, only it can wake the loop."""
        ready = self._turns.really(self.patience_s)
        if not ready:
            waiting = ", ".join(sorted(task.get_name() for task in asyncio.all_tasks(self))) or "no task"
            raise RuntimeError(
                f"nothing will ever happen: no timer is set, no thread is at work, no socket is ready, "
                f"and still waiting at {self._now_s:.6f} s: {waiting}"
            )
        return ready

    async def _meet_limiter(self) -> None:
        from anyio.to_thread import current_default_thread_limiter

        self._limiter = current_default_thread_limiter()

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        """As everywhere, and the clock stands still until the thread is done, even if nobody waits any more."""
        if self.is_closed():
            raise RuntimeError("Event loop is closed")
        if executor is None:
            executor = self._pool or self._open_pool()
        job = executor.submit(func, *args)
        self._jobs += 1
        future = asyncio.wrap_future(job, loop=self)
        # Added after wrap_future's own callback, hence heard by the loop after the result.
        job.add_done_callback(self._job_done)
        return future

    def set_default_executor(self, executor: ThreadPoolExecutor) -> None:  # type: ignore[override]
        super().set_default_executor(executor)
        self._pool = executor

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109  # asyncio's own
        """Join the threads; ``timeout`` has no meaning here, for the clock stands still meanwhile."""
        del timeout
        self._jobs += 1
        try:
            await super().shutdown_default_executor()
        finally:
            self._jobs -= 1

    def _open_pool(self) -> Executor:
        pool = ThreadPoolExecutor(thread_name_prefix="virtual-clock")
        self.set_default_executor(pool)
        return pool

    def _job_done(self, _: Future[Any]) -> None:
        # The loop may have been closed over an abandoned job.
        with suppress(RuntimeError):
            self.call_soon_threadsafe(self._leave)

    def _leave(self) -> None:
        self._jobs -= 1
