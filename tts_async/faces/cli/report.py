"""The file that ``tts-async render --report`` writes, and ``tts-async report``, which makes a page of it."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import click

from tts_async.api.result import RenderResult, cue_dict, report_dict
from tts_async.core.report import Report
from tts_async.errors import ConfigError, RenderFailed, TTSError
from tts_async.faces.cli.inputs import OURS
from tts_async.faces.cli.sources import origins
from tts_async.faces.cli.words import printable
from tts_async.settings import MergedSettings

PAGES, DATA = {".html", ".htm"}, {".json"}
GENERATOR, HEAD_BYTES = b'<meta name="generator" content="tts_async">', 4_096


@click.command()
@click.argument("report", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="REPORT")
@click.option("-o", "--output", type=Path, metavar="PAGE", help="The page to write.  [default: REPORT's name.html]")
def report(report: Path, *, output: Path | None) -> None:
    """Make a page of a REPORT (.json) that `tts-async render --report` wrote; a browser opens it."""
    from tts_async.faces.page import page
    from tts_async.faces.page.story import stories

    output = output or report.with_suffix(".html")
    if not _is_page(output):
        raise click.UsageError(f"The page {str(output)!r} has to end in .html.")
    check_report(output, [report])
    try:
        told = stories(report.read_bytes())
    except ConfigError as error:
        raise ConfigError(f"{report}: {error}") from error
    _write(output, page(told, page_path=output, folder=report.parent))
    click.echo(printable(str(output)))


def check_report(path: Path, others: Iterable[Path], *, overwrite: bool = False) -> None:
    """Refuse, before anything is sent, a report that could not be written in the end, or would replace what is none."""
    if any(_same(path, other) for other in others):
        raise click.UsageError(f"The report would replace {str(path)!r}; give it a file of its own.")
    if path.name.lower().endswith(OURS):
        raise click.UsageError(f"What is beside a sound file ends as {str(path)!r} does; give the report another name.")
    try:
        if path.is_dir():
            raise click.ClickException(f"The report {str(path)!r} is a folder; name a file in it.")
        if path.suffix.lower() not in PAGES | DATA:
            raise click.UsageError(f"The report {str(path)!r} has to end in .html or .json.")
        if not overwrite and path.exists() and not _is_report(path):
            raise click.ClickException(
                f"{str(path)!r} is there already, and is no report; choose another, or --overwrite it."
            )
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise _unwritable(path, error) from error


def _same(path: Path, other: Path) -> bool:
    """Whether two names are one file's, through links too."""
    with suppress(OSError):
        return path.samefile(other)
    return os.path.normpath(path.absolute()) == os.path.normpath(other.absolute())


def _is_report(path: Path) -> bool:
    """Whether a file was written here; an empty one holds nothing that could be lost."""
    raw = path.read_bytes()
    if not raw.strip():
        return True
    if _is_page(path):
        return GENERATOR in raw[:HEAD_BYTES]
    from tts_async.faces.page.story import stories

    try:
        return bool(stories(raw))
    except ConfigError:
        return False


def write_report(
    path: Path, digests: Sequence[Path], results: Sequence[RenderResult | TTSError], settings: MergedSettings
) -> None:
    """One report, or a list of them for several digests; of what failed before it began there is only why."""
    told = [
        {**report_dict(_report(digest, result)), **_beside(result, path.parent), "settings": origins(settings)}
        for digest, result in zip(digests, results, strict=True)
    ]
    if _is_page(path):
        from tts_async.faces.page import page
        from tts_async.faces.page.story import story

        _write(path, page([story(each) for each in told], page_path=path, folder=path.parent))
    else:
        _write(path, json.dumps(told[0] if len(results) == 1 else told, indent=2) + "\n")


def _report(digest: Path, result: RenderResult | TTSError) -> Report:
    """The figures of a digest; of one that never began, its name."""
    return result.report if isinstance(result, RenderResult | RenderFailed) else Report(digest=str(digest))


def _is_page(path: Path) -> bool:
    return path.suffix.lower() in PAGES


def _beside(result: RenderResult | TTSError, folder: Path) -> dict[str, object]:
    """What a page shows of a render besides its figures; the path of the audio begins at the report's folder."""
    if isinstance(result, TTSError):
        return {"error": str(result)}
    tags = result.tags
    return {
        "title": tags.title,
        "audio": _from(folder, result.path),
        "duration_s": result.duration_s,
        "rate_hz": result.rate_hz,
        "cues": [cue_dict(cue) for cue in result.cues],
        "chapters": [{"title": each.title, "start_s": each.start_ms / 1000} for each in tags.chapters],
        "waveform_svg": result.waveform_svg(),
    }


def _from(folder: Path, path: Path) -> str:
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # On another drive of Windows.
        return str(path.absolute())


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> click.ClickException:
    return click.ClickException(f"The report cannot be written to {str(path)!r}: {error.strerror}.")
