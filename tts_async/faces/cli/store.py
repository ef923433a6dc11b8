"""``tts-async store``: what was bought and is kept."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from tts_async.api.ledger import clear_store, list_store, set_aside, verify_store, why
from tts_async.api.settings import SettingsSources
from tts_async.faces.cli.catalogue import AS_JSON, show
from tts_async.faces.cli.options import FILE, choices, provider_of, settings_of, voices_of, with_model
from tts_async.faces.cli.sources import sources

UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
UNITS_BYTES = {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
FOLDER = click.option("--store", "folder", type=FILE, metavar="DIR", help="Which one.  [default: with your data]")
DAMAGED = 1


@click.group()
def store() -> None:
    """See and clear up what was bought; nothing else deletes any of it."""


@store.command()
@FOLDER
@AS_JSON
def ls(*, folder: Path | None, as_json: bool) -> None:
    """List all clips, the latest last."""
    rows = asyncio.run(list_store(folder))
    if as_json:
        click.echo(json.dumps([asdict(row) for row in rows], indent=2))
        return
    show(
        [
            {"clip": row.fingerprint[:12], "of": row.origin, "chars": row.chars, "bought": _day(row.committed_s)}
            for row in rows
        ]
    )
    aside = asyncio.run(set_aside(folder))
    also = f"; {aside.files} more set aside ({_mb(aside.bytes)}), which gc removes" if aside.files else ""
    click.echo(f"{len(rows)} clips, {_mb(sum(row.bytes for row in rows))}{also}")


@store.command()
@FOLDER
@click.pass_context
def verify(context: click.Context, *, folder: Path | None) -> None:
    """Read every clip, and set aside those that are damaged; they are bought again when they are next needed."""
    damaged = asyncio.run(verify_store(folder))
    for name in damaged:
        click.echo(f"damaged: {name}")
    click.echo(f"{len(damaged)} damaged clips")
    context.exit(DAMAGED if damaged else 0)


@store.command()
@FOLDER
@click.option("--older-than", metavar="AGE", help="Not used for so long, as 30d.  [default: any]")
@click.option("--max-size", metavar="SIZE", help="Until so much is left, as 5GB.  [default: any]")
def gc(*, folder: Path | None, older_than: str | None, max_size: str | None) -> None:
    """Remove clips: those that were not used for long, and the longest unused until the rest fits.

    What was set aside goes first; what another render is using stays.
    """
    if older_than is None and max_size is None:
        raise click.UsageError("Say what may go: --older-than 30d, --max-size 5GB, or both.")
    age_s = None if older_than is None else _read(older_than, UNITS_S, "--older-than")
    size = None if max_size is None else _read(max_size, UNITS_BYTES, "--max-size")
    cleared = asyncio.run(clear_store(folder, older_than_s=age_s, max_bytes=None if size is None else int(size)))
    in_use = f", {cleared.in_use} of them in use by a render" if cleared.in_use else ""
    click.echo(
        f"{cleared.clips} clips removed ({_mb(cleared.bytes)});"
        f" {cleared.left_clips} are left ({_mb(cleared.left_bytes)}){in_use}"
    )


@store.command(name="why")
@click.argument("digest", type=FILE, metavar="DIGEST")
@choices
@sources
@FOLDER
@AS_JSON
def why_(
    *,
    digest: Path,
    provider: str | None,
    model: str | None,
    fallback: tuple[str, ...],
    options: tuple[str, ...],
    voices: tuple[str, ...],
    timestamps: bool,
    chunk_chars: int | None,
    workers: int | None,
    sources: SettingsSources,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Say of each chunk of DIGEST whether it is here, or what changed since it was last asked for.

    Give the options that it is rendered with: how it is spoken and cut is part of what is asked for.
    """
    spec = provider_of(with_model(provider, model), options) or "local"
    read = settings_of(sources=sources, chunk_chars=chunk_chars, workers=workers, timestamps=timestamps or None)
    found = asyncio.run(
        why(digest, spec, settings=read.settings, voices=voices_of(voices), fallback=fallback, store=folder)
    )
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], indent=2))
        return
    show([{"chunk": each.chunk, "words": each.words, "is": "here" if each.here else each.changed} for each in found])
    click.echo(f"{sum(each.here for each in found)} of {len(found)} chunks are here")


def _mb(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


def _day(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%d %H:%M")


def _read(text: str, units: dict[str, int], option: str) -> float:
    """Read a number with a unit."""
    found = re.fullmatch(r"(\d{1,9}(?:\.\d{1,3})?)\s*([A-Za-z]*)", text.strip())
    unit = next((size for name, size in units.items() if found and name.lower() == found[2].lower()), None)
    if not found or unit is None:
        raise click.BadParameter(
            f"{text!r} is none; write a number and one of {', '.join(filter(None, units))}.", param_hint=option
        )
    return float(found[1]) * unit
