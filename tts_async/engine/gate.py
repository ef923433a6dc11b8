"""The door: who is sent next, and when. One gate per event loop, server, key and model family."""

from __future__ import annotations

import asyncio
import random
from copy import copy
from dataclasses import replace
from typing import Any

from aiolimiter import AsyncLimiter

from tts_async.core import law, pace
from tts_async.core.choice import best
from tts_async.core.event import Kind
from tts_async.core.headers import Signals
from tts_async.core.law import Law
from tts_async.engine.line import Line, woken
from tts_async.engine.slots import Slot, Slots
from tts_async.engine.statistics import GateStatistics
from tts_async.errors import ProviderError, TTSError

WORTH_TELLING_S = 1.0


class Gate:
    """Admits the best chunk of all digests as soon as slot, pause, credits and spacing permit.

    Whoever holds the lock waits for all of them to hold at the same moment and chooses only then, so
    that the order is the plan's and not a queue's. What an answer means is for `core.law` to say; here is
    what follows from it.
    """

    def __init__(self, start: Law, *, budget_s: float, dice: random.Random | None = None) -> None:
        self.law: Law = start
        self.budget_s: float = budget_s
        self._slots = Slots(start.pace.limit)
        self._spacing = _spacing(start.rate_per_s)
        self._token = False
        self._told_of_s = 0.0
        self._refusals = 0
        self._lines: list[Line] = []
        self._door = asyncio.Lock()
        self._turned = asyncio.Event()
        self.dice: random.Random = dice or random.Random()

    def __repr__(self) -> str:
        return f"<Gate {self.statistics()}>"

    def statistics(self) -> GateStatistics:
        """The gate at this moment."""
        return GateStatistics(
            limit=self.law.pace.limit,
            known=self.law.pace.known,
            in_flight=self._slots.used,
            lines=len(self._lines),
            paused_s=max(0.0, self.law.pace.pause_until_s - _now_s()),
            refusals=self._refusals,
            rate_per_s=self.law.rate.per_s,
            reason=self.law.pace.reason,
        )

    def join(self, line: Line) -> None:
        """A digest begins to buy, as if it had been served as much as the one that was served the least."""
        line.backlog.start_at(min((other.backlog.share for other in self._lines), default=0.0))
        self._lines.append(line)

    def part(self, line: Line) -> None:
        """A digest ends, before its task group does; whoever is at the door looks again."""
        self._lines.remove(line)
        self._turned.set()

    @property
    def idle(self) -> bool:
        """A slot is free, and no digest has anything to send."""
        return self._slots.free and not any(line.admissible() for line in self._lines)

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
                now_s = _now_s()
                until_s, why = self._closed(now_s)
                if until_s > now_s:
                    self._tell_wait(until_s, why, now_s)
                    await woken(self._turned, until_s=until_s)
                elif self._spacing and not self._token:
                    await self._spacing.acquire()
                    self._token = True
                else:
                    await self._start(now_s)
                    return

    def _closed(self, now_s: float) -> tuple[float, str]:
        """Until when nothing may leave, and why; the past where something may."""
        self.law = law.refreshed(self.law, now_s)
        if (until_s := pace.closed_until_s(self.law.pace, now_s)) > now_s:
            return until_s, "a pause after a refusal"
        if not self._slots.free:
            bound, until_s = pace.bound(self.law.pace, now_s)
            if bound is not self.law.pace:
                self._follow(replace(self.law, pace=bound))
            if not self._slots.free:
                return until_s, ""
        line, index = self._choice()
        return law.open_s(self.law, now_s, chars=line.backlog.chars[index])

    def _choice(self) -> tuple[Line, int]:
        """The best chunk of all digests."""
        lines = {line.backlog: line for line in self._lines if line.admissible()}
        caps = {line.cap for line in lines.values()}
        backlog, index = best(list(lines), min(self.law.pace.limit, sum(cap.limit for cap in caps)))
        return lines[backlog], index

    async def _start(self, now_s: float) -> None:
        line, index = self._choice()
        await self._slots.acquire()  # Free, and nobody else is inside the door: it does not wait.
        self._token = False
        chars = line.backlog.chars[index]
        self.law, request = law.sent(self.law, now_s, chars=chars, in_flight=self._slots.used)
        line.start(index, Slot(self._left, request))

    def _left(self) -> None:
        self._slots.release()
        self.turn()

    def _follow(self, concluded: Law) -> None:
        """Do what the law concluded, and tell every digest of another limit."""
        before, self.law = self.law.pace, concluded
        if concluded.pace.limit != before.limit:
            self._slots.resize(concluded.pace.limit)
            self._tell("limit", reason=concluded.pace.reason, known=concluded.pace.known)
        self._turned.set()

    def _tell(self, kind: Kind, **facts: Any) -> None:
        for line in self._lines:
            line.record(kind, limit=self.law.pace.limit, in_flight=self._slots.used, **facts)

    def _tell_wait(self, until_s: float, why: str, now_s: float) -> None:
        """Say why nothing leaves, once for each wait that a person would notice."""
        if why and until_s - now_s >= WORTH_TELLING_S and until_s - self._told_of_s >= WORTH_TELLING_S:
            self._told_of_s = until_s
            self._tell("waiting", wait_s=until_s - now_s, reason=why)

    def admitted(self, signals: Signals, slot: Slot) -> None:
        """Hear that an answer has begun, and what it tells of limits."""
        in_flight = self._slots.used
        self._follow(law.admitted(self.law, signals, now_s=_now_s(), request=slot.request, in_flight=in_flight))

    def delivered(self) -> None:
        """Hear that an answer was whole."""
        delivered = pace.delivered(self.law.pace)
        if delivered is not self.law.pace:
            self.law = replace(self.law, pace=delivered)

    def failed(self) -> None:
        """Hear that a request was let in and came to nothing."""
        self._follow(replace(self.law, pace=pace.failed(self.law.pace, _now_s())))

    def refused(self, error: ProviderError, slot: Slot) -> float:
        """Hear a refusal, and say for how long nothing leaves; hopeless waiting stops every render here."""
        self._refusals += 1
        signals, in_flight, u = error.signals or Signals(), self._slots.used, self.dice.random()
        concluded = law.refused(self.law, signals, now_s=_now_s(), request=slot.request, in_flight=in_flight, u=u)
        self._follow(concluded)
        return self._closed_s(error)

    def unreached(self, error: ProviderError, slot: Slot) -> float:
        """Hear that no connection was made: a refusal where there was one before, else soon the end."""
        if self.law.patience.ever_admitted:
            return self.refused(error, slot)
        self._follow(law.unreached(self.law, now_s=_now_s(), request=slot.request))
        return self._closed_s(error)

    def _closed_s(self, error: ProviderError) -> float:
        now_s = _now_s()
        if why := law.hopeless(self.law, now_s=now_s, budget_s=self.budget_s):
            last = copy(error)
            last.args = (f"{error} ({why})",)
            self.stop(last)
        return max(0.0, self.law.pace.pause_until_s - now_s)

    def stop(self, error: TTSError) -> None:
        """Stop every render in progress here; the next one starts clean, with the limit that was learned."""
        for line in list(self._lines):
            line.stop(error)
        self.law = law.restarted(self.law)
        self._turned.set()

    def space(self, rate_per_s: float) -> None:
        """Send so many requests a second at most, from now on."""
        if rate_per_s != self.law.rate_per_s:
            self.law = replace(self.law, rate_per_s=rate_per_s)
            self._spacing, self._token = _spacing(rate_per_s), False
            self._turned.set()

    def remember(self, limit: int) -> None:
        """Start at what the server held in an earlier run."""
        self._follow(replace(self.law, pace=pace.remembered(self.law.pace, limit)))

    def allow(self, limit: int) -> None:
        """Take a Renderer's word for how many requests the server takes at once."""
        self._follow(replace(self.law, pace=pace.allowed(self.law.pace, limit)))


def _spacing(rate_per_s: float | None) -> AsyncLimiter | None:
    return AsyncLimiter(1, 1 / rate_per_s) if rate_per_s else None


def _now_s() -> float:
    return asyncio.get_running_loop().time()
