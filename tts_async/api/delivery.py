"""Hands over what is bought: in a file, or in an error."""

from __future__ import annotations

import os
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

from anyio import to_thread

from tts_async.api.result import RenderResult, TemporaryFolder
from tts_async.core.cues import Cue, nearest_ms
from tts_async.core.manifest import Part, manifest
from tts_async.core.plan import Plan
from tts_async.core.tags import Tags, chapters_of
from tts_async.engine.coordinator import Buying
from tts_async.engine.finish import serial_of
from tts_async.engine.groups import all_of
from tts_async.engine.manifests import sha256_of, write_manifest
from tts_async.engine.master import Written, master
from tts_async.engine.output import OutputFile, check_output
from tts_async.engine.shield import finished
from tts_async.engine.walk import OnFailure
from tts_async.errors import OutputError, RenderFailed, TTSError

Output = str | PathLike[str]

MOST_NAMED = 8
"""Of how many chunks that are missing for one reason an error tells the first words; the report has all."""


async def to_file(buying: Buying, file: OutputFile, *, on_failure: OnFailure = "fail") -> Written:
    """Buy and write at the same time; raises `RenderFailed` where a chunk never came, `Correction` to be planned anew."""
    work: list[Coroutine[Any, Any, Written | None]] = [buying.run(), master(buying, file, on_failure=on_failure)]
    _, written = await all_of(work)
    if written is None:
        raise buying.correction or await failure(buying)
    return written


async def check_place(plan: Plan, path: Path, *, overwrite: bool) -> None:
    """Raise `ConfigError` where a plan's file could not be written there in the end, before anything is bought."""
    check = partial(check_output, path, plan.rate_hz, overwrite=overwrite, digest_id=plan.digest_id)
    await to_thread.run_sync(check)


async def to_result(
    buying: Buying, output: Output | None, *, tags: Tags, overwrite: bool, on_failure: OnFailure = "fail"
) -> RenderResult:
    """Buy a digest and write its file and its manifest, a temporary WAV where no output is named.

    ``tags`` have no chapters yet: these are where the sections turn out to be.

    Raises as `to_file` does.
    """
    plan = buying.plan
    with ExitStack() as unless_kept:
        folder = None
        if output is None:
            folder = TemporaryFolder()
            unless_kept.callback(folder.remove)
        path = folder.path / "speech.wav" if folder else Path(os.fspath(output or ""))
        await check_place(plan, path, overwrite=overwrite)
        serial = serial_of(plan)
        async with OutputFile(path, plan.rate_hz, overwrite=overwrite, digest_id=plan.digest_id, serial=serial) as file:
            written = await to_file(buying, file, on_failure=on_failure)
            tags = with_chapters(tags, plan, written.cues, file.frames)
            await file.keep(tags)
        described = await finished(to_thread.run_sync(_describe, plan, written.parts, path, file.frames))
        unless_kept.pop_all()
    duration_s = file.frames / plan.rate_hz
    buying.record("finished", audio_s=duration_s)
    return RenderResult(
        path=path,
        duration_s=duration_s,
        rate_hz=plan.rate_hz,
        report=buying.record.report,
        cues=tuple(written.cues),
        manifest=described,
        tags=tags,
        _folder=folder,
        _peaks=written.peaks,
    )


def with_chapters(tags: Tags, plan: Plan, cues: Sequence[Cue], frames: int) -> Tags:
    """Tags of a file of so many frames, in which these words are heard."""
    end_ms = nearest_ms(frames, plan.rate_hz)
    return replace(tags, chapters=chapters_of(plan.sections, cues, title=tags.title, end_ms=end_ms))


def _describe(plan: Plan, parts: Sequence[Part], path: Path, frames: int) -> Path:
    """Write the manifest of a finished file."""
    told = manifest(plan, parts, file_name=path.name, sha256=sha256_of(path), frames=frames)
    try:
        return write_manifest(path, told)
    except OSError as error:
        raise OutputError(f"{str(path)!r} is whole, and its manifest cannot be written: {error.strerror}.") from error


async def failure(buying: Buying) -> RenderFailed:
    """Say what is missing, and hand over what is not."""
    lost = {index: buying.failures[index] for index in buying.harvest.lost}
    report, plan = buying.record.report, buying.plan
    message = f"{len(lost)} of {len(plan.chunks)} chunks of {plan.digest_id!r} are missing: {_missing(plan, lost, report.stopped)}"
    return RenderFailed(f"{message.rstrip('.')}.", failures=lost, clips=await buying.harvest.clips(), report=report)


def _missing(plan: Plan, lost: Mapping[int, TTSError], stopped: str) -> str:
    """Why chunks are missing, and which: by their reasons, and by their first words as many as people read."""
    by_reason: dict[str, list[int]] = {}
    for index, error in lost.items():
        by_reason.setdefault(str(error).rstrip("."), []).append(index)
    parts = [
        f"{_named(plan, indexes)} failed: {reason}"
        for reason, indexes in by_reason.items()
        if reason != stopped.rstrip(".")
    ]
    if not stopped:
        return "; ".join(parts)
    unsent = by_reason.get(stopped.rstrip("."), [])
    return "; ".join([f"{stopped.rstrip('.')} ({_named(plan, unsent)})" if unsent else stopped.rstrip("."), *parts])


def _named(plan: Plan, indexes: Sequence[int]) -> str:
    named = ", ".join(f"{index} ({plan.chunks[index].first_words} …)" for index in indexes[:MOST_NAMED])
    more = f" and {len(indexes) - MOST_NAMED} more" if len(indexes) > MOST_NAMED else ""
    return f"chunk{'s' if len(indexes) > 1 else ''} {named}{more}"
