"""The options that commands share, and what they say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from tts_async.errors import ConfigError
from tts_async.settings import Settings

Command = TypeVar("Command", bound=Callable[..., Any])

CHOICES = (
    click.option("--provider", metavar="NAME", help="Who speaks.  [default: local]"),
    click.option(
        "--voice",
        "voices",
        multiple=True,
        metavar="[SPEAKER=]VOICE",
        help="Voice of one or all.  [default: the digest's]",
    ),
    click.option("--chunk-chars", type=int, metavar="N", help="Characters of a chunk to aim at.  [default: 800]"),
    click.option("--workers", type=int, metavar="N", help="Requests in flight at most.  [default: found out]"),
)


def choices(command: Command) -> Command:
    """Add what decides how a digest is spoken and cut."""
    # A decorator that is applied last is shown first.
    for option in reversed(CHOICES):
        command = option(command)
    return command


def settings_of(**values: object) -> Settings:
    """Make settings of the options that were given; a bad one is a mistake in usage."""
    try:
        return Settings.of({name: value for name, value in values.items() if value is not None})
    except ConfigError as error:
        raise click.UsageError(str(error)) from error


def voices_of(given: tuple[str, ...]) -> dict[str, str]:
    """Read ``SPEAKER=VOICE`` and ``VOICE``; the speaker of the latter is "", which means everyone."""
    voices = {}
    for one in given:
        speaker, equals, voice = one.partition("=")
        if not (speaker and voice if equals else speaker):
            raise click.BadParameter(f"{one!r} names no voice; write VOICE or SPEAKER=VOICE.", param_hint="--voice")
        voices[speaker if equals else ""] = voice if equals else speaker
    return voices
