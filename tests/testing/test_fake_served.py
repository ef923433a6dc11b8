"""The fake as an ASGI application, and as a server on this machine."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.engine.fakes import now
from tests.testing.asking import KEY, SPEECH, speak
from tts_async.errors import ConfigError
from tts_async.testing.fake import Behaviour, ConnectionBroken, FakeSpeech, Fault, Latency
from tts_async.testing.fake.serve import serving

HELLO = {"text": "Hello there."}
STREAM = f"{SPEECH}/stream"


async def posted(url: str, path: str = SPEECH, timeout_s: float = 10) -> httpx.Response:
    async with httpx.AsyncClient(base_url=url, headers=KEY, timeout=timeout_s) as client:
        return await client.post(path, json=HELLO)


async def until_free(fake: FakeSpeech) -> None:
    """The server hears a moment later that a client is gone."""
    async with asyncio.timeout(5):
        while fake.in_flight:  # noqa: ASYNC110  # the server has no other way to tell
            await asyncio.sleep(0.01)


@pytest.fixture
async def asgi() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(FakeSpeech(Behaviour(latency=Latency(first_s=3))).asgi)
    async with httpx.AsyncClient(transport=transport, base_url="http://fake", headers=KEY) as client:
        yield client


async def test_an_asgi_server_gets_what_a_client_gets(asgi: httpx.AsyncClient) -> None:
    """Path, query, headers and body go in, all of them come out, at the same time on the clock."""
    path = f"{STREAM}?output_format=mp3_44100_64"
    answer = await asgi.post(path, json=HELLO)
    assert now() == pytest.approx(3, abs=0.01)
    in_process = await speak(FakeSpeech(), HELLO["text"], path=STREAM, output="mp3_44100_64")
    names = in_process.headers.keys() - {"date"}
    assert answer.headers.keys() - {"date"} == names
    assert {answer.headers[name] for name in names - {"tts-latency-ms"}} == {
        in_process.headers[name] for name in names - {"tts-latency-ms"}
    }
    assert answer.content == in_process.content
    assert (await asgi.get("/v1/nothing")).json() == {"detail": "Not Found"}


async def test_an_asgi_server_is_told_of_a_broken_connection() -> None:
    """By the exception, after what came before it."""
    fake = FakeSpeech(Behaviour(faults=(Fault(kind="cut"),)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(fake.asgi), base_url="http://fake") as client:
        with pytest.raises(ConnectionBroken):
            await client.post(SPEECH, headers=KEY, json=HELLO)
    assert fake.in_flight == 0


async def test_an_asgi_server_may_ask_for_its_life() -> None:
    """Startup and shutdown are confirmed, what is no HTTP is refused."""
    sent: list[str] = []
    asked = iter(["lifespan.startup", "lifespan.shutdown"])

    async def receive() -> dict[str, str]:
        return {"type": next(asked)}

    async def send(message: object) -> None:
        assert isinstance(message, dict)
        sent.append(message["type"])

    await FakeSpeech().asgi({"type": "lifespan"}, receive, send)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    with pytest.raises(NotImplementedError, match="websocket"):
        await FakeSpeech().asgi({"type": "websocket"}, receive, send)


@pytest.mark.real_time
async def test_a_server_answers_over_a_socket() -> None:
    """Whole bodies with a length, streams in chunks; the address is free again afterwards."""
    fake = FakeSpeech(Behaviour(concurrency=2))
    async with serving(fake) as url:
        whole, stream = await posted(url), await posted(url, STREAM)
    assert url.startswith("http://127.0.0.1:")
    assert whole.headers["content-length"] == str(len(whole.content))
    assert stream.headers["transfer-encoding"] == "chunked"
    assert [answer.headers.get_list("date") for answer in (whole, stream)] == [[whole.headers["date"]]] * 2
    assert (fake.bill.requests, fake.in_flight) == (2, 0)
    with pytest.raises(httpx.ConnectError):
        await posted(url)


@pytest.mark.real_time
async def test_what_the_block_raises_comes_out_of_it() -> None:
    """As it is, in no group."""
    with pytest.raises(ZeroDivisionError):
        async with serving(FakeSpeech()):
            raise ZeroDivisionError


@pytest.mark.real_time
@pytest.mark.parametrize("kind", ["cut", "cut_chunked", "reset_within", "reset_before", "connect_error"])
@pytest.mark.parametrize("path", [SPEECH, STREAM], ids=["whole", "stream"])
async def test_broken_connections_break_over_a_socket(kind: str, path: str) -> None:
    """The client sees that the body is not whole; the server goes on."""
    fake = FakeSpeech(Behaviour(faults=(Fault(kind=kind, requests=(1,)),)))
    async with serving(fake) as url:
        with pytest.raises(httpx.RemoteProtocolError):
            await posted(url, path)
        assert (await posted(url, path)).status_code == 200
        await until_free(fake)


@pytest.mark.real_time
async def test_a_client_that_hangs_up_gives_its_slot_back() -> None:
    """Even while the answer would never come."""
    fake = FakeSpeech(Behaviour(concurrency=1, faults=(Fault(kind="hang", requests=(1,)),)))
    async with serving(fake) as url:
        with pytest.raises(httpx.ReadTimeout):
            await posted(url, timeout_s=0.2)
        await until_free(fake)
        assert (await posted(url)).status_code == 200
    assert fake.bill.requests == 2


@pytest.mark.real_time
async def test_a_server_does_not_wait_for_what_hangs() -> None:
    """Leaving the block cuts off what is still being answered."""
    fake = FakeSpeech(Behaviour(faults=(Fault(kind="hang"),)))
    async with asyncio.timeout(5):
        async with serving(fake) as url:
            asked = asyncio.create_task(posted(url))
            while not fake.in_flight:  # noqa: ASYNC110  # nothing tells that the request has arrived
                await asyncio.sleep(0.01)
        assert (await asked).is_server_error
    assert fake.in_flight == 0


@pytest.mark.real_time
async def test_without_uvicorn_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """And how to get it."""
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(ConfigError, match=r"pip install 'tts-async\[fake\]'"):
        async with serving(FakeSpeech()):
            pass
