"""How the embedded engine is given text: in sentences that it can hold, without what it would misread."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

SENTENCE_CHARS = 400
"""Longest text in one model call; 2,000 characters took 6.4 s and 780 MB."""

BREATH_PHONEMES = 500
"""Longest phoneme string in one model call: digits and money grow to seven times their characters."""

SHOUTED_CHARS = 4
"""Shortest word that counts as shouted: shorter ones in capitals are mostly initials."""

_SOFT_BREAK = re.compile(r"\n(?=[a-z])")
_INITIALS = re.compile(r"(?:\b[A-Z]\.){2,}\s+$")
_CLAUSE_END = re.compile(r"[,;:—][\"”’)\]]*\s+")
_SPACE = re.compile(r"\s+")
_LONG_NUMBER = re.compile(r"\d[\d,]{15,}")
_CAPITALS = re.compile(r"[A-Z]{2,}")
_LITTLE_WORD = re.compile(r"A[MNST]|B[EY]|DO|GO|HE|I[FNST]|M[EY]|NO|O[FNR]|SO|TO|UP|WE")


def sentences_of(text: str, split: Callable[[str], Sequence[str]]) -> list[str]:
    """Cut a text where ``split`` finds sentences; the pieces keep what is between and join back to it.

    Lines that go on in lower case are wrapped, not ended, and "U.S." ends no sentence.
    """
    unwrapped = _SOFT_BREAK.sub(" ", text)
    starts, end = [0], 0
    for number, sentence in enumerate(split(unwrapped)):
        start = unwrapped.index(sentence, end)
        end = start + len(sentence)
        if number and not _INITIALS.search(unwrapped, starts[-1], start):
            starts.append(start)
    pieces = (text[start:stop] for start, stop in pairwise([*starts, len(text)]))
    return [part for piece in pieces for part in _held(piece)]


def _held(sentence: str) -> Iterator[str]:
    """Cut a sentence that is too long after its last clause mark, else space, that fits."""
    while len(sentence) > SENTENCE_CHARS:
        ends = (_last_end(pattern, sentence) for pattern in (_CLAUSE_END, _SPACE))
        cut = next((end for end in ends if end), SENTENCE_CHARS)
        yield sentence[:cut]
        sentence = sentence[cut:]
    if sentence:
        yield sentence


def _last_end(pattern: re.Pattern[str], sentence: str) -> int:
    """Return where the last match that fits ends; 0 where none fits, or only so early that a crumb would be cut."""
    ends = [match.end() for match in pattern.finditer(sentence, 0, SENTENCE_CHARS)]
    return ends[-1] if ends and ends[-1] >= SENTENCE_CHARS // 4 else 0


def readable(sentence: str, lexicon: Any) -> str:
    """Return a sentence without what hibari would misread, or die of: it has no word for numbers of 37 digits.

    Shouted words become lower case where its lexicon knows the word and not the acronym: it would spell
    them. Link brackets are parted: they are its syntax for phonemes.
    """
    parted = _LONG_NUMBER.sub(_digit_by_digit, sentence.replace("](", "] ("))
    headline = not any(character.islower() for character in parted)

    def calmed(match: re.Match[str]) -> str:
        word = match.group()
        little = headline and bool(_LITTLE_WORD.fullmatch(word))
        return word.lower() if little or _is_shouted(word, lexicon) else word

    return _CAPITALS.sub(calmed, parted)


def _digit_by_digit(number: re.Match[str]) -> str:
    return " ".join(number[0].replace(",", ""))


def _is_shouted(word: str, lexicon: Any) -> bool:
    """Tell a known word in capitals from an acronym: NASA stays, RESIGNS does not."""
    if len(word) < SHOUTED_CHARS or word in lexicon.golds or word in lexicon.silvers:
        return False
    lowered = word.lower()
    endings = (lexicon.stem_s, lexicon.stem_ed, lexicon.stem_ing)
    return lexicon.is_known(lowered, "NN") or any(ending(lowered, "NN", None, None)[0] for ending in endings)


def within_breath(phonemes: str) -> list[str]:
    """Cut phonemes at spaces into what one model call holds; none where there is nothing but punctuation."""
    parts = textwrap.wrap(phonemes, BREATH_PHONEMES, break_on_hyphens=False)
    return [part for part in parts if any(character.isalpha() for character in part)]
