"""Makes the plan: who speaks with which voice, where the text is cut, how long the pauses are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count, groupby, pairwise

from tts_async.core.casting import cast
from tts_async.core.chunk import Budget, Join, Piece, group, split
from tts_async.core.digest import Digest
from tts_async.core.plan import Capabilities, Chunk, Line, Plan, Voice
from tts_async.core.script import Passage, passages
from tts_async.core.spoken import Spoken, Stretch, speak
from tts_async.errors import DigestError
from tts_async.settings import Pauses, Settings

BREAK = "\n\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A piece of a turn: ``covers`` is its share of the plan's spoken text, spaces and all."""

    turn: int
    section: int
    speaker: str
    covers: str
    written: str
    ends: Join

    @property
    def says(self) -> bool:
        """Whether there is a letter or a digit in it."""
        return any(map(str.isalnum, self.covers))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cutter:
    """Cuts the passages of one digest for one provider."""

    digest: Digest
    capabilities: Capabilities
    budget: Budget

    def spoken(self, passage: Passage) -> Spoken:
        """What is said; a ready chunk is, as it stands."""
        if passage.ready:
            return Spoken(stretches=(Stretch(spoken=passage.text, written=passage.text),))
        return speak(passage.text, lexicon=self.digest.lexicon, audio_tags=self.capabilities.audio_tags)

    def parts(self, turn: int, passage: Passage, spoken: Spoken) -> Iterator[_Part]:
        """One passage in pieces; the last one covers the break behind it too."""
        pieces = self._pieces(passage, spoken.text)
        at = 0
        for number, piece in enumerate(pieces, 1):
            end = at + len(piece.text)
            yield _Part(
                turn=turn,
                section=passage.section,
                speaker=passage.speaker,
                covers=piece.text + (BREAK if number == len(pieces) else ""),
                written=spoken.written(at, end),
                ends=Join.TURN if number == len(pieces) else piece.ends,
            )
            at = end

    def _pieces(self, passage: Passage, text: str) -> list[Piece]:
        whole = [Piece(text=text, ends=Join.TURN)]
        size, most = self.capabilities.measure(text), self.capabilities.max_size
        if passage.ready and size > most:
            message = f"this ready chunk measures {size}, and the provider takes {most} at once"
            raise DigestError(f"{message}; write it under 'script' to have it cut", where=passage.where)
        if passage.ready or (self.capabilities.dialogue and text and self.budget.holds(text)):
            return whole
        try:
            return split(text, self.budget, language=self.digest.language)
        except ValueError as error:
            raise DigestError(str(error), where=passage.where) from None

    def runs(self, parts: Sequence[_Part]) -> Iterator[Sequence[_Part]]:
        """What goes into one request: whole runs of turns where the provider speaks dialogues, else one part."""
        if not self.capabilities.dialogue or self.digest.chunks is not None:
            yield from ([part] for part in parts)
            return
        for _, section in groupby(parts, key=lambda part: part.section):
            here = list(section)
            pieces = [Piece(text=part.covers, ends=part.ends) for part in here]
            yield from (here[start:stop] for start, stop in group(pieces, self.budget))


