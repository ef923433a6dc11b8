"""What Renderers with one provider and key share, and who closes it."""

from __future__ import annotations

from contextlib import AsyncExitStack

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.engine.fakes import KeyedTones, Server, patient
from tts_async.core.exchange import SpeechRequest, SpeechResponse
from tts_async.core.plan import Capabilities
from tts_async.engine.account import _ACCOUNTS, borrow, in_flight
from tts_async.engine.client import HttpSender
from tts_async.engine.local import LocalSender
from tts_async.errors import ConfigError
from tts_async.providers.tone import ToneProvider

LINES = [{"text": "hello", "voice": "tone"}]
REQUEST = SpeechRequest(origin="t", path="/speak", body={"lines": LINES, "s_per_char": 0.01}, chars=5)


class Embedded:
    """An engine of this process that can do two things at once."""

    name = "embedded"
    capabilities = Capabilities(max_size=100, rate_hz=8_000, voices={"one": ""}, at_once=2)

    def request(self) -> None: ...

    def clip(self) -> None: ...

    def error(self) -> None: ...

    def warm_up(self) -> None: ...

    def sentences(self, request: SpeechRequest) -> list[str]:
        return []

    def say(self, request: SpeechRequest, number: int, sentence: str) -> NDArray[np.float32]:
        return np.zeros(1, np.float32)

    def response(self, request: SpeechRequest, sentences: object, pieces: object) -> SpeechResponse:
        return SpeechResponse(status=200, headers={}, body=b"")


async def test_one_gate_for_one_key() -> None:
    """The same provider and key share a gate and a client; another key, or another server, does not."""

    class Elsewhere(KeyedTones):
        base_url = "https://elsewhere.test"

    settings = patient()
    async with (
        borrow(KeyedTones(), key="a", settings=settings) as (first, sender),
        borrow(KeyedTones(), key="a", settings=settings) as (same, again),
        borrow(KeyedTones(), key="b", settings=settings) as (other, _),
        borrow(Elsewhere(), key="a", settings=settings) as (third, _),
    ):
        assert first is same
        assert len({first, other, third}) == 3
        assert isinstance(sender, HttpSender)
        assert isinstance(again, HttpSender)
        assert sender._client is again._client


async def test_the_last_borrower_closes() -> None:
    """The client is open as long as somebody uses it, then closed; the next one gets a new gate."""
    async with AsyncExitStack() as late:
        async with borrow(ToneProvider(), key=None, settings=patient()) as (gate, sender):
            other_gate, _ = await late.enter_async_context(borrow(ToneProvider(), key=None, settings=patient()))
        assert isinstance(sender, HttpSender)
        assert gate is other_gate
        assert not sender._client.is_closed
    assert sender._client.is_closed
    async with borrow(ToneProvider(), key=None, settings=patient()) as (fresh, _):
        assert fresh is not gate


async def test_an_error_closes_too() -> None:
    """A borrower that fails gives back what it borrowed."""
    with pytest.raises(ZeroDivisionError):
        async with borrow(ToneProvider(), key=None, settings=patient()) as (_, sender):
            raise ZeroDivisionError
    assert isinstance(sender, HttpSender)
    assert sender._client.is_closed
    assert not any(_ACCOUNTS.values())


async def test_an_address_that_is_refused_leaves_no_account() -> None:
    """What fails while it is borrowed is not counted as borrowed."""
    elsewhere = KeyedTones()
    elsewhere.base_url = "ftp://tones.invalid"
    with pytest.raises(ConfigError):
        async with borrow(elsewhere, key="k", settings=patient()):
            pass
    assert not any(_ACCOUNTS.values())


async def test_a_client_that_is_passed_in_stays_open() -> None:
    """It is used, no other is made, and it is left open."""
    server = Server()
    async with server.client() as client:
        async with borrow(ToneProvider(), key=None, settings=patient(), client=client) as (_, sender):
            assert (await sender.send(REQUEST, lambda signals: None)).status == 200
            (account,) = (each for accounts in _ACCOUNTS.values() for each in accounts.values())
            assert account.client is None
        assert not client.is_closed
    assert len(server.seen) == 1


async def test_settings_of_a_renderer_are_its_own() -> None:
    """The second borrower's timeouts do not depend on who came first."""
    server = Server()
    async with (
        server.client() as client,
        borrow(ToneProvider(), key=None, settings=patient(read_timeout_s=70), client=client) as (_, impatient),
        borrow(ToneProvider(), key=None, settings=patient(read_timeout_s=500), client=client) as (_, other),
    ):
        for sender in (impatient, other):
            await sender.send(REQUEST, lambda signals: None)
    assert [request.extensions["timeout"]["read"] for request in server.requests] == [70, 500]
    assert server.requests[0].extensions["timeout"]["pool"] is None


async def test_an_embedded_engine() -> None:
    """It is sent to in threads, as much at once as it can do, one sender for all: it holds the engine's turn."""
    engine = Embedded()
    async with (
        borrow(engine, key=None, settings=patient(workers=50)) as (gate, sender),  # type: ignore[arg-type]
        borrow(engine, key=None, settings=patient()) as (_, same),  # type: ignore[arg-type]
    ):
        assert isinstance(sender, LocalSender)
        assert sender is same
        assert gate.statistics().limit == 2


async def test_neither_a_server_nor_an_engine() -> None:
    """A provider with neither protocol is a `ConfigError`."""

    class Neither:
        name = "neither"
        capabilities = ToneProvider.capabilities

    with pytest.raises(ConfigError, match="'neither' is neither"):
        async with borrow(Neither(), key=None, settings=patient()):  # type: ignore[arg-type]
            pass


@pytest.mark.parametrize(
    ("workers", "at_once", "expected"), [(None, None, 32), (9, None, 9), (None, 1, 1), (9, 2, 2), (1, 2, 1)]
)
def test_how_many_at_once(workers: int | None, at_once: int | None, expected: int) -> None:
    """The setting, else what can be found, and never more than the engine can do."""

    class Limited(ToneProvider):
        capabilities = Capabilities(max_size=1, rate_hz=8_000, voices={}, at_once=at_once)

    assert in_flight(Limited(), patient(workers=workers)) == expected


async def test_representations() -> None:
    """A sender says where it sends, and nothing else."""
    async with httpx.AsyncClient() as client:
        assert repr(HttpSender(KeyedTones(), client, key="k", settings=patient())) == (
            "<HttpSender to https://speech.test>"
        )


async def test_the_lowest_rate_holds_for_all() -> None:
    """The service counts what comes from a key: a Renderer that wants it slower is heard, for as long as it is open."""
    fast, slow = patient(rate_per_s=50.0), patient(rate_per_s=2.0)
    async with borrow(ToneProvider(), key=None, settings=fast) as (gate, _):
        assert gate.law.rate_per_s == 50
        async with borrow(ToneProvider(), key=None, settings=slow) as (same, _):
            assert same is gate
            assert gate.law.rate_per_s == 2
        assert gate.law.rate_per_s == 50
