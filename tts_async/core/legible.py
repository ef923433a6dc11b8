"""Lays out what is said as captions: two short lines, which stay for as long as it takes to read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, groupby, zip_longest

from tts_async.core.cues import Cue
from tts_async.core.words import Word, sentences, words_of

MOST_COLUMNS = 42
MOST_LINES = 2
SHORTEST_MS = 833
LONGEST_MS = 7_000
"""Two lines of 42 for five sixths of a second to seven seconds: broadcasters' guides for captions agree on that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caption:
    """What is shown at one time; ``exact`` is false where its start is an estimate."""

    lines: tuple[tuple[Word, ...], ...]
    speaker: str
    exact: bool
    start_ms: int
    end_ms: int


Lines = Sequence[Sequence[Word]]


def captions(cues: Iterable[Cue], *, language: str) -> list[Caption]:
    """Lay out cues, which are in order of time; never two captions at once, and each for a moment at least.

    A sentence is a caption; a long one is several, and one that would only flash up shares with its neighbour.
    """
    made = []
    for (_, speaker, _), said in groupby(cues, key=lambda cue: (cue.chunk, cue.speaker, cue.exact)):
        words = chain.from_iterable(words_of(cue, MOST_COLUMNS) for cue in said)
        for sentence in _without_flashes(sentences(words, language)):
            made += [_caption(lines, speaker) for lines in _screens(sentence)]
    return list(_one_at_a_time(made))


def _caption(lines: Lines, speaker: str) -> Caption:
    exact = lines[0][0].told
    start_ms, end_ms = lines[0][0].start_ms, lines[-1][-1].end_ms
    return Caption(lines=tuple(map(tuple, lines)), speaker=speaker, exact=exact, start_ms=start_ms, end_ms=end_ms)


def _without_flashes(found: Iterable[list[Word]]) -> Iterator[list[Word]]:
    """Let a sentence that is over at once share a caption with the one before it, where both fit."""
    before: list[Word] = []
    for sentence in found:
        if before and min(_lasts_ms(before), _lasts_ms(sentence)) < SHORTEST_MS and _fits(both := before + sentence):
            before = both
            continue
        if before:
            yield before
        before = sentence
    if before:
        yield before


def _lasts_ms(words: Sequence[Word]) -> int:
    return words[-1].end_ms - words[0].start_ms


def _fits(words: Sequence[Word]) -> bool:
    # The number of words is looked at first: a long sentence is not laid out again for each short one behind it.
    return len(words) <= MOST_LINES * MOST_COLUMNS and len(_filled(words, MOST_COLUMNS)) <= MOST_LINES


def _screens(sentence: Sequence[Word]) -> Iterator[Lines]:
    """What of a sentence is shown at one time."""
    lines = _balanced(sentence)
    for start in range(0, len(lines), MOST_LINES):
        yield from _in_time(lines[start : start + MOST_LINES])


def _in_time(lines: Lines) -> Iterator[Lines]:
    """Lines that would be there for too long, one by one; a line that still would, by halves."""
    words = list(chain.from_iterable(lines))
    if _lasts_ms(words) <= LONGEST_MS or len(words) == 1:
        yield lines
        return
    middle = len(lines[0]) if len(lines) > 1 else len(words) // 2
    yield from _in_time([words[:middle]])
    yield from _in_time([words[middle:]])


def _balanced(words: Sequence[Word]) -> list[list[Word]]:
    """As few lines as can be, and those of about one length: the narrowest page on which there are no more."""
    least = len(_filled(words, MOST_COLUMNS))
    narrow, wide = 1, MOST_COLUMNS
    while narrow < wide:
        columns = (narrow + wide) // 2
        narrow, wide = (narrow, columns) if len(_filled(words, columns)) <= least else (columns + 1, wide)
    return _filled(words, wide)


def _filled(words: Sequence[Word], most_columns: int) -> list[list[Word]]:
    """Lines with as many words as they hold, at least one."""
    lines: list[list[Word]] = []
    columns = 0
    for word in words:
        columns += word.spaced + word.columns
        if not lines or columns > most_columns:
            lines.append([])
            columns = word.columns
        lines[-1].append(word)
    return lines


def _one_at_a_time(made: Sequence[Caption]) -> Iterator[Caption]:
    """Let captions that are gone too soon stay where nothing follows, and end each before the next begins."""
    free_ms = 0
    for caption, following in zip_longest(made, made[1:]):
        start_ms = max(free_ms, caption.start_ms)
        end_ms = min(max(caption.end_ms, start_ms + SHORTEST_MS), start_ms + LONGEST_MS)
        if following is not None:
            end_ms = min(end_ms, following.start_ms)
        free_ms = max(end_ms, start_ms + 1)
        yield replace(caption, start_ms=start_ms, end_ms=free_ms)
