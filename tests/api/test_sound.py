"""How a finished file sounds, judged from outside: loudness, true peak, joints, in every format."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tts_async import Renderer, Settings
from tts_async.core.gain import TARGETS_LUFS
from tts_async.core.mastered import Mastered
from tts_async.engine.formats import FORMATS

pytestmark = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="there is no ffmpeg to judge")

LINES = [
    (
        "anna",
        "Rain is moving in from the west this evening. Trains will run later than usual, so plan for a longer way.",
    ),
    ("ben", "What happens when the river rises? Nobody knows! The council has met three times, and decided to wait."),
    ("anna", "That report is due in May. Until then, lorries must take the long way round, which adds half an hour."),
]
DIGEST = {
    "id": "river",
    "mode": "dialogue",
    "voices": {"anna": "heart-bright", "ben": "heart-deep"},
    "script": [{"speaker": speaker, "text": text} for speaker, text in 2 * LINES],
}
FINE = Settings(chunk_chars=120)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all of these tests keep the same clips."""
    pytest.importorskip("hibari", reason="the extra 'local' is not installed")
    return tmp_path_factory.mktemp("store")


async def mastered(store: Path, output: Path, settings: Settings = FINE) -> Mastered:
    async with Renderer("local", settings=settings, store=store) as renderer:
        result = await renderer.render(DIGEST, output)
    assert result.report.mastered is not None
    return result.report.mastered


def judged(path: Path) -> tuple[float, float]:
    """What ffmpeg's meter reads of the decoded file: LUFS and dBTP, each to a tenth."""
    asked = ["ffmpeg", "-nostats", "-hide_banner", "-i", str(path), "-af", "ebur128=peak=true", "-f", "null", "-"]
    told = subprocess.run(asked, capture_output=True, text=True, check=True).stderr
    loudness, peak = (
        re.findall(pattern, told)[-1] for pattern in (r"I:\s+(-?[\d.]+) LUFS", r"Peak:\s+(-?[\d.]+) dBFS")
    )
    return float(loudness), float(peak)


@pytest.mark.parametrize("loudness", ["podcast", "broadcast"])
async def test_the_target_is_met(loudness: str, store: Path, tmp_path: Path) -> None:
    """A file without loss is within 0.1 LU of its target, as we measure it and as ffmpeg does, whatever the limiter took."""
    made = await mastered(store, tmp_path / "out.wav", Settings(chunk_chars=120, loudness=loudness))
    target = (TARGETS_LUFS[loudness] or {})[1]
    assert made.target_lufs == target
    assert made.loudness_lufs == pytest.approx(target, abs=0.1)
    assert judged(tmp_path / "out.wav")[0] == pytest.approx(made.loudness_lufs or 0, abs=0.06)


@pytest.mark.parametrize(
    "script", ["A.", "Trains will run later than usual.", "Nobody knows! Two words. The council has met three times."]
)
async def test_a_sentence_meets_it_too(script: str, store: Path, tmp_path: Path) -> None:
    """So does what is so short that the end of each clip counts."""
    async with Renderer("local", settings=Settings(chunk_chars=20), store=store) as renderer:
        result = await renderer.render({"script": script}, tmp_path / "out.wav")
    assert result.report.mastered is not None
    assert result.report.mastered.loudness_lufs == pytest.approx(-19, abs=0.05)


@pytest.mark.parametrize("suffix", FORMATS)
async def test_no_peak_is_too_high_where_it_is_played(suffix: str, store: Path, tmp_path: Path) -> None:
    """What comes out of the decoder has at most -1 dBTP, and the loudness that was asked for, whatever the codec did."""
    if suffix in {".m4a", ".m4b"}:
        pytest.importorskip("av", reason="the extra 'm4b' is not installed")
    made = await mastered(store, tmp_path / f"out{suffix}")
    loudness_lufs, peak_dbtp = judged(tmp_path / f"out{suffix}")
    assert peak_dbtp <= -1.0
    assert made.loudness_lufs == pytest.approx(-19, abs=0.1)
    assert loudness_lufs == pytest.approx(-19, abs=0.2)


async def test_the_joints_are_measured(store: Path, tmp_path: Path) -> None:
    """No pause differs from its plan by more than 5 ms, no joint bends the waveform as speech does not."""
    made = await mastered(store, tmp_path / "out.flac")
    assert made.seams.count >= 5
    assert made.seams.gap_off_ms <= 5
    assert made.seams.step_db <= 6
    assert 0 < made.seams.change_db < 6


async def test_levels_can_be_left(store: Path, tmp_path: Path) -> None:
    """With "none" nothing is made louder, limited or measured; the joints are as they were."""
    settings = Settings(chunk_chars=120, loudness="none")
    made = await mastered(store, tmp_path / "out.wav", settings)
    assert (made.target_lufs, made.loudness_lufs, made.peak_dbtp) == (None, None, None)
    assert made.seams.count >= 5
    assert judged(tmp_path / "out.wav")[0] != pytest.approx(-19, abs=0.1)


async def test_a_stream_is_near_its_target(store: Path) -> None:
    """A gain that follows what has been heard misses the target by less than 1 LU, and the report says by how much."""
    async with (
        Renderer("local", settings=FINE, store=store) as renderer,
        renderer.stream(DIGEST) as speech,
    ):
        samples = np.concatenate([block async for block in speech])
        made = speech.report.mastered
    assert made is not None
    assert made.loudness_lufs == pytest.approx(-19, abs=1)
    assert np.abs(samples).max() <= 10 ** (-1 / 20)


@pytest.mark.parametrize("suffix", [".wav", ".mp3", ".ogg"])
async def test_what_was_stored_sounds_the_same(suffix: str, store: Path, tmp_path: Path) -> None:
    """A file that is made of stored clips is equal, byte for byte, to the one that was made as they came."""
    async with Renderer("local", settings=FINE, store=tmp_path / "new") as renderer:
        await renderer.render(DIGEST, tmp_path / f"first{suffix}")
        second = await renderer.render(DIGEST, tmp_path / f"second{suffix}")
    assert second.report.bought == 0
    for heard in (tmp_path / "new").rglob("*.heard"):
        heard.unlink()
    await mastered(tmp_path / "new", tmp_path / f"third{suffix}")
    first, *others = ((tmp_path / f"{name}{suffix}").read_bytes() for name in ("first", "second", "third"))
    assert all(other == first for other in others)
