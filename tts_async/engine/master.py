"""Walks the clips in the order of the text as they arrive: decode, stitch, resample, hand on."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

import numpy as np
import soxr
from anyio import to_thread
from numpy.typing import NDArray

from tts_async.core.cues import Cue, cues
from tts_async.core.plan import Chunk, Plan
from tts_async.engine.coordinator import Buying
from tts_async.engine.decode import decode
from tts_async.engine.output import OutputFile
from tts_async.sound.stitch import Samples, Span, Stitcher

QUALITY = "HQ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What a chunk, or a part of one, adds to the audio: blocks at the plan's rate, and when its words are heard.

    ``whole``: with it, all of the chunk is there.
    """

    chunk: Chunk
    blocks: list[Samples]
    cues: list[Cue]
    whole: bool


async def stretches(buying: Buying) -> AsyncGenerator[Stretch, None]:
    """Yield every chunk as soon as all before it are there; ends early where one never comes.

    No more than one clip is decoded at a time, so memory does not depend on what waits.
    """
    plan = buying.plan
    stitcher, resampler = Stitcher(plan.source_hz), Resampler(plan)
    for chunk in plan.chunks:
        if not await buying.arrived(chunk.index):
            return
        for number, (part, clip) in enumerate(clips := await buying.clips_of(chunk.index), 1):
            samples, rate_hz = await decode(clip)
            last = chunk is plan.chunks[-1] and number == len(clips)
            span, blocks = await to_thread.run_sync(_joined, stitcher, resampler, samples, rate_hz, part.pause_ms, last)
            timeline = cues(part, start_frame=span.start, end_frame=span.end, rate_hz=plan.source_hz, marks=clip.marks)
            yield Stretch(chunk=chunk, blocks=blocks, cues=timeline, whole=number == len(clips))


def _joined(
    stitcher: Stitcher, resampler: Resampler, samples: Samples, rate_hz: int, pause_ms: int, last: bool
) -> tuple[Span, list[Samples]]:
    """Lay a clip behind the others; one with a rate of its own is brought to the others' first."""
    if rate_hz != stitcher.rate_hz:
        samples = soxr.resample(samples, rate_hz, stitcher.rate_hz, QUALITY)
    span, blocks = stitcher.add(samples, pause_ms=pause_ms)
    return span, resampler.all(blocks, last=last)


class Resampler:
    """Turns the joined stream, never a single clip, into the plan's rate; nothing to do where they are equal."""

    def __init__(self, plan: Plan) -> None:
        same = plan.source_hz == plan.rate_hz
        self._stream = None if same else soxr.ResampleStream(plan.source_hz, plan.rate_hz, 1, "float32", QUALITY)

    def all(self, blocks: list[Samples], *, last: bool) -> list[Samples]:
        """Resample consecutive blocks; the last call returns what the filter still held, too."""
        if self._stream is None:
            return blocks
        done: list[NDArray[np.float32]] = [self._stream.resample_chunk(block) for block in blocks]
        if last:
            done.append(self._stream.resample_chunk(np.zeros(0, np.float32), last=True))
        return [block for block in done if len(block)]


async def master(buying: Buying, output: OutputFile) -> list[Cue] | None:
    """Write a digest to its file as its prefix grows; ``None`` where a chunk never came."""
    timeline: list[Cue] = []
    written = 0
    async with aclosing(stretches(buying)) as arriving:
        async for stretch in arriving:
            for block in stretch.blocks:
                await output.write(block)
            timeline += stretch.cues
            if stretch.whole:
                written += 1
                buying.record("written", chunk=stretch.chunk.index, audio_s=output.frames / buying.plan.rate_hz)
    return timeline if written == len(buying.plan.chunks) else None
