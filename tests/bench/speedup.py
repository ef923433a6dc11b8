"""Measures how long digests take with one, five and ten requests at once, on a clock that jumps.

    python tests/bench/speedup.py [--write | --check]

Digests of ready chunks go through a real `Renderer` to a provider that is a function: it waits for as long as the
chunk takes, in virtual time, and answers a tone. ``--write`` puts the table into docs/explanation/pacing.md,
``--check`` fails where a figure there is more than 1 % away from what is measured, or a word differs.

A chunk takes 0.8 s + 0.010 s a character. Where a workload has noise, that is multiplied by a lognormal number
(sigma 0.25) which belongs to the chunk: every number of workers meets the same luck. ``SEEDS`` draws are averaged.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import random
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import fmean

import httpx
from anyio.to_thread import current_default_thread_limiter

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.bench.page import PACING, Place
from tts_async import Digest, Renderer, Settings
from tts_async.core.chunk import Budget, split
from tts_async.providers.tone import ToneProvider
from tts_async.testing.clock import VirtualClockLoop

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "digest.json"
PLACE = Place(page=PACING, begin="<!-- tests/bench/speedup.py writes from here -->", end="<!-- to here -->")

REQUEST_S, CHAR_S, SIGMA = 0.8, 0.010, 0.25
FORTY_SECONDS_CHARS = 3920
SEEDS = 10
DRAWS = 8
"""Draws a chunk in the simulator that the workloads come from (see `four_digests`); we use the first."""
TOLERANCE = 0.01
TONE_S_PER_CHAR = 1e-5
"""What is heard does not matter here, and shorter tones are made sooner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A ready chunk: how long its text is, and how long the provider takes for it."""

    chars: int
    takes_s: float


Digests = Sequence[Sequence[Piece]]
Workload = Callable[[int], Digests]
"""Seed -> digests."""


def steady(chars: int) -> Piece:
    """Make a chunk that takes what the model says."""
    return Piece(chars=chars, takes_s=REQUEST_S + CHAR_S * chars)


def noisy(chars: int, dice: random.Random) -> Piece:
    """Make a chunk that takes more or less than the model says."""
    draws = [(math.exp(dice.gauss(0, SIGMA)), dice.random(), dice.random(), dice.random()) for _ in range(DRAWS)]
    return Piece(chars=chars, takes_s=(REQUEST_S + CHAR_S * chars) * draws[0][0])


def equal(digests: int, chunks: int, chars: int, *, noise: bool = False) -> Workload:
    """Make digests of chunks that are all of one length."""

    def make(seed: int) -> Digests:
        dice = random.Random(f"equal/{seed}")
        return [[noisy(chars, dice) if noise else steady(chars) for _ in range(chunks)] for _ in range(digests)]

    return make


def prose(chars: int) -> Workload:
    """Make a digest of so much English, in pieces as the package cuts them when nothing is set."""
    sections = json.loads(EXAMPLE.read_text("utf-8"))["script"]
    sentences = [found for section in sections for found in re.findall(r"\S[^.!?]+[.!?]", section["text"])]
    budget = Budget(target_chars=Settings().chunk_chars, limit=ToneProvider.capabilities.max_size)

    def make(seed: int) -> Digests:
        dice = random.Random(f"prose/{seed}")
        said = ""
        while len(said) < chars:
            said += dice.choice(sentences) + dice.choice([" "] * 6 + ["\n\n"])
        return [[steady(len(piece.text.rstrip())) for piece in split(said[:chars], budget)]]

    return make


def four_digests(*, noise: bool) -> Workload:
    """Make the workload `4dig` of the simulator behind the pacing law, number for number."""

    def make(seed: int) -> Digests:
        dice = random.Random(f"4dig/{seed}")
        sizes = [[int(dice.uniform(400, 3000)) for _ in range(chunks)] for chunks in (8, 9, 8, 13)]
        return [[noisy(chars, dice) if noise else steady(chars) for chars in digest] for digest in sizes]

    return make


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A row of the table: the mean over so many seeds of a workload."""

    title: str
    workload: Workload
    seeds: int = 1


