"""Measures what joining costs: time, memory, and whether either grows with the length.

    python tests/bench/audio.py [--long] [--write]

Pieces of 40 s of MP3 (44.1 kHz, 128 kbit/s; of 5 s where there are 10,000) become one file, each way in a process of its own, after one another: by
`engine.master`, in one pass and in two; by the bare codecs alone; and as it is mostly done, by adding arrays to one
another. ``--long`` adds ten hours and 10,000 clips. Then 1,000 clips are heard and joined while a clock ticks on the
event loop. ``--write`` puts the tables, and the picture of a joint, into docs/explanation/audio.md.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import soundfile as sf

from tests.bench.joint import picture
from tests.bench.page import AUDIO, EXPLANATION, Place
from tts_async.core.exchange import Clip
from tts_async.core.plan import Chunk, Line, Plan, Voice
from tts_async.engine.coordinator import Buying
from tts_async.engine.hearing import heard
from tts_async.engine.master import master
from tts_async.engine.output import OutputFile
from tts_async.sound.peaks import Peaks
from tts_async.sound.profile import Profile
from tts_async.sound.stitch import blocks

RATE_HZ, PIECE_S, SHORT_S = 44_100, 40, 5
PLACE = Place(page=AUDIO, begin="<!-- tests/bench/audio.py -->", end="<!-- end -->")


def piece(length_s: int) -> bytes:
    """Something like speech: bursts of a buzzing voice, in MP3."""
    at_s = np.arange(length_s * RATE_HZ) / RATE_HZ
    buzz = sum(np.sin(2 * np.pi * 120 * harmonic * at_s) / harmonic for harmonic in range(1, 30))
    bursts = np.clip(np.sin(2 * np.pi * 1.7 * at_s) + 0.5, 0, 1) * (0.6 + 0.4 * np.sin(2 * np.pi * 0.31 * at_s))
    noise = np.random.default_rng(0).standard_normal(len(at_s))
    file = io.BytesIO()
    audio = (0.08 * buzz * bursts + 0.0005 * noise).astype(np.float32)
    sf.write(file, audio, RATE_HZ, format="MP3", bitrate_mode="CONSTANT", compression_level=(320 - 128) / (320 - 32))
    return file.getvalue()


class Bought:
    """The same clip so many times, all of them here, in the shape of a `Buying`."""

    def __init__(self, body: bytes, pieces: int, *, loudness: str) -> None:
        line = Line(speaker="narrator", voice=Voice(id="v"), text="t", written="t")
        self.plan = Plan(
            digest_id="bench",
            title="",
            provider="bench",
            chunks=tuple(
                Chunk(index=n, section=0, lines=(line,), language="en", pause_ms=250, start=0, end=1)
                for n in range(pieces)
            ),
            sections=("",),
            spoken="t",
            source_hz=RATE_HZ,
            rate_hz=RATE_HZ,
            loudness=loudness,
            room_tone=True,
        )
        self.clip = Clip(audio=body, encoding="file", rate_hz=RATE_HZ)
        self.known: Profile | None = None
        self.harvest = self
        self.stopped = False

    def record(self, *_: object, **__: object) -> None:
        """Nobody listens."""

    async def arrived(self, index: int) -> bool:
        """They all are."""
        return True

    def provider_of(self, index: int) -> str:
        """Who has spoken it."""
        return "bench"

    def attempts_of(self, index: int) -> int:
        """How often it was asked for."""
        return 1

    async def profiles_of(self, index: int) -> list[tuple[Chunk, Profile]]:
        """What was heard in a clip."""
        assert self.known is not None
        return [(self.plan.chunks[index], self.known)]

    async def clips_of(self, index: int) -> list[tuple[Chunk, Clip]]:
        """A clip."""
        return [(self.plan.chunks[index], self.clip)]


async def hear(bought: Bought) -> None:
    """Hear every clip, as on its arrival."""
    for _ in bought.plan.chunks:
        _, bought.known = await heard(bought.clip)


async def write(bought: Bought, path: Path) -> None:
    """Make the file."""
    async with OutputFile(path, RATE_HZ) as output:
        assert await master(cast(Buying, bought), output)
        await output.keep()


def ours(body: bytes, pieces: int, path: Path, loudness: str) -> dict[str, float]:
    """Join by `engine.master`; ``heard_s`` is the first pass's processor time."""
    return asyncio.run(_ours(Bought(body, pieces, loudness=loudness), path))


