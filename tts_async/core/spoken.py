"""Turn written text into what is said: Markdown out, the lexicon in, and remember which words were written."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from types import MappingProxyType

import regex  # type: ignore[import-untyped]

from tts_async.core.prose import paragraphs

_EMPTY: Mapping[str, str] = MappingProxyType({})

_UNSPEAKABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")

# In "[the minister]" somebody put words into a quotation: they are read.
_TAG = r"\[(?!(?:the|an?|his|her|its|their)\b)\p{Ll}[\p{Ll}\p{M}'’-]*(?: [\p{Ll}\p{M}'’-]+){0,4}\]"
# A tag takes one of the spaces around it along; with none around it, its neighbours stay apart.
_REMOVED_TAG = rf"(?: {_TAG})+(?=\Z|[.,;:!?…])|(?<!\S)(?:{_TAG} ?)+|(?:{_TAG})+(?=\s|\Z)|(?P<tight>(?:{_TAG})+)"

# Letters of scripts that put spaces between words; in the others a word may begin and end anywhere.
_LETTER = r"[[\w\p{M}]--[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]]"
_BEGINS_WORD, _ENDS_WORD = regex.compile(rf"(?V1)\A{_LETTER}"), regex.compile(rf"(?V1){_LETTER}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Words as they are said and as they are written; they differ by the lexicon and removed audio tags only."""

    spoken: str
    written: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """What is said, and the words it was written with.

    ``text`` is all that is said, its paragraphs separated by two line ends. ``left_out`` tells in a sentence each what
    is not read aloud.
    """

    stretches: tuple[Stretch, ...]
    left_out: tuple[str, ...] = ()
    text: str = field(init=False, repr=False, compare=False)
    _starts: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        lengths = (len(stretch.spoken) for stretch in self.stretches)
        object.__setattr__(self, "text", "".join(stretch.spoken for stretch in self.stretches))
        object.__setattr__(self, "_starts", tuple(accumulate(lengths, initial=0))[:-1])

    def written(self, start: int, end: int) -> str:
        """The written words behind a range of ``text``; ranges in a row give all of them, each once.

        A word that is said otherwise belongs to the range with its first character, a removed tag to the range with
        the character after it.
        """
        first = max(0, bisect_left(self._starts, start) - 1)
        ends_text = end == len(self.text) and (start < end or not self.text)
        last = len(self._starts) if ends_text else bisect_left(self._starts, end)
        places = zip(self._starts[first:last], self.stretches[first:last], strict=True)
        return "".join(_within(stretch, start - at, end - at) for at, stretch in places)


def _within(stretch: Stretch, start: int, end: int) -> str:
    if stretch.spoken == stretch.written:
        return stretch.written[max(0, start) : end]
    return stretch.written if start <= 0 else ""


def check(text: str) -> str:
    """The text in composed form (NFC) with "\\n" as line end; ``ValueError`` for characters that nobody can say."""
    if found := _UNSPEAKABLE.search(text):
        code = ord(found[0])
        kind = "half a surrogate pair" if code >= 0xD800 else "a control character"
        raise ValueError(f"Character {found.start() + 1} of the text, U+{code:04X}, is {kind}; remove it.")
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def speak(written: str, *, lexicon: Mapping[str, str] = _EMPTY, audio_tags: bool = False) -> Spoken:
    """What is said for a Markdown text; ``lexicon`` maps a word to how to say it.

    An entry in lower case stands for the word in any case, others for just that spelling. Audio tags such as [laughs]
    are kept for providers that speak ``audio_tags``.
    """
    prose, left_out = paragraphs(written)
    return Spoken(stretches=tuple(_respelt(prose, lexicon, audio_tags=audio_tags)), left_out=tuple(left_out))


def respell(prose: str, *, lexicon: Mapping[str, str] = _EMPTY, audio_tags: bool = False) -> Spoken:
    """What is said for a text in which nothing is Markdown; everything else as `speak` has it."""
    return Spoken(stretches=tuple(_respelt(prose.split("\n\n"), lexicon, audio_tags=audio_tags)))


def _respelt(prose: Iterable[str], lexicon: Mapping[str, str], *, audio_tags: bool) -> Iterator[Stretch]:
    respelling = _Respelling.of(lexicon, audio_tags=audio_tags)
    yield from _merged(_one_after_another([list(respelling.stretches(paragraph)) for paragraph in prose]))


def _one_after_another(spoken: Iterable[Sequence[Stretch]]) -> Iterator[Stretch]:
    """Separate paragraphs; the separator is only said between paragraphs that have something to say."""
    written_before = said_before = False
    for stretches in spoken:
        says = any(stretch.spoken.strip() for stretch in stretches)
        if written_before:
            yield Stretch(spoken="\n\n" if said_before and says else "", written="\n\n")
        yield from stretches if says else (Stretch(spoken="", written=stretch.written) for stretch in stretches)
        written_before, said_before = True, said_before or says


def _merged(stretches: Iterable[Stretch]) -> Iterator[Stretch]:
    """Join neighbours that are said as they are written."""
    same: list[str] = []
    for stretch in stretches:
        if stretch.spoken == stretch.written:
            same.append(stretch.written)
            continue
        yield from _same(same)
        same = []
        yield stretch
    yield from _same(same)


def _same(words: Sequence[str]) -> Iterator[Stretch]:
    if text := "".join(words):
        yield Stretch(spoken=text, written=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Respelling:
    """The words and tags that are said otherwise than they are written."""

    pattern: regex.Pattern[str]
    sayings: Mapping[str, str]
    keeps_tags: bool

    @classmethod
    def of(cls, lexicon: Mapping[str, str], *, audio_tags: bool) -> _Respelling:
        sayings = {unicodedata.normalize("NFC", entry.strip()): saying for entry, saying in lexicon.items()}
        entries = sorted(filter(None, sayings), key=lambda entry: (-len(entry), entry))
        # Looking back once for all of them, not for each, makes a long lexicon 20 times as fast.
        words = "|".join(_pattern(entry) for entry in entries if _BEGINS_WORD.search(entry))
        others = [_pattern(entry) for entry in entries if not _BEGINS_WORD.search(entry)]
        tag = _TAG if audio_tags else _REMOVED_TAG
        choices = [f"(?P<tag>{tag})", *([f"(?<!{_LETTER})(?:{words})"] if words else []), *others]
        return cls(pattern=regex.compile("(?V1)" + "|".join(choices)), sayings=sayings, keeps_tags=audio_tags)

    def stretches(self, paragraph: str) -> Iterator[Stretch]:
        """The paragraph in stretches, in order."""
        done = 0
        for found in self.pattern.finditer(paragraph):
            yield from _same([paragraph[done : found.start()]])
            yield Stretch(spoken=self._said(found), written=found[0])
            done = found.end()
        yield from _same([paragraph[done:]])

    def _said(self, found: regex.Match[str]) -> str:
        word = found[0]
        if found["tag"]:
            return word if self.keeps_tags else " " * bool(found.groupdict().get("tight"))
        return self.sayings.get(word) or self.sayings.get(word.lower(), word)


def _pattern(entry: str) -> str:
    """A lexicon entry, in any case if it is in lower case, and not followed by more of a word."""
    words = regex.escape(entry, special_only=True)
    after = rf"(?!{_LETTER})" if _ENDS_WORD.search(entry) else ""
    return (f"(?i:{words})" if entry == entry.lower() else words) + after
