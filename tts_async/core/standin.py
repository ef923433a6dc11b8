"""Plans what each chunk would be at another provider, in case the first one does not speak it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tts_async.core.casting import cast
from tts_async.core.digest import Digest
from tts_async.core.plan import Capabilities, Chunk, Plan, Voice
from tts_async.core.planner import check_language, chunks_of
from tts_async.core.script import Passage, passages
from tts_async.errors import ConfigError, DigestError
from tts_async.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """A provider that may stand in for another."""

    provider: str
    capabilities: Capabilities


def with_stand_ins(plan: Plan, digest: Digest, stand_ins: Sequence[StandIn], settings: Settings) -> Plan:
    """Give every chunk its ``instead``, one entry a stand-in in their order; a note says of one why it cannot."""
    for other in stand_ins:
        try:
            check_language(digest, other.provider, other.capabilities)
            voices, _ = cast(digest, passages(digest), other.provider, other.capabilities, {}, stands_in=True)
            chunks = tuple(_with(chunk, _instead(chunk, digest, other, voices, settings)) for chunk in plan.chunks)
        except (ConfigError, DigestError) as error:
            note = f"{other.provider} cannot stand in: {error}"
            plan = replace(plan, chunks=tuple(_with(chunk, ()) for chunk in plan.chunks), notes=(*plan.notes, note))
        else:
            plan = replace(plan, chunks=chunks)
    return plan


def _with(chunk: Chunk, instead: tuple[Chunk, ...]) -> Chunk:
    return replace(chunk, instead=(*chunk.instead, instead))


def _instead(
    chunk: Chunk, digest: Digest, other: StandIn, voices: Mapping[str, Voice], settings: Settings
) -> tuple[Chunk, ...]:
    """The chunk as the stand-in would be asked for it, in as many chunks as that needs."""
    read = [
        Passage(
            section=chunk.section,
            heading="",
            speaker=line.speaker,
            text=line.written if digest.chunks is None else line.text,
            where=f"chunk {chunk.index}",
            kind="prose" if digest.chunks is None else "ready",
        )
        for line in chunk.lines
    ]
    return chunks_of(
        read,
        digest,
        provider=other.provider,
        capabilities=other.capabilities,
        settings=settings,
        voices={line.speaker: voices[line.speaker] for line in chunk.lines},
    )
