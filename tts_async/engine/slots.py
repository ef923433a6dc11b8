"""Places in flight: a semaphore whose size can change while it is in use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from tts_async.core.law import Sent


class Slots:
    """An `asyncio.Semaphore` that can be resized.

    What it shrinks by is a debt that acquires and releases pay alike: paid by releases alone, a shrink
    from ten free places to two would let eight more through.
    """

    def __init__(self, limit: int) -> None:
        self.limit: int = limit
        self.used: int = 0
        self._semaphore = asyncio.Semaphore(limit)
        self._debt = 0

    def __repr__(self) -> str:
        return f"<Slots {self.used} of {self.limit} used>"

    @property
    def free(self) -> bool:
        """Whether `acquire` would not wait, if nobody else waits for it."""
        return self.used < self.limit

    async def acquire(self) -> None:
        """Take a place."""
        await self._semaphore.acquire()
        while self._debt:
            self._debt -= 1
            await self._semaphore.acquire()
        self.used += 1

    def release(self) -> None:
        """Give a place back."""
        self.used -= 1
        if self._debt:
            self._debt -= 1
        else:
            self._semaphore.release()

    def resize(self, limit: int) -> None:
        """Change how many there are; those in use above it are kept until they are given back."""
        more = limit - self.limit
        self.limit = limit
        paid = min(self._debt, max(0, more))
        self._debt += max(0, -more) - paid
        for _ in range(max(0, more) - paid):
            self._semaphore.release()


class Slot:
    """One place in flight; left once, however often that is said. ``request`` is the one that holds it."""

    def __init__(self, on_leave: Callable[[], None], request: Sent | None = None) -> None:
        self.request: Sent = request or Sent(at_s=asyncio.get_running_loop().time())
        self._on_leave = [on_leave]

    def first(self, on_leave: Callable[[], None]) -> None:
        """Do that when the place is left, before all that was asked for earlier."""
        self._on_leave.append(on_leave)

    def leave(self) -> None:
        """Give the place back."""
        while self._on_leave:
            self._on_leave.pop()()


@dataclass(slots=True, kw_only=True, eq=False)
class Cap:
    """The most requests that one Renderer may have in flight, and the slots that its digests hold."""

    limit: int
    used: set[Slot] = field(default_factory=set)

    def hold(self, slot: Slot) -> None:
        """Count a slot until it is left."""
        self.used.add(slot)
        slot.first(lambda: self.used.discard(slot))
