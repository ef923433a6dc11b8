"""Hands over what is bought: to a file, to a reader, or in an error."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import numpy as np
from numpy.typing import NDArray

from tts_async.core.cues import Cue
from tts_async.engine.coordinator import Buying
from tts_async.engine.groups import alone
from tts_async.engine.master import master, stretches
from tts_async.engine.output import OutputFile
from tts_async.errors import RenderFailed


async def to_file(buying: Buying, file: OutputFile) -> list[Cue]:
    """Buy and write at the same time; raises `RenderFailed` where a chunk never came."""
    with alone():
        async with asyncio.TaskGroup() as group:
            group.create_task(buying.run())
            written = group.create_task(master(buying, file))
    cues = written.result()
    if cues is None:
        raise await failure(buying)
    return cues


async def to_reader(buying: Buying) -> AsyncGenerator[NDArray[np.float32], None]:
    """Yield blocks in order while somebody else runs ``buying``; raises `RenderFailed` at the first gap."""
    frames = 0
    async with aclosing(stretches(buying)) as arriving:
        async for stretch in arriving:
            for block in stretch.blocks:
                frames += len(block)
                yield block
            buying.record("written", chunk=stretch.chunk.index, audio_s=frames / buying.plan.rate_hz)
    if buying.backlog.lost:
        raise await failure(buying)
    buying.record("finished", audio_s=frames / buying.plan.rate_hz)


async def failure(buying: Buying) -> RenderFailed:
    """Say what is missing, and hand over what is not."""
    lost = {index: buying.failures[index] for index in sorted(buying.backlog.lost)}
    report, plan = buying.record.report, buying.plan
    first = next(iter(lost))
    words = " ".join(plan.chunks[first].text.split()[:6])
    reason = report.stopped or f"chunk {first} ({words} …) failed: {lost[first]}"
    more = f", and {len(lost) - 1} more" if len(lost) > 1 and not report.stopped else ""
    message = f"{len(lost)} of {len(plan.chunks)} chunks of {plan.digest_id!r} are missing: {reason}{more}"
    return RenderFailed(f"{message.rstrip('.')}.", failures=lost, clips=await buying.clips(), report=report)
