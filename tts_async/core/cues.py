"""When which words are heard."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from tts_async.core.boundaries import Pauses, boundaries
from tts_async.core.exchange import Mark
from tts_async.core.plan import Chunk, Line
from tts_async.core.sentences import sentences_of
from tts_async.core.tempo import weight


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """Written words and the samples in which they are spoken, counted from the start of the audio.

    ``exact`` is false where they are a sentence of several in a clip, and only the clip's place is known.
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


def cues(
    chunk: Chunk, *, start_frame: int, end_frame: int, rate_hz: int, marks: Sequence[Mark] = (), pauses: Pauses = ()
) -> list[Cue]:
    """Place a chunk's words: one cue a mark, one a sentence in lines that were respelled or where not all is marked.

    ``pauses`` are those inside the clip, counted from its start; they are looked at where marks are missing.
    """
    by_line = list(_by_line(chunk, marks))
    if not marks or not all(here for _, here in by_line):
        return _estimated(chunk, start_frame, end_frame, rate_hz, pauses)
    total = sum(mark.frames for mark in marks)
    scale = (end_frame - start_frame) / total if total else 0.0
    found, frames = [], 0
    for line, here in by_line:
        for text, length in _said(line, here, chunk.language):
            before, frames = frames, frames + length
            span = start_frame + round(before * scale), start_frame + round(frames * scale)
            if text:
                found.append(_cue(chunk, line.speaker, text, *span, rate_hz, exact=True))
    return found


def _estimated(chunk: Chunk, start: int, end: int, rate_hz: int, pauses: Pauses) -> list[Cue]:
    """A cue a sentence; a single one is where its clip is, and so it is exact."""
    said = [sentence for line in chunk.lines for sentence in sentences_of(line, chunk.language)]
    weights = [weight(sentence.spoken) for sentence in said]
    inside = boundaries(weights, pauses=pauses, frames=end - start, rate_hz=rate_hz)
    spans = pairwise([start, *(start + at for at in inside), end])
    exact = len(said) == 1
    return [
        _cue(chunk, sentence.speaker, sentence.written.strip(), *span, rate_hz, exact=exact)
        for sentence, span in zip(said, spans, strict=True)
    ]


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


def _said(line: Line, marks: Sequence[Mark], language: str) -> Iterator[tuple[str, int]]:
    """The written words of a line and how many frames they take: by marks, or by sentences where it is respelled."""
    if line.text != line.written:
        yield from _by_sentence(line, marks, language)
        return
    at = 0
    for number, mark in enumerate(marks, 1):
        # The last one stands for all that is left.
        yield line.written[at : at + mark.chars if number < len(marks) else None].strip(), mark.frames
        at += mark.chars


def _by_sentence(line: Line, marks: Sequence[Mark], language: str) -> Iterator[tuple[str, int]]:
    """The sentences that begin with a mark; others go with the one before."""
    begins = accumulate((mark.chars for mark in marks[:-1]), initial=0)
    numbers = {at: number for number, at in enumerate(begins)}
    written, at, first = "", 0, 0
    for sentence in sentences_of(line, language):
        number = numbers.get(at, 0)
        if number > first:
            yield written.strip(), sum(mark.frames for mark in marks[first:number])
            written, first = "", number
        written, at = written + sentence.written, at + len(sentence.spoken)
    yield written.strip(), sum(mark.frames for mark in marks[first:])


def _cue(chunk: Chunk, speaker: str, text: str, start: int, end: int, rate_hz: int, *, exact: bool) -> Cue:
    return Cue(
        chunk=chunk.index,
        section=chunk.section,
        speaker=speaker,
        text=text,
        start_frame=start,
        end_frame=end,
        rate_hz=rate_hz,
        exact=exact,
    )
