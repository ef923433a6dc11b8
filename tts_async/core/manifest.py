"""What a finished file consists of: every character of the text to a chunk, every chunk to its samples."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from tts_async.core.exchange import Clip
from tts_async.core.plan import Chunk, Plan

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A stretch of the audio, in frames of the file, and what is heard in it; without a clip it is a gap.

    ``attempts`` are those of the run that wrote the file. Of the clip only the facts are kept, not the audio.
    """

    chunk: Chunk
    provider: str
    start_frame: int
    end_frame: int
    attempts: int
    clip: Clip | None


def manifest(plan: Plan, parts: Sequence[Part], *, file_name: str, sha256: str, frames: int) -> Iterator[str]:
    """Describe a file in JSON, piece by piece, a chunk a line; ``sha256`` is the file's, ``parts`` are in their order."""
    head = {
        "version": VERSION,
        "digest": plan.digest_id,
        "title": plan.title,
        "file": file_name,
        "sha256": sha256,
        "rate_hz": plan.rate_hz,
        "frames": frames,
        "gaps": sorted({part.chunk.index for part in parts if part.clip is None}),
        "spoken": plan.spoken,
    }
    yield json.dumps(head, indent=1).removesuffix("\n}")
    before = ',\n "chunks": [\n'
    for index, here in groupby(parts, key=lambda part: part.chunk.index):
        yield before + json.dumps(_entry(plan.chunks[index], plan, list(here)))
        before = ",\n"
    yield "\n ]\n}\n"


def _entry(chunk: Chunk, plan: Plan, parts: Sequence[Part]) -> dict[str, object]:
    """One chunk: its place in the text, and the samples of its parts, which are several where a stand-in spoke it."""
    return {
        "chunk": chunk.index,
        "section": plan.sections[chunk.section],
        "text": [chunk.start, chunk.end],
        "parts": [
            {
                "frames": [part.start_frame, part.end_frame],
                "speakers": list(dict.fromkeys(line.speaker for line in part.chunk.lines)),
                "voices": list(dict.fromkeys(line.voice.id for line in part.chunk.lines)),
                "provider": part.provider,
                "gap": part.clip is None,
                "request_id": part.clip.request_id if part.clip else "",
                "history_item_id": part.clip.history_item_id if part.clip else "",
                "billed_chars": part.clip.billed_chars if part.clip else 0,
                "cost_usd": part.clip.cost_usd if part.clip else 0.0,
                "attempts": part.attempts,
            }
            for part in parts
        ],
    }
