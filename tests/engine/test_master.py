"""The walk over the clips: one stream, no seams, one rate."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import soundfile as sf
import soxr
from numpy.typing import NDArray

from tests.engine.fakes import Server, distinct, files, heard_hz, means_of, plan_of, to_file
from tts_async.core.exchange import Clip, Mark, SpeechResponse
from tts_async.core.plan import Chunk
from tts_async.engine.coordinator import Buying
from tts_async.engine.mix import QUALITY, Resampler
from tts_async.engine.record import Record
from tts_async.engine.walk import stretches
from tts_async.errors import OutputError
from tts_async.providers.tone import RATE_HZ, ToneProvider, frequency_hz
from tts_async.sound.profile import Profile, profile

Samples = NDArray[np.float32]


class Bought:
    """Clips that are all here, in the shape of a `Buying`."""

    def __init__(self, clips: Sequence[Samples], rates_hz: Sequence[int], *, source_hz: int, rate_hz: int) -> None:
        self.plan = plan_of(
            [f"text {n}" for n in range(len(clips))], pause_ms=100, source_hz=source_hz, rate_hz=rate_hz
        )
        self._clips = clips
        self._rates_hz = rates_hz
        self.harvest = self

    async def arrived(self, index: int) -> bool:
        return True

    stopped = False

    def provider_of(self, index: int) -> str:
        return "tone"

    def attempts_of(self, index: int) -> int:
        return 1

    async def profiles_of(self, index: int) -> list[tuple[Chunk, Profile]]:
        return [(self.plan.chunks[index], profile(self._clips[index], self._rates_hz[index]))]

    async def clips_of(self, index: int) -> list[tuple[Chunk, Clip]]:
        audio = (self._clips[index] * 32768).astype("<i2").tobytes()
        return [(self.plan.chunks[index], Clip(audio=audio, encoding="pcm_s16le", rate_hz=self._rates_hz[index]))]


async def heard(bought: Bought) -> tuple[Samples, list[Any]]:
    blocks: list[Samples] = []
    cues = []
    async for stretch in stretches(cast(Buying, bought)):
        blocks += stretch.blocks
        cues += stretch.cues
    return np.concatenate(blocks), cues


def noise(seconds: float, rate_hz: int, seed: int) -> Samples:
    return np.random.default_rng(seed).normal(0, 0.1, round(seconds * rate_hz)).astype(np.float32)


@pytest.mark.parametrize(("source_hz", "rate_hz"), [(24_000, 48_000), (24_000, 44_100), (48_000, 16_000)])
async def test_the_joined_stream_is_resampled_without_a_seam(source_hz: int, rate_hz: int) -> None:
    """Resampled clip by clip as they come, the stream equals the one that is resampled in one go."""
    clips = [noise(seconds, source_hz, seed) for seed, seconds in enumerate([0.3, 0.02, 5.0, 0.001, 1.0])]
    rates = [source_hz] * len(clips)
    joined, _ = await heard(Bought(clips, rates, source_hz=source_hz, rate_hz=source_hz))
    stream, cues = await heard(Bought(clips, rates, source_hz=source_hz, rate_hz=rate_hz))
    at_once = soxr.resample(joined, source_hz, rate_hz, QUALITY)
    assert abs(len(stream) - len(at_once)) <= 1
    length = min(len(stream), len(at_once))
    assert np.abs(stream[:length] - at_once[:length]).max() < 1e-4
    assert cues[-1].end_s == pytest.approx(len(stream) / rate_hz, abs=0.001)


async def test_a_clip_of_another_rate_is_brought_to_the_plans() -> None:
    """A provider that answers with another rate than it promised is heard at the right pitch and length."""
    at_s = np.arange(48_000) / 48_000
    fast = (0.5 * np.sin(2 * np.pi * 440 * at_s)).astype(np.float32)
    slow = (0.5 * np.sin(2 * np.pi * 660 * at_s[:8_000] * 6)).astype(np.float32)
    joined, cues = await heard(Bought([fast, slow], [48_000, 8_000], source_hz=24_000, rate_hz=24_000))
    pause = 2_400 + 2 * 216  # What sounds to the very edge is heard 9 ms further, in frames of 10.
    assert len(joined) == 24_000 + pause + 24_000
    assert [(cue.start_frame, cue.end_frame) for cue in cues] == [(0, 24_000), (24_000 + pause, 48_000 + pause)]
    assert heard_hz(joined[:24_000]) == pytest.approx(440, abs=1)
    assert heard_hz(joined[26_400:]) == pytest.approx(660, abs=1)


def test_equal_rates_are_left_alone() -> None:
    """Where nothing is to be resampled, the blocks go through as they are."""
    blocks = [np.ones(5, np.float32)]
    assert Resampler(plan_of(["a"])).all(blocks, last=True) is blocks


async def test_the_file_has_the_plans_rate_and_the_cues_their_place(tmp_path: Path) -> None:
    """Every tone is where its cue says, also in a file of another rate."""
    texts = distinct(12)
    async with means_of(Server(), provider=ToneProvider(s_per_char=0.03)) as means:
        buying = Buying(plan_of(texts, pause_ms=200, rate_hz=44_100), means, Record("d"))
        cues = await to_file(buying, tmp_path / "out.wav")
    samples, rate_hz = sf.read(tmp_path / "out.wav")
    assert rate_hz == 44_100
    assert cues is not None
    for text, cue in zip(texts, cues, strict=True):
        piece = samples[round(cue.start_s * rate_hz) : round(cue.end_s * rate_hz)]
        assert heard_hz(piece, rate_hz) == pytest.approx(frequency_hz(text), abs=2)
    silence = samples[round((cues[0].end_s + 0.02) * rate_hz) : round((cues[1].start_s - 0.02) * rate_hz)]
    assert np.abs(silence).max() < 1e-3


async def test_marks_become_exact_cues() -> None:
    """Where a provider says how long its sentences took, each has its cue."""

    class Marked(ToneProvider):
        def clip(self, chunk: Chunk, response: SpeechResponse) -> Clip:
            clip = super().clip(chunk, response)
            frames = len(clip.audio) // 2
            marks = (Mark(chars=4, frames=frames // 4), Mark(chars=4, frames=frames - frames // 4))
            return Clip(audio=clip.audio, encoding="pcm_s16le", rate_hz=RATE_HZ, marks=marks)

    async with means_of(Server(), provider=Marked(s_per_char=0.1)) as means:
        buying = Buying(plan_of(["one.two.", "six.ten."]), means, Record("d"))
        await buying.run()
        cues = [cue async for stretch in stretches(buying) for cue in stretch.cues]
    assert [cue.text for cue in cues] == ["one.", "two.", "six.", "ten."]
    assert all(cue.exact for cue in cues)
    assert [round(cue.start_s, 2) for cue in cues] == [0, 0.2, 0.8, 1.0]


async def test_sentences_end_in_the_pauses_of_their_clip() -> None:
    """Where no provider says when they do; each clip has its own pauses, whatever its rate."""
    clips = [
        np.concatenate(
            [noise(before, rate_hz, 1), np.zeros(round(0.3 * rate_hz), np.float32), noise(after, rate_hz, 2)]
        )
        for before, after, rate_hz in [(0.8, 1.2, 24_000), (1.2, 0.8, 48_000)]
    ]
    bought = Bought(clips, [24_000, 48_000], source_hz=24_000, rate_hz=44_100)
    bought.plan = plan_of(["One is here. Two is there."] * 2, pause_ms=100, source_hz=24_000, rate_hz=44_100)
    _, cues = await heard(bought)
    assert [(cue.text, cue.exact) for cue in cues] == [("One is here.", False), ("Two is there.", False)] * 2
    starts_s = [cue.start_s for cue in cues]
    assert starts_s == pytest.approx([0, 0.95, 2.4, 3.75], abs=0.03)


async def test_cancelled_while_it_writes(tmp_path: Path) -> None:
    """A render that is cancelled in the middle leaves no file and no task, and keeps what was paid for."""
    texts = distinct(20)
    server = Server()
    async with means_of(server) as means:
        task = asyncio.create_task(to_file(Buying(plan_of(texts), means, Record("d")), tmp_path / "out.wav"))
        await asyncio.sleep(2.5)
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()
        assert files(tmp_path) == []
        assert asyncio.all_tasks() == {asyncio.current_task()}
        sent = len(server.seen)
        assert 5 < sent < 20
        await Buying(plan_of(texts), means, Record("d")).run()
        assert len(server.seen) == 20


async def test_a_full_disk_is_not_taken_for_success(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the disk refuses ends the render, and nothing is left there."""

    def full(self: sf.SoundFile, block: Samples) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sf.SoundFile, "write", full)
    async with means_of(Server()) as means:
        with pytest.raises(OutputError, match="No space left"):
            await to_file(Buying(plan_of(distinct(3)), means, Record("d")), tmp_path / "out.flac")
    assert files(tmp_path) == []
