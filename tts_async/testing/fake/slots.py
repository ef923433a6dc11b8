"""How many requests of one key and group of models are answered at once."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from typing import TypeAlias

Group: TypeAlias = tuple[str, str]
"""A key and a group of models."""

Leave: TypeAlias = Callable[[], None]


class Slots:
    """Counts requests from when they are taken until the server is done with them.

    ``limit`` is asked whenever it matters, for it may change; `None` is no limit. ``most`` is the high-water mark.
    """

    def __init__(self, limit: Callable[[], int | None]) -> None:
        self.most: int = 0
        self._limit = limit
        self._taken: Counter[Group] = Counter()
        self._waiting: defaultdict[Group, deque[asyncio.Future[Leave]]] = defaultdict(deque)

    @property
    def taken(self) -> int:
        """All that are being answered now."""
        return self._taken.total()

    def of(self, group: Group) -> int:
        """Those of one key and group."""
        return self._taken[group]

    def room(self, group: Group) -> bool:
        """Whether one more can be taken."""
        limit = self._limit()
        return limit is None or self._taken[group] < limit

    def take(self, group: Group) -> Leave:
        """Take a slot, room or not; what is given back leaves it, and may be called again."""
        self._taken[group] += 1
        self.most = max(self.most, self.taken)
        left = False

        def leave() -> None:
            nonlocal left
            if not left:
                left = True
                self._taken[group] -= 1
                self.admit()

        return leave

    async def queue(self, group: Group) -> Leave:
        """Take a slot when there is room and nobody came before."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting[group].append(turn)
        self.admit()
        try:
            leave: Leave = await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                turn.result()()
            raise
        return leave

    def admit(self) -> None:
        """Give slots to those who wait, as far as there is room; to be called when the limit has changed."""
        for group, waiting in self._waiting.items():
            while waiting and self.room(group):
                turn = waiting.popleft()
                if not turn.done():
                    turn.set_result(self.take(group))
