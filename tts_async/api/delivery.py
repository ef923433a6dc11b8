"""Hands over what is bought: to a file, to a reader, or in an error."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import ExitStack, aclosing
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tts_async.api.result import RenderResult, TemporaryFolder
from tts_async.api.source import Source
from tts_async.core.cues import Cue
from tts_async.engine.coordinator import Buying
from tts_async.engine.groups import alone
from tts_async.engine.master import master, stretches
from tts_async.engine.output import OutputFile, check_output
from tts_async.errors import ConfigError, RenderFailed

Output = str | PathLike[str]


async def to_file(buying: Buying, file: OutputFile) -> list[Cue]:
    """Buy and write at the same time; raises `RenderFailed` where a chunk never came, `Correction` to be planned anew."""
    with alone():
        async with asyncio.TaskGroup() as group:
            group.create_task(buying.run())
            written = group.create_task(master(buying, file))
    cues = written.result()
    if cues is None:
        raise buying.correction or await failure(buying)
    return cues


async def to_reader(buying: Buying) -> AsyncGenerator[NDArray[np.float32], None]:
    """Yield blocks in order while somebody else runs ``buying``; raises `RenderFailed` at the first gap.

    Raises `Correction` where that is to be planned otherwise, and nothing was yielded yet.
    """
    frames = 0
    async with aclosing(stretches(buying)) as arriving:
        async for stretch in arriving:
            for block in stretch.blocks:
                frames += len(block)
                yield block
            if stretch.whole:
                buying.record("written", chunk=stretch.chunk.index, audio_s=frames / buying.plan.rate_hz)
    if buying.lost:
        if buying.correction and not frames:
            raise buying.correction
        raise await failure(buying)
    buying.record("finished", audio_s=frames / buying.plan.rate_hz)


async def to_result(buying: Buying, output: Output | None, *, overwrite: bool) -> RenderResult:
    """Buy a digest and write its file, a temporary WAV where no output is named; raises as `to_file` does."""
    plan = buying.plan
    with ExitStack() as unless_kept:
        folder = None
        if output is None:
            folder = TemporaryFolder()
            unless_kept.callback(folder.remove)
        path = folder.path / "speech.wav" if folder else Path(os.fspath(output or ""))
        check_output(path, plan.rate_hz, overwrite=overwrite)
        async with OutputFile(path, plan.rate_hz) as file:
            cues = await to_file(buying, file)
            await file.keep()
        unless_kept.pop_all()
    duration_s = file.frames / plan.rate_hz
    buying.record("finished", audio_s=duration_s)
    return RenderResult(
        path=path,
        duration_s=duration_s,
        rate_hz=plan.rate_hz,
        report=buying.record.report,
        cues=tuple(cues),
        _folder=folder,
    )


async def failure(buying: Buying) -> RenderFailed:
    """Say what is missing, and hand over what is not."""
    lost = {index: buying.failures[index] for index in buying.lost}
    report, plan = buying.record.report, buying.plan
    first = next(iter(lost))
    words = " ".join(plan.chunks[first].text.split()[:6])
    reason = report.stopped or f"chunk {first} ({words} …) failed: {lost[first]}"
    more = f", and {len(lost) - 1} more" if len(lost) > 1 and not report.stopped else ""
    message = f"{len(lost)} of {len(plan.chunks)} chunks of {plan.digest_id!r} are missing: {reason}{more}"
    return RenderFailed(f"{message.rstrip('.')}.", failures=lost, clips=await buying.clips(), report=report)


def check_pairs(sources: Sequence[Source], outputs: Sequence[Output | None]) -> None:
    """Raise `ConfigError` where outputs do not fit their sources."""
    if len(sources) != len(outputs):
        raise ConfigError(f"There are {len(sources)} sources and {len(outputs)} outputs; give one output a source.")
    named = [os.path.normpath(Path(output).absolute()) for output in outputs if output is not None]
    if twice := {path for path in named if named.count(path) > 1}:
        raise ConfigError(f"Two digests would be written to {min(twice)!r}; give each a file of its own.")
