"""``tts-async settings``, and the options that say where settings come from."""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import click

from tts_async.api.settings import SettingsSources
from tts_async.faces.cli.catalogue import AS_JSON, show
from tts_async.faces.cli.words import printable
from tts_async.settings import PROFILES, MergedSettings

Command = TypeVar("Command", bound=Callable[..., Any])

SOURCES = (
    click.option(
        "--profile",
        type=click.Choice(list(PROFILES)),
        metavar="NAME",
        help=f"Pace: {', '.join(PROFILES)}.  [default: default]",
    ),
    click.option("--ignore-bad-settings", is_flag=True, help="Pass over settings that cannot be, with a warning."),
)


def sources(command: Command) -> Command:
    """Add the options that say where settings come from, and pass them on as one ``sources``."""

    @functools.wraps(command)
    def with_sources(*args: Any, profile: str | None, ignore_bad_settings: bool, **values: Any) -> Any:
        explicit = {"profile": profile} if profile else {}
        return command(*args, sources=SettingsSources(explicit=explicit, ignore_bad=ignore_bad_settings), **values)

    made: Any = with_sources
    for option in reversed(SOURCES):
        made = option(made)
    return made  # type: ignore[no-any-return]


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
        click.echo(json.dumps(_as_json(found), indent=2))
        return
    show(
        [
            {"setting": name, "value": _words(given.value), "source": given.source, "detail": given.detail}
            for name, given in found.origins.items()
        ]
    )


def warn(notes: Iterable[str]) -> None:
    """Say what was passed over."""
    for note in notes:
        click.echo(printable(f"Warning: {note}"), err=True)


def _as_json(found: MergedSettings) -> Mapping[str, Mapping[str, object]]:
    return {
        name: {"value": given.value, "source": given.source, "detail": given.detail}
        for name, given in found.origins.items()
    }


def _words(value: object) -> str:
    return "not set" if value is None else json.dumps(value) if isinstance(value, bool | dict) else str(value)
