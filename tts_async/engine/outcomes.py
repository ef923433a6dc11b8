"""What became of each chunk of a digest: a state of its backlog, an event, and news for whoever waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tts_async.core.backlog import Backlog
from tts_async.core.event import Kind
from tts_async.core.exchange import Clip
from tts_async.core.money import Purse
from tts_async.core.plan import Plan
from tts_async.engine import retry
from tts_async.engine.account import Means
from tts_async.engine.attempt import Unsent
from tts_async.engine.record import Record
from tts_async.errors import Correction, ProviderError, TTSError

Takes = Callable[[int, TTSError, Callable[[int, TTSError | None], None]], bool]


class Outcomes:
    """The only writer of a digest's backlog; ``failures`` maps a chunk to its last error, ``attempts`` to how many this run took.

    ``takes`` says whether somebody else speaks a chunk that is lost here; it is ``pending`` then, and ``rescued`` in the end.
    """

    def __init__(self, plan: Plan, backlog: Backlog, purse: Purse, means: Means, record: Record, takes: Takes) -> None:
        self.backlog = backlog
        self._plan = plan
        self._purse = purse
        self.failures: dict[int, TTSError] = {}
        self.attempts: dict[int, int] = {}
        self.pending: set[int] = set()
        self.rescued: set[int] = set()
        self._takes = takes
        self._means = means
        self._record = record
        self._told_lost: set[int] = set()
        self._arrived = asyncio.Event()

    def pay(self, index: int) -> None:
        """A request is about to leave; raises `BudgetError` where it would cost too much, `Unsent` where all is stopped."""
        if self.backlog.stopped:
            raise Unsent
        self._purse.pay(index)

    def here(self, index: int) -> None:
        """It was bought before, and is what was asked for."""
        self._record("here", chunk=index)
        self.good(index)

    def theirs(self, index: int, until_s: float) -> None:
        """Somebody else is buying it: it is looked at again then."""
        self.backlog.wait(index, until_s)

    def bought(self, index: int, clip: Clip, *, attempt: int, took_s: float, found: bool) -> None:
        """It was bought now, or by a request that came to nothing, and is audio; it counts once it is `good`."""
        self._purse.billed(index, clip.billed_chars)
        self.attempts[index] = attempt
        self._record(
            "found" if found else "bought",
            cost_usd=clip.cost_usd,
            chunk=index,
            attempt=attempt,
            chars=self.backlog.chars[index] if clip.billed_chars is None else clip.billed_chars,
            took_s=took_s,
            request_id=clip.request_id,
            history_item_id=clip.history_item_id,
            server_ms=clip.server_ms,
        )

    def good(self, index: int) -> None:
        """It is here, and is what was asked for."""
        self._purse.free(index)
        self.backlog.buy(index)
        self.failures.pop(index, None)
        self._arrived.set()

    def warn(self, reason: str) -> None:
        """Something is as people should know."""
        self._record("warning", reason=reason)

    def refused(self, index: int, error: ProviderError, *, wait_s: float) -> None:
        """It was asked for at the wrong moment, and is as it was."""
        self._purse.unpaid(index)
        self._note("refused", index, error, wait_s=wait_s)
        self.put_back(index, error)

    def put_back(self, index: int, error: TTSError | None) -> None:
        """It came to nothing; where all is stopped meanwhile, that was its last chance."""
        self.backlog.put_back(index)
        if error and index in self.backlog.lost - self._told_lost:
            self.lost(index, error)

    def failed(self, index: int, error: TTSError) -> None:
        """An attempt is spent: it is tried again later, parked, or lost."""
        if not error.billed:
            self._purse.unpaid(index)
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
        if isinstance(error, ProviderError):
            self._purse.unpaid(index)
        self.backlog.lose(index)
        self.lost(index, error)

    def stopped(self, error: TTSError) -> None:
        """No further request leaves; what is under way may still arrive."""
        if not (self.backlog.finished or self._record.report.stopped or isinstance(error, Correction)):
            self._record("stopped", reason=str(error))
        for index in self.backlog.stop():
            self.lost(index, error)

    def lost(self, index: int, error: TTSError) -> None:
        """It will never be here from this provider, and from none where no other takes it."""
        self._purse.free(index)
        self._told_lost.add(index)
        self.failures[index] = error
        if self._takes(index, error, self._over):
            self.pending.add(index)
            return
        self.pending.discard(index)
        if not isinstance(error, Correction):  # It is asked for again, in another way.
            words = self._plan.chunks[index].first_words
            self._record("lost", chunk=index, words=words, reason=str(error), error=type(error).__name__)
        self._arrived.set()

    def _over(self, index: int, error: TTSError | None) -> None:
        """Another provider has spoken a chunk, or has not."""
        if error is not None:
            self.lost(index, error)
            return
        self.pending.discard(index)
        self.rescued.add(index)
        self.failures.pop(index, None)
        self._arrived.set()

    def _note(self, kind: Kind, index: int, error: TTSError, **facts: float) -> None:
        """Record what came instead of speech."""
        chars, name = self.backlog.chars[index], type(error).__name__
        self._record(kind, chunk=index, chars=chars, error=name, reason=str(error), **facts)

    async def arrived(self, index: int) -> bool:
        """Wait until a chunk is here, and say so; or that it never will be. For one reader only."""
        while index in self.pending or not self.backlog.settled(index):
            self._arrived.clear()
            await self._arrived.wait()
        return index in self.backlog.bought or index in self.rescued
