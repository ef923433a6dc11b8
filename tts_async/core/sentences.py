"""The sentences of a line, each as it is spoken and as it is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise

from tts_async.core.chunk import sentences
from tts_async.core.plan import Line

AROUND_CHARS = 10
"""How much on either side of a sentence's end has to be spoken as it is written for the end to be found again."""


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

    An end is sure where what is around it is there once in either text, and so the same place in both.
    """
    if line.text == line.written:
        yield from zip(ends, ends, strict=True)
        return
    spoken, written = _once(line.text), {at: around for around, at in _once(line.written).items()}
    before = 0
    for end in ends:
        at = spoken.get(written.get(end, ""), 0)
        if at > before:
            yield at, end
            before = at


def _once(text: str) -> dict[str, int]:
    """What is around each place of a text, if it is around no other."""
    padding = " " * AROUND_CHARS
    padded = f"{padding}{text}{padding}"
    around = [padded[at : at + 2 * AROUND_CHARS] for at in range(len(text) + 1)]
    times = Counter(around)
    return {each: at for at, each in enumerate(around) if times[each] == 1}
