"""Has chunks spoken by another provider that the first one does not speak."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from tts_async.core.event import Kind
from tts_async.core.exchange import Clip
from tts_async.core.plan import Chunk, Plan
from tts_async.engine.account import Means
from tts_async.engine.record import Record
from tts_async.errors import AudioError, Correction, ProviderError, TTSError
from tts_async.providers.base import Correctable
from tts_async.sound.profile import Profile

Start = Callable[[Coroutine[Any, Any, None]], object]

UNHEARD: frozenset[Kind] = frozenset(
    {"planned", "limit", "written", "finished", "lost", "stopped", "warning", "parked"}
)
"""What is true of a stand-in only, and would be read as the first provider's."""


class Clips(Protocol):
    """What of a plan is here, as `Harvest` is."""

    async def clips_of(self, index: int) -> list[tuple[Chunk, Clip]]:
        """The clips of a chunk that is here."""

    async def profiles_of(self, index: int) -> list[tuple[Chunk, Profile]]:
        """What is heard in them."""


class Purchase(Protocol):
    """A plan that is being bought, as `Buying` is: what a stand-in speaks is bought as everything else."""

    plan: Plan
    failures: dict[int, TTSError]

    @property
    def harvest(self) -> Clips:
        """What of it is here."""

    @property
    def correction(self) -> Correction | None:
        """What has to be planned otherwise."""

    async def run(self) -> None:
        """Buy what is not here."""

    async def arrived(self, index: int) -> bool:
        """Wait until a chunk is here, or never will be."""


Begin = Callable[[Plan, Means, Record], Purchase]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """Who has the clips of a chunk, and under which numbers."""

    buying: Purchase
    numbers: tuple[int, ...]


class Rescue:
    """The chunks of one digest that others are to speak; each is offered to one stand-in after the other.

    ``begin`` makes the purchase of a plan, ``start`` runs a coroutine in the digest's group; nothing where it cannot.
    """

    def __init__(self, plan: Plan, others: Sequence[Means], record: Record, *, begin: Begin, start: Start) -> None:
        self.spoken: dict[int, Spoken] = {}
        self._plan = plan
        self._others = list(others)
        self._record = record
        self._begin = begin
        self._start = start
        self._levels: dict[int, int] = {}
        self._waiting: list[int] = []

    def takes(self, index: int, error: TTSError, over: Callable[[int, TTSError | None], None]) -> bool:
        """Whether a stand-in speaks a chunk instead; ``over`` hears how that ended, ``None`` where it is here."""
        level = self._next(index)
        if level is None or isinstance(error, Correction) or not isinstance(error, ProviderError | AudioError):
            return False
        if not self._waiting and not self._start(self._soon(over)):
            return False
        self._levels[index] = level
        self._waiting.append(index)
        self._record("instead", chunk=index, provider=self._others[level].provider.name, reason=str(error))
        return True

    def _next(self, index: int) -> int | None:
        """The next stand-in that has the voices for a chunk."""
        instead = self._plan.chunks[index].instead
        levels = range(self._levels.get(index, -1) + 1, min(len(instead), len(self._others)))
        return next((level for level in levels if instead[level]), None)

    async def _soon(self, over: Callable[[int, TTSError | None], None]) -> None:
        """Have all chunks spoken that were lost in this turn of the loop: after a stop these are many."""
        await asyncio.sleep(0)
        waiting, self._waiting = self._waiting, []
        async with asyncio.TaskGroup() as group:
            for level in sorted({self._levels[index] for index in waiting}):
                batch = [index for index in waiting if self._levels[index] == level]
                group.create_task(self._speak(level, batch, over))

    async def _speak(self, level: int, batch: Sequence[int], over: Callable[[int, TTSError | None], None]) -> None:
        """Have some chunks spoken by one stand-in, once more where it has to be asked otherwise."""
        means = self._others[level]
        pieces = [(index, piece) for index in batch for piece in self._plan.chunks[index].instead[level]]
        chunks = tuple(replace(piece, index=number) for number, (_, piece) in enumerate(pieces))
        # A name of its own: what a stand-in is asked for is not what the digest is.
        name = f"{self._plan.digest_id} ({means.provider.name})"
        plan = replace(self._plan, digest_id=name, provider=means.provider.name, chunks=chunks, in_order=False)
        buying = self._begin(plan, means, Part(self._record, [index for index, _ in pieces], means.provider.name))
        again = []
        async with asyncio.TaskGroup() as group:
            group.create_task(buying.run())
            for index in batch:
                numbers = tuple(number for number, (owner, _) in enumerate(pieces) if owner == index)
                missing = [number for number in numbers if not await buying.arrived(number)]
                if not missing:
                    self.spoken[index] = Spoken(buying=buying, numbers=numbers)
                    over(index, None)
                elif isinstance(buying.failures[missing[0]], Correction):
                    again.append(index)
                else:
                    over(index, buying.failures[missing[0]])
        if again:
            self._correct(level, buying.correction)
            await self._speak(level, again, over)

    def _correct(self, level: int, correction: Correction | None) -> None:
        means = self._others[level]
        if correction and isinstance(means.provider, Correctable):
            self._others[level] = means.speaking_for(means.provider.corrected(correction.change))

    def provider_of(self, index: int) -> str:
        """Which stand-in has spoken a chunk; "" where none has."""
        return self.spoken[index].buying.plan.provider if index in self.spoken else ""

    async def clips(self, index: int) -> list[tuple[Chunk, Clip]]:
        """The clips that a chunk consists of, each with what it says, as parts of that chunk."""
        harvest = self.spoken[index].buying.harvest
        parts = [(placed, await harvest.clips_of(number)) for number, placed in self._placed(index)]
        return [(placed, clip) for placed, found in parts for _, clip in found]

    async def profiles(self, index: int) -> list[tuple[Chunk, Profile]]:
        """The same with what is heard in the clips."""
        harvest = self.spoken[index].buying.harvest
        parts = [(placed, await harvest.profiles_of(number)) for number, placed in self._placed(index)]
        return [(placed, heard) for placed, found in parts for _, heard in found]

    def _placed(self, index: int) -> Iterator[tuple[int, Chunk]]:
        """What a stand-in says for a chunk, by its own numbers, in the place of that chunk."""
        spoken, chunk = self.spoken[index], self._plan.chunks[index]
        for number in spoken.numbers:
            piece = spoken.buying.plan.chunks[number]
            pause_ms = chunk.pause_ms if number == spoken.numbers[-1] else piece.pause_ms
            yield number, replace(piece, index=chunk.index, section=chunk.section, pause_ms=pause_ms)


class Part(Record):
    """Records what a stand-in does under the numbers of the chunks that it stands in for."""

    def __init__(self, whole: Record, owners: Sequence[int], provider: str) -> None:
        super().__init__(whole.report.digest)
        self._whole = whole
        self._owners = owners
        self._provider = provider

    def __call__(self, kind: Kind, **facts: Any) -> None:
        """Pass on what is of interest for the whole digest."""
        if kind in UNHEARD:
            return
        if facts.get("chunk") is not None:
            facts["chunk"] = self._owners[facts["chunk"]]
        if "known" in facts:
            facts["known"] = False
        self._whole(kind, **{**facts, "provider": self._provider})
