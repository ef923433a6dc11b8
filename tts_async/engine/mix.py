"""The joined audio of one plan, as far as it has come: levelled, stitched, resampled, limited, measured."""

from __future__ import annotations

import math

import numpy as np
import soxr

from tts_async.core.gain import Codec, target_lufs
from tts_async.core.mastered import Mastered, Seams
from tts_async.core.plan import Chunk, Plan
from tts_async.sound.balance import Leveller
from tts_async.sound.edges import Edges, edges
from tts_async.sound.limiter import Limiter
from tts_async.sound.loudness import Loudness
from tts_async.sound.meter import Meter
from tts_async.sound.peak import TruePeak
from tts_async.sound.peaks import Peaks
from tts_async.sound.profile import Profile
from tts_async.sound.seam import more_seams
from tts_async.sound.stitch import Samples, Span, Stitcher

QUALITY = "HQ"


class Mix:
    """The output of one plan, and the ``peaks`` of what has been made; every method blocks.

    ``leveller`` decides gains, and the peaks and the loss of ``codec`` are allowed for. Where the plan's loudness is
    "none", samples stay as they are, and nothing is measured.
    """

    def __init__(self, plan: Plan, leveller: Leveller, codec: Codec) -> None:
        self._plan = plan
        self._leveller = leveller
        self._target_lufs = target_lufs(plan.loudness)
        self._stitcher = Stitcher(plan.source_hz, room_tone=plan.room_tone)
        self._resampler = Resampler(plan)
        self._console = None if self._target_lufs is None else _Console(plan.rate_hz, codec.ceiling_dbtp)
        self._makeup = np.float32(10 ** (codec.loss_db / 20))
        self._seams = Seams()
        self.peaks: Peaks = Peaks(plan.rate_hz)

    def lay(
        self, samples: Samples, heard: Profile, chunk: Chunk, *, speaker: str, last: bool
    ) -> tuple[Span, list[Samples]]:
        """Lay a clip behind the others; returns its place, in frames at the plan's ``source_hz``, and what is ready."""
        gain_db, at = self._leveller.gain_db(speaker, heard), heard.edges
        if heard.rate_hz != self._stitcher.rate_hz:
            samples = soxr.resample(samples, heard.rate_hz, self._stitcher.rate_hz, QUALITY)
            at = edges(samples, self._stitcher.rate_hz)
        return self._laid(samples, at, chunk, gain_db, last=last)

    def rest(self, frames: int, chunk: Chunk, *, last: bool) -> tuple[Span, list[Samples]]:
        """Lay silence in place of a clip."""
        silence = np.zeros(frames, np.float32)
        return self._laid(silence, edges(silence, self._stitcher.rate_hz), chunk, 0.0, last=last)

    def _laid(
        self, samples: Samples, at: Edges, chunk: Chunk, gain_db: float, *, last: bool
    ) -> tuple[Span, list[Samples]]:
        joined = self._stitcher.add(samples, at, pause_ms=None if last else chunk.pause_ms, gain_db=gain_db)
        if joined.seam:
            self._seams = more_seams(self._seams, joined.seam)
        ready = self._resampler.all(joined.blocks, last=last)
        if self._console:
            ready = self._console.all(ready, last=last)
        for block in ready:
            self.peaks.add(block)
        if self._console and self._makeup != 1:
            ready = [block * self._makeup for block in ready]
        return joined.span, ready

    @property
    def mastered(self) -> Mastered:
        """What has been made, as it was measured; whole once the last clip is laid."""
        if self._console is None:
            return Mastered(seams=self._seams)
        loudness_lufs, peak_dbtp = self._console.measured
        return Mastered(
            target_lufs=self._target_lufs, loudness_lufs=loudness_lufs, peak_dbtp=peak_dbtp, seams=self._seams
        )


class Resampler:
    """Turns the joined stream, never a single clip, into the plan's rate; nothing to do where they are equal."""

    def __init__(self, plan: Plan) -> None:
        same = plan.source_hz == plan.rate_hz
        self._stream = None if same else soxr.ResampleStream(plan.source_hz, plan.rate_hz, 1, "float32", QUALITY)

    def all(self, blocks: list[Samples], *, last: bool) -> list[Samples]:
        """Resample consecutive blocks; the last call returns what the filter still held, too."""
        if self._stream is None:
            return blocks
        done: list[Samples] = [self._stream.resample_chunk(block) for block in blocks]
        if last:
            done.append(self._stream.resample_chunk(np.zeros(0, np.float32), last=True))
        return [block for block in done if len(block)]


class _Console:
    """Keeps true peaks under a ceiling, and measures what comes out."""

    def __init__(self, rate_hz: int, ceiling_dbtp: float) -> None:
        self._limiter = Limiter(rate_hz, ceiling_dbtp)
        self._meter = Meter(rate_hz)
        self._loudness = Loudness()
        self._peak = TruePeak()

    def all(self, blocks: list[Samples], *, last: bool) -> list[Samples]:
        """Take consecutive blocks and give what is ready; the last call gives all that is left."""
        done = [self._limiter.add(block) for block in blocks]
        if last:
            done.append(self._limiter.finish())
        for block in done:
            self._loudness.add(self._meter.add(block))
            self._peak.add(block)
        if last:
            self._loudness.add(self._meter.finish())
        return [block for block in done if len(block)]

    @property
    def measured(self) -> tuple[float | None, float | None]:
        """LUFS and dBTP; ``None`` for silence."""
        return _finite(self._loudness.integrated_lufs), _finite(self._peak.value_db)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
