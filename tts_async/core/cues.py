"""When which words are heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tts_async.core.exchange import Mark
from tts_async.core.plan import Chunk


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """Written words and the samples in which they are spoken, counted from the start of the audio.

    ``exact`` is false where only the chunk's place is known and the words are a whole chunk.
    """

    chunk: int
    section: int
    speaker: str
    text: str
    start_frame: int
    end_frame: int
    rate_hz: int
    exact: bool

    @property
    def start_s(self) -> float:
        """Seconds from the start of the audio."""
        return self.start_frame / self.rate_hz

    @property
    def end_s(self) -> float:
        """Seconds from the start of the audio."""
        return self.end_frame / self.rate_hz


def cues(chunk: Chunk, *, start_frame: int, end_frame: int, rate_hz: int, marks: Sequence[Mark] = ()) -> list[Cue]:
    """Place a chunk's words: one cue a mark where one speaker's text was not respelled, else one a chunk."""
    line = chunk.lines[0]
    if len(chunk.lines) > 1 or not marks or line.text != line.written:
        text = " ".join(each.written for each in chunk.lines)
        return [_cue(chunk, text, start_frame, end_frame, rate_hz, exact=False)]
    total = sum(mark.frames for mark in marks)
    scale = (end_frame - start_frame) / total if total else 0.0
    found, chars, frames = [], 0, 0
    for number, mark in enumerate(marks, 1):
        text = line.written[chars : chars + mark.chars if number < len(marks) else None].strip()
        start = start_frame + round(frames * scale)
        chars, frames = chars + mark.chars, frames + mark.frames
        if text:
            found.append(_cue(chunk, text, start, start_frame + round(frames * scale), rate_hz, exact=True))
    return found


def _cue(chunk: Chunk, text: str, start: int, end: int, rate_hz: int, *, exact: bool) -> Cue:
    return Cue(
        chunk=chunk.index,
        section=chunk.section,
        speaker=chunk.lines[0].speaker,
        text=text,
        start_frame=start,
        end_frame=end,
        rate_hz=rate_hz,
        exact=exact,
    )
