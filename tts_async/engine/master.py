"""Makes a file of a digest, in two passes.

What was heard in each clip decides its gain once the last one is here, and then they are decoded one by one.
"""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass, field

from tts_async.core.cues import Cue
from tts_async.core.event import Kind
from tts_async.core.manifest import Part
from tts_async.engine.coordinator import Buying
from tts_async.engine.levelling import levelled
from tts_async.engine.output import OutputFile
from tts_async.engine.walk import OnFailure, stretches
from tts_async.sound.peaks import Peaks


@dataclass(slots=True, kw_only=True)
class Written:
    """What a file consists of, and its outline once it is whole."""

    cues: list[Cue] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    peaks: Peaks | None = None


async def master(buying: Buying, output: OutputFile, *, on_failure: OnFailure = "fail") -> Written | None:
    """Write a digest to its file; ``None`` where a chunk never came and that is a failure."""
    written, chunks = Written(), 0
    leveller = await levelled(buying, output.codec, on_failure=on_failure)
    arriving = stretches(buying, on_failure=on_failure, leveller=leveller, codec=output.codec)
    async with aclosing(arriving):
        async for stretch in arriving:
            while stretch.blocks:  # What is written is not held while the next clip is decoded.
                await output.write(stretch.blocks.pop(0))
            written.cues.extend(stretch.cues)
            written.parts.append(stretch.part)
            if stretch.whole:
                chunks += 1
                kind: Kind = "written" if stretch.part.clip else "gap"
                buying.record(kind, chunk=stretch.part.chunk.index, audio_s=output.frames / buying.plan.rate_hz)
            if stretch.mastered:
                buying.record("mastered", mastered=stretch.mastered)
                written.peaks = stretch.peaks
    # A file of nothing but gaps is none.
    return written if chunks == len(buying.plan.chunks) and any(part.clip for part in written.parts) else None
