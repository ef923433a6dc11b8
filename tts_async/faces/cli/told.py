"""What ``tts-async render`` says when it is over."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from tts_async.api.result import RenderResult, as_dict
from tts_async.core.advice import faster as advice_on
from tts_async.core.report import Report
from tts_async.errors import DigestError, TTSError
from tts_async.faces.cli.beside import Beside
from tts_async.faces.cli.words import clock, printable

KINDS = {"srt": "captions_srt", "vtt": "captions_vtt", "json": "chapters"}
"""What the files beside a sound file are called in JSON, by their suffixes."""


def tell(digests: Sequence[Path], results: Sequence[RenderResult | TTSError], *, quiet: bool, played: bool) -> None:
    """Say what became of each digest: errors and gaps always, the rest unless ``quiet``."""
    for digest, result in zip(digests, results, strict=True):
        if isinstance(result, TTSError):
            click.echo(printable(_line_of(f"Error: {_placed(digest, result, alone=len(digests) == 1)}")), err=True)
            continue
        reasons = {each.chunk: f": {each.reason}" for each in result.report.lost}
        for gap in result.report.gaps:
            missing = f"chunk {gap} is missing in {result.path}{reasons.get(gap, '')}"
            click.echo(printable(_line_of(f"Warning: {digest}: {missing}")), err=True)
        if not quiet:
            click.echo(_line(result, played=played))


def all_as_json(
    digests: Sequence[Path], results: Sequence[RenderResult | TTSError], *, files: Beside, report: Path | None
) -> str:
    """The results for programs, with the files that were written beside each; ``report`` is the one that was."""
    told = [
        {"digest": str(digest), **as_dict(result), **_files(result, files, report)}
        for digest, result in zip(digests, results, strict=True)
    ]
    return json.dumps(told, indent=2)


def _files(result: RenderResult | TTSError, files: Beside, report: Path | None) -> dict[str, dict[str, str]]:
    """Paths by what is in them; nothing where nothing was written."""
    found: dict[str, Path] = {}
    if isinstance(result, RenderResult):
        beside = {path.suffix.removeprefix("."): path for path in files.of(result.path)}
        found = {"manifest": result.manifest, **{KINDS[suffix]: path for suffix, path in beside.items()}}
    if report:
        found["report"] = report
    return {"files": {kind: str(path) for kind, path in found.items()}} if found else {}


def _placed(digest: Path, error: TTSError, *, alone: bool) -> str:
    """An error with the file that it is about; where there is one digest only, a setting can be in no other."""
    said = str(error)
    told = said.startswith(str(digest)) or (alone and not isinstance(error, DigestError))
    return said if told else f"{digest}: {said}"


def _line(result: RenderResult, *, played: bool) -> str:
    report = result.report
    speed = _heard_after(report) if played else _faster(report)
    refusals = f", {report.refusals} refusals" if report.refusals else ""
    advice = f"\nAdvice: {said}." if (said := advice_on(report)) else ""
    return printable(
        f"{_line_of(str(result.path))}: {clock(result.duration_s)} of speech from {report.chunks} chunks"
        f" in {report.took_s:.1f} s{speed}{refusals}{advice}"
    )


def _faster(report: Report) -> str:
    if not report.speedup or report.speedup <= 1.05:
        return ""
    possible = f" ({report.of_possible:.0%} of what was possible)" if report.of_possible else ""
    return f", {report.speedup:.1f} times as fast as one by one{possible}"


def _heard_after(report: Report) -> str:
    """Playing takes as long as it takes; what counts is when it began."""
    return "" if report.first_audio_s is None else f", first audio after {report.first_audio_s:.1f} s"


def _line_of(text: str) -> str:
    """What stands in one line, whatever a file is called: a name could forge a second one."""
    return text.replace("\n", "�")
