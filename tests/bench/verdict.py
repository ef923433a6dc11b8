"""Measures the verdict: which spoiled clips are found, and whether a good one ever is.

    python tests/bench/verdict.py [--write] [--tuning]

The embedded engine speaks texts of every length in its three voices, two of them at another speed too. The clips are
spoiled, or sent through codecs, and judged as in a render: the first clips of a voice by each other, all others by those
before them in the order of the text; but for the one that is judged they are the good ones. There are ``ORDERS`` orders
drawn at random, and once more each with the long texts alone. The texts are halved: the thresholds were chosen on one
half (``--tuning``), the other is what is reported. ``--write`` puts the tables into docs/explanation/verdict.md. Fails
where a good clip is found, or where one of at least 200 characters that is cut at 70 % or less is not, once its voice is
known.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.bench.page import VERDICT, Place
from tests.bench.spoiled import CODECS, SPOILED, speak, texts
from tts_async.core.tempo import START, SURE_CLIPS, Tempo, learned, misfit, taught
from tts_async.providers.local import RATE_HZ
from tts_async.sound.verdict import Heard, flaw, hear

PLACE = Place(page=VERDICT, begin="<!-- tests/bench/verdict.py writes from here -->", end="<!-- to here -->")

TUNING, REPORTED = 0, 1
READINGS = (("heart", 1.0), ("heart-deep", 1.0), ("heart-bright", 1.0), ("heart", 0.8), ("heart-bright", 1.25))
ORDERS = 4
CODED_S = 20.0
"""Longer clips are not sent through codecs: it would take most of the time."""

SHORT, MIDDLE, LONG = "under 80", "80 to 199", "200 and more"
KNOWN_LETTERS = 1_500
"""From so many letters on, a voice is not new."""

NEW = "200 and more, the voice still new"
CLASSES = (SHORT, MIDDLE, LONG, NEW)
AS_MADE = "as made"
GOOD = (AS_MADE, *CODECS)
MUST = tuple(f"{kind} at {percent} %" for kind in ("cut", "an MP3 cut") for percent in (50, 60, 70))


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A text and what was heard for it, by kind; the first kind is the good clip."""

    text: str
    heard: Mapping[str, Heard]