async def _ours(bought: Bought, path: Path) -> dict[str, float]:
    began_s = time.process_time()
    if bought.plan.loudness == "none":
        _, bought.known = await heard(bought.clip)
    else:
        await hear(bought)
    heard_s = time.process_time() - began_s
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    await write(bought, path)
    figures = {"wall_s": time.perf_counter() - began_s, "cpu_s": time.process_time() - began_cpu_s}
    return figures if bought.plan.loudness == "none" else {**figures, "heard_s": heard_s}


def bare(body: bytes, pieces: int, path: Path) -> None:
    """Decode and encode, and nothing else."""
    form = {".wav": "WAV", ".flac": "FLAC", ".ogg": "OGG"}[path.suffix]
    with sf.SoundFile(path, "w", samplerate=RATE_HZ, channels=1, format=form) as file:
        for _ in range(pieces):
            for block in blocks(sf.read(io.BytesIO(body), dtype="float32")[0]):
                file.write(block)


def added(body: bytes, pieces: int, path: Path) -> None:
    """``whole += piece`` of 16-bit samples, as pydub does it."""
    whole = b""
    for _ in range(pieces):
        whole = whole + sf.read(io.BytesIO(body), dtype="int16")[0].tobytes()
    sf.write(path, np.frombuffer(whole, np.int16), RATE_HZ)


def concatenated(body: bytes, pieces: int, path: Path) -> None:
    """One `numpy.concatenate` of all pieces as soundfile gives them unless told: float64."""
    sf.write(path, np.concatenate([sf.read(io.BytesIO(body))[0] for _ in range(pieces)]), RATE_HZ)


def timed(work: Callable[[bytes, int, Path], None]) -> Callable[[bytes, int, Path], dict[str, float]]:
    """Take the time of a way."""

    def run(body: bytes, pieces: int, path: Path) -> dict[str, float]:
        began_s, began_cpu_s = time.perf_counter(), time.process_time()
        work(body, pieces, path)
        return {"wall_s": time.perf_counter() - began_s, "cpu_s": time.process_time() - began_cpu_s}

    return run


WAYS: dict[str, Callable[[bytes, int, Path], dict[str, float]]] = {
    "bare codecs": timed(bare),
    "ours, levels left": lambda body, pieces, path: ours(body, pieces, path, "none"),
    "ours, two passes": lambda body, pieces, path: ours(body, pieces, path, "podcast"),
    "`+=`, as pydub": timed(added),
    "`numpy.concatenate`": timed(concatenated),
}


