"""The embedded sender: every hop in a worker thread, one request at a time, an end at a sentence."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import anyio
import numpy as np
import pytest
from numpy.typing import NDArray

from tts_async.core.exchange import Clip, SpeechRequest, SpeechResponse, Take
from tts_async.core.headers import Signals
from tts_async.core.plan import Capabilities, Chunk
from tts_async.engine.local import LocalSender
from tts_async.errors import AudioError, ProviderError, Unavailable
from tts_async.providers.base import EmbeddedProvider

Event = tuple[str, str]


def order(text: str = "One. Two. Three.") -> SpeechRequest:
    """Make a request for a text."""
    return SpeechRequest(origin="fake", path="/speak", body={"text": text}, chars=len(text))


def ignored(signals: Signals) -> None:
    """Take no notice of headers."""


class FakeEngine:
    """An embedded provider that notes what it did and in which thread; ``during`` runs inside each sentence."""

    name = "fake"
    capabilities = Capabilities(max_size=100, rate_hz=8_000, voices={"one": "the only one"})

    def __init__(self, *, peak: float = 0.5, during: Callable[[str], None] = lambda sentence: None) -> None:
        self.events: list[Event] = []
        self.threads: list[int] = []
        self.peak = peak
        self.during = during

    def _note(self, what: str, of: str = "") -> None:
        self.events.append((what, of))
        self.threads.append(threading.get_ident())

    def warm_up(self) -> None:
        self._note("warm up")

    def sentences(self, request: SpeechRequest) -> Sequence[str]:
        self._note("split")
        return str(request.body["text"]).split(" ")

    def say(self, request: SpeechRequest, number: int, sentence: str) -> NDArray[np.float32]:
        self._note("say", f"{number} {sentence}")
        self.during(sentence)
        return np.full(100, self.peak, np.float32)

    def response(
        self, request: SpeechRequest, sentences: Sequence[str], pieces: Sequence[NDArray[np.float32]]
    ) -> SpeechResponse:
        self._note("answer")
        return SpeechResponse(status=200, headers={"said": "|".join(sentences)}, body=np.concatenate(pieces).tobytes())

    def request(self, chunk: Chunk, take: Take) -> SpeechRequest:
        raise NotImplementedError

    def clip(self, chunk: Chunk, response: SpeechResponse) -> Clip:
        raise NotImplementedError

    def error(self, response: SpeechResponse, signals: Signals) -> ProviderError:
        return Unavailable("never")


def test_the_fake_is_an_embedded_provider() -> None:
    """The fake of these tests has the protocol's methods."""
    assert isinstance(FakeEngine(), EmbeddedProvider)


async def test_sentences_are_spoken_in_order() -> None:
    """A request is split, spoken sentence by sentence and answered."""
    engine = FakeEngine()
    response = await LocalSender(engine).send(order(), ignored)
    assert engine.events == [("split", ""), ("say", "0 One."), ("say", "1 Two."), ("say", "2 Three."), ("answer", "")]
    assert response.headers["said"] == "One.|Two.|Three."


async def test_the_loop_never_runs_the_engine() -> None:
    """Loading, splitting, speaking and answering all happen in worker threads."""
    engine = FakeEngine()
    sender = LocalSender(engine)
    await sender.warm_up()
    await sender.send(order(), ignored)
    assert len(engine.threads) == 6
    assert threading.get_ident() not in engine.threads


async def test_headers_are_told_once_before_speech() -> None:
    """The gate hears once that the answer has begun, before the first sentence is spoken."""
    engine = FakeEngine()
    heard: list[tuple[Signals, int]] = []
    await LocalSender(engine).send(order(), lambda signals: heard.append((signals, len(engine.events))))
    assert heard == [(Signals(), 1)]


async def test_peaks_are_limited() -> None:
    """What an engine speaks over full scale is under the ceiling in the answer."""
    response = await LocalSender(FakeEngine(peak=1.6)).send(order(), ignored)
    assert np.abs(np.frombuffer(response.body, np.float32)).max() <= 0.813


async def test_requests_take_turns() -> None:
    """Two requests at once are spoken one after the other, each whole."""
    engine = FakeEngine()
    sender = LocalSender(engine)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(sender.send, order("A B"), ignored)
        tasks.start_soon(sender.send, order("C D"), ignored)
    said = [of for what, of in engine.events if what == "say"]
    assert said == ["0 A", "1 B", "0 C", "1 D"]


async def test_a_cancelled_request_ends_with_its_sentence() -> None:
    """Cancelled inside a sentence, a request finishes that sentence, speaks no other and answers nothing."""
    with anyio.CancelScope() as scope:
        engine = FakeEngine(during=lambda sentence: anyio.from_thread.run_sync(scope.cancel))
        await LocalSender(engine).send(order(), ignored)
    assert scope.cancelled_caught
    assert [what for what, _ in engine.events] == ["split", "say"]


async def test_after_a_cancelled_request_the_next_one_speaks() -> None:
    """The turn is given back by a request that is cancelled."""
    engine = FakeEngine()
    sender = LocalSender(engine)
    with anyio.CancelScope() as scope:
        engine.during = lambda sentence: anyio.from_thread.run_sync(scope.cancel)
        await sender.send(order(), ignored)
    engine.during = lambda sentence: None
    assert (await sender.send(order("Again."), ignored)).headers["said"] == "Again."


async def test_what_the_engine_raises_is_raised() -> None:
    """An engine's error goes through, and the turn is given back."""

    def refuse(sentence: str) -> None:
        raise AudioError("nothing was spoken")

    engine = FakeEngine(during=refuse)
    sender = LocalSender(engine)
    for _ in range(2):
        with pytest.raises(AudioError, match="nothing was spoken"):
            await sender.send(order(), ignored)