def make_plan(
    digest: Digest,
    *,
    provider: str,
    capabilities: Capabilities,
    settings: Settings,
    voices: Mapping[str, str] | None = None,
) -> Plan:
    """Plan a digest for a provider; raises `DigestError`.

    ``voices`` maps speakers to voices and goes before the digest's own; the key "" means every speaker.
    Where the text is cut depends on the text, the provider's limit and ``chunk_chars`` only.
    """
    _check_language(digest, provider, capabilities)
    said = passages(digest)
    by_speaker, notes = cast(digest, said, provider, capabilities, voices or {})
    budget = Budget(target_chars=settings.chunk_chars, limit=capabilities.max_size, measure=capabilities.measure)
    cutter = _Cutter(digest=digest, capabilities=capabilities, budget=budget)
    spoken = [cutter.spoken(passage) for passage in said]
    parts = chain.from_iterable(map(cutter.parts, count(), said, spoken))
    runs = _spoken_runs(cutter.runs(_without_last_break(list(parts))))
    if not runs:
        where = "/script" if digest.chunks is None else "/chunks"
        raise DigestError("there is nothing to say in it: no letter and no digit", where=where)
    pauses = settings.pauses.model_copy(update=digest.pauses.model_dump(exclude_none=True))
    left_out = [
        f"{passage.where}: {each}" for passage, says in zip(said, spoken, strict=True) for each in says.left_out
    ]
    return Plan(
        digest_id=digest.id,
        title=digest.title,
        provider=provider,
        chunks=tuple(_chunks(runs, by_speaker, pauses, digest.language)),
        sections=_headings(said),
        spoken="".join(part.covers for run in runs for part in run),
        source_hz=capabilities.rate_hz,
        rate_hz=settings.output_rate_hz or capabilities.rate_hz,
        notes=(*notes, *left_out),
    )


def _check_language(digest: Digest, provider: str, capabilities: Capabilities) -> None:
    code = digest.language.partition("-")[0].lower()
    if capabilities.languages is not None and code not in capabilities.languages:
        known = ", ".join(sorted(capabilities.languages))
        raise DigestError(
            f"{provider} speaks {known} and not {digest.language!r}; choose another provider", where="/language"
        )


def _headings(said: Sequence[Passage]) -> tuple[str, ...]:
    headings = {passage.section: passage.heading for passage in said}
    return tuple(headings.get(number, "") for number in range(max(headings) + 1))


def _without_last_break(parts: Sequence[_Part]) -> list[_Part]:
    return [*parts[:-1], *(replace(part, covers=part.covers.removesuffix(BREAK)) for part in parts[-1:])]


def _spoken_runs(runs: Iterator[Sequence[_Part]]) -> list[list[_Part]]:
    """The runs in which something is said; what cannot be said goes with the run before it, or else the first."""
    spoken: list[list[_Part]] = []
    silent: list[_Part] = []
    for run in runs:
        if any(part.says for part in run):
            spoken.append([*silent, *run])
            silent = []
        elif spoken:
            spoken[-1] += run
        else:
            silent += run
    return spoken


def _chunks(
    runs: Sequence[Sequence[_Part]], voices: Mapping[str, Voice], pauses: Pauses, language: str
) -> Iterator[Chunk]:
    start = 0
    for index, (run, following) in enumerate(pairwise([*runs, None])):
        assert run is not None
        end = start + sum(len(part.covers) for part in run)
        yield Chunk(
            index=index,
            section=_said(run)[0].section,
            lines=tuple(_lines(run, voices)),
            language=language,
            pause_ms=_pause_ms(run, following, pauses) if following else 0,
            start=start,
            end=end,
        )
        start = end


def _said(run: Sequence[_Part]) -> list[_Part]:
    return [part for part in run if part.says]


def _lines(run: Sequence[_Part], voices: Mapping[str, Voice]) -> Iterator[Line]:
    """One line a turn, also where the turn is there in pieces."""
    for _, turn in groupby(_said(run), key=lambda part: part.turn):
        pieces = list(turn)
        yield Line(
            speaker=pieces[0].speaker,
            voice=voices[pieces[0].speaker],
            text="".join(piece.covers for piece in pieces).strip(),
            written="".join(piece.written for piece in pieces).strip(),
        )


def _pause_ms(run: Sequence[_Part], following: Sequence[_Part], pauses: Pauses) -> int:
    """The pause behind a run: by section, by speaker, else by where its text ends."""
    before, after = _said(run)[-1], _said(following)[0]
    if before.section != after.section:
        return pauses.section_ms
    if before.speaker != after.speaker:
        return pauses.speaker_ms
    by_join = {Join.INSIDE: pauses.inside_ms, Join.SENTENCE: pauses.sentence_ms}
    return by_join.get(run[-1].ends, pauses.paragraph_ms)
