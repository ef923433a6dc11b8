"""Runs the package against the providers of `limsim`, over HTTP, on a clock that jumps.

A scenario's provider stands behind an `httpx.MockTransport` and speaks the dialects of real services; in front of it
are the package's backlog, gate, purchase, client and decoder.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import Any

import httpx

from tests.engine.fakes import MemoryStore, plan_of
from tts_async.core.event import Event
from tts_async.core.exchange import SpeechResponse
from tts_async.core.headers import Kind, Signals
from tts_async.core.law import Law
from tts_async.core.pace import CEILING
from tts_async.engine.account import Means
from tts_async.engine.client import HttpSender
from tts_async.engine.coordinator import Buying
from tts_async.engine.gate import Gate
from tts_async.engine.record import Record
from tts_async.engine.slots import Cap
from tts_async.errors import ProviderError
from tts_async.providers.tone import ToneProvider
from tts_async.settings import Settings
from tts_async.testing.clock import VirtualClockLoop

# It is no package: its files know each other by their bare names.
sys.path.append(str(Path(__file__).parent / "limsim"))
limsim: Any = import_module("core")
limsim_run: Any = import_module("run")

KINDS: dict[str, Kind] = {"conc": "concurrency", "rate": "rate", "busy": "busy"}
TONE_S_PER_CHAR = 1e-5


class LabelledProvider(ToneProvider):
    """A tone provider whose server may say in the body of a refusal why it refuses."""

    name = "limsim"
    base_url = "http://limsim.test"

    def error(self, response: SpeechResponse, signals: Signals) -> ProviderError:
        """Refine what the headers say by the label."""
        code = json.loads(response.body or b"{}").get("code", "")
        return super().error(response, replace(signals, kind=KINDS.get(code, "unknown")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One run: the makespan as a multiple of the bound, refused requests per chunk, and what must not be."""

    ratio: float
    refused: float
    lost: int
    attempts_wasted: int


class _Clock:
    """The loop's clock in the simulator's words."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()

    @property
    def t(self) -> float:
        return self._loop.time()

    def at(self, t: float, fn: Callable[..., object], *args: object) -> None:
        self._loop.call_at(t, fn, *args)


class Server:
    """One of the simulator's providers behind HTTP."""

    def __init__(self, provider: Any, chunks: dict[str, Any], tones: ToneProvider) -> None:
        self._provider = provider
        self._chunks = chunks
        self._tones = tones

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        chunk = self._chunks[body["lines"][0]["text"]]
        answered: asyncio.Future[tuple[str, str, dict[str, Any]]] = asyncio.get_running_loop().create_future()
        begun: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()

        def answer(_: object, kind: str, why: str, told: dict[str, Any]) -> None:
            if not answered.done():
                answered.set_result((kind, why, told))

        def begin(_: object, told: dict[str, Any]) -> None:
            if not begun.done():
                begun.set_result(told)

        self._provider.submit(chunk, answer, admit_cb=begin)
        either: set[asyncio.Future[Any]] = {answered, begun}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        spoken = self._tones.answer(request.url.path, body)
        if not answered.done():
            return httpx.Response(200, headers=headers_of(begun.result()), content=_later(answered, spoken.body))
        kind, why, told = answered.result()
        if kind == "reject":
            label = {} if why == "unknown" else {"code": why}
            busy = self._provider.is_busy()
            return httpx.Response(503 if busy else 429, headers=headers_of(told), json=label)
        if kind == "error":
            return httpx.Response(500)
        return httpx.Response(200, headers=headers_of(told), content=spoken.body)


async def _later(answered: asyncio.Future[tuple[str, str, dict[str, Any]]], body: bytes) -> Any:
    kind, _, _ = await answered
    if kind == "error":
        raise httpx.ReadError("the simulator broke off")
    yield body


