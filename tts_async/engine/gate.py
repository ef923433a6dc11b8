"""The door: who is sent next, and when. One gate per event loop, server, key and model family."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, replace
from typing import Protocol

from aiolimiter import AsyncLimiter

from tts_async.core import pace
from tts_async.core.backlog import Backlog, best
from tts_async.core.headers import Signals
from tts_async.core.pace import Pace
from tts_async.errors import Busy, ProviderError, TTSError


class Line(Protocol):
    """A digest's side of the door."""

    backlog: Backlog

    def admissible(self) -> bool:
        """Whether it has a chunk that may be sent, the gate permitting."""

    def start(self, index: int, slot: Slot) -> None:
        """Start a chunk, which now holds that slot; never raises."""

    def turned(self) -> None:
        """Something changed that may make a chunk admissible."""

    def stop(self, error: TTSError) -> None:
        """Send nothing more."""


class Slot:
    """One place in flight; left once, however often that is said."""

    def __init__(self, on_leave: Callable[[], None]) -> None:
        self._on_leave = [on_leave]
        self.sent_s: float = asyncio.get_running_loop().time()

    def first(self, on_leave: Callable[[], None]) -> None:
        """Do that when the place is left, before all that was asked for earlier."""
        self._on_leave.append(on_leave)

    def leave(self) -> None:
        """Give the place back."""
        while self._on_leave:
            self._on_leave.pop()()


async def woken(event: asyncio.Event, *, until_s: float | None) -> None:
    """Wait for an event, or until a moment of the loop's clock."""
    with suppress(TimeoutError):
        async with asyncio.timeout_at(until_s):
            await event.wait()


@dataclass(frozen=True, slots=True, kw_only=True)
class GateStatistics:
    """What a gate looks like at one moment; ``paused_s`` is how long it stays closed."""

    limit: int
    in_flight: int
    lines: int
    paused_s: float


class Gate:
    """Admits the best chunk of all digests as soon as slot, pause and spacing permit.

    Whoever holds the lock waits for all of them to hold at the same moment and chooses only then, so
    that the order is the plan's and not a queue's.
    """

    def __init__(self, *, limit: int, rate_per_s: float | None, budget_s: float) -> None:
        self.pace: Pace = Pace(limit=limit)
        self._budget_s = budget_s
        self._slots = asyncio.Semaphore(limit)
        self._in_flight = 0
        self._spacing_s = 1 / rate_per_s if rate_per_s else 0.0
        self._spacing = AsyncLimiter(1, self._spacing_s) if rate_per_s else None
        self._spaced_s = 0.0
        self._token = False
        self._lines: list[Line] = []
        self._door = asyncio.Lock()
        self._turned = asyncio.Event()
        self._dice = random.Random()

    def __repr__(self) -> str:
        now = self.statistics()
        paused = f", paused for {now.paused_s:.1f} s" if now.paused_s else ""
        return f"<Gate {now.in_flight} of {now.limit} in flight, {now.lines} digests{paused}>"

    def statistics(self) -> GateStatistics:
        """The gate at this moment."""
        paused_s = max(0.0, self.pace.pause_until_s - asyncio.get_running_loop().time())
        return GateStatistics(
            limit=self.pace.limit, in_flight=self._in_flight, lines=len(self._lines), paused_s=paused_s
        )

    def join(self, line: Line) -> None:
        """A digest begins to buy."""
        self._lines.append(line)

    def part(self, line: Line) -> None:
        """A digest ends, before its task group does; whoever is at the door looks again."""
        self._lines.remove(line)
        self._turned.set()

    def turn(self) -> None:
        """Something changed: whoever is at the door looks again, and who is not may have reason to come."""
        self._turned.set()
        for line in self._lines:
            line.turned()

    async def admit(self, comer: Line) -> None:
        """Start one chunk of any digest; returns without when the one who came has none to send any more."""
        async with self._door:
            while comer.admissible():
                self._turned.clear()
                now_s = asyncio.get_running_loop().time()
                closed_s = max(self.pace.pause_until_s, self._spaced_s)
                if self._slots.locked():
                    await self._turned.wait()
                elif now_s < closed_s:
                    await woken(self._turned, until_s=closed_s)
                elif self._spacing and not self._token:
                    await self._spacing.acquire()
                    self._token = True
                else:
                    await self._start()
                    return

    async def _start(self) -> None:
        backlogs = {line.backlog: line for line in self._lines if line.admissible()}
        backlog, index = best(list(backlogs), self.pace.limit)
        await self._slots.acquire()  # Free, and nobody else is inside the door: it does not wait.
        self._in_flight += 1
        self._token = False
        self._spaced_s = asyncio.get_running_loop().time() + self._spacing_s
        backlogs[backlog].start(index, Slot(self._left))

    def _left(self) -> None:
        self._in_flight -= 1
        self._slots.release()
        self.turn()

    def admitted(self, signals: Signals, slot: Slot) -> None:
        """Hear that an answer has begun, and what it asks for."""
        self.pace = pace.admitted(self.pace, sent_s=slot.sent_s)
        if signals.retry_after_s:
            now_s = asyncio.get_running_loop().time()
            until_s = now_s + signals.retry_after_s
            self.pace = replace(self.pace, pause_until_s=max(self.pace.pause_until_s, until_s))
            self._closed_s(Busy("the server answered, and sends everybody away", signals=signals), now_s)

    def refused(self, error: ProviderError, slot: Slot) -> float:
        """Hear a refusal, and say for how long nothing leaves; hopeless waiting stops every render here."""
        now_s = asyncio.get_running_loop().time()
        asked_s = error.signals.retry_after_s if error.signals else None
        self.pace = pace.refused(
            self.pace, now_s=now_s, sent_s=slot.sent_s, retry_after_s=asked_s, u=self._dice.random()
        )
        return self._closed_s(error, now_s)

    def unreached(self, error: ProviderError, slot: Slot) -> float:
        """Hear that no connection was made: a refusal where there was one before, else soon the end."""
        if self.pace.ever_admitted:
            return self.refused(error, slot)
        now_s = asyncio.get_running_loop().time()
        self.pace = pace.unreached(self.pace, now_s=now_s, sent_s=slot.sent_s)
        return self._closed_s(error, now_s)

    def _closed_s(self, error: ProviderError, now_s: float) -> float:
        if why := pace.hopeless(self.pace, now_s=now_s, budget_s=self._budget_s):
            last = copy(error)
            last.args = (f"{error} ({why})",)
            self.stop(last)
        return max(0.0, self.pace.pause_until_s - now_s)

    def stop(self, error: TTSError) -> None:
        """Stop every render in progress here; the next one starts clean."""
        for line in list(self._lines):
            line.stop(error)
        self.pace = Pace(limit=self.pace.limit)
        self._turned.set()

    def allow(self, limit: int) -> None:
        """Grow to a limit that another render asks for; never shrinks."""
        for _ in range(limit - self.pace.limit):
            self._slots.release()
        self.pace = replace(self.pace, limit=max(limit, self.pace.limit))
        self._turned.set()
