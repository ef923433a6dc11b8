"""When which words are heard."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tts_async.core.exchange import Mark
from tts_async.core.plan import Chunk, Line


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

    @property
    def start_ms(self) -> int:
        """Whole milliseconds from the start of the audio, rounded once and a half upwards."""
        return nearest_ms(self.start_frame, self.rate_hz)

    @property
    def end_ms(self) -> int:
        """Whole milliseconds from the start of the audio, rounded once and a half upwards."""
        return nearest_ms(self.end_frame, self.rate_hz)


def nearest_ms(frame: int, rate_hz: int) -> int:
    """A place in the audio in whole milliseconds, a half upwards: by whole numbers, so alike on every machine."""
    return (2_000 * frame + rate_hz) // (2 * rate_hz)


def clock(ms: int, point: str = ".") -> str:
    """Milliseconds as hours, minutes, seconds and thousandths: 00:01:02.003."""
    seconds, thousandths = divmod(ms, 1_000)
    minutes, hours = seconds // 60 % 60, seconds // 3_600
    return f"{hours:02}:{minutes:02}:{seconds % 60:02}{point}{thousandths:03}"


def cues(chunk: Chunk, *, start_frame: int, end_frame: int, rate_hz: int, marks: Sequence[Mark] = ()) -> list[Cue]:
    """Place a chunk's words: one cue a mark, or one a line that was respelled; one a chunk where not all is marked."""
    by_line = list(_by_line(chunk, marks))
    if not marks or not all(here for _, here in by_line):
        text = " ".join(each.written for each in chunk.lines)
        return [_cue(chunk, chunk.lines[0], text, start_frame, end_frame, rate_hz, exact=False)]
    total = sum(mark.frames for mark in marks)
    scale = (end_frame - start_frame) / total if total else 0.0
    found, frames = [], 0
    for line, here in by_line:
        spans = []
        for mark in here:
            start, frames = start_frame + round(frames * scale), frames + mark.frames
            spans.append((start, start_frame + round(frames * scale)))
        if line.text != line.written:
            several = len(chunk.lines) > 1
            found.append(_cue(chunk, line, line.written, spans[0][0], spans[-1][1], rate_hz, exact=several))
            continue
        for text, span in zip(_words(line.written, here), spans, strict=True):
            if text:
                found.append(_cue(chunk, line, text, *span, rate_hz, exact=True))
    return found


def _by_line(chunk: Chunk, marks: Sequence[Mark]) -> Iterator[tuple[Line, list[Mark]]]:
    """The marks of each line: those that begin in it, and for the last line all the rest."""
    left = deque(marks)
    at = end = 0
    for number, line in enumerate(chunk.lines, 1):
        end += len(line.text) + 1
        here = []
        while left and (at < end or number == len(chunk.lines)):
            here.append(left.popleft())
            at += here[-1].chars
        yield line, here


def _words(text: str, marks: Sequence[Mark]) -> Iterator[str]:
    """What each mark stands for; the last one for all that is left."""
    at = 0
    for number, mark in enumerate(marks, 1):
        yield text[at : at + mark.chars if number < len(marks) else None].strip()
        at += mark.chars


def _cue(chunk: Chunk, line: Line, text: str, start: int, end: int, rate_hz: int, *, exact: bool) -> Cue:
    return Cue(
        chunk=chunk.index,
        section=chunk.section,
        speaker=line.speaker,
        text=text,
        start_frame=start,
        end_frame=end,
        rate_hz=rate_hz,
        exact=exact,
    )
