"""How long clips may be: judged voice by voice in the order of the text, by the tempo of all that came before.

So a render that was interrupted comes to the same judgements as one that was not. The first clips of a voice have none
before them: they are a jury, waited for and heard together, and each is judged by all of them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace

from tts_async.core.tempo import LEARNED_CLIPS, START, SURE_CLIPS, WINDOW_CLIPS, Known, Tempo, misfit, taught
from tts_async.core.verdict import Verdict

JURY_CHUNKS = 64
"""How many chunks further on, at most, the last of a voice's first clips is waited for."""

PassedOver = Callable[[int], bool]


class Prefix:
    """The clips of one digest as far as they are judged; ``keys`` say which chunks share a tempo.

    With ``juries`` the first clips of a voice wait for each other; without, none waits for one that is further on, as
    where somebody listens already, and the first clips are believed.
    """

    def __init__(self, texts: Sequence[str], keys: Sequence[Hashable], *, juries: bool = True) -> None:
        lines: dict[Hashable, list[int]] = {}
        for index, key in enumerate(keys):
            lines.setdefault(key, []).append(index)
        self._lines = {key: _Line(texts, indexes, juries=juries) for key, indexes in lines.items()}
        self._keys = keys

    def known(self, index: int, verdict: Verdict) -> None:
        """A clip was judged in an earlier run: it is learned from, if it was good."""
        self._lines[self._keys[index]].known(index, verdict)

    def came(self, index: int, verdict: Verdict) -> None:
        """A clip is here, and its length is to be judged; one with a flaw already keeps it."""
        self._lines[self._keys[index]].came(index, verdict)

    def next(self, passed_over: PassedOver) -> tuple[int, Verdict] | None:
        """The next clip to be judged, with its verdict; ``None`` where another one has to come first.

        What is lost or parked is passed over; should it come later, it is judged by then.
        """
        return next((judged for line in self._lines.values() if (judged := line.next(passed_over))), None)


class _Line:
    """The clips of one voice; ``_said`` is what each of the last ones taught."""

    def __init__(self, texts: Sequence[str], indexes: Sequence[int], *, juries: bool) -> None:
        near = [index for index in indexes[:SURE_CLIPS] if index < indexes[0] + JURY_CHUNKS]
        self._jury = near if juries and len(near) >= LEARNED_CLIPS else []
        self._least_clips = LEARNED_CLIPS if self._jury else SURE_CLIPS
        self._texts = texts
        self._left = deque(indexes)
        self._came: dict[int, Verdict] = {}
        self._late: deque[int] = deque()
        self._known: dict[int, Verdict] = {}
        self._said: dict[int, Known] = {}

    def known(self, index: int, verdict: Verdict) -> None:
        self._known[index] = verdict

    def came(self, index: int, verdict: Verdict) -> None:
        self._came[index] = verdict
        if not self._left or index < self._left[0]:
            self._late.append(index)

    def next(self, passed_over: PassedOver) -> tuple[int, Verdict] | None:
        if self._late:
            index = self._late.popleft()
            return index, self._judged(index)
        if not self._heard_out(passed_over):
            return None
        while self._left:
            index = self._left[0]
            if index in self._came:
                verdict = self._judged(index)
                if not verdict.flaw:
                    self._left.popleft()
                return index, verdict
            if not (index in self._known or passed_over(index)):
                return None
            self._left.popleft()
            self._learn(index, self._known.pop(index, None), good=True)
        return None

    def _heard_out(self, passed_over: PassedOver) -> bool:
        """Whether no one is waited for in the jury; all of it has a say in what follows."""
        if not all(index in self._came or index in self._known or passed_over(index) for index in self._jury):
            return False
        for index in self._jury:
            self._learn(index, self._came.get(index), good=False)
            self._learn(index, self._known.get(index), good=True)
        self._jury = []
        return True

    def _judged(self, index: int) -> Verdict:
        verdict = self._came.pop(index)
        if not verdict.flaw:
            why = misfit(self._tempo(index), self._texts[index], speech_s=verdict.speech_s, trail_s=verdict.trail_s)
            self._learn(index, verdict, good=not why)
            return replace(verdict, flaw=why)
        return verdict

    def _tempo(self, index: int) -> Tempo:
        """What the others taught, where they are enough."""
        others = [clip for other, clip in self._said.items() if other != index]
        return Tempo(known=tuple(others)) if len(others) + 1 >= self._least_clips else START

    def _learn(self, index: int, verdict: Verdict | None, *, good: bool) -> None:
        """Hear what a clip has to say; a further take of it takes the place of the one before."""
        if verdict and not verdict.flaw:
            clip = taught(self._texts[index], verdict.speech_s, verdict.trail_s, good=good)
            self._said[index] = clip
            if len(self._said) > WINDOW_CLIPS:
                del self._said[next(iter(self._said))]
