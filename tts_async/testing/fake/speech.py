"""The fake provider: one handler that answers as ElevenLabs and OpenAI do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from email.utils import formatdate
from random import Random

import httpx

from tts_async.testing.fake import asgi, transport
from tts_async.testing.fake.behaviour import NORMAL, Behaviour
from tts_async.testing.fake.books import Bill, Books, Item
from tts_async.testing.fake.dialects import Dialect, dialect_of
from tts_async.testing.fake.faults import BREAKS, FOREIGN, Fault, Faults, spoil
from tts_async.testing.fake.order import Made, Order, base62
from tts_async.testing.fake.recorded import Recorded, record
from tts_async.testing.fake.slots import Leave, Slots
from tts_async.testing.fake.tones import SPOILED, speak
from tts_async.testing.fake.windows import Windows
from tts_async.testing.fake.wire import PIECES, ConnectionBroken, Refused, Reply, Request

FOREVER_S = 1e9


class FakeSpeech:
    """A speech provider without a voice: real formats, real errors, tones for words.

    It is reached by `client` or `transport` in process, by `asgi` in any ASGI server, or by `serve.serving` over the
    loopback. All waiting is the running loop's, so that a virtual clock carries it. ``requests`` are all that came, in
    order; ``behaviour`` may be replaced at any time.
    """

    def __init__(self, behaviour: Behaviour = NORMAL) -> None:
        self.behaviour: Behaviour = behaviour
        self.requests: list[Recorded] = []
        self._books = Books()
        self._faults = Faults()
        self._windows = Windows()
        self._slots = Slots(self._limit)
        self._spoken = 0
        self._began_s: float | None = None
        self._epoch_s = 0.0

    def __repr__(self) -> str:
        return f"<FakeSpeech: {len(self.requests)} requests, {self._books.bill.requests} billed, {self.in_flight} in flight>"

    @property
    def bill(self) -> Bill:
        """What was charged so far."""
        return self._books.bill

    @property
    def history(self) -> Mapping[str, Item]:
        """The clips that were made and kept, by their ids, the oldest first."""
        return self._books.history

    @property
    def in_flight(self) -> int:
        """Speech requests that are being answered now; what was refused or queues is none."""
        return self._slots.taken

    @property
    def most_in_flight(self) -> int:
        """The most there ever were."""
        return self._slots.most

    def transport(self) -> httpx.MockTransport:
        """Answer an httpx client in process, body and all at the time of the running loop."""
        return transport.of(self.handle)

    def client(self, base_url: str = "") -> httpx.AsyncClient:
        """Make a client that reaches this fake, whatever host it asks; it waits as long as nobody sets a timeout."""
        return httpx.AsyncClient(transport=self.transport(), base_url=base_url, timeout=None)  # noqa: S113  # as said

    @property
    def asgi(self) -> asgi.Application:
        """This fake as an ASGI 3 application."""
        return asgi.Application(self.handle)

    async def handle(self, request: Request) -> Reply:
        """Answer one request; raises `ConnectionBroken` where there is no answer. Whoever sends it calls `leave`."""
        recorded, dice = record(request, at_s=self._tick()), Random(f"{self.behaviour.seed}/{len(self.requests)}")
        self.requests.append(recorded)
        dialect = dialect_of(request)
        try:
            dialect.key(request)
            if dialect.is_speech(request):
                reply = await self._speech(request, recorded, dialect, dice)
            else:
                reply = dialect.page(request, self._books)
        except Refused as refused:
            reply = FOREIGN.get(refused.kind) or dialect.error(refused, dice)
        recorded.status = reply.status
        self._tick()
        return replace(reply, headers={"date": formatdate(self._books.epoch_s, usegmt=True), **reply.headers})

    async def _speech(self, request: Request, recorded: Recorded, dialect: Dialect, dice: Random) -> Reply:
        """Refuse a request for speech, or take it and make what it asks for."""
        self._spoken += 1
        recorded.number = self._spoken
        try:
            order = dialect.order(request, self.behaviour)
            fault = self._fault(order, recorded.number, dice)
            windows, now_s = self.behaviour.windows, self._now_s()
            told = self._windows.take(windows, order.key, now_s=now_s, epoch_s=self._epoch_s + now_s)
            leave = await self._slot(order, dialect)
        except Refused:
            await asyncio.sleep(self.behaviour.refusal_s)
            raise
        try:
            reply = await self._made(order, fault, dialect, dice)
        except BaseException:
            leave()
            raise
        return replace(reply, headers={**reply.headers, **told}, leave=leave)

    def _fault(self, order: Order, number: int, dice: Random) -> Fault | None:
        """What goes wrong with it; raises `Refused` where that is instead of an answer."""
        voices = [line.voice for line in order.lines]
        fault = self._faults.pick(self.behaviour.faults, number=number, text=order.text, voices=voices, dice=dice)
        if fault and fault.place == "answer":
            raise Refused(fault.kind)
        return fault

    async def _slot(self, order: Order, dialect: Dialect) -> Leave:
        """Take a slot, wait for one, or refuse."""
        group = (order.key, order.group)
        if self.behaviour.overflow == "queue":
            return await self._slots.queue(group)
        if self._slots.room(group):
            return self._slots.take(group)
        self._windows.give_back(self.behaviour.windows, order.key)
        if self.behaviour.overflow == "busy":
            raise Refused("system_busy")
        raise dialect.too_many(self._limit() or 0)

    async def _made(self, order: Order, fault: Fault | None, dialect: Dialect, dice: Random) -> Reply:
        """Make the speech, bill it, and wait until its headers come."""
        if fault and fault.kind in BREAKS:
            raise ConnectionBroken(BREAKS[fault.kind])
        self._tick()
        books, latency = self._books, self.behaviour.latency
        left = self.behaviour.character_limit - books.bill.credits
        if order.credits > left:
            raise dialect.over_quota(self.behaviour.character_limit, left, order.credits)
        made = self._say(order, fault, latency.of(order.chars, dice), dice)
        books.enter(order, made)
        headers = self._at_once(order, dialect)
        hangs = fault is not None and fault.kind == "hang"
        await asyncio.sleep(FOREVER_S if hangs else made.latency_s * latency.headers_share)
        reply = dialect.speech(order, made, dice)
        body_s = made.latency_s * (1 - latency.headers_share)
        pieces = PIECES if body_s else reply.pieces
        return spoil(replace(reply, headers={**reply.headers, **headers}, body_s=body_s, pieces=pieces), fault)

    def _say(self, order: Order, fault: Fault | None, latency_s: float, dice: Random) -> Made:
        s_per_char = self.behaviour.s_per_char / order.speed
        sound = speak(order.texts, rate_hz=order.format.rate_hz, s_per_char=s_per_char, dice=dice)
        samples = sound.samples
        return Made(
            lengths_s=sound.lengths_s,
            audio=order.format.encode(SPOILED[fault.kind](samples) if fault and fault.kind in SPOILED else samples),
            request_id=base62(dice),
            item_id=base62(dice),
            latency_s=latency_s,
        )

    def _at_once(self, order: Order, dialect: Dialect) -> Mapping[str, str]:
        limit = self._limit()
        if limit is None or not self.behaviour.concurrency_headers:
            return {}
        return dialect.at_once(self._slots.of((order.key, order.group)), limit)

    def _limit(self) -> int | None:
        return self.behaviour.cap(self._now_s())

    def _tick(self) -> float:
        """Bring the books up to date and give the seconds since the first request."""
        now_s = self._now_s()
        self._books.behaviour, self._books.epoch_s = self.behaviour, self._epoch_s + now_s
        return now_s

    def _now_s(self) -> float:
        """Seconds since the first request, with which the fake's time begins."""
        loop = asyncio.get_running_loop()
        if self._began_s is None:
            self._began_s = loop.time()
            self._epoch_s = time.time() if self.behaviour.epoch_s is None else self.behaviour.epoch_s
            for at_s, _ in self.behaviour.concurrency_at:
                loop.call_later(at_s, self._slots.admit)
        return loop.time() - self._began_s