CASES = {
    "8x40s": Case(title="one digest, 8 chunks of 40 s", workload=equal(1, 8, FORTY_SECONDS_CHARS)),
    "prose": Case(
        title=f"as much English, cut as by default (about 60 chunks), mean of {SEEDS}",
        workload=prose(8 * FORTY_SECONDS_CHARS),
        seeds=SEEDS,
    ),
    "finer": Case(title="the same, in 40 equal chunks", workload=equal(1, 40, FORTY_SECONDS_CHARS // 5)),
    "finer-noisy": Case(
        title=f"those 40 with noise, mean of {SEEDS}",
        workload=equal(1, 40, FORTY_SECONDS_CHARS // 5, noise=True),
        seeds=SEEDS,
    ),
    "3x8x40s": Case(title="three digests, each 8 chunks of 40 s", workload=equal(3, 8, FORTY_SECONDS_CHARS)),
    "4dig": Case(
        title=f"four digests of 8, 9, 8 and 13 chunks of 400 to 3,000 characters, mean of {SEEDS}",
        workload=four_digests(noise=False),
        seeds=SEEDS,
    ),
    "4dig-noisy": Case(title=f"those four with noise, mean of {SEEDS}", workload=four_digests(noise=True), seeds=SEEDS),
}


def text(digest: int, index: int, chars: int) -> str:
    """Make a text of that length; each is another, for what was bought once is not bought again."""
    return f"Chunk {index} of digest {digest}, ".ljust(chars - 1, "a") + "."


def server(provider: ToneProvider, takes_s: Mapping[str, float]) -> httpx.MockTransport:
    """Make a provider that takes its time and refuses nothing."""

    async def answer(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        await asyncio.sleep(takes_s[body["lines"][0]["text"]])
        spoken = provider.answer(request.url.path, body)
        return httpx.Response(spoken.status, headers=dict(spoken.headers), content=spoken.body)

    return httpx.MockTransport(answer)


async def render(digests: Digests, workers: int) -> float:
    """Render digests side by side through one Renderer; returns how many virtual seconds that took."""
    # One thread job at a time, or the digests would come to the door in the order in which threads end.
    current_default_thread_limiter().total_tokens = 1
    takes_s: dict[str, float] = {}
    sources: list[Digest] = []
    for number, pieces in enumerate(digests):
        texts = [text(number, index, piece.chars) for index, piece in enumerate(pieces)]
        takes_s |= {said: piece.takes_s for said, piece in zip(texts, pieces, strict=True)}
        sources.append(Digest(id=f"digest-{number}", chunks=tuple(texts)))
    provider = ToneProvider(s_per_char=TONE_S_PER_CHAR)
    loop = asyncio.get_running_loop()
    async with (
        httpx.AsyncClient(transport=server(provider, takes_s)) as client,
        Renderer(provider, settings=Settings(workers=workers, verdict="off"), client=client, store=False) as renderer,
    ):
        began_s = loop.time()
        results = await renderer.render_many(sources)
        took_s = loop.time() - began_s
    for result in results:
        if isinstance(result, Exception):
            raise result
    return took_s


@cache
def mean_s(name: str, workers: int) -> float:
    """Measure a case: the mean virtual seconds over its seeds."""
    case = CASES[name]
    spans: list[float] = []
    for seed in range(case.seeds):
        with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
            spans.append(runner.run(render(case.workload(seed), workers)))
    return fmean(spans)


def mean_bound_s(name: str, workers: int) -> float:
    """Compute under which time no order of sending could bring a case, the spacing of sends left out."""
    case = CASES[name]
    return fmean(bound_s(case.workload(seed), workers) for seed in range(case.seeds))


def bound_s(digests: Digests, workers: int) -> float:
    """All work shared evenly; the longest chunk; or, of k x workers + 1 chunks, k + 1 that must share a worker."""
    takes_s = sorted((piece.takes_s for digest in digests for piece in digest), reverse=True)
    shared = (sum(takes_s[k * workers - k : k * workers + 1]) for k in range(1, (len(takes_s) - 1) // workers + 1))
    return max(sum(takes_s) / workers, takes_s[0], *shared)


def row(name: str) -> str:
    """Measure one line of the table."""
    sequential_s = mean_s(name, 1)
    cells = [CASES[name].title, f"{sequential_s:.1f} s"]
    for workers in (5, 10):
        took_s = mean_s(name, workers)
        cells += [f"{took_s:.1f} s", f"{sequential_s / took_s:.2f} ×", f"{mean_bound_s(name, workers):.1f} s"]
    return f"| {' | '.join(cells)} |"


def table() -> str:
    """Measure everything."""
    head = "| workload | sequential | 5 workers | speed-up | bound | 10 workers | speed-up | bound |"
    return "\n".join([head, "|---" + "|---:" * 7 + "|", *map(row, CASES)])


def alike(written: str, measured: str) -> bool:
    """Whether two texts have the same words, and figures within the tolerance."""
    number = re.compile(r"(\d[\d,.]*)")
    if number.split(written)[::2] != number.split(measured)[::2]:
        return False
    pairs = zip(number.findall(written), number.findall(measured), strict=True)
    return all(math.isclose(float(a.replace(",", "")), float(b.replace(",", "")), rel_tol=TOLERANCE) for a, b in pairs)


def main() -> int:
    """Measure, show, and do with the page what is asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    todo = parser.add_mutually_exclusive_group()
    todo.add_argument("--write", action="store_true", help="put the table into the page")
    todo.add_argument("--check", action="store_true", help="fail where the page says something else")
    asked = parser.parse_args()
    measured = table()
    print(measured)
    if asked.write:
        PLACE.write(measured)
    if asked.check and not alike(PLACE.read(), measured):
        print(f"{PLACE.page} is stale; run: python tests/bench/speedup.py --write", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
