"""Walks the clips in the order of the text, and hands on the audio that is made of them, as it comes."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from typing import Literal

from anyio import to_thread

from tts_async.core.cues import Cue, cues
from tts_async.core.exchange import Clip
from tts_async.core.gain import EXACT, Codec, target_lufs
from tts_async.core.manifest import Part
from tts_async.core.mastered import Mastered
from tts_async.core.plan import Chunk, Plan
from tts_async.engine.coordinator import Buying
from tts_async.engine.decode import decode
from tts_async.engine.harvest import Harvest
from tts_async.engine.mix import Mix
from tts_async.sound.balance import Leveller, Running, Unchanged
from tts_async.sound.pauses import pauses
from tts_async.sound.peaks import Peaks
from tts_async.sound.profile import Profile
from tts_async.sound.stitch import Samples, Span

OnFailure = Literal["fail", "silence", "skip"]
S_PER_CHAR = 1 / 15
"""How long a character sounds, roughly: the length of a gap before anything was heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What a chunk, or a part of one, adds to the audio: blocks at the plan's rate, and when its words are heard.

    ``whole``: with it, all of the chunk is there, or its gap. The last one says how all of it was ``mastered``, and
    has its ``peaks``.
    """

    part: Part
    blocks: list[Samples]
    cues: list[Cue]
    whole: bool
    mastered: Mastered | None = None
    peaks: Peaks | None = None


async def stretches(
    buying: Buying,
    *,
    on_failure: OnFailure = "fail",
    leveller: Leveller | None = None,
    codec: Codec = EXACT,
) -> AsyncGenerator[Stretch, None]:
    """Yield every chunk as soon as all before it are there; ends early where one never comes.

    With ``silence`` a chunk that never comes is as much silence as its text would have taken, with ``skip`` nothing.
    Without a ``leveller`` gains follow what has been heard so far. No more than one clip is decoded at a time, so memory
    does not depend on what waits.
    """
    plan = buying.plan
    walk = _Walk(plan, buying.harvest, Mix(plan, leveller or _running(plan), codec))
    for chunk in plan.chunks:
        if await buying.arrived(chunk.index):
            clips: list[tuple[Chunk, Clip | None]] = [*await buying.harvest.clips_of(chunk.index)]
            heard: list[Profile | None] = [each for _, each in await buying.harvest.profiles_of(chunk.index)]
        elif on_failure == "fail" or buying.stopped:
            return
        else:
            clips, heard = [(chunk, None)], [None]
        for number, ((piece, clip), profile) in enumerate(zip(clips, heard, strict=True), 1):
            whole = number == len(clips)
            last = whole and chunk is plan.chunks[-1]
            if clip and profile:
                yield await walk.spoken(piece, clip, profile, whole=whole, last=last)
            else:
                yield await walk.missing(piece, long=on_failure == "silence", last=last)


def _running(plan: Plan) -> Leveller:
    target = target_lufs(plan.loudness)
    return Unchanged() if target is None else Running(target)


class _Walk:
    """One way through the clips of a plan."""

    def __init__(self, plan: Plan, harvest: Harvest, mix: Mix) -> None:
        self._plan = plan
        self._harvest = harvest
        self._mix = mix
        self._heard_s = 0.0
        self._heard_chars = 0

    async def spoken(self, piece: Chunk, clip: Clip, heard: Profile, *, whole: bool, last: bool) -> Stretch:
        """Lay a clip."""
        samples, rate_hz = await decode(clip)
        speaker = speaker_of(piece, self._harvest)
        span, blocks = await to_thread.run_sync(
            lambda: self._mix.lay(samples, heard, piece, speaker=speaker, last=last)
        )
        self._heard_s, self._heard_chars = self._heard_s + len(samples) / rate_hz, self._heard_chars + piece.chars
        found = await to_thread.run_sync(self._cues, piece, clip, span, samples, rate_hz)
        return self._stretch(self._part(piece, clip, span), blocks, found, whole=whole, last=last)

    async def missing(self, chunk: Chunk, *, long: bool, last: bool) -> Stretch:
        """Lay what stands for a chunk that never came."""
        per_char_s = self._heard_s / self._heard_chars if self._heard_chars else S_PER_CHAR
        frames = round(per_char_s * chunk.chars * self._plan.source_hz) if long else 0
        span, blocks = await to_thread.run_sync(lambda: self._mix.rest(frames, chunk, last=last))
        return self._stretch(self._part(chunk, None, span), blocks, [], whole=True, last=last)

    def _stretch(self, part: Part, blocks: list[Samples], found: list[Cue], *, whole: bool, last: bool) -> Stretch:
        mastered, peaks = (self._mix.mastered, self._mix.peaks) if last else (None, None)
        return Stretch(part=part, blocks=blocks, cues=found, whole=whole, mastered=mastered, peaks=peaks)

    def _part(self, chunk: Chunk, clip: Clip | None, span: Span) -> Part:
        """Where a clip is in the file."""
        ratio = self._plan.rate_hz / self._plan.source_hz
        facts = clip and replace(clip, audio=b"", marks=())  # The audio is in the store, and must not wait here.
        return Part(
            chunk=chunk,
            provider=self._harvest.provider_of(chunk.index),
            start_frame=round(span.start * ratio),
            end_frame=round(span.end * ratio),
            attempts=self._harvest.attempts_of(chunk.index),
            clip=facts,
        )

    def _cues(self, chunk: Chunk, clip: Clip, span: Span, samples: Samples, rate_hz: int) -> list[Cue]:
        """When a chunk's words are heard: by its marks, which count from the first frame of the clip, rest and all.

        Where it has none, by the pauses in what is left of it.
        """
        hz, ratio = self._plan.source_hz, self._plan.source_hz / rate_hz
        if clip.marks:
            start = span.start - span.offset
            end = start + round(len(samples) * ratio)
            found = cues(chunk, start_frame=start, end_frame=end, rate_hz=hz, marks=clip.marks)
            return [_within(each, span) for each in found]
        silent = [
            (round(first * ratio) - span.offset, round(end * ratio) - span.offset)
            for first, end in pauses(samples, rate_hz)
        ]
        return cues(chunk, start_frame=span.start, end_frame=span.end, rate_hz=hz, pauses=silent)


def _within(cue: Cue, span: Span) -> Cue:
    """A cue, as far as it is in the audio: rests are cut off at the ends of a clip."""
    start, end = (min(max(at, span.start), span.end) for at in (cue.start_frame, cue.end_frame))
    return replace(cue, start_frame=start, end_frame=end)


def speaker_of(chunk: Chunk, harvest: Harvest) -> str:
    """Who is levelled as one: the voices of a clip, as their provider speaks them."""
    return " ".join([harvest.provider_of(chunk.index), *dict.fromkeys(line.voice.id for line in chunk.lines)])
