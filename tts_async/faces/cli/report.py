"""The file that ``tts-async render --report`` writes."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from tts_async.api.result import RenderResult, report_dict
from tts_async.errors import RenderFailed, TTSError


def check_report(path: Path, others: Iterable[Path]) -> None:
    """Refuse, before anything is sent, a report that could not be written in the end."""
    if os.path.normpath(path.absolute()) in {os.path.normpath(other.absolute()) for other in others}:
        raise click.UsageError(f"The report would replace {str(path)!r}; give it a file of its own.")
    try:
        if path.is_dir():
            raise click.ClickException(f"The report {str(path)!r} is a folder; name a file in it.")
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise _unwritable(path, error) from error


def write_report(path: Path, results: Sequence[RenderResult | TTSError]) -> None:
    """One report, or a list of them for several digests; what failed before it began has none."""
    reports = [report_dict(result.report) for result in results if isinstance(result, RenderResult | RenderFailed)]
    if not reports:
        return
    try:
        path.write_text(json.dumps(reports[0] if len(results) == 1 else reports, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> click.ClickException:
    return click.ClickException(f"The report cannot be written to {str(path)!r}: {error.strerror}.")
