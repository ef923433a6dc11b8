"""What is asked for each chunk of a plan, and where the answer is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace

from tts_async.core.exchange import PLANNED, Clip, SpeechRequest, fingerprint
from tts_async.core.money import Cost, cost_of
from tts_async.core.plan import Plan
from tts_async.core.prices import price_of
from tts_async.core.verdict import Verdict
from tts_async.engine.hearing import heard
from tts_async.engine.purchase import Order
from tts_async.engine.store import Store
from tts_async.engine.takes import Takes
from tts_async.providers.base import Provider
from tts_async.sound.profile import Profile, from_bytes, to_bytes

NOTHING_KEPT: Mapping[int, Provider] = {}


class Orders:
    """The orders of one plan; a chunk that an earlier plan bought stays that plan's provider's."""

    def __init__(
        self,
        plan: Plan,
        provider: Provider,
        store: Store,
        *,
        prices: Mapping[str, float],
        kept: Mapping[int, Provider] = NOTHING_KEPT,
    ) -> None:
        """Make every request once, so that a chunk that cannot be spoken is found before any is sent."""
        self.providers: list[Provider] = [kept.get(chunk.index, provider) for chunk in plan.chunks]
        self._chunks = plan.chunks
        self.fingerprints: list[str] = []
        self.costs: list[Cost] = []
        for request in self.requests():  # None of them is kept: a book's worth is as large as the book.
            self.fingerprints.append(fingerprint(request))
            self.costs.append(cost_of(request.chars, price_of(request.tariff, prices)))
        self._takes = Takes(plan.chunks, in_order=plan.in_order)
        self._store = store

    def requests(self) -> Iterator[SpeechRequest]:
        """What is planned to be asked for, chunk by chunk."""
        return (each.request(chunk, PLANNED) for each, chunk in zip(self.providers, self._chunks, strict=True))

    def order(self, index: int) -> Order:
        """The order for a chunk as it is to be asked for now."""
        request = self.providers[index].request(self._chunks[index], self._takes.take(index, _now_s()))
        return Order(fingerprint=self.fingerprints[index], request=request)

    async def clip(self, index: int) -> Clip:
        """Read the clip of a chunk from the store."""
        response = await self._store.read(self.fingerprints[index])
        clip = self.providers[index].clip(self._chunks[index], response)
        return replace(clip, cost_usd=self.costs[index].of(clip.billed_chars).usd)

    def heard(self, index: int, request_id: str) -> None:
        """A clip is speech, and can be gone on from."""
        self._takes.heard(index, request_id, _now_s())

    async def note_heard(self, index: int, heard: Profile) -> None:
        """Keep what was heard in a clip."""
        await self._store.note_heard(self.fingerprints[index], to_bytes(heard))

    async def profile(self, index: int) -> Profile:
        """What is heard in the clip of a chunk; it is heard now, and noted, where nobody has."""
        found = from_bytes(await self._store.heard(self.fingerprints[index]))
        if found is None:
            _, found = await heard(await self.clip(index))
            await self.note_heard(index, found)
        return found

    async def judge(self, index: int, verdict: Verdict) -> None:
        """Keep the verdict on a clip."""
        await self._store.judge(self.fingerprints[index], verdict)

    async def set_aside(self, index: int) -> None:
        """Keep what came out of the way; another take is asked for next time."""
        await self._store.discard(self.fingerprints[index])
        self._takes.set_aside(index)


def _now_s() -> float:
    return asyncio.get_running_loop().time()
