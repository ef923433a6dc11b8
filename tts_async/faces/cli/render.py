"""``tts-async render``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Literal

import click

from tts_async.api.estimate import Estimate
from tts_async.api.render import Renderer
from tts_async.api.result import RenderResult
from tts_async.api.settings import SettingsSources
from tts_async.api.source import Source
from tts_async.errors import BudgetError, RenderFailed, TTSError
from tts_async.faces.cli.beside import Beside, beside
from tts_async.faces.cli.estimate import over_budget, show_estimates
from tts_async.faces.cli.inputs import inputs_of
from tts_async.faces.cli.options import FILE, NAME, Topical, choices, provider_of, settings_of, voices_of, with_model
from tts_async.faces.cli.outputs import FORMATS, outputs_of
from tts_async.faces.cli.play import find_player, played, with_reports
from tts_async.faces.cli.report import check_report, write_report
from tts_async.faces.cli.settings import sources
from tts_async.faces.cli.stopping import GOES_ON, STOPPED, run
from tts_async.faces.cli.told import all_as_json, tell
from tts_async.faces.cli.watch import watching

INCOMPLETE, GAPS, OVER_BUDGET = 3, 4, 5
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
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
@click.option("-v", "--verbose", count=True, help="Show the log; -vv: all of it.")
@click.option("--log-format", type=click.Choice(["text", "json"]), metavar="FORM", help=LOG_HELP)
@click.pass_context
def render(
    context: click.Context,
    *,
    named: tuple[Path, ...],
    output: str | None,
    form: str | None,
    provider: str | None,
    model: str | None,
    fallback: tuple[str, ...],
    options: tuple[str, ...],
    timestamps: bool,
    voices: tuple[str, ...],
    chunk_chars: int | None,
    workers: int | None,
    parallel: bool,
    rate: float | None,
    sources: SettingsSources,
    hedge: bool,
    memory: bool,
    folder: Path | None,
    store: bool,
    on_failure: Literal["fail", "silence", "skip"],
    verdict: str | None,
    loudness: str | None,
    max_cost_usd: float | None,
    max_chars: int | None,
    play: bool,
    dry_run: bool,
    captions: tuple[str, ...],
    captions_words: bool,
    chapters: bool,
    report_path: Path | None,
    overwrite: bool,
    as_json: bool,
    quiet: bool,
    verbose: int,
    log_format: Literal["text", "json"] | None,
) -> None:
    """Render each DIGEST to one sound file: .wav, .flac, .ogg, .opus, .mp3, .m4a or .m4b.

    A DIGEST is a .json, .md or .txt file, a folder of them, or - for standard input.
    """
    inputs = inputs_of(named)
    digests, asked = [each.name for each in inputs], [each.source for each in inputs]
    outputs = outputs_of(inputs, output, form)
    files = Beside(captions=captions, words=captions_words, chapters=chapters)
    if workers not in {None, 1} and not parallel:
        raise click.UsageError("--sequential is one worker; leave out one of --sequential and --workers.")
    workers = workers if parallel else 1
    settings = settings_of(
        sources=sources,
        chunk_chars=chunk_chars,
        workers=workers,
        rate_per_s=rate,
        hedge=hedge or None,
        remember=None if memory else False,
        timestamps=timestamps or captions_words or None,
        verdict=verdict,
        loudness=loudness,
        max_cost_usd=max_cost_usd,
        max_chars=max_chars,
    )
    wanted = files.check(outputs, digests, overwrite=overwrite or dry_run)
    if report_path:
        check_report(report_path, [*digests, *outputs, *wanted])
    player = find_player() if play else None
    make = partial(
        Renderer,
        provider_of(with_model(provider, model), options),
        settings=settings,
        voices=voices_of(voices),
        fallback=fallback,
        store=folder if store else False,
    )

    if dry_run:
        estimates = run(_estimates(make(), asked), says=STOPPED)
        show_estimates(estimates, as_json=as_json)
        context.exit(OVER_BUDGET if over_budget(estimates, settings) else 0)

    async def work() -> list[RenderResult | TTSError]:
        with watching(hidden=quiet or as_json, verbose=verbose, form=log_format) as watch:
            async with make(on_event=watch) as renderer:
                reports = await played(player, renderer, asked, outputs, overwrite=overwrite) if player else []
                for report in filter(None, reports):
                    watch.live.over(report.digest)  # To write its file is nothing to be watched.
                results = await renderer.render_many(asked, outputs, overwrite=overwrite, on_failure=on_failure)
                return with_reports(results, reports) if player else results

    results = [files.written(result) for result in run(work(), says=GOES_ON if store else STOPPED)]
    tell(digests, results, quiet=quiet or as_json, played=play)
    reported = None
    try:
        if report_path:
            write_report(report_path, results, settings)
            reported = report_path
    finally:
        if as_json:
            click.echo(all_as_json(digests, results, files=files, report=reported))
    context.exit(_exit_code(results))


async def _estimates(renderer: Renderer, sources: Sequence[Source]) -> list[Estimate]:
    return [await renderer.estimate(source) for source in sources]


def _exit_code(results: Sequence[RenderResult | TTSError]) -> int:
    """A budget goes before what is incomplete, that before an error, an error before gaps, and gaps before success."""
    failed = [result for result in results if isinstance(result, TTSError)]
    if any(map(_over_budget, results)):
        return OVER_BUDGET
    if any(isinstance(error, RenderFailed) and error.clips for error in failed):
        return INCOMPLETE
    if failed:
        return 1
    return GAPS if any(not isinstance(result, TTSError) and result.report.gaps for result in results) else 0


def _over_budget(result: RenderResult | TTSError) -> bool:
    """Whether a chunk is missing for want of money, be it in a file that goes on without it."""
    if isinstance(result, TTSError):
        return isinstance(result, RenderFailed) and BudgetError in map(type, result.failures.values())
    losses = [each for each in result.report.lost if each.chunk in result.report.gaps]
    return any(each.error == BudgetError.__name__ for each in losses)
