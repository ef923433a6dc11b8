"""Measures what a file costs by its format: CPU seconds and megabytes for an hour of speech.

    python tests/bench/encode.py [--seconds N] [--write]

Speech of the embedded engine is encoded, tagged and written to a file, each case in a process of its own; the seconds
are those of the process, the best of three. ``--write`` puts the table into docs/reference/formats.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.bench.level import speech
from tests.bench.page import FORMATS_PAGE, Place
from tts_async.core.tags import Chapter, Tags
from tts_async.engine.encoder import Encoder
from tts_async.engine.finish import finish
from tts_async.engine.formats import FORMATS
from tts_async.engine.lame import LameFile
from tts_async.engine.sndfile import SNDFILE
from tts_async.providers.local import RATE_HZ
from tts_async.sound.stitch import blocks

Samples = NDArray[np.float32]
RATES_HZ = (24_000, 48_000)
TAGS = Tags(title="An hour", chapters=(Chapter(title="All of it", start_ms=0, end_ms=3_600_000),))
PLACE = Place(
    page=FORMATS_PAGE, begin="<!-- begin: tests/bench/encode.py -->", end="<!-- end: tests/bench/encode.py -->"
)

CASES: Mapping[str, tuple[str, Callable[[Path, int], Encoder]]] = {
    "`.wav`": (".wav", FORMATS[".wav"].open),
    "`.flac`": (".flac", FORMATS[".flac"].open),
    "`.ogg`": (".ogg", FORMATS[".ogg"].open),
    "`.opus`": (".opus", FORMATS[".opus"].open),
    "`.mp3`": (".mp3", SNDFILE[".mp3"].open),
    "`.mp3`, with the extra `mp3`": (".mp3", LameFile),
    "`.m4a`, `.m4b`": (".m4b", FORMATS[".m4b"].open),
}


def measured(case: str, rate_hz: int, seconds: int) -> tuple[float, float]:
    """CPU seconds and megabytes of an hour."""
    suffix, opened = CASES[case]
    samples = np.resize(soxr.resample(speech(), RATE_HZ, rate_hz), seconds * rate_hz).astype(np.float32)
    spent, size = [], 0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(3):
            path = Path(folder, f"{number}{suffix}")
            start = time.process_time()
            file = opened(path, rate_hz)
            for block in blocks(samples):
                file.write(block)
            file.close()
            finish(path, 7, TAGS)
            spent.append(time.process_time() - start)
            size = path.stat().st_size
    return min(spent) * 3_600 / seconds, size * 3_600 / seconds / 1e6


def table(seconds: int) -> str:
    """Every case at both rates."""
    heads = [f"{figure} at {rate_hz // 1_000} kHz" for rate_hz in RATES_HZ for figure in ("CPU s", "MB")]
    rows = [f"| an hour of speech | {' | '.join(heads)} |", f"|---|{'--:|' * len(heads)}"]
    # A process of its own for each: the engine's threads spin for a while after it has spoken.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        for case in CASES:
            found = [pool.submit(measured, case, rate_hz, seconds).result() for rate_hz in RATES_HZ]
            cells = [f"{spent:.1f} | {megabytes:.0f}" for spent, megabytes in found]
            rows.append(f"| {case} | {' | '.join(cells)} |")
            print(rows[-1], flush=True)
    return "\n".join(rows)


def main() -> None:
    """Measure, show, and write down if told."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--write", action="store_true")
    told = parser.parse_args()
    figures = table(told.seconds)
    print(figures)
    if told.write:
        PLACE.write(figures)


if __name__ == "__main__":
    main()
