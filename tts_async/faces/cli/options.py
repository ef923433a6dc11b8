"""The options that commands share, what they say, and how help shows them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tts_async.errors import ConfigError

if TYPE_CHECKING:
    from tts_async.api.settings import SettingsSources
    from tts_async.settings import MergedSettings

Command = TypeVar("Command", bound=Callable[..., Any])

FORMATS = ("wav", "flac", "ogg", "opus", "mp3", "m4a", "m4b")

TOPICS: Mapping[str, tuple[str, ...]] = {
    "What": ("provider", "model", "fallback", "options", "voices", "chunk_chars", "timestamps"),
    "How fast": ("parallel", "workers", "rate", "profile", "hedge", "memory"),
    "Money": ("dry_run", "max_cost_usd", "max_chars", "folder", "store"),
    "Sound": ("loudness", "verdict", "on_failure", "play"),
    "Files": ("output", "form", "overwrite", "captions", "captions_words", "chapters", "report_path"),
    "Settings": ("settings_url", "settings_optional", "ignore_bad_settings"),
    "What is said": ("as_json", "quiet", "verbose", "log_format"),
}
"""Which options are shown together, and in which order; those in none of them come last."""


class Topical(click.Command):
    """A command whose help shows options by topics, a line each."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        options = (param for param in self.get_params(ctx) if isinstance(param, click.Option))
        rows = {param.name or "": row for param in options if (row := param.get_help_record(ctx))}
        width = max(len(option) for option, _ in rows.values())
        topics = {topic: [rows.pop(name) for name in names if name in rows] for topic, names in TOPICS.items()}
        for topic, shown in {**topics, "Others": list(rows.values())}.items():
            if shown:
                with formatter.section(topic):
                    # As wide in each topic, so that all of it is one table.
                    formatter.write_dl([(option.ljust(width), said) for option, said in shown])


class FilePath(click.Path):
    """A path that a shell may complete; what is wrong with it is found when it is opened."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Any words are a path; none are not the folder one is in."""
        if not str(value):
            self.fail("it names nothing", param, ctx)
        return Path(value)


class Template(click.Path):
    """Words that become a path, which a shell may complete."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """As they are: a slash at their end says something."""
        return str(value)


FILE = FilePath()
NAME = Template()

CHOICES = (
    click.option("--provider", metavar="SPEC", help="NAME[:MODEL][+ADDRESS].  [default: local]"),
    click.option("--model", metavar="MODEL", help="The provider's model.  [default: its own]"),
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


def with_model(spec: str | None, model: str | None) -> str | None:
    """Put a model into a provider's spec; a second one is a mistake in usage."""
    if model is None:
        return spec
    name, plus, address = ("local" if spec is None else spec).partition("+")
    if not model or ":" in name or "+" in model:
        raise click.UsageError(f"--model {model!r} does not go with --provider {spec!r}; write --provider NAME:MODEL.")
    return f"{name}:{model}{plus}{address}"


def provider_of(spec: str | None, given: tuple[str, ...]) -> Any:
    """Make the provider with its options; values are JSON where they can be, else words."""
    if not given:
        return spec
    from tts_async.api.catalogue import find_provider

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


def settings_of(*, sources: SettingsSources, **values: object) -> MergedSettings:
    """Settings from everywhere; the options that were given go before the rest, and a bad one is a mistake in usage."""
    import asyncio

    from tts_async.faces.cli.settings import warn
    from tts_async.settings import Settings

    given = {name: value for name, value in values.items() if value is not None}
    try:
        Settings.of(given)
    except ConfigError as error:
        raise click.UsageError(str(error)) from error
    found = asyncio.run(replace(sources, explicit={**sources.explicit, **given}).read())
    warn(found.notes)
    return found


def voices_of(given: tuple[str, ...]) -> dict[str, str]:
    """Read ``SPEAKER=VOICE`` and ``VOICE``; the speaker of the latter is "", which means everyone."""
    voices = {}
    for one in given:
        speaker, equals, voice = one.partition("=")
        if not (speaker and voice if equals else speaker):
            raise click.BadParameter(f"{one!r} names no voice; write VOICE or SPEAKER=VOICE.", param_hint="--voice")
        voices[speaker if equals else ""] = voice if equals else speaker
    return voices
