"""``tts-async plan``."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tts_async.api.render import Renderer
from tts_async.api.settings import SettingsSources
from tts_async.core.plan import Chunk, Plan
from tts_async.faces.cli.options import FILE, Topical, choices, provider_of, settings_of, voices_of, with_model
from tts_async.faces.cli.sources import sources
from tts_async.faces.cli.words import clock, printable, table

NUMBERS = ("chunk", "chars", "pause ms")
NAMES = ("section", "speaker", "voice")
NAME_CHARS = 16
WORDS_CHARS = 60
CHARS_PER_S = 15
"""How fast speech goes, roughly, in any of the voices."""


@click.command(cls=Topical)
@click.argument("digest", type=FILE, metavar="DIGEST")
@choices
@sources
def plan(
    *,
    digest: Path,
    provider: str | None,
    model: str | None,
    fallback: tuple[str, ...],
    options: tuple[str, ...],
    timestamps: bool,
    voices: tuple[str, ...],
    chunk_chars: int | None,
    workers: int | None,
    sources: SettingsSources,
) -> None:
    """Show how DIGEST is cut into chunks, with voices and pauses; nothing is sent."""
    settings = settings_of(
        sources=sources, chunk_chars=chunk_chars, workers=workers, timestamps=timestamps or None
    ).settings
    spoken_by = provider_of(with_model(provider, model), options)
    renderer = Renderer(spoken_by, settings=settings, voices=voices_of(voices), fallback=fallback)
    made = asyncio.run(renderer.plan(digest))
    click.echo(printable(made.title or made.digest_id))
    Console().print(_table(made))
    total = sum(chunk.chars for chunk in made.chunks)
    click.echo(
        f"{len(made.chunks)} chunks, {total:,} characters, about {clock(total / CHARS_PER_S)} of speech"
        f" by {made.provider} at {made.rate_hz} Hz"
    )
    for note in made.notes:
        click.echo(f"Note: {printable(note)}")


def _table(made: Plan) -> Table:
    """The chunks; a name that is the same for all of them is left out, for the words need the room."""
    rows = [_names(made, chunk) for chunk in made.chunks]
    telling = [number for number, values in enumerate(zip(*rows, strict=True)) if len(set(values)) > 1]
    shown = table()
    for heading in NUMBERS:
        shown.add_column(heading, justify="right", no_wrap=True)
    for number in telling:
        shown.add_column(NAMES[number], no_wrap=True, max_width=NAME_CHARS)
    shown.add_column("first words", min_width=NAME_CHARS)
    for chunk, names in zip(made.chunks, rows, strict=True):
        numbers = (str(chunk.index), str(chunk.chars), str(chunk.pause_ms))
        shown.add_row(*_cells((*numbers, *(names[number] for number in telling), _first_words(chunk))))
    return shown


def _cells(words: Iterable[str]) -> Iterable[Text]:
    return (Text(printable(each), no_wrap=True, overflow="ellipsis") for each in words)


def _names(made: Plan, chunk: Chunk) -> tuple[str, ...]:
    speakers = dict.fromkeys(line.speaker for line in chunk.lines)
    voices = dict.fromkeys(line.voice.id for line in chunk.lines)
    names = (made.sections[chunk.section], ", ".join(speakers), ", ".join(voices))
    return tuple(" ".join(name.split()) for name in names)


def _first_words(chunk: Chunk) -> str:
    words = " ".join(chunk.text.split())
    return words if len(words) <= WORDS_CHARS else words[: WORDS_CHARS - 2] + " …"
