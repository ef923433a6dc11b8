"""Buys a digest: chunks out through the gate, outcomes back, clips in the order of the text."""

from __future__ import annotations

import asyncio
import contextvars

from tts_async.core.backlog import Backlog
from tts_async.core.exchange import PLANNED, Clip, Take, fingerprint
from tts_async.core.plan import Chunk, Plan
from tts_async.engine.account import Means
from tts_async.engine.attempt import Attempt
from tts_async.engine.decode import check
from tts_async.engine.hedge import Hedges
from tts_async.engine.line import woken
from tts_async.engine.outcomes import Outcomes
from tts_async.engine.purchase import Bought, Order, buy
from tts_async.engine.record import Record
from tts_async.engine.slots import Cap, Slot
from tts_async.engine.store import Claim
from tts_async.errors import AudioError, Busy, ConfigError, OutputError, TTSError, Unavailable

__all__ = ["Buying", "Means"]

THEIRS_WAIT_S = 1.0
"""How long to leave a chunk that another render is buying before looking again."""


class Buying:
    """One digest on its way in; `run` ends when every chunk is here or lost."""

    def __init__(
        self, plan: Plan, means: Means, record: Record, *, ahead: int | None = None, priority: float = 1.0
    ) -> None:
        """Every request is made here, so that a chunk that cannot be spoken is found before any is sent.

        ``ahead`` keeps it from buying further than that many chunks past its reader.
        """
        self.plan = plan
        self.record = record
        self.backlog: Backlog = Backlog(
            [chunk.chars for chunk in plan.chunks], attempts=means.settings.attempts, window=ahead, priority=priority
        )
        self._outcomes = Outcomes(self.backlog, means, record)
        self.failures: dict[int, TTSError] = self._outcomes.failures
        self.cap: Cap = means.cap
        self._hedges = Hedges(self.backlog) if means.settings.hedge else None
        self._means = means
        self._fingerprints = [fingerprint(means.provider.request(chunk, PLANNED)) for chunk in plan.chunks]
        self._takes: dict[int, int] = {}
        self._held: set[Slot] = set()
        self._closing = False
        self._stopped: TTSError | None = None
        self._changed = asyncio.Event()
        self._context = contextvars.copy_context()
        self._group: asyncio.TaskGroup | None = None

    async def run(self) -> None:
        """Buy what is not here; failures become states, and are never raised."""
        chars = sum(self.backlog.chars)
        self.record("planned", chunks=len(self.plan.chunks), chars=chars, limit=self.cap.limit)
        await self._look_up()
        async with asyncio.TaskGroup() as self._group:
            self._means.gate.join(self)
            try:
                await self._dispatch()
            finally:
                self._means.gate.part(self)

    async def _look_up(self) -> None:
        here = await self._means.store.have(self._fingerprints)
        for index, name in enumerate(self._fingerprints):
            if name in here:
                self._outcomes.here(index)

    async def _dispatch(self) -> None:
        """Come to the door whenever there is something to send, until there will be nothing more."""
        while not self.backlog.finished:
            self._changed.clear()
            self.backlog.wake(asyncio.get_running_loop().time())
            hedge_s = self._hedges.offer() if self._hedges and self._means.gate.idle else None
            if self.admissible():
                await self._means.gate.admit(self)
                continue
            await woken(self._changed, until_s=hedge_s or self.backlog.next_due_s)

    def admissible(self) -> bool:
        """Whether there is a ready chunk, inside the reader's window and under the Renderer's cap."""
        return not self._closing and len(self.cap.used) < self.cap.limit and self.backlog.first() is not None

    def start(self, index: int, slot: Slot) -> None:
        """Start a chunk in this digest's group; where the group ends already, put slot and chunk back."""
        assert self._group is not None
        second = index in self.backlog.running
        attempt = self._again(index, slot) if second else self._attempt(index, slot)
        ended = self._left if second else self._ended
        self.backlog.take(index)
        self.cap.hold(slot)
        self._held.add(slot)
        try:
            task = self._group.create_task(attempt, context=self._context.copy())
        except RuntimeError:
            attempt.close()
            self._closing = True
            ended(index, slot)
        else:
            task.add_done_callback(lambda _: ended(index, slot))

    def _ended(self, index: int, slot: Slot) -> None:
        """Give back what an attempt held, once: at its end, or when it was cancelled before its first step."""
        if slot in self._held:
            self._outcomes.put_back(index, self._stopped)
            self._left(index, slot)

    def _left(self, index: int, slot: Slot) -> None:
        self._held.discard(slot)
        slot.leave()
        self._means.gate.turn()

    def turned(self) -> None:
        """Something changed that may make a chunk admissible."""
        self._changed.set()

    def stop(self, error: TTSError) -> None:
        """Send nothing more; what is under way is finished."""
        self._stopped = error
        self._outcomes.stopped(error)
        self.turned()

    async def _attempt(self, index: int, slot: Slot) -> None:
        """Try a chunk once; what becomes of it is a state of the backlog."""
        means, chunk = self._means, self.plan.chunks[index]
        watch = Attempt(means.gate, slot, self.record, chunk=chunk, number=self.backlog.attempt(index))
        try:
            request = means.provider.request(chunk, Take(number=self._takes.get(index, 1)))
            order = Order(fingerprint=self._fingerprints[index], request=request)
            sender = self._hedges.race(index, means.sender) if self._hedges else means.sender
            bought = await buy(order, sender=sender, store=means.store, watch=watch, grace_s=means.settings.grace_s)
            slot.leave()
            await self._settle(chunk, bought, watch)
        except TTSError as error:
            slot.leave()
            await self._failed(index, error, slot)
        finally:
            if self._hedges:
                self._hedges.over(index, took_s=watch.took_s)
            self._ended(index, slot)

    async def _again(self, index: int, slot: Slot) -> None:
        """Ask a second time for a chunk that takes too long; whoever answers first, it is the chunk's one purchase."""
        assert self._hedges is not None
        gate, at, chars = self._means.gate, self._means.gate.statistics(), self.backlog.chars[index]
        self.record("hedged", chunk=index, chars=chars, in_flight=at.in_flight, limit=at.limit)
        try:
            error = await self._hedges.again(index, lambda signals: gate.admitted(signals, slot))
        finally:
            slot.leave()
        if isinstance(error, Busy):
            gate.refused(error, slot)
        elif error is not None:
            gate.failed()

    async def _settle(self, chunk: Chunk, bought: Bought, watch: Attempt) -> None:
        """Judge what is here; it is kept whatever the judgement says."""
        if bought.claim is Claim.THEIRS:
            self.backlog.wait(chunk.index, asyncio.get_running_loop().time() + THEIRS_WAIT_S)
            return
        clip = await self.clip(chunk)
        await check(clip)
        await self._means.store.approve(self._fingerprints[chunk.index])
        if bought.claim is Claim.HERE:
            self._outcomes.here(chunk.index)
            return
        self._means.gate.delivered()
        billed = chunk.chars if clip.billed_chars is None else clip.billed_chars
        self._outcomes.bought(chunk.index, attempt=watch.number, billed_chars=billed, took_s=watch.took_s)

    async def _failed(self, index: int, error: TTSError, slot: Slot) -> None:
        """Decide what a failure means: a refusal waits at the gate, a rejection ends it, else another attempt."""
        gate, outcomes = self._means.gate, self._outcomes
        match error:
            case Busy():
                outcomes.refused(index, error, wait_s=gate.refused(error, slot))
            case Unavailable(unreachable=True):
                outcomes.refused(index, error, wait_s=gate.unreached(error, slot))
            case _ if not error.retryable:
                outcomes.rejected(index, error)
                if isinstance(error, ConfigError | OutputError) or getattr(error, "stops_job", False):
                    gate.stop(error)
            case _:
                if isinstance(error, AudioError):
                    await self._means.store.discard(self._fingerprints[index])
                    self._takes[index] = self._takes.get(index, 1) + 1
                gate.failed()
                outcomes.failed(index, error)

    async def arrived(self, index: int) -> bool:
        """Wait until a chunk is here, and say so; or that it never will be. For one reader only."""
        self.backlog.read_to(index)
        self.turned()
        return await self._outcomes.arrived(index)

    async def clip(self, chunk: Chunk) -> Clip:
        """Read a chunk's clip from the store."""
        response = await self._means.store.read(self._fingerprints[chunk.index])
        return self._means.provider.clip(chunk, response)

    async def clips(self) -> dict[int, Clip]:
        """All clips that are here."""
        return {index: await self.clip(self.plan.chunks[index]) for index in sorted(self.backlog.bought)}
