"""Split text into pieces that a provider accepts, at places that an edit elsewhere does not move.

Sentences too long for the budget are cut at clauses, then words, then grapheme clusters. The parts are joined again:
a joint that stands out among its neighbours stays a cut, of the others the weakest give way first while the budget
holds. Both rules look at nearby text only, so a changed sentence changes the pieces around it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import accumulate, chain, pairwise
from zlib import crc32

import regex  # type: ignore[import-untyped]
import sentencex

# How far around it, in budgets, a joint must be the strongest to stay a cut. Measured: without such cuts one edit in 60
# changes more than three pieces, with them one in 1,500; the mean piece is 0.72 or 0.63 of the target.
_REACH = 0.4
_CONTEXT_CHARS = 20
_FULL = 1_000_000

_BLANK_LINES = re.compile(r"\n[^\S\n]*\n\s*")
# The clause marks of Latin, Greek and Cyrillic scripts need a space after them (1,000 is one word), others do not.
_CLAUSE_END = re.compile(r"(?:[,;:–—…][^\w\s]{0,3}(?=\s)|[—…、，；：､،؛၊፣፤፥][”’」』》〉）】]{0,3})\s*")
_WORD_END = re.compile(r"(?<=\S)\s+")
_CLUSTER = regex.compile(r"\X")
# After a mark, a flag or a joiner, one character back is not enough to tell whether a cluster ends.
_CLOSED_CLUSTER = regex.compile(r"(?![\p{M}\p{RI}\u200d])\X")
# sentencex slices by bytes around Unicode spaces and panics; a lone surrogate cannot be passed to it at all.
_UNSAFE_FOR_SENTENCEX = re.compile("[^\\S \n\t]|[\ud800-\udfff]")


class Join(IntEnum):
    """Where a piece ends, and so how strong the joint after it is."""

    INSIDE = 0
    SENTENCE = 1
    PARAGRAPH = 2
    TURN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How long a piece may be: ``target_chars`` characters, and ``limit`` in the unit of ``measure``."""

    target_chars: int
    limit: int
    measure: Callable[[str], int] = len

    def __post_init__(self) -> None:
        if self.target_chars < 1 or self.limit < 1:
            raise ValueError(f"A budget needs room for something: target {self.target_chars}, limit {self.limit}.")

    def holds(self, text: str) -> bool:
        """Whether the text may be one piece."""
        return len(text) <= self.target_chars and self.measure(text) <= self.limit

    def filled(self, text: str) -> int:
        """How much of the budget the text takes, in millionths: whole numbers add up alike from any start."""
        return max(_FULL * len(text) // self.target_chars, _FULL * self.measure(text) // self.limit)

    @property
    def crumb_chars(self) -> int:
        """Anything shorter does not stand alone: 20 characters, fewer where pieces are to be short."""
        return min(20, self.target_chars // 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of text and where it ends."""

    text: str
    ends: Join


def split(text: str, budget: Budget, *, language: str = "en") -> list[Piece]:
    """Cut text into pieces within the budget that join back to it exactly; the last one ends a paragraph.

    ``language`` (ISO 639-1) is for its abbreviations. Raises ``ValueError`` for a single grapheme over the budget.
    """
    fitting = [fit for sentence in sentences(text, language) for fit in _fitting(sentence, budget)]
    return _without_crumbs(_joined(fitting, budget), budget, language)


def group(pieces: Sequence[Piece], budget: Budget) -> list[tuple[int, int]]:
    """Which neighbours go together: (start, stop) for each run; a piece over the budget is left on its own."""
    text = "".join(piece.text for piece in pieces)
    starts = list(accumulate((len(piece.text) for piece in pieces), initial=0))
    strengths = _strengths(pieces)
    places = list(accumulate((budget.filled(piece.text) for piece in pieces), initial=0))
    before, after = list(range(-1, len(pieces))), list(range(1, len(pieces) + 2))
    loose = (joint for joint in range(1, len(pieces)) if not _stands_out(joint, strengths, places))
    for joint in sorted(loose, key=strengths.__getitem__):
        start, stop = before[joint], after[joint]
        if budget.holds(text[starts[start] : starts[stop]]):
            after[start], before[stop] = stop, start
    cuts = [0]
    while cuts[-1] < len(pieces):
        cuts.append(after[cuts[-1]])
    return list(pairwise(cuts))


def _strengths(pieces: Sequence[Piece]) -> list[tuple[int, int]]:
    """Of every joint, both ends of the text included: its kind, then a hash of the words around it."""
    around = (left.text[-_CONTEXT_CHARS:] + right.text[:_CONTEXT_CHARS] for left, right in pairwise(pieces))
    hashes = (crc32(words.encode("utf-8", "surrogatepass")) for words in around)
    ends = (len(Join), 0)
    return [ends, *((piece.ends, code) for piece, code in zip(pieces, hashes, strict=False)), ends]


def _stands_out(joint: int, strengths: Sequence[tuple[int, int]], places: Sequence[int]) -> bool:
    """Whether a joint is stronger than all others in reach; the ends of the text are the strongest."""
    for step in (-1, 1):
        other = joint + step
        while abs(places[other] - places[joint]) < _REACH * _FULL:
            if strengths[other] >= strengths[joint]:
                return False
            other += step
    return True


def _joined(pieces: Sequence[Piece], budget: Budget) -> list[Piece]:
    return [
        Piece(text="".join(piece.text for piece in pieces[start:stop]), ends=pieces[stop - 1].ends)
        for start, stop in group(pieces, budget)
    ]


def sentences(text: str, language: str) -> list[Piece]:
    """Cut text behind each sentence and paragraph; the pieces join back to it."""
    return _cut(text, _sentence_ends(_UNSAFE_FOR_SENTENCEX.sub(" ", text), language), Join.PARAGRAPH)


def _sentence_ends(safe: str, language: str) -> Iterator[tuple[int, Join]]:
    """Positions and kinds of the sentence ends, in order; a blank line ends a paragraph."""
    for start, stop in pairwise([0, *(blank.end() for blank in _BLANK_LINES.finditer(safe)), len(safe)]):
        paragraph = safe[start:stop].rstrip()
        sentences = sentencex.segment(language, paragraph)
        yield from ((start + end, Join.SENTENCE) for end in accumulate(map(len, sentences)) if end < len(paragraph))
        yield stop, Join.PARAGRAPH


def _fitting(piece: Piece, budget: Budget, finer: Sequence[re.Pattern[str]] = (_CLAUSE_END, _WORD_END)) -> list[Piece]:
    """The piece, or what it has to be cut into to fit."""
    if budget.holds(piece.text):
        return [piece]
    if not finer:
        return _joined(_unbroken(piece, budget), budget)
    return _joined([fit for part in _cut_at(piece, finer[0]) for fit in _fitting(part, budget, finer[1:])], budget)


def _cut_at(piece: Piece, pattern: re.Pattern[str]) -> list[Piece]:
    return _cut(piece.text, ((found.end(), Join.INSIDE) for found in pattern.finditer(piece.text)), piece.ends)


def _cut(text: str, cuts: Iterable[tuple[int, Join]], last: Join) -> list[Piece]:
    """Cut at these places, but for those that may be inside a grapheme cluster or have but white space before them."""
    pieces: list[Piece] = []
    start = 0
    for stop, ends in cuts:
        before = _CLOSED_CLUSTER.match(text, stop - 1) if start < stop < len(text) else None
        if before and before.end() == stop and not text[start:stop].isspace():
            pieces.append(Piece(text=text[start:stop], ends=ends))
            start = stop
    return [*pieces, Piece(text=text[start:], ends=last)] if text else pieces


def _unbroken(piece: Piece, budget: Budget) -> list[Piece]:
    """A run without words, cut from its start into parts of an eighth of the target at most."""
    runs = regex.findall(rf"\X{{1,{max(1, budget.target_chars // 8)}}}+", piece.text)
    parts = [Piece(text=half, ends=Join.INSIDE) for run in runs for half in _halved(run, budget)]
    return [*parts[:-1], replace(parts[-1], ends=piece.ends)]


def _halved(run: str, budget: Budget) -> list[str]:
    if budget.holds(run):
        return [run]
    clusters = _CLUSTER.findall(run)
    if len(clusters) == 1:
        raise ValueError(
            f"A single character of {len(run)} code points, {run[:8]!a}, does not fit into {budget.target_chars}"
            f" characters and a size of {budget.limit}; allow longer pieces."
        )
    middle = len(clusters) // 2
    return [*_halved("".join(clusters[:middle]), budget), *_halved("".join(clusters[middle:]), budget)]


def _without_crumbs(pieces: Sequence[Piece], budget: Budget, language: str) -> list[Piece]:
    """Let crumbs share with the piece that follows, the last one with the piece before it."""
    kept: list[Piece] = []
    for piece in reversed(pieces):
        if kept and min(len(piece.text), len(kept[-1].text)) < budget.crumb_chars:
            kept[-1:] = reversed(_shared(piece, kept[-1], budget, language))
        else:
            kept.append(piece)
    return kept[::-1]


def _shared(left: Piece, right: Piece, budget: Budget, language: str) -> list[Piece]:
    """One piece of two where the budget allows, else both cut anew where they are most alike."""
    both = Piece(text=left.text + right.text, ends=right.ends)
    if budget.holds(both.text):
        return [both]
    finer = (_cut_at(both, ends) for ends in (_CLAUSE_END, _WORD_END, _CLUSTER))
    pairs = (_fairest(parts, budget) for parts in chain([sentences(both.text, language)], finer))
    return next(filter(None, pairs), [left, right])


def _fairest(parts: Sequence[Piece], budget: Budget) -> list[Piece]:
    """Two pieces of about one length made of these parts, neither a crumb; none if there is no such cut."""
    text = "".join(part.text for part in parts)
    cuts = zip(accumulate(len(part.text) for part in parts[:-1]), parts, strict=False)
    for at, part in sorted(cuts, key=lambda cut: abs(2 * cut[0] - len(text))):
        halves = [Piece(text=text[:at], ends=part.ends), Piece(text=text[at:], ends=parts[-1].ends)]
        if all(len(half.text) >= budget.crumb_chars and budget.holds(half.text) for half in halves):
            return halves
    return []