def child(way: str, pieces: int, suffix: str) -> dict[str, Any]:
    """Join in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        asked = [sys.executable, "-m", "tests.bench.audio", "--child", way, str(pieces), f"{folder}/out{suffix}"]
        piece_s = SHORT_S if pieces == LONG[MANY] else PIECE_S
        env = {**os.environ, "BENCH_PIECE": os.environ[f"BENCH_PIECE_{piece_s}"]}
        root = Path(__file__).parents[2]
        done = subprocess.run(asked, check=True, capture_output=True, text=True, cwd=root, env=env)
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def run_child(way: str, pieces: int, path: Path) -> None:
    """What `child` starts."""
    figures = WAYS[way](Path(os.environ["BENCH_PIECE"]).read_bytes(), pieces, path)
    print(json.dumps({**figures, "peak_mb": peak_mb()}))


def peak_mb() -> float:
    """The most memory that this process had; `getrusage` would count the one that started it, too. Linux only."""
    [line] = [each for each in Path("/proc/self/status").read_text("ascii").splitlines() if each.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


async def lags_ms(body: bytes, clips: int) -> np.ndarray[Any, Any]:
    """How late a clock of 1 ms ticks while clips are heard and joined, with level and encoder."""
    late: list[float] = []

    async def tick() -> None:
        loop = asyncio.get_running_loop()
        while True:
            due_s = loop.time() + 0.001
            await asyncio.sleep(0.001)
            late.append(1000 * (loop.time() - due_s))

    bought = Bought(body, clips, loudness="podcast")
    ticking = asyncio.create_task(tick())
    with tempfile.TemporaryDirectory() as folder:
        await hear(bought)
        await write(bought, Path(folder, "out.ogg"))
    ticking.cancel()
    return np.array(late)


def peaks_cpu_s() -> float:
    """What it takes to gather the waveform of an hour, as it is written."""
    block = np.random.default_rng(7).uniform(-0.5, 0.5, 65_536).astype(np.float32)
    peaks, start = Peaks(RATE_HZ), time.process_time()
    for _ in range(3_600 * RATE_HZ // len(block)):
        peaks.add(block)
    return time.process_time() - start


def row(name: str, length: str, suffix: str, figures: dict[str, Any]) -> str:
    """One row of the table."""
    first = f"{figures['heard_s']:.1f}" if figures.get("heard_s") else ""
    cells = [name, length, suffix, f"{figures['wall_s']:.1f}", f"{figures['cpu_s']:.1f}", first]
    return "| " + " | ".join([*cells, f"{figures['peak_mb']:.0f}"]) + " |"


def table(jobs: Sequence[tuple[str, str, int, str]]) -> tuple[list[str], dict[tuple[str, str, str], dict[str, Any]]]:
    """Run all jobs, one after the other."""
    lines = ["| way | length | to | wall s | CPU s | heard before, CPU s | peak MB |", "|---|---|---|---|---|---|---|"]
    found = {}
    for name, length, pieces, suffix in jobs:
        figures = found[name, length, suffix] = child(name, pieces, suffix)
        lines.append(row(name, length, suffix, figures))
        print(lines[-1], flush=True)
    return lines, found


LENGTHS = {"10 min": 15, "1 h": 90}
MANY = "13.9 h, 10,000 clips"
LONG = {"10 h": 900, MANY: 10_000}


def jobs(*, long: bool) -> list[tuple[str, str, int, str]]:
    """Which way, how much, into what."""
    found = [(way, length, pieces, ".wav") for length, pieces in LENGTHS.items() for way in WAYS]
    found += [(way, "1 h", 90, suffix) for suffix in (".flac", ".ogg") for way in ("bare codecs", "ours, two passes")]
    found += [("ours, two passes", "1 h", 90, ".mp3")]
    if long:
        found += [("ours, two passes", length, pieces, ".wav") for length, pieces in LONG.items()]
    return found


def main() -> int:
    """Measure, show, and fail where memory grows or the loop is held up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--long", action="store_true", help="ten hours, and 10,000 clips, too")
    parser.add_argument("--write", action="store_true", help="put the tables into the page")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        run_child(given.child[0], int(given.child[1]), Path(given.child[2]))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        for length_s in (SHORT_S, PIECE_S):
            path = Path(folder, f"{length_s}.mp3")
            path.write_bytes(piece(length_s))
            os.environ[f"BENCH_PIECE_{length_s}"] = str(path)
        lines, found = table(jobs(long=given.long))
        late_ms = asyncio.run(lags_ms(piece(SHORT_S), 1_000))
    ratio = found["ours, levels left", "1 h", ".wav"]["cpu_s"] / found["bare codecs", "1 h", ".wav"]["cpu_s"]
    p99_ms = float(np.percentile(late_ms, 99))
    lines += ["", f"In one pass to WAV it costs {ratio:.2f} times what the codecs alone do."]
    lines += [f"The peaks of the waveform, gathered on the way, take {peaks_cpu_s():.2f} CPU s an hour."]
    lines += [
        f"The event loop was late by {p99_ms:.1f} ms at most in 99 of 100 ticks, while 1,000 clips of 5 s were made."
    ]
    print(*lines[-3:], sep="\n")
    if given.write:
        PLACE.write("\n".join(lines))
        (EXPLANATION / "joint.svg").write_text(picture(), encoding="utf-8")
    peaks_mb = [figures["peak_mb"] for (way, *_), figures in found.items() if way.startswith("ours")]
    return 0 if max(peaks_mb) < 150 and p99_ms < 20 else 1


if __name__ == "__main__":
    sys.exit(main())
