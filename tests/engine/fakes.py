"""What the engine's tests share: a server that is a function, a plan of tones, the means to buy it, a clock to ask."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import numpy as np

from tts_async.core.cues import Cue
from tts_async.core.event import Event
from tts_async.core.exchange import SpeechRequest, SpeechResponse
from tts_async.core.headers import Signals
from tts_async.core.plan import Chunk, Line, Plan, Voice
from tts_async.core.verdict import Verdict
from tts_async.engine.account import Means, borrow, in_flight
from tts_async.engine.coordinator import Buying
from tts_async.engine.groups import alone
from tts_async.engine.master import master
from tts_async.engine.output import OutputFile
from tts_async.engine.record import Record
from tts_async.engine.sender import OnHeaders
from tts_async.engine.slots import Cap
from tts_async.engine.store import Claim, Store
from tts_async.engine.temporary import TemporaryStore
from tts_async.errors import AudioError
from tts_async.providers.base import Auth, Provider
from tts_async.providers.tone import RATE_HZ, ToneProvider, frequency_hz
from tts_async.settings import Settings
from tts_async.testing.clock import VirtualClockLoop

Answer = httpx.Response | Exception | None


def now() -> float:
    return asyncio.get_running_loop().time()


async def turns(count: int) -> None:
    """Let the loop turn that often; one in which a thread is at work lasts until it is done, however slow the disk."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualClockLoop)
    for _ in range(count):
        working = loop.outstanding()
        await asyncio.sleep(0)
        while working and loop.outstanding() >= working:  # noqa: ASYNC110  # turning the loop is the purpose
            await asyncio.sleep(0)


class KeyedTones(ToneProvider):
    """Tones from a server that wants a key."""

    name = "keyed"
    base_url = "https://speech.test"
    auth = Auth(header="x-key", prefix="Key ", variable="KEYED_KEY")  # type: ignore[assignment]


class Server:
    """Answers as the tone provider does, after ``latency_s``; ``says`` may put another answer in its place.

    ``says`` is asked with a text and how many requests for it there have been; it may return or raise. More than
    ``most`` at once are refused.
    """

    def __init__(
        self,
        *,
        latency_s: Callable[[str], float] = lambda text: 1.0,
        says: Callable[[str, int], Answer] = lambda text, nth: None,
        most: int | None = None,
    ) -> None:
        self.latency_s = latency_s
        self.says = says
        self.seen: list[tuple[float, str]] = []
        self.requests: list[httpx.Request] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self.refused = 0
        self._most = most
        self._nth: Counter[str] = Counter()

    @property
    def times(self) -> list[float]:
        """When each request came."""
        return [at for at, _ in self.seen]

    @property
    def texts(self) -> list[str]:
        """What each request asked for."""
        return [text for _, text in self.seen]

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        text = body["lines"][0]["text"]
        self.seen.append((now(), text))
        self.requests.append(request)
        self._nth[text] += 1
        nth = self._nth[text]
        if self._most is not None and self.in_flight >= self._most:
            self.refused += 1
            await asyncio.sleep(0.15)
            return httpx.Response(429)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await asyncio.sleep(self.latency_s(text))
            other = self.says(text, nth)
        finally:
            self.in_flight -= 1
        if isinstance(other, Exception):
            raise other
        if other is not None:
            return other
        said = ToneProvider().answer(request.url.path, body)
        return httpx.Response(said.status, headers=dict(said.headers), content=said.body)

    def client(self) -> httpx.AsyncClient:
        """A client that reaches this server, whatever it asks."""
        return httpx.AsyncClient(transport=httpx.MockTransport(self))


def plan_of(
    texts: Sequence[str], *, pause_ms: int = 0, rate_hz: int = RATE_HZ, source_hz: int = RATE_HZ, digest_id: str = "d"
) -> Plan:
    """Make a plan with one chunk a text."""
    voice = Voice(id="tone")
    chunks = tuple(
        Chunk(
            index=index,
            section=0,
            lines=(Line(speaker="narrator", voice=voice, text=text, written=text),),
            language="en",
            pause_ms=pause_ms if index < len(texts) - 1 else 0,
            start=0,
            end=0,
        )
        for index, text in enumerate(texts)
    )
    return Plan(
        digest_id=digest_id,
        title="",
        provider="tone",
        chunks=chunks,
        sections=("",),
        spoken="",
        source_hz=source_hz,
        rate_hz=rate_hz,
    )


def distinct(count: int) -> list[str]:
    """Texts of one length, no two of which sound alike."""
    found: dict[float, str] = {}
    number = 0
    while len(found) < count:
        text = f"sentence {number:06}"
        found.setdefault(frequency_hz(text), text)
        number += 1
    return list(found.values())


def heard_hz(samples: np.ndarray, rate_hz: int = RATE_HZ) -> float:
    """The strongest frequency."""
    padded = 8 * len(samples)
    strength = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), padded))
    return float(np.argmax(strength)) * rate_hz / padded


def files(folder: Path) -> list[str]:
    """The names of the files in a folder, hidden ones too."""
    return sorted(each.name for each in folder.iterdir() if each.is_file())


