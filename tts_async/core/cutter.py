"""Cuts what is said into parts, and says which of them go into one request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from tts_async.core.chunk import Budget, Join, Piece, group, split
from tts_async.core.digest import Digest
from tts_async.core.plan import Capabilities
from tts_async.core.script import Passage
from tts_async.core.spoken import Spoken, Stretch, respell, speak
from tts_async.errors import DigestError

BREAK = "\n\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A piece of a turn: ``covers`` is its share of the plan's spoken text, spaces and all."""

    turn: int
    section: int
    speaker: str
    covers: str
    written: str
    ends: Join
    where: str

    @property
    def says(self) -> bool:
        """Whether there is a letter or a digit in it."""
        return any(map(str.isalnum, self.covers))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutter:
    """Cuts the passages of one digest for one provider; in a ``dialogue``, turns may share a request."""

    digest: Digest
    capabilities: Capabilities
    budget: Budget
    dialogue: bool

    def spoken(self, passage: Passage) -> Spoken:
        """What is said; a ready chunk is, as it stands."""
        if passage.kind == "ready":
            return Spoken(stretches=(Stretch(spoken=passage.text, written=passage.text),))
        read = speak if passage.kind == "markdown" else respell
        return read(passage.text, lexicon=self.digest.lexicon, audio_tags=self.capabilities.audio_tags)

    def parts(self, turn: int, passage: Passage, spoken: Spoken) -> Iterator[Part]:
        """One passage in pieces; the last one covers the break behind it too."""
        pieces = self._pieces(passage, spoken.text)
        at = 0
        for number, piece in enumerate(pieces, 1):
            end = at + len(piece.text)
            yield Part(
                turn=turn,
                section=passage.section,
                speaker=passage.speaker,
                covers=piece.text + (BREAK if number == len(pieces) else ""),
                written=spoken.written(at, end),
                ends=Join.TURN if number == len(pieces) else piece.ends,
                where=passage.where,
            )
            at = end

    def _pieces(self, passage: Passage, text: str) -> list[Piece]:
        whole, ready = [Piece(text=text, ends=Join.TURN)], passage.kind == "ready"
        size, most = self.capabilities.measure(text), self.capabilities.max_size
        if ready and size > most:
            message = f"this ready chunk measures {size}, and the provider takes {most} at once"
            raise DigestError(f"{message}; write it under 'script' to have it cut", where=passage.where)
        if ready or (self.dialogue and text and self.budget.holds(text)):
            return whole
        try:
            return split(text, self.budget, language=self.digest.language)
        except ValueError as error:
            raise DigestError(str(error), where=passage.where) from None

    def runs(self, parts: Sequence[Part]) -> Iterator[Sequence[Part]]:
        """What goes into one request: whole runs of turns where the provider speaks dialogues, else one part."""
        if not self.dialogue or self.digest.chunks is not None:
            yield from ([part] for part in parts)
            return
        for _, section in groupby(parts, key=lambda part: part.section):
            here = list(section)
            pieces = [Piece(text=part.covers, ends=part.ends) for part in here]
            yield from (here[start:stop] for start, stop in group(pieces, self.budget))


def without_last_break(parts: Sequence[Part]) -> list[Part]:
    """The parts of a plan, which ends with its last word."""
    return [*parts[:-1], *(replace(part, covers=part.covers.removesuffix(BREAK)) for part in parts[-1:])]


def spoken_runs(runs: Iterator[Sequence[Part]]) -> list[list[Part]]:
    """The runs in which something is said; what cannot be said goes with the run before it, or else the first."""
    spoken: list[list[Part]] = []
    silent: list[Part] = []
    for run in runs:
        if any(part.says for part in run):
            spoken.append([*silent, *run])
            silent = []
        elif spoken:
            spoken[-1] += run
        else:
            silent += run
    return spoken


def said(run: Sequence[Part]) -> list[Part]:
    """The parts of a run in which there is something to say."""
    return [part for part in run if part.says]
