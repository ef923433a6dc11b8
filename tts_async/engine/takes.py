"""Which take of a chunk is asked for, and which neighbours' request ids it may follow on from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tts_async.core.exchange import Take
from tts_async.core.plan import Chunk

LONGEST_S = 7_000.0
"""How long a request id is good for: two hours as ElevenLabs says, less what the request itself may take."""
MOST_IDS = 3


class Takes:
    """The takes of one plan's chunks; times are the loop's."""

    def __init__(self, chunks: Sequence[Chunk], *, in_order: bool) -> None:
        """With ``in_order``, every chunk follows on from those before it, and not only where one is repaired."""
        self._chunks = chunks
        self._in_order = in_order
        self._numbers: dict[int, int] = {}
        self._ids: dict[int, tuple[str, float]] = {}

    def heard(self, index: int, request_id: str, now_s: float) -> None:
        """A chunk is here, whole; its id can be followed on from."""
        if request_id:
            self._ids[index] = (request_id, now_s)

    def set_aside(self, index: int) -> None:
        """What came was not what was paid for: the next one is another take."""
        self._numbers[index] = self._numbers.get(index, 1) + 1
        self._ids.pop(index, None)

    def take(self, index: int, now_s: float) -> Take:
        """The take to ask for now; ids only for a repair, or where all is asked for in order."""
        number = self._numbers.get(index, 1)
        if number == 1 and not self._in_order:
            return Take(number=number)
        before = self._known(self._before(index), now_s)
        after = [] if self._in_order else self._known(self._after(index), now_s)
        return Take(number=number, previous_ids=tuple(reversed(before)), next_ids=tuple(after))

    def _known(self, neighbours: Iterator[int], now_s: float) -> list[str]:
        """The ids of the nearest neighbours, as far as they are known without a gap."""
        found: list[str] = []
        for index in neighbours:
            request_id, at_s = self._ids.get(index, ("", 0.0))
            if not request_id or now_s - at_s > LONGEST_S or len(found) == MOST_IDS:
                break
            found.append(request_id)
        return found

    def _before(self, index: int) -> Iterator[int]:
        """The chunks that this one goes on from, nearest first."""
        while index > 0 and (self._chunks[index].continues or (self._in_order and self._same_voice(index))):
            index -= 1
            yield index

    def _after(self, index: int) -> Iterator[int]:
        """The chunks that go on from this one, nearest first."""
        while index + 1 < len(self._chunks) and self._chunks[index + 1].continues:
            index += 1
            yield index

    def _same_voice(self, index: int) -> bool:
        return self._chunks[index].lines[0].voice == self._chunks[index - 1].lines[-1].voice
