"""The parts of the pages that are made from the code."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterator

import click


def digest_schema() -> str:
    """docs/digest.schema.json: what a digest may hold."""
    from tts_async.core.digest import Digest

    return json.dumps(Digest.model_json_schema(), indent=2, ensure_ascii=False) + "\n"


def command_page() -> str:
    """docs/reference/cli.md: every command with its arguments and options, made from click's own tables."""
    from tts_async.faces.cli import cli

    return "\n".join(["# The command line", *command_lines(cli, "tts-async")]) + "\n"


def command_lines(command: click.Command, name: str) -> Iterator[str]:
    yield from ("", f"## {name}", "", inspect.cleandoc(command.help or "").replace("\b\n", ""), "")
    context = click.Context(command, info_name=name)
    yield from ("```", f"{name} {' '.join(command.collect_usage_pieces(context))}", "```")
    options = [option for option in command.params if isinstance(option, click.Option) and not option.hidden]
    if options:
        yield from ("", "| option | what it does |", "|---|---|")
    for option in options:
        value = "" if option.is_flag or option.count else f" {option.metavar or kind_of(option)}"
        names = ", ".join([*option.opts, *option.secondary_opts])
        yield f"| `{names}{value}` | {escaped(option.help or '')} |"
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            assert found, child
            yield from command_lines(found, f"{name} {child}")


def escaped(text: str) -> str:
    """Text for a cell of a table, with nothing in it that Markdown reads as a link or a border."""
    return re.sub(r"([\[\]|])", r"\\\1", text)


def kind_of(option: click.Option) -> str:
    """What an option takes, in capitals, or the words to choose from."""
    if isinstance(option.type, click.Choice):
        return "[" + ", ".join(str(choice) for choice in option.type.choices) + "]"
    return option.type.name.upper()


GENERATED: dict[str, Callable[[], str]] = {
    "docs/digest.schema.json": digest_schema,
    "docs/reference/cli.md": command_page,
}
