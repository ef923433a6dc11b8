"""Decides what the end of an attempt means for its chunk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tts_async.engine.account import Means
from tts_async.engine.attempt import Attempt
from tts_async.engine.orders import Orders
from tts_async.engine.outcomes import Outcomes
from tts_async.engine.purchase import Bought
from tts_async.engine.slots import Slot
from tts_async.engine.store import Claim
from tts_async.errors import AudioError, Busy, ConfigError, Correction, OutputError, TTSError, Unavailable

THEIRS_WAIT_S = 1.0
"""How long to leave a chunk that another render is buying before looking again."""


class Judge:
    """The judge of one digest's attempts."""

    def __init__(self, means: Means, orders: Orders, outcomes: Outcomes, stop: Callable[[TTSError], None]) -> None:
        """``stop`` ends this digest only; where all of an account's have to end, the gate is told."""
        self._gate = means.gate
        self._stop = stop
        self._orders = orders
        self._outcomes = outcomes

    async def settle(self, index: int, bought: Bought, watch: Attempt) -> None:
        """Judge what is here; it is kept whatever the judgement says. Raises `AudioError`."""
        if bought.claim is Claim.THEIRS:
            self._outcomes.backlog.wait(index, asyncio.get_running_loop().time() + THEIRS_WAIT_S)
            return
        clip = await self._orders.judged(index)
        if bought.claim is Claim.HERE:
            self._outcomes.here(index)
            return
        self._gate.delivered()
        self._outcomes.bought(index, clip, attempt=watch.number, took_s=watch.took_s)

    def second(self, error: TTSError | None, slot: Slot) -> None:
        """Tell the gate how a second request for a chunk ended; the chunk is the first one's."""
        if isinstance(error, Busy):
            self._gate.refused(error, slot)
        elif error is not None:
            self._gate.failed()

    async def failed(self, index: int, error: TTSError, slot: Slot) -> None:
        """Decide what a failure means: a refusal waits at the gate, a rejection ends it, else another attempt."""
        gate, outcomes = self._gate, self._outcomes
        match error:
            case Busy():
                outcomes.refused(index, error, wait_s=gate.refused(error, slot))
            case Unavailable(unreachable=True):
                outcomes.refused(index, error, wait_s=gate.unreached(error, slot))
            case _ if not error.retryable:
                outcomes.rejected(index, error)
                if isinstance(error, Correction):
                    self._stop(error)
                elif isinstance(error, ConfigError | OutputError) or getattr(error, "stops_job", False):
                    gate.stop(error)
            case _:
                if isinstance(error, AudioError):
                    await self._orders.set_aside(index)
                gate.failed()
                outcomes.failed(index, error)
