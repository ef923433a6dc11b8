"""The sentences of a line, each as it is spoken and as it is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise

from tts_async.core.chunk import sentences
from tts_async.core.plan import Line

SURE_CHARS = 12
"""How much on one side of a sentence's end has to be spoken as it is written for the end to be found again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """What one speaker says in one go; two sentences where nobody can tell where the first one ends in the speech."""

    speaker: str
    spoken: str
    written: str


def sentences_of(line: Line, language: str) -> list[Sentence]:
    """Cut a line into sentences, which join back to its ``text`` and to what is ``written``."""
    ends = [*accumulate(len(piece.text) for piece in sentences(line.written, language))][:-1]
    places = [(0, 0), *_in_both(line, ends), (len(line.text), len(line.written))]
    return [
        Sentence(speaker=line.speaker, spoken=line.text[start:end], written=line.written[first:last])
        for (start, first), (end, last) in pairwise(places)
    ]


def _in_both(line: Line, ends: list[int]) -> Iterator[tuple[int, int]]:
    """Where sentences end in the spoken and the written text; of a respelled line, only those that are sure.

    An end is sure where what follows it, or what is before it, is there once in either text, and so the same.
    """
    if line.text == line.written:
        yield from zip(ends, ends, strict=True)
        return
    space = " " * SURE_CHARS
    spoken_at = _same(space + line.text, space + line.written) | _same(line.text + space, line.written + space)
    before = 0
    for end in ends:
        if (at := spoken_at.get(end, 0)) > before:
            yield at, end
            before = at


def _same(spoken: str, written: str) -> dict[int, int]:
    """Where in the spoken text is what is at a place of the written one, if it is there once in both."""
    places = _once(spoken)
    return {at: places[words] for words, at in _once(written).items() if words in places}


def _once(text: str) -> dict[str, int]:
    stretches = [text[at : at + SURE_CHARS] for at in range(len(text) - SURE_CHARS + 1)]
    times = Counter(stretches)
    return {words: at for at, words in enumerate(stretches) if times[words] == 1}
