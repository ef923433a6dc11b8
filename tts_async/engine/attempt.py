"""Hears how one purchase goes on, and tells the gate and the record."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tts_async.core.headers import Signals
from tts_async.core.plan import Chunk
from tts_async.engine.gate import Gate
from tts_async.engine.record import Record
from tts_async.engine.slots import Slot
from tts_async.errors import OutputError, TTSError


class Unsent(TTSError):
    """All was stopped before a request left."""


class Attempt:
    """The watch over one attempt at a chunk; ``took_s`` is the time from its request to its last byte."""

    def __init__(
        self, gate: Gate, slot: Slot, record: Record, *, chunk: Chunk, number: int, pay: Callable[[int], None]
    ) -> None:
        """``pay`` is called for the chunk before its request leaves, and raises `TTSError` where that must not."""
        self.number = number
        self.took_s: float = 0.0
        self._gate = gate
        self._slot = slot
        self._record = record
        self._chunk = chunk
        self._pay = pay
        self._sent_s = 0.0

    def sent(self) -> None:
        """Pay for the request, and note when it left."""
        self._pay(self._chunk.index)
        self._sent_s = asyncio.get_running_loop().time()
        at = self._gate.statistics()
        self._record(
            "sent",
            chunk=self._chunk.index,
            attempt=self.number,
            chars=self._chunk.chars,
            in_flight=at.in_flight,
            limit=at.limit,
            known=at.known,
        )

    def headers(self, signals: Signals) -> None:
        """Tell the gate that it was let in, and what the server says of its limits."""
        self._gate.admitted(signals, self._slot)
        limit, in_flight = signals.ceiling or 0, signals.in_flight or 0
        self._record("admitted", chunk=self._chunk.index, limit=limit, in_flight=in_flight)

    def body(self) -> None:
        """Leave the slot."""
        self.took_s = asyncio.get_running_loop().time() - self._sent_s if self._sent_s else 0.0
        self._slot.leave()

    def unkept(self, error: OutputError) -> None:
        """Stop every render that buys here: what comes cannot be kept."""
        self._gate.stop(error)
