"""Measures what codecs do to levels: how much true peaks grow, and how much quieter the whole is, decoded.

    python tests/bench/codecs.py

The example digest, spoken by the embedded engine in each of its pitches, goes through the limiter at a few gains, through each encoder
and through ffmpeg's decoder. The ceilings and losses in tts_async/core/gain.py are for these figures.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import soundfile as sf
import soxr
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[2]))

from tts_async import Renderer
from tts_async.core.gain import CODECS
from tts_async.engine.encoder import Encoder
from tts_async.engine.formats import FORMATS
from tts_async.engine.lame import LameFile
from tts_async.engine.sndfile import SNDFILE
from tts_async.providers.local import RATE_HZ
from tts_async.sound.limiter import Limiter
from tts_async.sound.peak import TruePeak
from tts_async.sound.stitch import blocks

DIGEST = Path(__file__).parents[2] / "examples" / "digest.json"
Samples = NDArray[np.float32]
RATES_HZ = (24_000, 48_000)
CEILING_DB, GAINS_DB = -3.0, (0.0, 3.0)
"""The digest is a podcast under -1 dBTP: 2 and 5 dB are cut off its highest peaks."""
SECONDS = 90

CASES: Mapping[str, tuple[str, Callable[[Path, int], Encoder]]] = {
    "lameenc": (".mp3", LameFile),
    "libsndfile": (".mp3", SNDFILE[".mp3"].open),
    "ogg": (".ogg", FORMATS[".ogg"].open),
    "opus": (".opus", FORMATS[".opus"].open),
    "m4a": (".m4a", FORMATS[".m4a"].open),
}


def true_peak_db(samples: Samples) -> float:
    """The true peak, in dBTP."""
    peak = TruePeak()
    for block in blocks(samples):
        peak.add(block)
    return peak.value_db


def limited(samples: Samples, rate_hz: int, ceiling_db: float) -> Samples:
    """The samples under a ceiling."""
    limiter = Limiter(rate_hz, ceiling_db)
    return np.concatenate([*map(limiter.add, blocks(samples)), limiter.finish()])


def through(case: str, samples: Samples, rate_hz: int, folder: Path) -> Samples:
    """What ffmpeg makes of samples that were encoded."""
    suffix, opened = CASES[case]
    path = folder / f"{case}{suffix}"
    encoder = opened(path, rate_hz)
    for block in blocks(samples):
        encoder.write(block)
    encoder.close()
    asked = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "f32le", "-"]
    return np.frombuffer(subprocess.run(asked, capture_output=True, check=True).stdout, "<f4")


def figures(case: str, samples: Samples, rate_hz: int, folder: Path) -> str:
    """How much higher peaks are, and how much quieter the whole is, in dB."""
    decoded = through(case, samples, rate_hz, folder)
    lost_db = 10 * np.log10(np.mean(samples.astype(np.float64) ** 2) / np.mean(decoded.astype(np.float64) ** 2))
    grown_db = true_peak_db(decoded) + CODECS[CASES[case][0]].loss_db - true_peak_db(samples)
    return f"{f'{grown_db:+.2f} / {lost_db:+.2f}':>16}"


async def rendered(voice: str, folder: Path) -> Samples:
    """The beginning of the example, as a finished file has it, pauses and all."""
    path = folder / f"{voice}.wav"
    async with Renderer("local", voices={"narrator": voice}, store=False) as renderer:
        await renderer.render(DIGEST, path)
    samples: Samples = sf.read(path, frames=SECONDS * RATE_HZ, dtype="float32")[0]
    return samples


async def main() -> None:
    """Print a table."""
    print(f"{'peaks grow by / quieter by, dB':<36}" + "".join(f"{case:>16}" for case in CASES))
    with tempfile.TemporaryDirectory() as folder:
        for voice in ("heart", "heart-deep", "heart-bright"):
            said = await rendered(voice, Path(folder))
            for rate_hz in RATES_HZ:
                samples = soxr.resample(said, RATE_HZ, rate_hz).astype(np.float32)
                for gain_db in GAINS_DB:
                    loud = limited(samples * np.float32(10 ** (gain_db / 20)), rate_hz, CEILING_DB)
                    row = [figures(case, loud, rate_hz, Path(folder)) for case in CASES]
                    print(f"{f'{voice}, {rate_hz} Hz, {gain_db:+g} dB':<36}" + "".join(row))


if __name__ == "__main__":
    asyncio.run(main())