Key = tuple[str, str]
"""A kind of clip, and a class of length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """How many clips there are of each sort, how often they were judged, and how often something was found."""

    clips: Counter[Key]
    judged: Counter[Key]
    found: Counter[Key]
    hear_ms: tuple[float, ...] = ()
    """What a clip of 40 s took, measured on each that lasts at least 20 s."""

    def __add__(self, other: Found) -> Found:
        return Found(
            clips=self.clips + other.clips,
            judged=self.judged + other.judged,
            found=self.found + other.found,
            hear_ms=self.hear_ms + other.hear_ms,
        )


NOTHING = Found(clips=Counter(), judged=Counter(), found=Counter())


def length(chars: int) -> str:
    """Name the class of a text."""
    return SHORT if chars < 80 else MIDDLE if chars < 200 else LONG


def cases(voice: str, speed: float, said: Sequence[str]) -> Iterator[tuple[str, Case, float]]:
    """Speak and spoil texts; each with the job that it belongs to, and what 40 s of it took to hear."""
    for text in said:
        samples = speak(text, voice, speed)
        start = time.perf_counter()
        heard = {AS_MADE: hear(samples, RATE_HZ)}
        took_ms = (time.perf_counter() - start) * 1000 * 40 * RATE_HZ / len(samples)
        heard |= {kind: hear(spoil(samples), RATE_HZ) for kind, spoil in SPOILED.items()}
        yield AS_MADE, Case(text=text, heard=heard), took_ms if len(samples) >= 20 * RATE_HZ else 0.0
        if speed == 1.0 and len(samples) <= CODED_S * RATE_HZ:
            for job, kinds in CODECS.items():
                coded = {kind: hear(*code(samples)) for kind, code in kinds.items()}
                yield job, Case(text=text, heard=coded), 0.0


def tempos(job: Sequence[Case]) -> Iterator[Tempo]:
    """What is known of the voice at each case, as in a render: the first ones are heard together, then all before count."""
    goods = [next(iter(case.heard.values())) for case in job]
    said = [taught(case.text, good.speech_s, good.trail_s) for case, good in zip(job, goods, strict=True)]
    tempo, jury = START, [replace(one, good=False) for one in said[:SURE_CLIPS]]
    for at, one in enumerate(said):
        yield Tempo(known=(*jury[:at], *jury[at + 1 :])) if at < SURE_CLIPS else tempo
        tempo = learned(tempo, one)


def is_new(tempo: Tempo) -> bool:
    """Whether little is known of a voice."""
    return sum(clip.weight for clip in tempo.known) < KNOWN_LETTERS


def judged(job: Sequence[Case]) -> Found:
    """Judge the clips of one voice in order, and learn from the good ones, which come first in each case."""
    judged, found = Counter[Key](), Counter[Key]()
    for case, tempo in zip(job, tempos(job), strict=True):
        where = length(len(case.text))
        where = NEW if where == LONG and is_new(tempo) else where
        for kind, heard in case.heard.items():
            judged[kind, where] += 1
            why = flaw(heard) or misfit(tempo, case.text, heard.speech_s, heard.trail_s)
            found[kind, where] += bool(why)
    return Found(clips=Counter(), judged=judged, found=found)


def in_orders(job: Sequence[Case]) -> Iterator[list[Case]]:
    """The texts as they may follow each other, and the long ones alone, as in a narration."""
    long = [case for case in job if length(len(case.text)) == LONG]
    for seed in range(ORDERS):
        for chosen in (job, long):
            yield random.Random(seed).sample(chosen, len(chosen))


def measured(reading: tuple[str, float], said: Sequence[str]) -> Found:
    """Speak, spoil and judge with one voice."""
    jobs: dict[str, list[Case]] = {}
    times_ms = []
    for name, case, took_ms in cases(*reading, said):
        jobs.setdefault(name, []).append(case)
        times_ms += [took_ms] if took_ms else []
    clips = Counter((kind, length(len(case.text))) for job in jobs.values() for case in job for kind in case.heard)
    total = sum((judged(order) for job in jobs.values() for order in in_orders(job)), NOTHING)
    return total + Found(clips=clips, judged=Counter(), found=Counter(), hear_ms=tuple(times_ms))


def tables(found: Found) -> str:
    """Write both tables: the good clips, and the spoiled ones."""
    lines = ["| good clips | clips | of these under 80 characters | false alarms |", "|---|---:|---:|---:|"]
    for kind in GOOD:
        clips = sum(found.clips[kind, each] for each in CLASSES)
        alarms = sum(found.found[kind, each] for each in CLASSES)
        lines.append(f"| {kind} | {clips:,} | {found.clips[kind, SHORT]:,} | {alarms} |")
    lines += ["", f"| found of spoiled clips | {' | '.join(CLASSES)} |", "|---" + "|---:" * len(CLASSES) + "|"]
    for kind in dict.fromkeys(kind for kind, _ in found.clips if kind not in GOOD):
        lines.append(f"| {kind} | {' | '.join(share(found, (kind, each)) for each in CLASSES)} |")
    return "\n".join(lines)


def share(found: Found, key: Key) -> str:
    """Write a share in per cent, rounded down: 100 means all."""
    total = found.judged[key]
    return f"{found.found[key] * 1000 // total / 10:g} %" if total else "–"


def misses(found: Found) -> list[str]:
    """Say which promise is broken."""
    broken = [f"a false alarm: {kind}, {each}" for kind in GOOD for each in CLASSES if found.found[kind, each]]
    missed = [kind for kind in MUST if found.found[kind, LONG] < found.judged[kind, LONG]]
    return broken + [f"not all found: {kind}" for kind in missed]


def hush() -> None:
    """Keep libmpg123 from complaining about each MP3 that was cut."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def main(*, tuning: bool, write: bool) -> int:
    """Measure, print, and write where told."""
    start, said = time.perf_counter(), texts(TUNING if tuning else REPORTED)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"), initializer=hush) as pool:
        found = sum(pool.map(partial(measured, said=said), READINGS), NOTHING)
    print(tables(found))
    print(f"hear: {np.median(found.hear_ms):.1f} ms for 40 s, 95 % under {np.percentile(found.hear_ms, 95):.1f} ms")
    print(f"{len(said)} texts, {time.perf_counter() - start:.0f} s")
    if write:
        PLACE.write(tables(found))
    for miss in misses(found):
        print(miss)
    return bool(misses(found))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--tuning", action="store_true")
    sys.exit(main(**vars(parser.parse_args())))
