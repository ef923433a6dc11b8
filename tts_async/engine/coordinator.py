"""Buys a digest: chunks out through the gate, outcomes back, clips in the order of the text."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from functools import partial

from tts_async.core.backlog import Backlog
from tts_async.core.money import Purse
from tts_async.core.plan import Plan
from tts_async.core.verdict import usable
from tts_async.engine.account import Means
from tts_async.engine.attempt import Attempt
from tts_async.engine.ends import Ends
from tts_async.engine.groups import Crew
from tts_async.engine.harvest import Harvest
from tts_async.engine.hedge import Hedges
from tts_async.engine.history import history_of
from tts_async.engine.line import woken
from tts_async.engine.orders import NOTHING_KEPT, Orders
from tts_async.engine.outcomes import Outcomes
from tts_async.engine.purchase import buy
from tts_async.engine.record import Record
from tts_async.engine.rescue import Rescue
from tts_async.engine.slots import Cap, Slot
from tts_async.engine.spare import Spare
from tts_async.errors import BudgetError, Correction, TTSError
from tts_async.providers.base import Provider


class Buying:
    """One digest on its way in; `run` ends when every chunk is here or lost."""

    def __init__(
        self,
        plan: Plan,
        means: Means,
        record: Record,
        *,
        others: Sequence[Means] = (),
        kept: Mapping[int, Provider] = NOTHING_KEPT,
        ahead: int | None = None,
        priority: float = 1.0,
        spare: Spare | None = None,
    ) -> None:
        """Every request is made here, so that a chunk that cannot be spoken is found before any is sent.

        ``others`` stand in for the provider, in their order; ``kept`` chunks were bought of that provider by an earlier plan.
        ``ahead`` keeps it from buying further than that many chunks past its reader; ``spare`` takes what the store does not.
        """
        self.plan = plan
        self.record = record
        self.backlog: Backlog = Backlog(
            [chunk.chars for chunk in plan.chunks],
            attempts=means.settings.attempts,
            window=1 if plan.in_order else ahead,
            priority=priority,
        )
        self._crew = Crew()
        self._rescue = Rescue(
            plan, others, record, begin=partial(Buying, priority=priority, spare=spare), start=self._crew.start
        )
        self.cap: Cap = means.cap
        self._hedges = Hedges(self.backlog) if means.settings.hedge else None
        self._means = means
        self._orders = Orders(plan, means.provider, means.store, prices=means.settings.prices, kept=kept)
        self._purse = Purse(means.budget, self._orders.costs, self._orders.fingerprints)
        self._outcomes = Outcomes(plan, self.backlog, self._purse, means, record, self._rescue.takes)
        self.failures: dict[int, TTSError] = self._outcomes.failures
        self.harvest: Harvest = Harvest(plan, self._orders, self._outcomes, self._rescue, means.store)
        self._ends = Ends(plan, means, self._orders, self._outcomes, self.stop)
        history = history_of(means.provider, means.sender, means.store)
        self._buy = partial(buy, store=means.store, grace_s=means.settings.grace_s, history=history, spare=spare)
        self._spare = spare
        self._held: set[Slot] = set()
        self._stopped: TTSError | None = None
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Buy what is not here; failures become states.

        Raises `OutputError` before the first request where nothing can be kept.
        """
        chars = sum(self.backlog.chars)
        chunks, limit = len(self.plan.chunks), self.cap.limit
        self.record("planned", chunks=chunks, chars=chars, limit=limit, provider=self.plan.provider)
        for note in self.plan.notes:
            self._outcomes.warn(note)
        missing = await self._look_up()
        await self._means.store.probe(sum(self.backlog.chars[index] for index in missing))
        with closing(self._purse):
            self._set_apart(missing)
            async with self._means.store.buying(), self._crew.at_work():
                self._means.gate.join(self)
                try:
                    await self._dispatch()
                finally:
                    self._means.gate.part(self)

    def _set_apart(self, missing: Collection[int]) -> None:
        """See to it that all can be paid for, before the first request; else it stops here."""
        try:
            cost = self._purse.fill(missing)
        except BudgetError as error:
            self.stop(error)
            return
        self.record("priced", chars=cost.chars, credits=cost.credits, cost_usd=cost.usd)

    async def _look_up(self) -> Collection[int]:
        """Take what the store has, and return chunks for all that is to be bought, one for each purchase."""
        names, store = self._orders.fingerprints, self._means.store
        if self._spare:
            await self._spare.hand_over(set(names), store)
        await store.note(self.plan.digest_id, self._orders.requests())
        here = await store.have(names)
        self._ends.earlier({index: here[name] for index, name in enumerate(names) if name in here})
        good = usable(here, mode=self._means.settings.verdict)
        return list({name: index for index, name in enumerate(names) if name not in good}.values())

    async def _dispatch(self) -> None:
        """Come to the door whenever there is something to send, until there will be nothing more."""
        while True:
            self._changed.clear()
            await self._ends.judge()
            if self.backlog.finished:
                return
            if self.plan.in_order:
                self.backlog.read_to(self.backlog.first_open)
            self.backlog.wake(asyncio.get_running_loop().time())
            hedge_s = self._hedges.offer() if self._hedges and self._means.gate.idle else None
            if self.admissible():
                await self._means.gate.admit(self)
                continue
            await woken(self._changed, until_s=hedge_s or self.backlog.next_due_s)

    def admissible(self) -> bool:
        """Whether there is a ready chunk, inside the reader's window and under the Renderer's cap."""
        return not self._crew.closing and len(self.cap.used) < self.cap.limit and self.backlog.first() is not None

    def start(self, index: int, slot: Slot) -> None:
        """Start a chunk in this digest's group; where the group ends already, put slot and chunk back."""
        second = index in self.backlog.running
        attempt = self._again(index, slot) if second else self._attempt(index, slot)
        ended = self._left if second else self._ended
        self.backlog.take(index)
        self.cap.hold(slot)
        self._held.add(slot)
        if task := self._crew.start(attempt):
            task.add_done_callback(lambda _: ended(index, slot))
        else:
            ended(index, slot)

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
        number = self.backlog.attempt(index)
        watch = Attempt(means.gate, slot, self.record, chunk=chunk, number=number, pay=self._outcomes.pay)
        try:
            order = self._orders.order(index)
            sender = self._hedges.race(index, means.sender) if self._hedges else means.sender
            bought = await self._buy(order, sender=sender, watch=watch)
            slot.leave()
            await self._ends.arrived(index, bought, watch)
        except TTSError as error:
            slot.leave()
            await self._ends.failed(index, error, slot)
        finally:
            if self._hedges:
                self._hedges.over(index, took_s=watch.took_s)
            self._ended(index, slot)

    async def _again(self, index: int, slot: Slot) -> None:
        """Ask a second time for a chunk that takes too long, where that can be paid; it stays the chunk's one purchase."""
        assert self._hedges is not None
        gate, at, chars = self._means.gate, self._means.gate.statistics(), self.backlog.chars[index]
        try:
            self._purse.pay(index)
            self.record("hedged", chunk=index, chars=chars, in_flight=at.in_flight, limit=at.limit)
            error = await self._hedges.again(index, lambda signals: gate.admitted(signals, slot))
            if error is not None and not error.billed:
                self._purse.unpaid(index)
        except BudgetError:  # The first request goes on.
            return
        finally:
            slot.leave()
        self._ends.second(error, slot)

    async def arrived(self, index: int) -> bool:
        """Wait until a chunk is here, and say so; or that it never will be. For one reader only."""
        if not self.plan.in_order:
            self.backlog.read_to(index)
        self.turned()
        return await self._outcomes.arrived(index)

    @property
    def stopped(self) -> bool:
        """Whether it ended before all was tried."""
        return self._stopped is not None

    @property
    def correction(self) -> Correction | None:
        """What has to be planned otherwise, where that is why it stopped."""
        return self._stopped if isinstance(self._stopped, Correction) else None
