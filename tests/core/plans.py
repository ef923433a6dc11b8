"""What the tests of the planner and of its neighbours are made with."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tts_async.core.digest import Digest
from tts_async.core.plan import Capabilities, Chunk, Line, Plan, Voice
from tts_async.core.planner import make_plan
from tts_async.settings import Settings


def able(
    *,
    max_size: int = 5_000,
    voices: tuple[str, ...] = ("ada", "bob", "cy"),
    any_voice: bool = False,
    measure: Callable[[str], int] = len,
    languages: frozenset[str] | None = None,
    dialogue: bool = False,
    audio_tags: bool = False,
) -> Capabilities:
    """What a provider can do, a service with three voices unless told."""
    return Capabilities(
        max_size=max_size,
        rate_hz=24_000,
        voices=dict.fromkeys(voices, ""),
        any_voice=any_voice,
        measure=measure,
        languages=languages,
        dialogue=dialogue,
        audio_tags=audio_tags,
    )


def plan_of(
    source: Mapping[str, object] | Digest,
    capabilities: Capabilities | None = None,
    *,
    voices: Mapping[str, str] | None = None,
    settings: Mapping[str, object] | None = None,
) -> Plan:
    """Plan a digest for a provider called "acme"."""
    return make_plan(
        source if isinstance(source, Digest) else Digest.read(source),
        provider="acme",
        capabilities=capabilities or able(),
        settings=Settings.of(settings or {}),
        voices=voices,
    )


def turns(*said: str) -> list[dict[str, str]]:
    """Turns from "speaker: text"."""
    return [dict(zip(("speaker", "text"), each.split(": ", 1), strict=True)) for each in said]


def chunk_of(*lines: tuple[str, str], voice: str = "tone", speaker: str = "narrator", index: int = 0) -> Chunk:
    """A chunk whose lines are pairs of spoken and written text."""
    made = [Line(speaker=speaker, voice=Voice(id=voice), text=text, written=written) for text, written in lines]
    size = sum(len(text) for text, _ in lines)
    return Chunk(index=index, section=2, lines=tuple(made), language="en", pause_ms=0, start=0, end=size)