class MemoryStore:
    """A store in a dictionary; ``commit_s`` is how long a commit takes on the clock."""

    def __init__(self, *, commit_s: float = 0.0) -> None:
        self.kept: dict[str, SpeechResponse] = {}
        self.claimed: set[str] = set()
        self.unsure: dict[str, float] = {}
        self.verdicts: dict[str, Verdict] = {}
        self.noted: dict[str, bytes] = {}
        self.discarded: list[SpeechResponse] = []
        self._commit_s = commit_s

    async def have(self, fingerprints: Iterable[str]) -> dict[str, Verdict | None]:
        return {name: self.verdicts.get(name) for name in fingerprints if name in self.kept}

    async def claim(self, fingerprint: str) -> Claim:
        await asyncio.sleep(0)
        if fingerprint in self.kept:
            return Claim.HERE
        if fingerprint in self.claimed:
            return Claim.THEIRS
        self.claimed.add(fingerprint)
        return Claim.MINE

    @asynccontextmanager
    async def buying(self) -> AsyncIterator[None]:
        yield

    async def probe(self, chars: int) -> None:
        return

    async def note(self, digest: str, requests: Iterable[SpeechRequest]) -> None:
        return

    async def verify(self, fingerprints: Iterable[str]) -> list[str]:
        return []

    async def commit(self, fingerprint: str, response: SpeechResponse, *, request: SpeechRequest | None = None) -> None:
        await asyncio.sleep(self._commit_s)
        self.kept[fingerprint] = response
        self.claimed.discard(fingerprint)

    async def note_heard(self, fingerprint: str, heard: bytes) -> None:
        self.noted[fingerprint] = heard

    async def heard(self, fingerprint: str) -> bytes:
        return self.noted.get(fingerprint, b"")

    async def unsure_since(self, fingerprint: str) -> float | None:
        return self.unsure.get(fingerprint)

    async def items(self) -> set[str]:
        ever = [*self.kept.values(), *self.discarded]
        return {each.headers["history-item-id"] for each in ever if "history-item-id" in each.headers}

    async def release(self, fingerprint: str, *, unsure: bool = False) -> None:
        await asyncio.sleep(0)
        self.claimed.discard(fingerprint)
        if unsure:
            self.unsure.setdefault(fingerprint, 0.0)

    async def read(self, fingerprint: str) -> SpeechResponse:
        if fingerprint not in self.kept:
            raise AudioError("it was set aside")
        return self.kept[fingerprint]

    async def judge(self, fingerprint: str, verdict: Verdict) -> None:
        self.verdicts[fingerprint] = verdict

    async def discard(self, fingerprint: str) -> None:
        self.verdicts.pop(fingerprint, None)
        if bad := self.kept.pop(fingerprint, None):
            self.discarded.append(bad)


class FakeSender:
    """Sends to nobody: waits ``latency_s`` in several awaits, then answers as the tone provider does."""

    def __init__(self, latency_s: Callable[[], float] = lambda: 1.0) -> None:
        self.latency_s = latency_s
        self.sent = 0

    def speaking_for(self, provider: Provider) -> FakeSender:
        return self

    async def warm_up(self) -> None:
        return

    async def send(self, request: SpeechRequest, on_headers: OnHeaders) -> SpeechResponse:
        self.sent += 1
        await asyncio.sleep(self.latency_s() / 2)
        on_headers(Signals())
        await asyncio.sleep(self.latency_s() / 2)
        return ToneProvider().answer(request.path, request.body)


def patient(**changes: object) -> Settings:
    """Settings for tests: five workers from the start, and spacing so small that it does not show."""
    return Settings.of({"rate_per_s": 1000.0, "workers": 5, **changes})


@asynccontextmanager
async def means_of(
    server: Server | httpx.AsyncClient,
    *,
    settings: Settings | None = None,
    provider: ToneProvider | None = None,
    store: Store | None = None,
    key: str | None = None,
) -> AsyncIterator[Means]:
    """What a Renderer would buy with at that server."""
    settings, provider = settings or patient(), provider or ToneProvider(s_per_char=0.03)
    client = server.client() if isinstance(server, Server) else server
    async with (
        client,
        borrow(provider, key=key, settings=settings, client=client) as (gate, sender),
        TemporaryStore() as temporary,
    ):
        cap = Cap(limit=in_flight(provider, settings))
        yield Means(provider=provider, sender=sender, gate=gate, store=store or temporary, cap=cap, settings=settings)


class Heard(list[Event]):
    """A listener that keeps all events."""

    def __call__(self, event: Event) -> None:
        self.append(event)

    def of(self, *kinds: str) -> list[Event]:
        """The events of these kinds."""
        return [event for event in self if event.kind in kinds]

    def chunks(self, *kinds: str) -> list[int | None]:
        """The chunks of these kinds of events, in the order of time."""
        return [event.chunk for event in self.of(*kinds)]


def buying_of(means: Means, texts: Sequence[str], heard: Heard | None = None, *, ahead: int | None = None) -> Buying:
    """One digest, ready to be bought."""
    return Buying(plan_of(texts), means, Record("d", heard), ahead=ahead)


async def to_file(buying: Buying, path: Path) -> list[Cue] | None:
    """Buy and write at the same time, as a Renderer does."""
    async with OutputFile(path, buying.plan.rate_hz) as file:
        with alone():
            async with asyncio.TaskGroup() as group:
                group.create_task(buying.run())
                written = group.create_task(master(buying, file))
        if written.result() is not None:
            await file.keep()
        done = written.result()
        return None if done is None else done.cues
