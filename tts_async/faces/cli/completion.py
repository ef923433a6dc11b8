"""``tts-async completion``."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_TTS_ASYNC_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(*, shell: str) -> None:
    """Print what makes SHELL complete commands, options and files.

    \b
    bash:  echo 'eval "$(tts-async completion bash)"' >> ~/.bashrc
    zsh:   echo 'eval "$(tts-async completion zsh)"' >> ~/.zshrc
    fish:  tts-async completion fish > ~/.config/fish/completions/tts-async.fish
    """
    from tts_async.faces.cli import cli

    made = get_completion_class(shell)
    assert made is not None, shell
    click.echo(made(cli, {}, "tts-async", VARIABLE).source())
