"""What ``tts-async render`` does."""

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
from tts_async.api.several import Results
from tts_async.api.source import Source
from tts_async.errors import BudgetError, RenderFailed, TTSError
from tts_async.faces.cli.beside import Beside
from tts_async.faces.cli.estimate import over_budget, show_estimates
from tts_async.faces.cli.inputs import inputs_of
from tts_async.faces.cli.options import provider_of, settings_of, voices_of, with_model
from tts_async.faces.cli.outputs import outputs_of
from tts_async.faces.cli.play import Player, find_player, played, with_reports
from tts_async.faces.cli.report import check_report, write_report
from tts_async.faces.cli.stopping import GOES_ON, STOPPED, WAITS, Stopped, run
from tts_async.faces.cli.told import all_as_json, tell
from tts_async.faces.cli.watch import Watch, watching
from tts_async.faces.cli.words import printable
from tts_async.settings import MergedSettings

OnFailure = Literal["fail", "silence", "skip"]

INCOMPLETE, GAPS, OVER_BUDGET = 3, 4, 5


def rendered(
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
    on_failure: OnFailure,
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
) -> int:
    """Render what the options of ``tts-async render`` ask for, and return the exit code."""
    inputs = inputs_of(named)
    digests, asked = [each.name for each in inputs], [each.source for each in inputs]
    if folder is not None and not store:
        raise click.UsageError("--store names a folder to keep what is bought in, and --no-store keeps none of it.")
    outputs = outputs_of(inputs, output, form)
    files = Beside(captions=captions, words=captions_words, chapters=chapters)
    if workers not in {None, 1} and not parallel:
        raise click.UsageError("--sequential is one worker; leave out one of --sequential and --workers.")
    found = settings_of(
        sources=sources,
        chunk_chars=chunk_chars,
        workers=workers if parallel else 1,
        rate_per_s=rate,
        hedge=hedge or None,
        remember=None if memory else False,
        timestamps=timestamps or captions_words or None,
        verdict=verdict,
        loudness=loudness,
        max_cost_usd=max_cost_usd,
        max_chars=max_chars,
    )
    settings = found.settings
    wanted = files.check(outputs, digests, overwrite=overwrite or dry_run)
    if report_path:
        check_report(report_path, [*digests, *outputs, *wanted], overwrite=overwrite)
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
        return OVER_BUDGET if over_budget(estimates, settings) else 0

    over: Results = {}
    watches: list[Watch] = []

    async def work() -> None:
        with watching(hidden=quiet or as_json, verbose=verbose, form=log_format) as watch:
            watches.append(watch)
            async with make(on_event=watch) as renderer:
                await _bought(renderer, player, watch, asked, outputs, overwrite, on_failure, over)

    def told(stopped: Stopped | None) -> list[RenderResult | TTSError]:
        """Say what became of each digest; of those that were not finished, programs alone are told one by one."""
        finished = {number: files.written(result) for number, result in sorted(over.items())}
        tell([digests[number] for number in finished], list(finished.values()), quiet=quiet or as_json, played=play)
        results = [finished.get(number) or TTSError(str(stopped)) for number in range(len(digests))]
        _hand_over(
            digests, results, found, files=files, report_path=report_path, as_json=as_json, quiet=quiet or as_json
        )
        return results

    def stopping() -> None:
        for watch in watches:
            watch.write(WAITS.format(settings.grace_s))

    try:
        run(work(), says=GOES_ON if store else STOPPED, stopping=stopping)
    except Stopped as stopped:
        told(stopped)
        raise
    return _exit_code(told(None))


async def _bought(
    renderer: Renderer,
    player: Player | None,
    watch: Watch,
    sources: Sequence[Source],
    outputs: Sequence[Path],
    overwrite: bool,
    on_failure: OnFailure,
    over: Results,
) -> None:
    """Render the digests; what is to be heard is played first, and then its files are written of it."""
    reports = await played(player, renderer, sources, outputs, overwrite=overwrite) if player else []
    for report in filter(None, reports):
        watch.live.over(report.digest)  # To write its file is nothing to be watched.
    results = await renderer.render_many(sources, outputs, overwrite=overwrite, on_failure=on_failure, over=over)
    over.update(enumerate(with_reports(results, reports) if player else results))


def _hand_over(
    digests: Sequence[Path],
    results: Sequence[RenderResult | TTSError],
    settings: MergedSettings,
    *,
    files: Beside,
    report_path: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Write the report and print JSON, even where the report cannot be written."""
    reported = None
    try:
        if report_path:
            write_report(report_path, digests, results, settings)
            reported = report_path
            if not quiet:
                click.echo(printable(f"{report_path}: what happened"), err=True)
    finally:
        if as_json:
            click.echo(all_as_json(digests, results, files=files, report=reported))


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
