"""Races the package against a real HTTP server on a real clock, and compares that with the virtual one.

    python tests/bench/real_clock.py [--scale N] [--seed N ...]

The 200 chunks of the simulator's book go to uvicorn in a process of its own, over sockets: it takes 7 requests at
once, refuses others with a bare 429, and answers a tone after the chunk's latency. The time of both sides runs
SCALE times as fast: the server's, and that of our event loop, by which everything here waits, so that every constant
of the law is scaled alike and nothing of the package is touched. It fails where a makespan, times SCALE, is more than
15 % away from the one on the clock that jumps, or a chunk is lost.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import random
import selectors
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import uvicorn

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.bench.scenarios import TONE_S_PER_CHAR, limsim, limsim_run, run, text_of
from tests.engine.fakes import MemoryStore, plan_of
from tts_async.core.law import Law
from tts_async.core.pace import CEILING
from tts_async.engine.account import Means
from tts_async.engine.client import MAX_IN_FLIGHT, HttpSender
from tts_async.engine.coordinator import Buying
from tts_async.engine.gate import Gate
from tts_async.engine.record import Record
from tts_async.engine.slots import Cap
from tts_async.providers.tone import ToneProvider
from tts_async.settings import Settings

SCALE = 60.0
TOLERANCE = 0.15
WORKLOAD, CAP = "book200", 7
SCENARIO = f"a{CAP}"
REFUSED_AFTER_S = (0.1, 0.2)
"""Between these, as in the simulator."""
KEEP_ALIVE_S = 60
"""Real seconds: longer than a race, or the server would close connections under our requests."""

Message = dict[str, Any]


class _Selector(selectors.DefaultSelector):
    """Waits so many times shorter than it is asked to."""

    def __init__(self, scale: float) -> None:
        super().__init__()
        self._scale = scale

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(None if timeout is None else timeout / self._scale)


class FastLoop(asyncio.SelectorEventLoop):
    """A loop whose clock runs so many times as fast as the real one."""

    def __init__(self, scale: float) -> None:
        self._scale = scale
        super().__init__(_Selector(scale))

    def time(self) -> float:
        return self._scale * super().time()


class Speech:
    """A server with a hard cap of requests at once; ``takes_s`` is what each text takes, on the loop's clock."""

    def __init__(self, takes_s: Mapping[str, float], seed: int) -> None:
        self._takes_s = takes_s
        self._dice = random.Random(f"prov/{seed}")
        self._tones = ToneProvider()
        self._in_flight = 0

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        body = await _body(receive)
        if scope["method"] == "GET":
            await _answer(send, 200, {}, b"here")
        elif self._in_flight >= CAP:
            await asyncio.sleep(self._dice.uniform(*REFUSED_AFTER_S))
            await _answer(send, 429, {}, b"")
        else:
            self._in_flight += 1
            try:
                spoken = self._tones.answer(scope["path"], asked := json.loads(body))
                await asyncio.sleep(self._takes_s[asked["lines"][0]["text"]])
            finally:
                self._in_flight -= 1
            await _answer(send, spoken.status, spoken.headers, spoken.body)