def headers_of(told: dict[str, Any]) -> dict[str, str]:
    """What the simulator's provider tells, as services write it.

    A window is announced as in the IETF drafts from 08 on, two token buckets as OpenAI does.
    """
    headers: dict[str, str] = {}
    if "max_conc" in told:
        headers["maximum-concurrent-requests"] = str(told["max_conc"])
        headers["current-concurrent-requests"] = str(told["cur_conc"])
    if "retry_after" in told:
        headers["retry-after"] = str(told["retry_after"])
    if "req" in told and "chars" not in told:
        limit, left, reset_s = told["req"]
        headers["ratelimit-policy"] = f'"default";q={limit};w=60'
        headers["ratelimit"] = f'"default";r={left};t={math.ceil(reset_s)}'
    elif "req" in told:
        for name, (limit, left, reset_s) in (("requests", told["req"]), ("characters", told["chars"])):
            headers[f"x-ratelimit-limit-{name}"] = str(limit)
            headers[f"x-ratelimit-remaining-{name}"] = str(left)
            headers[f"x-ratelimit-reset-{name}"] = f"{reset_s:.3f}s"
    return headers


def text_of(chunk: Any) -> str:
    """A text of the chunk's length that no other chunk has."""
    return f"{chunk.uid:06} ".ljust(chunk.chars - 1, "a") + "."


async def race(scenario: str, workload: str, seed: int, *, headers_at: str = "end", hedge: bool = False) -> Outcome:
    """Buy all digests of a workload from a scenario's provider."""
    loop = asyncio.get_running_loop()
    chunks = limsim.workload(
        workload, seed, p_stall=0.01 if scenario == "g" else 0.0, p_err=0.005 if scenario[0] == "f" else 0.0
    )
    behaviour = limsim_run.scenario(scenario, chunks, seed)
    provider = limsim.Provider(_Clock(), seed, headers_at=headers_at, **behaviour)
    tones = LabelledProvider(s_per_char=TONE_S_PER_CHAR)
    server = Server(provider, {text_of(chunk): chunk for chunk in chunks}, tones)
    failures: list[Event] = []

    def listen(event: Event) -> None:
        if event.kind == "failed":
            failures.append(event)

    settings = Settings(hedge=hedge, verdict="off")  # The tones are too short for their texts.
    async with httpx.AsyncClient(transport=httpx.MockTransport(server)) as client:
        means = Means(
            provider=tones,
            sender=HttpSender(tones, client, settings=settings),
            gate=Gate(
                Law(rate_per_s=settings.rate_per_s),
                budget_s=settings.refusal_budget_s,
                dice=random.Random(f"gov/{seed}"),
            ),
            store=MemoryStore(),
            cap=Cap(limit=CEILING),
            settings=settings,
        )
        digests = [
            Buying(plan_of([text_of(chunk) for chunk in digest]), means, Record(str(number), listen))
            for number, digest in groupby(chunks, key=lambda chunk: chunk.digest)
        ]
        async with asyncio.TaskGroup() as group:
            for digest in digests:
                group.create_task(digest.run())
    bound_s = (
        limsim_run.oracle_ref(scenario, workload, seed)
        if scenario in limsim_run.REF_ORACLE
        else limsim.lower_bound(chunks, behaviour)
    )
    lost = sum(len(digest.backlog.lost) for digest in digests)
    errors = sum(1 for chunk in chunks for used in range(min(chunk.used, limsim.K)) if chunk.err[used])
    return Outcome(
        ratio=loop.time() / bound_s,
        refused=provider.n_reject / len(chunks),
        lost=lost,
        attempts_wasted=len(failures) - errors,
    )


def run(scenario: str, workload: str, seed: int, *, headers_at: str = "end", hedge: bool = False) -> Outcome:
    """Run one race on a clock of its own."""
    with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
        return runner.run(race(scenario, workload, seed, headers_at=headers_at, hedge=hedge))


def rival(name: str, scenario: str, workload: str, seed: int) -> Outcome:
    """Run one of the simulator's own clients through the same race."""
    told = limsim_run.one(scenario, name, workload, seed)
    chunks = len(limsim.workload(workload, seed))
    return Outcome(ratio=told["ratio"], refused=told["r429"], lost=round(told["fail"] * chunks), attempts_wasted=0)
