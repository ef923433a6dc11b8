"""The command ``tts-async``; a command's code is imported when it is called, so that help answers at once."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from importlib import import_module
from typing import NoReturn

import click
from click.shell_completion import CompletionItem

from tts_async.errors import TTSError
from tts_async.faces.cli.stopping import INTERRUPTED, STOPPED, Stopped
from tts_async.faces.cli.words import printable

COMMANDS = {
    "render": ("render", "Render digests to sound files."),
    "plan": ("plan", "Show how a digest is cut, and send nothing."),
    "providers": ("catalogue", "List the providers."),
    "voices": ("catalogue", "List a provider's voices."),
    "models": ("catalogue", "List a provider's models, and ask it anew."),
    "subscription": ("catalogue", "Show what is left of an account."),
    "report": ("report", "Show what a render did, as a page."),
    "store": ("store", "See and clear up what was bought."),
    "settings": ("settings", "See and keep what can be set."),
    "fake": ("fake", "Serve a fake provider on this machine."),
    "completion": ("completion", "Print what makes a shell complete."),
}


class _Lazy(click.Group):
    """A group that knows its commands by name only, and says errors as sentences."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"tts_async.faces.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Name the commands without their code."""
        named = [CompletionItem(name, help=said) for name, (_, said) in COMMANDS.items() if name.startswith(incomplete)]
        return [*named, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, said) for name, (_, said) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except TTSError as error:
            raise click.ClickException(printable(str(error))) from error
        except BrokenPipeError:
            raise
        except OSError as error:
            # A full disk and the like: nobody's mistake, and no reason for a traceback.
            raise click.ClickException(printable(f"The system says: {error}.")) from error


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="tts-async", prog_name="tts-async")
def cli() -> None:
    """Turn scripts into finished speech: as fast as the provider lets you, complete or an error."""


def main() -> None:
    """Run the command line: 0 whole, 1 an error, 2 usage, 3 incomplete, 130 interrupted, 143 terminated."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that knows fewer characters than the text shows question marks.
            stream.reconfigure(errors="replace")
    try:
        code = cli.main(standalone_mode=False) or 0
    except click.ClickException as error:
        said = io.StringIO()
        error.show(said)
        click.echo(printable(said.getvalue()), err=True, nl=False)
        code = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        _leave(STOPPED, INTERRUPTED)
    except Stopped as stop:
        _leave(stop.says, stop.code)
    except BrokenPipeError:
        raise
    except OSError as error:  # What it says cannot be written, as with help on a full disk.
        _leave(f"Error: The system says: {error}.", 1)
    sys.exit(code)


def _leave(says: str, code: int) -> NoReturn:
    with suppress(OSError):
        click.echo(says, err=True)
        sys.stdout.flush()
    # A second interrupt may have broken off the clean-up, and its threads would be waited for.
    os._exit(code)
