"""Measures the processor time that a chunk costs, against a bare httpx loop.

    python tests/bench/overhead.py [--chunks N] [--rounds N] [--at-once N]

The same requests are bought twice in every round from a provider that answers at once: through backlog, gate,
purchase and client, and by `httpx` with a semaphore of the same size, which reads each body and drops it. The gate is
open wide: no rate, and as many requests at once as the semaphore lets in. What the judgement of the answers costs
(the store's read, the clip, whether it is audio), which the bare loop does not do, is measured alone.

The seconds are those of the process, all threads together. A ratio is the median over the rounds, with the lowest and
the highest in brackets.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TypeVar

import httpx

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.engine.fakes import MemoryStore, plan_of
from tts_async.core.exchange import PLANNED, SpeechRequest, SpeechResponse, fingerprint
from tts_async.core.law import Law
from tts_async.core.pace import Pace
from tts_async.core.plan import Chunk, Plan
from tts_async.core.verdict import Verdict
from tts_async.engine.account import Means
from tts_async.engine.client import HttpSender
from tts_async.engine.coordinator import Buying
from tts_async.engine.gate import Gate
from tts_async.engine.hearing import heard
from tts_async.engine.record import Record
from tts_async.engine.slots import Cap
from tts_async.providers.tone import ToneProvider
from tts_async.settings import Settings
from tts_async.sound.profile import to_bytes

CHUNKS, ROUNDS, AT_ONCE = 2000, 7, 20
CHUNK_CHARS = 800
TONE_S_PER_CHAR = 1e-5

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Processor seconds for all chunks: bought by the package, by a bare loop, and judged alone."""

    ours_s: float
    bare_s: float
    judged_s: float

    @property
    def ratio(self) -> float:
        """What the package costs as a multiple of the bare loop."""
        return self.ours_s / self.bare_s

    @property
    def unjudged(self) -> float:
        """The same without the judgement."""
        return (self.ours_s - self.judged_s) / self.bare_s


def plan(chunks: int) -> Plan:
    """Plan so many chunks of one length, no two alike."""
    return plan_of([f"{number:06} ".ljust(CHUNK_CHARS - 1, "a") + "." for number in range(chunks)])


def client_of(answer: SpeechResponse) -> httpx.AsyncClient:
    """Make a client of a provider that answers at once."""

    def handler(_: httpx.Request) -> httpx.Response:
        return httpx.Response(answer.status, headers=dict(answer.headers), content=answer.body)

    return httpx.AsyncClient(transport=httpx.MockTransport(handler))


def means_of(provider: ToneProvider, client: httpx.AsyncClient, at_once: int) -> Means:
    """Make what the package buys with: a gate that is open wide."""
    settings = Settings(workers=at_once, verdict="warn")  # so short a tone is no whole clip
    return Means(
        provider=provider,
        sender=HttpSender(provider, client, settings=settings),
        gate=Gate(Law(pace=Pace(limit=at_once, good=at_once, ceiling=at_once)), budget_s=settings.refusal_budget_s),
        store=MemoryStore(),
        cap=Cap(limit=at_once),
        settings=settings,
    )


async def buy_all(planned: Plan, means: Means) -> None:
    """Buy a digest as a Renderer does."""
    buying = Buying(planned, means, Record("d"))
    await buying.run()
    if buying.backlog.lost:
        raise SystemExit(f"{len(buying.backlog.lost)} chunks were lost: {next(iter(buying.failures.values()))}")


async def each(items: Iterable[T], at_once: int, work: Callable[[T], Awaitable[None]]) -> None:
    """Do one work for every item, so many at once."""
    places = asyncio.Semaphore(at_once)

    async def one(item: T) -> None:
        async with places:
            await work(item)

    async with asyncio.TaskGroup() as group:
        for item in items:
            group.create_task(one(item))


async def send_all(requests: Iterable[SpeechRequest], url: str, client: httpx.AsyncClient, at_once: int) -> None:
    """Send the same requests with nothing around them."""

    async def send(request: SpeechRequest) -> None:
        async with client.stream("POST", url + request.path, json=request.body) as answer:
            await answer.aread()

    await each(requests, at_once, send)


async def judge_all(names: Mapping[str, Chunk], provider: ToneProvider, store: MemoryStore, at_once: int) -> None:
    """Read, check and approve what was bought under these names."""

    async def judge(name: str) -> None:
        found, profile = await heard(provider.clip(names[name], await store.read(name)))
        await store.note_heard(name, to_bytes(profile))
        await store.judge(name, Verdict(speech_s=found.speech_s, trail_s=found.trail_s))

    await each(names, at_once, judge)


async def cpu_s(work: Awaitable[None]) -> float:
    """Measure the processor seconds of a work, with no earlier one's garbage in it."""
    gc.collect()
    began_s = time.process_time()
    await work
    return time.process_time() - began_s


async def measure(planned: Plan, at_once: int) -> Round:
    """Buy all chunks both ways, and judge them once more."""
    provider, store = ToneProvider(s_per_char=TONE_S_PER_CHAR), MemoryStore()
    requests = [provider.request(chunk, PLANNED) for chunk in planned.chunks]
    names = {fingerprint(request): chunk for request, chunk in zip(requests, planned.chunks, strict=True)}
    answer = provider.answer(requests[0].path, requests[0].body)
    store.kept = dict.fromkeys(names, answer)
    async with client_of(answer) as client:
        bare_s = await cpu_s(send_all(requests, provider.base_url, client, at_once))
        ours_s = await cpu_s(buy_all(planned, means_of(provider, client, at_once)))
        judged_s = await cpu_s(judge_all(names, provider, store, at_once))
    return Round(ours_s=ours_s, bare_s=bare_s, judged_s=judged_s)


def row(what: str, chunk_s: float, remark: str = "") -> str:
    """Write one line of what was measured."""
    return f"{what:<24}{1e6 * chunk_s:6.0f} us of CPU a chunk{remark}"


def spread(ratios: Sequence[float]) -> str:
    """Write a median with its extremes."""
    return f", {median(ratios):.2f} x ({min(ratios):.2f} to {max(ratios):.2f})"


def told(rounds: Sequence[Round], chunks: int) -> str:
    """Write what was measured."""
    bare_s, ours_s, judged_s = (
        median(seconds) / chunks
        for seconds in zip(*((one.bare_s, one.ours_s, one.judged_s) for one in rounds), strict=True)
    )
    rows = [
        row("bare httpx loop", bare_s),
        row("bought by the package", ours_s, spread([one.ratio for one in rounds])),
        row("  of that, judging", judged_s, f", {judged_s / ours_s:.0%}"),
        row("  without judging", ours_s - judged_s, spread([one.unjudged for one in rounds])),
    ]
    return "\n".join(rows)


def main() -> int:
    """Measure in alternating rounds, after one that warms up and does not count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chunks", type=int, default=CHUNKS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--at-once", type=int, default=AT_ONCE)
    asked = parser.parse_args()
    asyncio.run(measure(plan(min(asked.chunks, 200)), asked.at_once))
    planned = plan(asked.chunks)
    rounds = [asyncio.run(measure(planned, asked.at_once)) for _ in range(asked.rounds)]
    print(told(rounds, asked.chunks))
    return 0


if __name__ == "__main__":
    sys.exit(main())
