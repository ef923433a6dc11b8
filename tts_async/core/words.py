"""The words of cues, each with its time and its place in a sentence."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

import regex  # type: ignore[import-untyped]
import sentencex

from tts_async.core.cues import Cue, nearest_ms
from tts_async.core.shown import one_line

_PARAGRAPH_END = re.compile(r"\n\s*\n")
# In scripts without spaces a line may end behind a mark; where there is none, between any two characters.
_CLOSING = "[。！？、，；：」』）】》〉”’]{0,3}"
_PART = re.compile(f".+?(?:[。！？、，；：]{_CLOSING}|$)")
_CHARACTER = regex.compile(r"\X")
_CLUSTER = regex.compile(rf"[「『（【《〈]{{0,2}}\X{_CLOSING}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What is not broken over two lines, and when it is heard.

    ``spaced``: it has a space before it. ``told``: when it begins was told by the provider, and is not its share, by
    characters, of the time of several words. ``ends``: it is the last of a paragraph, and another follows.
    """

    text: str
    start_ms: int
    end_ms: int
    spaced: bool
    told: bool
    ends: bool
    columns: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", columns_of(self.text))


def columns_of(text: str) -> int:
    """How wide a text is: one column a character, two where it is wide in East Asia; joined emojis are one."""
    return len(text) if text.isascii() else sum(max(map(_width, cluster)) for cluster in _CHARACTER.findall(text))


def _width(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def words_of(cue: Cue, most_columns: int) -> Iterator[Word]:
    """The words of a cue in order; a word wider than ``most_columns`` in parts that are not."""
    paragraphs = [list(_parts(one_line(each), most_columns)) for each in _PARAGRAPH_END.split(cue.text)]
    total = sum(len(text) for text, _ in chain.from_iterable(paragraphs))
    span, chars = cue.end_frame - cue.start_frame, 0
    for number, paragraph in enumerate(paragraphs, 1):
        for left, (text, spaced) in zip(range(len(paragraph) - 1, -1, -1), paragraph, strict=True):
            told, before, chars = cue.exact and not chars, chars, chars + len(text)
            start_ms, end_ms = (
                nearest_ms(cue.start_frame * total + span * at, cue.rate_hz * total) for at in (before, chars)
            )
            ends = not left and number < len(paragraphs)
            yield Word(text=text, start_ms=start_ms, end_ms=end_ms, spaced=spaced, told=told, ends=ends)


def _parts(paragraph: str, most_columns: int) -> Iterator[tuple[str, bool]]:
    """What may stand alone on a line, and whether a space is before it."""
    for word in paragraph.split():
        parts = chain.from_iterable(_fitting(part, most_columns) for part in _PART.findall(word))
        yield from ((text, not number) for number, text in enumerate(parts))


def _fitting(part: str, most_columns: int) -> list[str]:
    clusters: list[str] = [part] if columns_of(part) <= most_columns else _CLUSTER.findall(part)
    return clusters


def sentences(words: Iterable[Word], language: str) -> Iterator[list[Word]]:
    """Words by sentences, which end at the latest with their paragraph; ``language`` (ISO 639-1) is for abbreviations."""
    paragraph: list[Word] = []
    for word in words:
        paragraph.append(word)
        if word.ends:
            yield from _of_paragraph(paragraph, language)
            paragraph = []
    yield from _of_paragraph(paragraph, language)


def _of_paragraph(words: Sequence[Word], language: str) -> Iterator[list[Word]]:
    ends = _sentence_ends("".join(" " * word.spaced + word.text for word in words), language)
    due, at = next(ends, 0), 0
    sentence: list[Word] = []
    for word in words:
        sentence.append(word)
        at += word.spaced + len(word.text)
        if at >= due:
            yield sentence
            sentence = []
            due = next((end for end in ends if end > at), at)
    if sentence:
        yield sentence


def _sentence_ends(text: str, language: str) -> Iterator[int]:
    """Where the last characters of sentences end, the space behind them not counted."""
    at = 0
    for sentence in sentencex.segment(language.partition("-")[0], text):
        at += len(sentence)
        yield at - len(sentence) + len(sentence.rstrip())
