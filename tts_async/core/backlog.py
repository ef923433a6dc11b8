"""What of one digest is still to be bought."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from heapq import heappop, heappush
from typing import Literal

Failed = Literal["later", "parked", "lost"]


class Backlog:
    """The state of every chunk of one digest; the only place that counts attempts.

    A chunk is *ready*, *running*, *later* (waiting for its next attempt), *parked* (its attempts are
    spent; it gets as many again, one chunk at a time, when all else is done), *here* (but not judged yet),
    *bought* or *lost*.
    ``window`` keeps it from buying further than that many chunks past its reader, whose own chunk does
    not stay parked: nothing else would be bought for long.
    """

    def __init__(
        self, chars: Sequence[int], *, attempts: int, window: int | None = None, priority: float = 1.0
    ) -> None:
        """``priority`` 2 is served twice as many characters as 1 while both have something to send."""
        self.chars = chars
        self._served_chars: float = 0.0
        self._priority = priority
        self.bought: set[int] = set()
        self.lost: set[int] = set()
        self.running: set[int] = set()
        self._attempts = attempts
        self.window = window
        self._reader = 0
        self._tries: dict[int, int] = {}
        self._ready = list(range(len(chars)))
        self._waiting = set(self._ready)
        self._later: list[tuple[float, int]] = []
        self._parked: list[int] = []
        self._again: set[int] = set()
        self.stopped: bool = False

    def __repr__(self) -> str:
        waiting = f"{len(self._waiting)} ready, {len(self._later)} later, {len(self._parked)} parked"
        return f"<Backlog {waiting}, {len(self.running)} running, {len(self.bought)} bought, {len(self.lost)} lost>"

    @property
    def share(self) -> float:
        """How much it was served, in characters by priority: the least goes next."""
        return self._served_chars / self._priority

    def start_at(self, share: float) -> None:
        """Begin as if it had been served that much, so that those who came earlier need not wait for it."""
        self._served_chars = share * self._priority

    @property
    def finished(self) -> bool:
        """Every chunk is bought or lost."""
        return len(self.bought) + len(self.lost) == len(self.chars)

    def settled(self, index: int) -> bool:
        """A chunk's fate is known."""
        return index in self.bought or index in self.lost

    @property
    def first_open(self) -> int:
        """The first chunk of which the fate is not known."""
        return next(index for index in range(len(self.chars)) if not self.settled(index))

    def attempt(self, index: int) -> int:
        """The number of the attempt that a chunk is at, from 1 on."""
        return self._tries.get(index, 0) + 1

    @property
    def next_due_s(self) -> float | None:
        """When the next chunk that waits becomes ready by itself."""
        return self._later[0][0] if self._later else None

    def wake(self, now_s: float) -> None:
        """Make ready what has waited long enough, or the next parked chunk when nothing else is left."""
        while self._later and self._later[0][0] <= now_s:
            self._make_ready(heappop(self._later)[1])
        if self.window is not None and self._reader in self._parked:
            self._unpark(self._reader)
        elif self._parked and not (self._later or self.running) and self.first() is None:
            self._unpark(self._parked[0])

    def read_to(self, reader: int) -> None:
        """Move the window: the reader now waits for this chunk."""
        self._reader = reader

    def first(self) -> int | None:
        """The first ready chunk in the order of the text, within the window."""
        while self._ready and self._ready[0] not in self._waiting:
            heappop(self._ready)
        if self._ready and (self.window is None or self._ready[0] < self._reader + self.window):
            return self._ready[0]
        return None

    def ready(self) -> Iterable[int]:
        """Every ready chunk within the window, in no order."""
        end = math.inf if self.window is None else self._reader + self.window
        return (index for index in self._waiting if index < end)

    @property
    def all_under_way(self) -> bool:
        """Every chunk that is not settled is running: nothing is left to send."""
        return bool(self.running) and not (self._waiting or self._later or self._parked)

    def offer_again(self, index: int) -> None:
        """Let a running chunk be sent a second time; it stays one chunk, and settles once."""
        if index in self.running and not self.stopped:
            self._make_ready(index)

    @property
    def waiting(self) -> int:
        """How many chunks are ready, the window aside."""
        return len(self._waiting)

    def take(self, index: int) -> None:
        """A chunk starts."""
        self._waiting.remove(index)
        self.running.add(index)
        self._served_chars += self.chars[index]

    def put_back(self, index: int) -> None:
        """A chunk was refused, or could not start: it is ready again, and nothing is counted."""
        if index not in self.running:
            return
        if self.stopped:
            self.lose(index)
            return
        self._leave(index)
        self._served_chars -= self.chars[index]
        self._make_ready(index)

    def wait(self, index: int, until_s: float) -> None:
        """A running chunk waits, and nothing is counted: somebody else is buying it."""
        if self.stopped:
            self.lose(index)
            return
        self._leave(index)
        self._served_chars -= self.chars[index]
        heappush(self._later, (until_s, index))

    def parked(self, index: int) -> bool:
        """A chunk waits until all else is done."""
        return index in self._parked

    def arrive(self, index: int) -> None:
        """A running chunk is here, and will be bought, or fail, when it is judged."""
        self._leave(index)

    def buy(self, index: int) -> None:
        """A chunk is here, and is what was asked for."""
        self._leave(index)
        self.bought.add(index)

    def fail(self, index: int, retry_at_s: float) -> Failed:
        """Count a failed attempt of a chunk that is running or here, and say what becomes of it."""
        tries = self._tries[index] = self._tries.get(index, 0) + 1
        spent = tries % self._attempts == 0
        if self.stopped or (spent and index in self._again):
            self.lose(index)
            return "lost"
        self._leave(index)
        if not spent:
            heappush(self._later, (retry_at_s, index))
            return "later"
        self._parked.append(index)
        return "parked"

    def lose(self, index: int) -> None:
        """A chunk that was running will never be here."""
        self._leave(index)
        self.lost.add(index)

    def stop(self) -> list[int]:
        """Give up all that is not running, and what runs if it fails; returns what was given up."""
        self.stopped = True
        given_up = sorted((self._waiting - self.running) | {index for _, index in self._later} | set(self._parked))
        self._waiting.clear()
        self._later.clear()
        self._parked.clear()
        self.lost.update(given_up)
        return given_up

    def _leave(self, index: int) -> None:
        self.running.discard(index)
        self._waiting.discard(index)

    def _make_ready(self, index: int) -> None:
        self._waiting.add(index)
        heappush(self._ready, index)

    def _unpark(self, index: int) -> None:
        self._parked.remove(index)
        self._again.add(index)
        self._make_ready(index)
