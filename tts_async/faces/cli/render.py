"""``tts-async render``: its options. What it does is imported when it is called, so that help and a shell need not wait."""

from __future__ import annotations

from typing import Any

import click

from tts_async.faces.cli.beside import beside
from tts_async.faces.cli.options import FILE, FORMATS, NAME, Topical, choices
from tts_async.faces.cli.sources import sources

LOG_HELP = "text, or json, which means -v.  [default: text]"


@click.command(cls=Topical)
@click.argument("named", nargs=-1, required=True, type=FILE, metavar="DIGEST...")
@click.option("-o", "--output", type=NAME, metavar="PATH", help="File, folder or template.  [default: NAME.wav]")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), metavar="FORMAT", help="Where OUTPUT has no suffix.  [default: wav]"
)
@choices
@click.option("--parallel/--sequential", default=True, help="At once or one by one.  [default: parallel]")
@click.option("--rate", type=float, metavar="R", help="Requests sent per second at most.  [default: 10]")
@sources
@click.option("--hedge", is_flag=True, help="Ask twice for what stalls; may cost twice.")
@click.option("--no-memory", "memory", flag_value=False, default=True, help="Forget the limit learned before.")
@click.option("--store", "folder", type=FILE, metavar="DIR", help="Keep what was bought.  [default: with your data]")
@click.option("--no-store", "store", flag_value=False, default=True, help="Keep nothing that was bought.")
@click.option(
    "--on-failure",
    type=click.Choice(["fail", "silence", "skip"]),
    default="fail",
    metavar="HOW",
    help="fail, or go on: silence, skip.  [default: fail]",
)
@click.option(
    "--verdict",
    type=click.Choice(["off", "warn", "retake"]),
    metavar="HOW",
    help="Bad audio: off, warn, retake.  [default: retake]",
)
@click.option(
    "--loudness",
    type=click.Choice(["podcast", "broadcast", "none"]),
    metavar="FOR",
    help="podcast, broadcast, none.  [default: podcast]",
)
@click.option("--max-cost", "max_cost_usd", type=float, metavar="USD", help="Spend no more.  [default: any amount]")
@click.option("--max-chars", type=int, metavar="N", help="Buy no more characters.  [default: any number]")
@click.option("--play", is_flag=True, help="Play it, too, while it is made.")
@click.option("--dry-run", is_flag=True, help="Say what it would cost, and send nothing.")
@beside
@click.option("--report", "report_path", type=FILE, help="Write what happened, as .html or .json.")
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON, and nothing else.")
@click.option("-q", "--quiet", is_flag=True, help="Print errors and warnings only.")
@click.option("-v", "--verbose", count=True, help="Show the log; -vv: all of it.")
@click.option("--log-format", type=click.Choice(["text", "json"]), metavar="FORM", help=LOG_HELP)
@click.pass_context
def render(context: click.Context, /, **given: Any) -> None:
    """Render each DIGEST to one sound file: .wav, .flac, .ogg, .opus, .mp3, .m4a or .m4b.

    A DIGEST is a .json, .md or .txt file, a folder of them, or - for standard input.
    """
    from tts_async.faces.cli.rendering import rendered

    context.exit(rendered(**given))