async def _body(receive: Any) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def _answer(send: Any, status: int, headers: Mapping[str, str], body: bytes) -> None:
    told = {**headers, "content-length": str(len(body))}
    raw = [(name.encode(), value.encode()) for name, value in told.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


def serve(listening: socket.socket, takes_s: Mapping[str, float], seed: int, scale: float) -> None:
    """Be the server, until the process is terminated."""
    app = Speech(takes_s, seed)
    config = uvicorn.Config(app, lifespan="off", log_level="warning", timeout_keep_alive=KEEP_ALIVE_S)
    with asyncio.Runner(loop_factory=partial(FastLoop, scale)) as runner:
        runner.run(uvicorn.Server(config).serve(sockets=[listening]))


@contextmanager
def served(takes_s: Mapping[str, float], seed: int, scale: float) -> Iterator[str]:
    """Start a server, and lend its address."""
    # With the protocol named, or asyncio leaves Nagle's algorithm on, and each answer comes 40 real ms late.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        args = (listening, takes_s, seed, scale)
        process = multiprocessing.get_context("spawn").Process(target=serve, args=args, daemon=True)
        process.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            process.terminate()
            process.join()


@dataclass(frozen=True, slots=True, kw_only=True)
class Race:
    """How long a book took on the loop's clock, how many requests were refused, and how many chunks are lost."""

    took_s: float
    refused: int
    failures: int
    lost: int


def means_of(provider: ToneProvider, client: httpx.AsyncClient, seed: int) -> Means:
    """Make what the package buys with: nothing is set and nothing is remembered."""
    settings = Settings(verdict="off")  # The tones are too short for their texts.
    dice = random.Random(f"gov/{seed}")
    return Means(
        provider=provider,
        sender=HttpSender(provider, client, settings=settings),
        gate=Gate(Law(rate_per_s=settings.rate_per_s), budget_s=settings.refusal_budget_s, dice=dice),
        store=MemoryStore(),
        cap=Cap(limit=CEILING),
        settings=settings,
    )


async def race(texts: Sequence[str], url: str, seed: int) -> Race:
    """Buy a book from the server at that address."""
    provider = ToneProvider(s_per_char=TONE_S_PER_CHAR)
    provider.base_url = url
    limits = httpx.Limits(max_connections=MAX_IN_FLIGHT, max_keepalive_connections=MAX_IN_FLIGHT)
    # A proxy that the environment names is none on the way to a loopback address.
    async with httpx.AsyncClient(timeout=None, limits=limits, trust_env=False) as client:  # the sender has them
        await client.get(url)  # Now the server is up.
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        record = Record("book")
        buying = Buying(plan_of(texts), means_of(provider, client, seed), record)
        await buying.run()
        took_s = loop.time() - began_s
    report = record.report
    return Race(took_s=took_s, refused=report.refusals, failures=report.failures, lost=len(buying.backlog.lost))


def virtual_s(seed: int) -> float:
    """Run the same on the clock that jumps."""
    chunks = limsim.workload(WORKLOAD, seed)
    bound_s: float = limsim.lower_bound(chunks, limsim_run.scenario(SCENARIO, chunks, seed))
    return bound_s * run(SCENARIO, WORKLOAD, seed).ratio


def real(seed: int, scale: float) -> Race:
    """Run a book against a server of its own."""
    takes_s = {text_of(chunk): chunk.lat[0] for chunk in limsim.workload(WORKLOAD, seed)}
    with served(takes_s, seed, scale) as url, asyncio.Runner(loop_factory=partial(FastLoop, scale)) as runner:
        return runner.run(race(list(takes_s), url, seed))


def agrees(seed: int, scale: float) -> bool:
    """Run both, print both, and compare."""
    raced, expected_s = real(seed, scale), virtual_s(seed)
    ratio = raced.took_s / expected_s
    print(
        f"seed {seed}: real {raced.took_s / scale:.2f} s x {scale:g} = {raced.took_s:.1f} s, virtual {expected_s:.1f} s,"
        f" ratio {ratio:.3f}; {raced.refused} refused, {raced.failures} failed, {raced.lost} lost"
    )
    return abs(ratio - 1) <= TOLERANCE and not raced.lost


def main() -> int:
    """Compare every seed that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=SCALE, help="how many times faster than real (default: 60)")
    parser.add_argument("--seed", type=int, nargs="+", default=[0])
    asked = parser.parse_args()
    agreed = [agrees(seed, asked.scale) for seed in asked.seed]
    if not all(agreed):
        print(f"not within {TOLERANCE:.0%}", file=sys.stderr)
    return 0 if all(agreed) else 1


if __name__ == "__main__":
    sys.exit(main())
