"""The options that commands share, and what they say."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import click

from tts_async.api.catalogue import find_provider
from tts_async.api.settings import SettingsSources
from tts_async.errors import ConfigError
from tts_async.faces.cli.settings import warn
from tts_async.settings import Settings

Command = TypeVar("Command", bound=Callable[..., Any])

CHOICES = (
    click.option("--provider", metavar="SPEC", help="NAME[:MODEL][+ADDRESS].  [default: local]"),
    click.option("--fallback", multiple=True, metavar="SPEC", help="Who stands in.  [default: nobody]"),
    click.option(
        "--option",
        "options",
        multiple=True,
        metavar="NAME=VALUE",
        help="One of the provider.  [default: none]",
    ),
    click.option(
        "--voice",
        "voices",
        multiple=True,
        metavar="[SPEAKER=]VOICE",
        help="Voice of one or all.  [default: the digest's]",
    ),
    click.option("--timestamps", is_flag=True, help="Ask for the time of each word."),
    click.option("--chunk-chars", type=int, metavar="N", help="Characters of a chunk to aim at.  [default: 800]"),
    click.option("--workers", type=int, metavar="N", help="Requests in flight at most.  [default: found out]"),
)


def choices(command: Command) -> Command:
    """Add what decides how a digest is spoken and cut."""
    # A decorator that is applied last is shown first.
    for option in reversed(CHOICES):
        command = option(command)
    return command


def provider_of(spec: str | None, given: tuple[str, ...]) -> Any:
    """Make the provider with its options; values are JSON where they can be, else words."""
    if not given:
        return spec
    options: dict[str, object] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not (name and equals):
            raise click.BadParameter(f"{one!r} sets nothing; write NAME=VALUE.", param_hint="--option")
        try:
            options[name] = json.loads(value)
        except ValueError:
            options[name] = value
    return find_provider("local" if spec is None else spec, **options)


def settings_of(*, sources: SettingsSources, **values: object) -> Settings:
    """Settings from everywhere; the options that were given go before the rest, and a bad one is a mistake in usage."""
    given = {name: value for name, value in values.items() if value is not None}
    try:
        Settings.of(given)
    except ConfigError as error:
        raise click.UsageError(str(error)) from error
    found = asyncio.run(replace(sources, explicit={**sources.explicit, **given}).read())
    warn(found.notes)
    return found.settings


def voices_of(given: tuple[str, ...]) -> dict[str, str]:
    """Read ``SPEAKER=VOICE`` and ``VOICE``; the speaker of the latter is "", which means everyone."""
    voices = {}
    for one in given:
        speaker, equals, voice = one.partition("=")
        if not (speaker and voice if equals else speaker):
            raise click.BadParameter(f"{one!r} names no voice; write VOICE or SPEAKER=VOICE.", param_hint="--voice")
        voices[speaker if equals else ""] = voice if equals else speaker
    return voices
