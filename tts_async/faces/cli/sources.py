"""The options that say where settings come from."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from tts_async.settings import MergedSettings

Command = TypeVar("Command", bound=Callable[..., Any])

URL = click.option("--settings-url", metavar="URL", help="Settings in a database.  [default: none]")
SOURCES = (
    URL,
    click.option("--settings-optional", is_flag=True, help="Go on without the database."),
    click.option(
        "--profile",
        type=click.Choice(["conservative", "default", "aggressive"]),
        metavar="NAME",
        help="Pace: conservative, aggressive.  [default: none]",
    ),
    click.option("--ignore-bad-settings", is_flag=True, help="Pass over bad settings."),
)


def sources(command: Command) -> Command:
    """Add the options that say where settings come from, and pass them on as one ``sources``."""

    @functools.wraps(command)
    def with_sources(
        *args: Any,
        settings_url: str | None,
        settings_optional: bool,
        profile: str | None,
        ignore_bad_settings: bool,
        **values: Any,
    ) -> Any:
        from tts_async.api.settings import SettingsSources

        made = SettingsSources(
            explicit={"profile": profile} if profile else {},
            url=settings_url,
            optional=settings_optional,
            ignore_bad=ignore_bad_settings,
        )
        return command(*args, sources=made, **values)

    made: Any = with_sources
    for option in reversed(SOURCES):
        made = option(made)
    return made  # type: ignore[no-any-return]


def origins(found: MergedSettings) -> dict[str, dict[str, object]]:
    """Every setting for programs: its value, and where that came from."""
    return {
        name: {"value": given.value, "source": given.source, "detail": given.detail}
        for name, given in found.origins.items()
    }
