"""Makes the plan: who speaks with which voice, which text is a request, how long the pauses are."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count, groupby

from tts_async.core.casting import cast
from tts_async.core.chunk import Budget, Join
from tts_async.core.cutter import Cutter, Part, said, spoken_runs, without_last_break
from tts_async.core.digest import Digest
from tts_async.core.plan import Capabilities, Chunk, Line, Plan, Voice
from tts_async.core.script import Passage, passages
from tts_async.errors import DigestError
from tts_async.settings import Pauses, Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """What all chunks of a digest at one provider have in common."""

    digest: Digest
    provider: str
    capabilities: Capabilities
    settings: Settings
    voices: Mapping[str, Voice]

    @property
    def dialogue(self) -> bool:
        """Whether turns of several speakers are spoken as one."""
        return self.capabilities.dialogue and len(self.voices) > 1

    @property
    def context_chars(self) -> int:
        """How much of the text around a chunk is told."""
        can = self.capabilities
        return can.dialogue_context_chars if self.dialogue else can.context_chars

    @property
    def cutter(self) -> Cutter:
        can, set_to = self.capabilities, self.settings
        target = set_to.dialogue_chars if self.dialogue else set_to.chunk_chars
        budget = Budget(target_chars=target, limit=can.max_size, measure=can.measure)
        return Cutter(digest=self.digest, capabilities=can, budget=budget, dialogue=self.dialogue)

    @property
    def pauses(self) -> Pauses:
        return self.settings.pauses.model_copy(update=self.digest.pauses.model_dump(exclude_none=True))


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
    Where the text is cut depends on the text, the provider's limit, ``chunk_chars`` and ``dialogue_chars`` only.
    """
    read = passages(digest)
    capabilities = for_speakers(capabilities, {passage.speaker for passage in read})
    check_language(digest, provider, capabilities)
    by_speaker, notes = cast(digest, read, provider, capabilities, voices or {})
    frame = _Frame(digest=digest, provider=provider, capabilities=capabilities, settings=settings, voices=by_speaker)
    runs, left_out = _runs(frame, read)
    if not runs:
        where = "/script" if digest.chunks is None else "/chunks"
        raise DigestError("there is nothing to say in it: no letter and no digit", where=where)
    in_order = digest.stitch and capabilities.stitches
    return Plan(
        digest_id=digest.id,
        title=digest.title,
        provider=provider,
        chunks=tuple(_chunks(runs, frame)),
        sections=_headings(read),
        spoken="".join(part.covers for run in runs for part in run),
        source_hz=capabilities.rate_hz,
        rate_hz=settings.output_rate_hz or capabilities.rate_hz,
        loudness=settings.loudness,
        room_tone=settings.room_tone,
        in_order=in_order,
        notes=(*notes, *left_out, *_on_order(digest, provider, in_order=in_order)),
    )


def chunks_of(
    read: Sequence[Passage],
    digest: Digest,
    *,
    provider: str,
    capabilities: Capabilities,
    settings: Settings,
    voices: Mapping[str, Voice],
) -> tuple[Chunk, ...]:
    """Cut some passages of a digest as if they were all of it, for speakers whose voices are known."""
    capabilities = for_speakers(capabilities, voices)
    frame = _Frame(digest=digest, provider=provider, capabilities=capabilities, settings=settings, voices=voices)
    return tuple(_chunks(_runs(frame, read)[0], frame))


def for_speakers(capabilities: Capabilities, speakers: Collection[str]) -> Capabilities:
    """What a provider can do for a digest with these speakers."""
    return capabilities.in_dialogue or capabilities if len(speakers) > 1 else capabilities


def check_language(digest: Digest, provider: str, capabilities: Capabilities) -> None:
    """Raise `DigestError` where a provider does not speak a digest's language."""
    code = digest.language.partition("-")[0].lower()
    if capabilities.languages is not None and code not in capabilities.languages:
        known = ", ".join(sorted(capabilities.languages))
        raise DigestError(
            f"{provider} speaks {known} and not {digest.language!r}; choose another provider", where="/language"
        )


