"""``tts-async settings``, and the options that say where settings come from."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

from tts_async.api.settings import DEFAULT_CATEGORY, SettingsSources, create_settings_table, store_setting
from tts_async.faces.cli.catalogue import AS_JSON, show
from tts_async.faces.cli.sources import URL, origins, sources
from tts_async.faces.cli.words import printable

Command = TypeVar("Command", bound=Callable[..., Any])

CATEGORY = click.option("--category", metavar="NAME", help=f"Of rows that are added.  [default: {DEFAULT_CATEGORY}]")


@click.group()
def settings() -> None:
    """See and keep what can be set."""


@settings.command(name="show")
@sources
@AS_JSON
def show_(*, sources: SettingsSources, as_json: bool) -> None:
    """Show every setting, and where it comes from."""
    found = asyncio.run(sources.read())
    warn(found.notes)
    if as_json:
        click.echo(json.dumps(origins(found), indent=2))
        return
    show(
        [
            {"setting": name, "value": _words(given.value), "source": given.source, "detail": given.detail}
            for name, given in found.origins.items()
        ]
    )


@settings.command(name="init-db")
@URL
@CATEGORY
@click.option("--seed", is_flag=True, help="Add 5 workers and 10 requests a second.")
def init_db(*, settings_url: str | None, category: str | None, seed: bool) -> None:
    """Create the table of settings where it is missing; rows that are there stay as they are."""
    added = asyncio.run(create_settings_table(settings_url, seed=seed, category=category))
    click.echo(f"The table is there; {added} rows were added." if seed else "The table is there.")


@settings.command(name="set")
@click.argument("key")
@click.argument("value")
@URL
@CATEGORY
def set_(*, key: str, value: str, settings_url: str | None, category: str | None) -> None:
    """Write VALUE into the database; KEY is a setting, as in `settings show`, or its key in the table."""
    stored = asyncio.run(store_setting(key, value, url=settings_url, category=category))
    click.echo(printable(f"{stored} is {value}"))


def warn(notes: Iterable[str]) -> None:
    """Say what was passed over."""
    for note in notes:
        click.echo(printable(f"Warning: {note}"), err=True)


def _words(value: object) -> str:
    return "not set" if value is None else json.dumps(value) if isinstance(value, bool | dict) else str(value)
