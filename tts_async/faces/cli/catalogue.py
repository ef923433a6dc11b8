"""``tts-async providers``, ``voices``, ``models`` and ``subscription``: what there is to choose from."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypeVar

import click

from tts_async.api.catalogue import (
    fetch_models,
    fetch_subscription,
    fetch_voices,
    list_models,
    list_providers,
    list_voices,
)
from tts_async.errors import ConfigError
from tts_async.faces.cli.words import printable, table

Command = TypeVar("Command", bound=Callable[..., Any])

DETAILS = frozenset({"group", "from", "name"})

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


def _whose(default: str, what: str) -> Callable[[Command], Command]:
    return click.option("--provider", default=default, show_default=True, metavar="SPEC", help=f"Whose {what}.")


@click.command()
@AS_JSON
def providers(*, as_json: bool) -> None:
    """List the providers, the default first."""
    show([asdict(entry) for entry in list_providers()], as_json=as_json)


@click.command()
@_whose("local", "voices")
@AS_JSON
def voices(*, provider: str, as_json: bool) -> None:
    """List a provider's voices, its default first; with a key, those of the account."""
    try:
        found = asyncio.run(fetch_voices(provider))
    except ConfigError as error:
        # Without a key it can still be said which voices everybody has.
        found = list_voices(provider)
        click.echo(f"{printable(str(error))} These are the voices that are known without asking.", err=True)
    show([asdict(entry) for entry in found], as_json=as_json)


@click.command()
@_whose("elevenlabs", "models")
@click.option("--refresh", is_flag=True, help="Ask the server, and plan with its answer from now on.")
@AS_JSON
def models(*, provider: str, refresh: bool, as_json: bool) -> None:
    """List a provider's models, and what they take."""
    found = asyncio.run(fetch_models(provider)) if refresh else list_models(provider)
    if not found:
        raise ConfigError(f"{provider} has no models to choose from.")
    rows = [{"model": each.model, **each.facts} for each in found]
    if not as_json:
        # At 80 columns there is room for what decides; programs get all of it.
        rows = [{name: value for name, value in row.items() if name not in DETAILS} for row in rows]
    show(rows, as_json=as_json)


@click.command()
@_whose("elevenlabs", "subscription")
@AS_JSON
def subscription(*, provider: str, as_json: bool) -> None:
    """Show what is left of an account."""
    told = asyncio.run(fetch_subscription(provider))
    show([told] if as_json else [{"what": name, "is": value} for name, value in told.items()], as_json=as_json)


def show(rows: Sequence[Mapping[str, object]], *, as_json: bool = False) -> None:
    """Print rows as a table for people, or as JSON for programs."""
    if as_json:
        click.echo(json.dumps([dict(row) for row in rows], indent=2))
        return
    from rich.console import Console
    from rich.text import Text

    shown = table()
    columns = list(dict.fromkeys(name for row in rows for name in row))
    for column in columns:
        shown.add_column(column.replace("_", " "))
    for row in rows:
        shown.add_row(*(Text(printable(_cell(row.get(column)))) for column in columns))
    Console().print(shown)


def _cell(value: object) -> str:
    words = {"None": "", "True": "yes", "False": "no"}
    return words.get(str(value), str(value))
