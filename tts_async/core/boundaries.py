"""Where the sentences of a clip end, as far as their length and the clip's pauses tell."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from itertools import accumulate, pairwise

Pauses = Sequence[tuple[int, int]]
"""The first frame of each pause inside a clip and the frame after it, in order."""

SLACK_S = 1.0
"""Added to what a sentence should take before the share is counted by which it misses that."""

LONGER = 0.075
"""What a pause is worth, as such a share, that is 2.7 times as long as another: sentences end in long ones."""

UNHEARD = 0.45
"""What a sentence costs that ends in no pause."""

REACH_S = 2.0
"""How much longer than twice its length a sentence may seem to take."""

MOST_PATHS = 20
"""How many ways to go on are kept: with twice as many all clips of tests/bench/captions.py come out the same."""


def boundaries(weights: Sequence[float], *, pauses: Pauses, frames: int, rate_hz: int) -> list[int]:
    """Where each sentence but the last one ends: frames from the start of a clip, in order.

    Sentences take time by their ``weights``, with the pauses left out, and end in the middle of a pause. Of all ways to
    give them one in order, that is taken in which each comes closest to the time that it should take; one may also end
    in no pause, between its neighbours.
    """
    whole = _Clip.of(weights, pauses, frames, rate_hz)
    found: _Path | None = _last(_paths(whole), whole)
    places = [(len(weights), frames)]
    while found:
        places.append((found.sentence, whole.middles[found.pause]))
        found = found.before
    return [at for left, right in pairwise(places[::-1]) for at in _between(left, right, weights)][:-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Clip:
    """A clip without its pauses; at 0 there is its start, as if it were a pause."""

    due: Sequence[float]
    """In which frame each sentence should begin, and the last one end."""
    heard: Sequence[int]
    middles: Sequence[int]
    worth: Sequence[float]
    frames: int
    rate_hz: int

    @classmethod
    def of(cls, weights: Sequence[float], pauses: Pauses, frames: int, rate_hz: int) -> _Clip:
        lengths = [end - start for start, end in pauses]
        speech, total = frames - sum(lengths), sum(weights)
        gone = accumulate(lengths, initial=0)
        return cls(
            due=[speech * weight / total for weight in accumulate(weights, initial=0.0)],
            heard=[0, *(start - before for (start, _), before in zip(pauses, gone, strict=False))],
            middles=[0, *((start + end) // 2 for start, end in pauses)],
            worth=[0.0, *(LONGER * math.log(length / rate_hz) for length in lengths)],
            frames=speech,
            rate_hz=rate_hz,
        )

    def misfit(self, heard: float, due: float) -> float:
        """By what share something misses the time that it should take."""
        return abs(heard - due) / (due + SLACK_S * self.rate_hz)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Path:
    """A way through the pauses: it is so many sentences and pauses far."""

    cost: float = 0.0
    sentence: int = 0
    pause: int = 0
    before: _Path | None = None

    def costs_at(self, sentence: int) -> float:
        """What it costs if no end up to this one is in a pause."""
        return self.cost + UNHEARD * (sentence - self.sentence)


def _paths(clip: _Clip) -> Sequence[_Path]:
    paths = [_Path()]
    for sentence in range(1, len(clip.due) - 1):
        best: dict[int, _Path] = {}
        for path in paths:
            for further in _further(path, sentence, clip):
                if further.pause not in best or further.cost < best[further.pause].cost:
                    best[further.pause] = further
        paths = nsmallest(MOST_PATHS, [*paths, *best.values()], key=lambda path: path.costs_at(sentence))
    return paths


def _further(path: _Path, sentence: int, clip: _Clip) -> Iterator[_Path]:
    """The path with the end of this sentence in each pause in reach."""
    due, base = clip.due[sentence] - clip.due[path.sentence], path.costs_at(sentence - 1)
    for pause in range(path.pause + 1, len(clip.heard)):
        heard = clip.heard[pause] - clip.heard[path.pause]
        if heard > 2 * due + REACH_S * clip.rate_hz:
            return
        cost = base + clip.misfit(heard, due) - clip.worth[pause]
        yield _Path(cost=cost, sentence=sentence, pause=pause, before=path)


def _last(paths: Sequence[_Path], clip: _Clip) -> _Path:
    """The path that costs least with all that is behind it."""
    last = len(clip.due) - 2

    def cost(path: _Path) -> float:
        left, due = clip.frames - clip.heard[path.pause], clip.due[-1] - clip.due[path.sentence]
        return path.costs_at(last) + clip.misfit(left, due)

    return min(paths, key=cost)


def _between(left: tuple[int, int], right: tuple[int, int], weights: Sequence[float]) -> Iterator[int]:
    """Where sentences end from one place to another: by their weights."""
    (first, start), (last, end) = left, right
    total = sum(weights[first:last])
    yield from (start + round((end - start) * weight / total) for weight in accumulate(weights[first:last]))
