"""Walks the clips in the order of the text as they arrive: decode, stitch, resample, hand on."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import soxr
from anyio import to_thread
from numpy.typing import NDArray

from tts_async.core.cues import Cue, cues
from tts_async.core.event import Kind
from tts_async.core.exchange import Clip
from tts_async.core.manifest import Part
from tts_async.core.plan import Chunk, Plan
from tts_async.engine.coordinator import Buying
from tts_async.engine.decode import decode
from tts_async.engine.harvest import Harvest
from tts_async.engine.output import OutputFile
from tts_async.sound.stitch import Samples, Span, Stitcher

QUALITY = "HQ"


OnFailure = Literal["fail", "silence", "skip"]
S_PER_CHAR = 1 / 15
"""How long a character sounds, roughly: the length of a gap before anything was heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What a chunk, or a part of one, adds to the audio: blocks at the plan's rate, and when its words are heard.

    ``whole``: with it, all of the chunk is there, or its gap.
    """

    part: Part
    blocks: list[Samples]
    cues: list[Cue]
    whole: bool


async def stretches(buying: Buying, *, on_failure: OnFailure = "fail") -> AsyncGenerator[Stretch, None]:
    """Yield every chunk as soon as all before it are there; ends early where one never comes.

    With ``silence`` a chunk that never comes is as much silence as its text would have taken, with ``skip`` nothing.
    No more than one clip is decoded at a time, so memory does not depend on what waits.
    """
    plan = buying.plan
    walk = _Walk(plan)
    for chunk in plan.chunks:
        if await buying.arrived(chunk.index):
            clips: list[tuple[Chunk, Clip | None]] = [*await buying.harvest.clips_of(chunk.index)]
        elif on_failure == "fail" or buying.stopped:
            return
        else:
            clips = [(chunk, None)]
        for number, (piece, clip) in enumerate(clips, 1):
            samples, rate_hz = await decode(clip) if clip else walk.silence(piece, long=on_failure == "silence")
            last = chunk is plan.chunks[-1] and number == len(clips)
            span, blocks = await to_thread.run_sync(walk.joined, samples, rate_hz, piece, last)
            yield Stretch(
                part=walk.part(piece, clip, span, buying.harvest),
                blocks=blocks,
                cues=walk.cues(piece, clip, span),
                whole=number == len(clips),
            )


class _Walk:
    """The joined audio of one plan, as far as it has come."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._stitcher, self._resampler = Stitcher(plan.source_hz), Resampler(plan)
        self._heard_frames = self._heard_chars = 0

    def silence(self, chunk: Chunk, *, long: bool) -> tuple[Samples, int]:
        """What stands for a chunk that is missing."""
        hz = self._plan.source_hz
        per_char = self._heard_frames / self._heard_chars if self._heard_chars else S_PER_CHAR * hz
        return np.zeros(round(per_char * chunk.chars) if long else 0, np.float32), hz

    def joined(self, samples: Samples, rate_hz: int, chunk: Chunk, last: bool) -> tuple[Span, list[Samples]]:
        """Lay a clip behind the others; one with a rate of its own is brought to the others' first."""
        if rate_hz != self._stitcher.rate_hz:
            samples = soxr.resample(samples, rate_hz, self._stitcher.rate_hz, QUALITY)
        span, blocks = self._stitcher.add(samples, pause_ms=chunk.pause_ms)
        self._heard_frames, self._heard_chars = self._heard_frames + len(samples), self._heard_chars + chunk.chars
        return span, self._resampler.all(blocks, last=last)

    def part(self, chunk: Chunk, clip: Clip | None, span: Span, harvest: Harvest) -> Part:
        """Where a clip is in the file."""
        ratio = self._plan.rate_hz / self._plan.source_hz
        start, end = round(span.start * ratio), round(span.end * ratio)
        facts = clip and replace(clip, audio=b"", marks=())  # The audio is in the store, and must not wait here.
        return Part(
            chunk=chunk,
            provider=harvest.provider_of(chunk.index),
            start_frame=start,
            end_frame=end,
            attempts=harvest.attempts_of(chunk.index),
            clip=facts,
        )

    def cues(self, chunk: Chunk, clip: Clip | None, span: Span) -> list[Cue]:
        """When a chunk's words are heard; what is missing has none."""
        if clip is None:
            return []
        hz = self._plan.source_hz
        return cues(chunk, start_frame=span.start, end_frame=span.end, rate_hz=hz, marks=clip.marks)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a file consists of."""

    cues: list[Cue]
    parts: list[Part]


async def master(buying: Buying, output: OutputFile, *, on_failure: OnFailure = "fail") -> Written | None:
    """Write a digest to its file as its prefix grows; ``None`` where a chunk never came and that is a failure."""
    written, chunks = Written(cues=[], parts=[]), 0
    async with aclosing(stretches(buying, on_failure=on_failure)) as arriving:
        async for stretch in arriving:
            for block in stretch.blocks:
                await output.write(block)
            written.cues.extend(stretch.cues)
            written.parts.append(stretch.part)
            if stretch.whole:
                chunks += 1
                kind: Kind = "written" if stretch.part.clip else "gap"
                buying.record(kind, chunk=stretch.part.chunk.index, audio_s=output.frames / buying.plan.rate_hz)
    # A file of nothing but gaps is none.
    return written if chunks == len(buying.plan.chunks) and any(part.clip for part in written.parts) else None