def _runs(frame: _Frame, read: Sequence[Passage]) -> tuple[list[list[Part]], list[str]]:
    """What goes into each request, and what is not read aloud."""
    cutter = frame.cutter
    spoken = [cutter.spoken(passage) for passage in read]
    parts = chain.from_iterable(map(cutter.parts, count(), read, spoken))
    left_out = [
        f"{passage.where}: {each}" for passage, says in zip(read, spoken, strict=True) for each in says.left_out
    ]
    return spoken_runs(cutter.runs(without_last_break(list(parts)))), left_out


def _on_order(digest: Digest, provider: str, *, in_order: bool) -> Iterator[str]:
    if in_order:
        yield "'stitch' is set: each chunk waits for the request id of the one before, so they are asked for one by one"
    elif digest.stitch:
        yield f"'stitch' is left out: {provider} does not follow on from request ids with this model"


def _headings(read: Sequence[Passage]) -> tuple[str, ...]:
    headings = {passage.section: passage.heading for passage in read}
    return tuple(headings.get(number, "") for number in range(max(headings) + 1))


def _chunks(runs: Sequence[Sequence[Part]], frame: _Frame) -> Iterator[Chunk]:
    start, pauses = 0, frame.pauses
    for index, (before, run, after) in enumerate(zip([None, *runs], runs, [*runs[1:], None], strict=False)):
        end = start + sum(len(part.covers) for part in run)
        _check_voices(run, frame)
        continues, goes_on = _goes_on(before, run), _goes_on(run, after)
        yield Chunk(
            index=index,
            section=said(run)[0].section,
            lines=tuple(_lines(run, frame.voices)),
            language=frame.digest.language,
            pause_ms=_pause_ms(run, after, pauses) if after else 0,
            start=start,
            end=end,
            dialogue=frame.dialogue,
            continues=continues,
            before=_last_words(said(before)[-1].covers, frame.context_chars) if before and continues else "",
            after=_first_words(said(after)[0].covers, frame.context_chars) if after and goes_on else "",
            timed=frame.settings.timestamps,
        )
        start = end


def _check_voices(run: Sequence[Part], frame: _Frame) -> None:
    voices, most = {frame.voices[part.speaker].id for part in said(run)}, frame.capabilities.max_voices
    if frame.dialogue and most and len(voices) > most:
        raise DigestError(
            f"from here on {len(voices)} voices speak in one dialogue request, and {frame.provider} takes {most};"
            " lower dialogue_chars, or choose a model without dialogues, which is asked for one turn at a time",
            where=said(run)[0].where,
        )


def _goes_on(run: Sequence[Part] | None, after: Sequence[Part] | None) -> bool:
    """Whether a run ends inside a paragraph, which the next one goes on with."""
    return run is not None and after is not None and run[-1].ends < Join.PARAGRAPH


def _last_words(text: str, chars: int) -> str:
    """The end of a text, from the start of a word on."""
    text = text.strip()
    tail = text[-chars:] if chars else ""
    return tail if len(tail) == len(text) else tail.partition(" ")[2]


def _first_words(text: str, chars: int) -> str:
    """The start of a text, up to the end of a word."""
    text = text.strip()
    head = text[:chars]
    return head if len(head) == len(text) else head.rpartition(" ")[0]


def _lines(run: Sequence[Part], voices: Mapping[str, Voice]) -> Iterator[Line]:
    """One line a turn, also where the turn is there in pieces."""
    for _, turn in groupby(said(run), key=lambda part: part.turn):
        pieces = list(turn)
        yield Line(
            speaker=pieces[0].speaker,
            voice=voices[pieces[0].speaker],
            text="".join(piece.covers for piece in pieces).strip(),
            written="".join(piece.written for piece in pieces).strip(),
        )


def _pause_ms(run: Sequence[Part], following: Sequence[Part], pauses: Pauses) -> int:
    """The pause behind a run: by section, by speaker, else by where its text ends."""
    before, after = said(run)[-1], said(following)[0]
    if before.section != after.section:
        return pauses.section_ms
    if before.speaker != after.speaker:
        return pauses.speaker_ms
    by_join = {Join.INSIDE: pauses.inside_ms, Join.SENTENCE: pauses.sentence_ms}
    return by_join.get(run[-1].ends, pauses.paragraph_ms)
