"""What became of each chunk of a digest: a state of its backlog, an event, and news for whoever waits for it."""

from __future__ import annotations

import asyncio

from tts_async.core.backlog import Backlog
from tts_async.core.report import Kind
from tts_async.engine import retry
from tts_async.engine.account import Means
from tts_async.engine.record import Record
from tts_async.errors import ProviderError, TTSError


class Outcomes:
    """The only writer of a digest's backlog; ``failures`` maps a chunk to its last error."""

    def __init__(self, backlog: Backlog, means: Means, record: Record) -> None:
        self.backlog = backlog
        self.failures: dict[int, TTSError] = {}
        self._means = means
        self._record = record
        self._told_lost: set[int] = set()
        self._arrived = asyncio.Event()

    def here(self, index: int) -> None:
        """It was bought before."""
        self._bought(index)
        self._record("here", chunk=index)

    def bought(self, index: int, *, attempt: int, billed_chars: int, took_s: float) -> None:
        """It was bought now, and is what was asked for."""
        self._bought(index)
        self._record("bought", chunk=index, attempt=attempt, chars=billed_chars, took_s=took_s)

    def _bought(self, index: int) -> None:
        self.backlog.buy(index)
        self.failures.pop(index, None)
        self._arrived.set()

    def refused(self, index: int, error: ProviderError, *, wait_s: float) -> None:
        """It was asked for at the wrong moment, and is as it was."""
        self._note("refused", index, error, wait_s=wait_s)
        self.put_back(index, error)

    def put_back(self, index: int, error: TTSError | None) -> None:
        """It came to nothing; where all is stopped meanwhile, that was its last chance."""
        self.backlog.put_back(index)
        if error and index in self.backlog.lost - self._told_lost:
            self.lost(index, error)

    def failed(self, index: int, error: TTSError) -> None:
        """An attempt is spent: it is tried again later, parked, or lost."""
        settings, dice = self._means.settings, self._means.gate.dice
        attempt = self.backlog.attempt(index)
        wait_s = retry.wait_s((attempt - 1) % settings.attempts + 1, settings, u=dice.random())
        fate = self.backlog.fail(index, asyncio.get_running_loop().time() + wait_s)
        self.failures[index] = error
        self._note("failed", index, error, attempt=attempt, wait_s=wait_s)
        if fate == "parked":
            self._record("parked", chunk=index, reason=str(error))
        elif fate == "lost":
            self.lost(index, error)

    def rejected(self, index: int, error: TTSError) -> None:
        """It will never be accepted."""
        self.backlog.lose(index)
        self.lost(index, error)

    def stopped(self, error: TTSError) -> None:
        """No further request leaves; what is under way may still arrive."""
        if not self.backlog.finished:
            self._record("stopped", reason=str(error))
        for index in self.backlog.stop():
            self.lost(index, error)

    def lost(self, index: int, error: TTSError) -> None:
        """It will never be here."""
        self._told_lost.add(index)
        self.failures[index] = error
        self._record("lost", chunk=index, reason=str(error))
        self._arrived.set()

    def _note(self, kind: Kind, index: int, error: TTSError, **facts: float) -> None:
        """Record what came instead of speech."""
        chars, name = self.backlog.chars[index], type(error).__name__
        self._record(kind, chunk=index, chars=chars, error=name, reason=str(error), **facts)

    async def arrived(self, index: int) -> bool:
        """Wait until a chunk is here, and say so; or that it never will be. For one reader only."""
        while not self.backlog.settled(index):
            self._arrived.clear()
            await self._arrived.wait()
        return index in self.backlog.bought
