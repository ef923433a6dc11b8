"""Second requests for chunks that take too long: the first answer wins, and the other request is cancelled."""

from __future__ import annotations

import asyncio

from tts_async.core import expectation, hedge
from tts_async.core.backlog import Backlog
from tts_async.core.exchange import SpeechRequest, SpeechResponse
from tts_async.engine.attempt import Unsent
from tts_async.engine.groups import alone
from tts_async.engine.sender import OnHeaders, Sender
from tts_async.errors import TTSError
from tts_async.providers.base import Provider


class Race:
    """A sender for one purchase whose request can be sent a second time while the first is under way."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._tries: set[asyncio.Task[TTSError | None]] = set()
        self._group: asyncio.TaskGroup | None = None
        self._request: SpeechRequest | None = None
        self._response: SpeechResponse | None = None
        self._over = asyncio.Event()

    def speaking_for(self, provider: Provider) -> Sender:
        """Return the sender that races, for that provider."""
        return self._sender.speaking_for(provider)

    async def warm_up(self) -> None:
        """Nothing to do: its sender is warm."""

    async def send(self, request: SpeechRequest, on_headers: OnHeaders) -> SpeechResponse:
        """Return the first answer; where every request comes to nothing, raise what the first one met."""
        self._request = request
        with alone():
            async with asyncio.TaskGroup() as self._group:
                first = self._add(self._group, request, on_headers)
                await self._over.wait()
                for each in self._tries:
                    each.cancel()
        if self._response is None:
            error = first.result()
            assert error is not None
            raise error
        return self._response

    async def again(self, on_headers: OnHeaders) -> TTSError | None:
        """Send the request once more, until it has its answer or has lost; returns what went wrong with it.

        That is `Unsent` where the first one was over before.
        """
        if self._group is None or self._request is None or self._over.is_set():
            return Unsent()
        second = self._add(self._group, self._request, on_headers)
        await asyncio.wait({second})
        return None if second.cancelled() else second.result()

    def _add(
        self, group: asyncio.TaskGroup, request: SpeechRequest, on_headers: OnHeaders
    ) -> asyncio.Task[TTSError | None]:
        task = group.create_task(self._try(request, on_headers))
        self._tries.add(task)
        task.add_done_callback(self._done)
        return task

    async def _try(self, request: SpeechRequest, on_headers: OnHeaders) -> TTSError | None:
        try:
            response = await self._sender.send(request, on_headers)
        except TTSError as error:
            return error
        self._response = self._response or response
        return None

    def _done(self, task: asyncio.Task[TTSError | None]) -> None:
        self._tries.discard(task)
        if self._response is not None or not self._tries:
            self._over.set()


class Hedges:
    """Which chunks of a digest are under way since when, and which of them is to be asked for again."""

    def __init__(self, backlog: Backlog) -> None:
        self._backlog = backlog
        self._races: dict[int, tuple[Race, float]] = {}
        self._twice: set[int] = set()
        self._s_per_char: float | None = None

    def race(self, index: int, sender: Sender) -> Race:
        """A chunk's request leaves."""
        race = Race(sender)
        self._races[index] = (race, asyncio.get_running_loop().time())
        return race

    def over(self, index: int, *, took_s: float) -> None:
        """It is over; 0 s where there was no answer."""
        self._races.pop(index, None)
        if took_s:
            chars = self._backlog.chars[index]
            self._s_per_char = expectation.learned(self._s_per_char, chars=chars, took_s=took_s)

    def offer(self) -> float | None:
        """Offer the slowest chunk again if it is due, where nothing else is left to send; else say when one will be."""
        if self._s_per_char is None or not self._backlog.all_under_way:
            return None
        chars = self._backlog.chars
        total, hedged = sum(chars), sum(chars[index] for index in self._twice)
        due = [
            (hedge.due_s(began_s, chars[index], self._s_per_char), index)
            for index, (_, began_s) in self._races.items()
            if index not in self._twice and hedge.affordable(chars[index], hedged_chars=hedged, total_chars=total)
        ]
        if not due:
            return None
        due_s, index = min(due)
        if due_s <= asyncio.get_running_loop().time():
            self._twice.add(index)
            self._backlog.offer_again(index)
        return due_s

    async def again(self, index: int, on_headers: OnHeaders) -> TTSError | None:
        """Send a chunk's request once more; returns what went wrong with it, `Unsent` where it was over before."""
        race, _ = self._races.get(index, (None, 0.0))
        return await race.again(on_headers) if race else Unsent()
