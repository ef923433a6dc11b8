"""Measures what levelling costs: CPU seconds for an hour of speech, of the meter, the limiter and the outline.

python tests/bench/level.py
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import numpy as np
import soxr
from numpy.typing import NDArray

from tts_async.core.exchange import PLANNED
from tts_async.core.plan import Chunk, Line, Voice
from tts_async.providers.local import RATE_HZ, LocalProvider
from tts_async.sound.limiter import Limiter
from tts_async.sound.loudness import pooled
from tts_async.sound.meter import Meter, subblocks
from tts_async.sound.peak import TruePeak
from tts_async.sound.peaks import Peaks
from tts_async.sound.stitch import blocks

TEXT = (
    "Rain is moving in from the west this evening. Trains will run later than usual, so plan for a longer way home. "
    "What happens when the river rises? Nobody knows! The bridge was built long ago, and was repaired only twice. "
    "Listen to the people who live beside the water; they have seen it all before."
)
SECONDS = 60
CEILING_DB = -1.0
Samples = NDArray[np.float32]

MAKE: dict[str, Callable[[int], Callable[[Samples], object]]] = {
    "meter": lambda rate_hz: Meter(rate_hz).add,
    "true peak": lambda rate_hz: TruePeak().add,
    "outline": lambda rate_hz: Peaks(rate_hz).add,
    "limiter": lambda rate_hz: Limiter(rate_hz, CEILING_DB).add,
}
CASES = [("meter", -19), ("true peak", -19), ("outline", -19), ("limiter", -19), ("limiter", -16), ("limiter", -12)]


def speech() -> Samples:
    """Speak with the embedded engine."""
    line = Line(speaker="narrator", voice=Voice(id="heart"), text=TEXT, written=TEXT)
    chunk = Chunk(index=0, section=0, lines=(line,), language="en", pause_ms=0, start=0, end=len(TEXT))
    provider = LocalProvider()
    request = provider.request(chunk, PLANNED)
    return np.concatenate([provider.say(request, n, text) for n, text in enumerate(provider.sentences(request))])


def cpu_s_an_hour(make: Callable[[], Callable[[Samples], object]], samples: Samples) -> float:
    """Return the best of five."""
    found = []
    for _ in range(5):
        add, start = make(), time.process_time()
        for block in blocks(samples):
            add(block)
        found.append(time.process_time() - start)
    return min(found) * 3600 / SECONDS


def main() -> None:
    """Print a table."""
    said = speech()
    print(f"{'CPU s an hour':>22}" + "".join(f"{what + f' {lufs}':>16}" for what, lufs in CASES))
    for rate_hz in (24_000, 44_100, 48_000):
        samples = np.resize(soxr.resample(said, RATE_HZ, rate_hz), SECONDS * rate_hz).astype(np.float32)
        measured_lufs = pooled([subblocks(samples, rate_hz)]).integrated_lufs
        row = []
        for what, target_lufs in CASES:
            levelled = samples * np.float32(10 ** ((target_lufs - measured_lufs) / 20))
            row.append(cpu_s_an_hour(partial(MAKE[what], rate_hz), levelled))
        print(f"{rate_hz:>19} Hz" + "".join(f"{seconds:>16.2f}" for seconds in row))


if __name__ == "__main__":
    main()
