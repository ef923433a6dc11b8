"""What of a digest is here, and from whom."""

from __future__ import annotations

from tts_async.core.exchange import Clip
from tts_async.core.plan import Chunk, Plan
from tts_async.engine.orders import Orders
from tts_async.engine.outcomes import Outcomes
from tts_async.engine.rescue import Rescue
from tts_async.engine.store import Store
from tts_async.providers.base import Provider
from tts_async.sound.profile import Profile


class Harvest:
    """The clips of one plan, those that stand-ins have spoken among them."""

    def __init__(self, plan: Plan, orders: Orders, outcomes: Outcomes, rescue: Rescue, store: Store) -> None:
        self._plan = plan
        self._orders = orders
        self._outcomes = outcomes
        self._rescue = rescue
        self._store = store

    async def clips_of(self, index: int) -> list[tuple[Chunk, Clip]]:
        """The clip of a chunk that is here, or the clips of what a stand-in made of it, each with what it says."""
        if index in self._outcomes.rescued:
            return await self._rescue.clips(index)
        return [(self._plan.chunks[index], await self._orders.clip(index))]

    async def profiles_of(self, index: int) -> list[tuple[Chunk, Profile]]:
        """The same with what is heard in the clips."""
        if index in self._outcomes.rescued:
            return await self._rescue.profiles(index)
        return [(self._plan.chunks[index], await self._orders.profile(index))]

    async def clips(self) -> dict[int, tuple[Clip, ...]]:
        """All clips that are here."""
        here = sorted(self._outcomes.backlog.bought | self._outcomes.rescued)
        return {index: tuple(clip for _, clip in await self.clips_of(index)) for index in here}

    async def verify(self) -> list[str]:
        """Read all that the store has of this plan, and set aside what is damaged."""
        return await self._store.verify(self._orders.fingerprints)

    def provider_of(self, index: int) -> str:
        """Who has spoken a chunk."""
        return self._rescue.provider_of(index) or self._orders.providers[index].name

    def attempts_of(self, index: int) -> int:
        """How many attempts a chunk took in this run; 0 where it was here, or somebody else has spoken it."""
        return self._outcomes.attempts.get(index, 0)

    @property
    def lost(self) -> list[int]:
        """The chunks that nobody has spoken."""
        return sorted(self._outcomes.backlog.lost - self._outcomes.rescued)

    @property
    def bought_of(self) -> dict[int, Provider]:
        """Of whom the chunks that are here were bought."""
        return {index: self._orders.providers[index] for index in self._outcomes.backlog.bought}
