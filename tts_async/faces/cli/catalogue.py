"""``tts-async providers`` and ``tts-async voices``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import click

from tts_async.api.catalogue import list_providers, list_voices
from tts_async.faces.cli.words import printable, table

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def providers(*, as_json: bool) -> None:
    """List the providers, the default first."""
    _show(list_providers(), as_json=as_json)


@click.command()
@click.option("--provider", default="local", show_default=True, metavar="NAME", help="Whose voices.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def voices(*, provider: str, as_json: bool) -> None:
    """List a provider's voices, its default first."""
    _show(list_voices(provider), as_json=as_json)


def _show(entries: Sequence[DataclassInstance], *, as_json: bool) -> None:
    rows: list[dict[str, Any]] = [asdict(entry) for entry in entries]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    from rich.console import Console
    from rich.text import Text

    shown = table()
    for field in fields(entries[0]):
        shown.add_column(field.name.replace("_", " "))
    for row in rows:
        shown.add_row(*(Text(printable(str(cell))) for cell in row.values()))
    Console().print(shown)
