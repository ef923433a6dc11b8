"""How long clips may be: judged in the order of the text, by the tempo of all that came before.

So a render that was interrupted comes to the same judgements as one that was not.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace

from tts_async.core.tempo import START, Tempo, learned, misfit
from tts_async.core.verdict import Verdict


class Prefix:
    """The clips of one digest as far as they are judged; ``keys`` say which chunks share a tempo."""

    def __init__(self, texts: Sequence[str], keys: Sequence[Hashable]) -> None:
        self._texts = texts
        self._keys = keys
        self._tempos: dict[Hashable, Tempo] = {}
        self._came: dict[int, Verdict] = {}
        self._known: dict[int, Verdict] = {}
        self._at = 0

    def known(self, index: int, verdict: Verdict) -> None:
        """A clip was judged in an earlier run: it is learned from in its turn, if it was good."""
        self._known[index] = verdict

    def came(self, index: int, verdict: Verdict) -> None:
        """A clip is here, and its length is to be judged; one with a flaw already keeps it."""
        self._came[index] = verdict

    def next(self, passed_over: Callable[[int], bool]) -> tuple[int, Verdict] | None:
        """The next clip to be judged, with its verdict; ``None`` where one before it has to come first.

        What is lost or parked is passed over; should it come later, it is judged by then, and not learned from.
        """
        if late := [index for index in self._came if index < self._at]:
            return min(late), self._judged(min(late))
        while self._at < len(self._texts):
            index = self._at
            if index in self._came:
                verdict = self._judged(index)
                if not verdict.flaw:
                    self._go_on(verdict)
                return index, verdict
            if index in self._known or passed_over(index):
                self._go_on(self._known.pop(index, None))
            else:
                return None
        return None

    def _judged(self, index: int) -> Verdict:
        verdict = self._came.pop(index)
        if verdict.flaw:
            return verdict
        why = misfit(self._tempo(index), self._texts[index], speech_s=verdict.speech_s, trail_s=verdict.trail_s)
        return replace(verdict, flaw=why)

    def _go_on(self, verdict: Verdict | None) -> None:
        """Learn from a clip that is good, and pass it."""
        index, self._at = self._at, self._at + 1
        if verdict and not verdict.flaw:
            tempo, text = self._tempo(index), self._texts[index]
            self._tempos[self._keys[index]] = learned(tempo, text, speech_s=verdict.speech_s, trail_s=verdict.trail_s)

    def _tempo(self, index: int) -> Tempo:
        return self._tempos.get(self._keys[index], START)
