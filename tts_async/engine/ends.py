"""Decides what the end of an attempt means for its chunk, and for the gate."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial

from tts_async.core.exchange import Clip
from tts_async.core.plan import Plan
from tts_async.core.verdict import Verdict
from tts_async.engine.account import Means
from tts_async.engine.attempt import Attempt, Unsent
from tts_async.engine.judge import Judge
from tts_async.engine.orders import Orders
from tts_async.engine.outcomes import Outcomes
from tts_async.engine.purchase import Bought
from tts_async.engine.slots import Slot
from tts_async.engine.store import Claim
from tts_async.errors import AudioError, BudgetError, Busy, ConfigError, Correction, OutputError, TTSError, Unavailable

THEIRS_WAIT_S = 1.0
"""How long to leave a chunk that another render is buying before looking again."""


class Ends:
    """The ends of one plan's attempts."""

    def __init__(
        self, plan: Plan, means: Means, orders: Orders, outcomes: Outcomes, stop: Callable[[TTSError], None]
    ) -> None:
        """``stop`` ends this digest only; where all of an account's have to end, the gate is told."""
        self._gate = means.gate
        self._stop = stop
        self._orders = orders
        self._outcomes = outcomes
        self._judge = Judge(plan, means, orders, outcomes, self._spoiled, self._unkept)

    def earlier(self, verdicts: Mapping[int, Verdict | None]) -> None:
        """Take over what was bought and judged in an earlier run."""
        self._judge.earlier(verdicts)

    async def judge(self) -> None:
        """Judge what only waited for others to be settled."""
        await self._judge.go_on()

    async def arrived(self, index: int, bought: Bought, watch: Attempt) -> None:
        """Have judged what is here; it is kept whatever the judgement says. Raises `AudioError`."""
        if bought.claim is Claim.THEIRS:
            self._outcomes.theirs(index, asyncio.get_running_loop().time() + THEIRS_WAIT_S)
        elif bought.claim is Claim.HERE:
            await self._judge.hear(index, came=None)
        else:
            await self._judge.hear(index, came=partial(self._bought, index, bought, watch))

    def _bought(self, index: int, bought: Bought, watch: Attempt, clip: Clip) -> None:
        self._gate.delivered()
        self._outcomes.bought(index, clip, attempt=watch.number, took_s=watch.took_s, found=bought.found)

    def second(self, error: TTSError | None, slot: Slot) -> None:
        """Tell the gate how a second request for a chunk ended; the chunk is the first one's."""
        if isinstance(error, Busy):
            self._gate.refused(error, slot)
        elif error is not None and not isinstance(error, Unsent):
            self._gate.failed()

    async def failed(self, index: int, error: TTSError, slot: Slot) -> None:
        """A refusal waits at the gate, a rejection is the end, else there is another attempt."""
        gate, outcomes = self._gate, self._outcomes
        match error:
            case Busy():
                outcomes.refused(index, error, wait_s=gate.refused(error, slot))
            case Unavailable(unreachable=True):
                outcomes.refused(index, error, wait_s=gate.unreached(error, slot))
            case AudioError():
                await self._spoiled(index, error)
            case OutputError():
                self._unkept(index, error)
            case Unsent():
                outcomes.put_back(index, None)
            case BudgetError():
                self._stop(error)
                outcomes.rejected(index, error)
            case _ if error.retryable:
                gate.failed()
                outcomes.failed(index, error)
            case _:
                outcomes.rejected(index, error)
                if isinstance(error, Correction):
                    self._stop(error)
                elif isinstance(error, ConfigError) or getattr(error, "stops_job", False):
                    gate.stop(error)

    async def _spoiled(self, index: int, error: AudioError) -> None:
        """It is not what was paid for: it is set aside, and another take is asked for."""
        try:
            await self._orders.set_aside(index)
        except OutputError as unkept:
            self._unkept(index, unkept)
            return
        self._gate.failed()
        self._outcomes.failed(index, error)

    def _unkept(self, index: int, error: OutputError) -> None:
        """The store takes nothing more: the chunk is left to the next run, and every render here ends."""
        self._outcomes.rejected(index, error)
        self._gate.stop(error)
