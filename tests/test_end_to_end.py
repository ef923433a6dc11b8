"""The examples, rendered by the embedded voice and listened to by measurement."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soxr
from numpy.typing import NDArray

from tts_async import Cue, Renderer, RenderResult

pytest.importorskip("hibari", reason="the extra 'local' is not installed")
pytestmark = pytest.mark.real_time

EXAMPLES = Path(__file__).parent.parent / "examples"
WINDOW_S = 0.02
SILENT = 10 ** (-50 / 20)
HEARING_HZ = 16_000

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Finished:
    """A finished example: what it was told to be, and what is heard."""

    result: RenderResult
    samples: Samples

    def heard(self, cue: Cue) -> Samples:
        return self.samples[cue.start_frame : cue.end_frame]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Finished]:
    """Both examples, rendered once and at the same time."""
    folder = tmp_path_factory.mktemp("examples")
    names = ("digest", "dialogue")

    async def work() -> list[RenderResult]:
        async with Renderer("local", store=False) as renderer:
            outputs = [folder / f"{name}.wav" for name in names]
            results = await renderer.render_many([EXAMPLES / f"{name}.json" for name in names], outputs)
        assert [result for result in results if not isinstance(result, RenderResult)] == []
        return [result for result in results if isinstance(result, RenderResult)]

    return {name: Finished(result, result.read()) for name, result in zip(names, asyncio.run(work()), strict=True)}


@pytest.fixture(params=["digest", "dialogue"])
def example(request: pytest.FixtureRequest, finished: dict[str, Finished]) -> Finished:
    return finished[request.param]


@pytest.mark.parametrize(("name", "chunks"), [("digest", 8), ("dialogue", 12)])
def test_the_examples_have_as_many_chunks_as_they_should(finished: dict[str, Finished], name: str, chunks: int) -> None:
    """Eight chunks of a narrative, twelve of a dialogue, all of them bought once."""
    report = finished[name].result.report
    assert (report.chunks, report.bought, report.lost) == (chunks, chunks, ())


def test_the_length_fits_the_text(example: Finished) -> None:
    """News is read at 12 to 19 characters a second, pauses and all."""
    assert 12 < example.result.report.chars / example.result.duration_s < 19
    assert len(example.samples) == round(example.result.duration_s * example.result.rate_hz)


def test_the_level_is_that_of_speech(example: Finished) -> None:
    """Loud enough to be heard, and never clipped."""
    assert np.abs(example.samples).max() < 1.0
    assert -35 < 20 * np.log10(np.sqrt(np.mean(example.samples**2))) < -12


def test_no_silence_is_longer_than_two_seconds(example: Finished) -> None:
    """Nobody thinks that it is over."""
    size = round(WINDOW_S * example.result.rate_hz)
    windows = example.samples[: len(example.samples) // size * size].reshape(-1, size)
    loud = np.flatnonzero(np.sqrt(np.mean(windows**2, axis=1)) > SILENT)
    gaps = np.diff(np.concatenate([[-1], loud, [len(windows)]])) * WINDOW_S
    assert gaps.max() < 2.0


def test_cues_cover_the_speech(example: Finished) -> None:
    """One follows the other, each holds sound, and what is between them does not."""
    cues = example.result.cues
    assert all(before.end_frame <= after.start_frame for before, after in pairwise(cues))
    assert all(np.abs(example.heard(cue)).max() > 0.05 for cue in cues)
    between = [example.samples[before.end_frame : after.start_frame] for before, after in pairwise(cues)]
    assert max(np.abs(samples).max(initial=0.0) for samples in between) < 0.01


def test_no_joint_clicks(example: Finished) -> None:
    """Where chunks meet, no step is steeper than speech is by itself."""
    steps = np.abs(np.diff(example.samples))
    usual = np.quantile(steps[steps > SILENT], 0.99)
    reach = round(0.005 * example.result.rate_hz)
    cues = example.result.cues
    joints = [
        frame
        for before, after in pairwise(cues)
        if before.chunk != after.chunk
        for frame in (before.end_frame, after.start_frame)
    ]
    assert len(joints) == 2 * (example.result.report.chunks - 1)
    assert max(steps[max(0, frame - reach) : frame + reach].max() for frame in joints) < usual


def fundamental_hz(samples: Samples, rate_hz: int) -> float:
    """The median pitch of the windows that have one, by autocorrelation between 70 and 400 Hz."""
    size, shortest, longest = rate_hz // 25, rate_hz // 400, rate_hz // 70
    found = []
    for start in range(0, len(samples) - size, size):
        window = samples[start : start + size].astype(np.float64)
        alike = np.correlate(window, window, "full")[size - 1 :]
        lag = shortest + int(np.argmax(alike[shortest:longest]))
        if alike[0] > size * 1e-3 and alike[lag] > 0.5 * alike[0]:
            found.append(rate_hz / lag)
    return float(np.median(found))


def test_both_voices_are_heard(finished: dict[str, Finished]) -> None:
    """Every turn of Ben's is deeper than every turn of Anna's, by about the fifth that was asked for."""
    dialogue = finished["dialogue"]
    turns: dict[str, dict[int, list[Samples]]] = {"anna": {}, "ben": {}}
    for cue in dialogue.result.cues:
        turns[cue.speaker].setdefault(cue.chunk, []).append(dialogue.heard(cue))
    pitch = {
        speaker: [fundamental_hz(np.concatenate(heard), dialogue.result.rate_hz) for heard in chunks.values()]
        for speaker, chunks in turns.items()
    }
    assert [len(each) for each in pitch.values()] == [6, 6]
    assert max(pitch["ben"]) < min(pitch["anna"])
    assert np.median(pitch["ben"]) / np.median(pitch["anna"]) == pytest.approx(0.8, abs=0.06)


@pytest.fixture
def hear() -> Callable[[Samples, int], list[str]]:
    """Listen with a recogniser that knows nothing of the voices."""
    pocketsphinx = pytest.importorskip("pocketsphinx", reason="pocketsphinx has no wheel for this Python")

    def words_in(samples: Samples, rate_hz: int) -> list[str]:
        resampled = np.clip(soxr.resample(samples, rate_hz, HEARING_HZ), -1, 1)
        decoder = pocketsphinx.Decoder(samprate=HEARING_HZ, loglevel="FATAL")
        decoder.start_utt()
        decoder.process_raw((resampled * 32767).astype("<i2").tobytes(), full_utt=True)
        decoder.end_utt()
        heard = decoder.hyp()
        return words(heard.hypstr) if heard else []

    return words_in


def words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


@pytest.mark.parametrize(
    ("name", "beginning"),
    [
        ("digest", "The second is the most exactly measured"),
        ("dialogue", "I would have thought that the tracks"),
        ("dialogue", "They meet at a junction"),
    ],
    ids=["narrator", "anna", "ben"],
)
def test_a_sentence_of_the_file_is_understood(
    finished: dict[str, Finished], hear: Callable[[Samples, int], list[str]], name: str, beginning: str
) -> None:
    """Cut out of the finished file by its cue, at least four words in five are right, in their order."""
    example = finished[name]
    [cue] = [cue for cue in example.result.cues if cue.text.startswith(beginning)]
    said, heard = words(cue.text), hear(example.heard(cue), example.result.rate_hz)
    same = sum(block.size for block in SequenceMatcher(a=said, b=heard, autojunk=False).get_matching_blocks())
    assert same / max(len(said), len(heard)) > 0.8, " ".join(heard)
