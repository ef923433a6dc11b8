"""The example that streams over HTTP, behind a real server and with listeners that leave."""

from __future__ import annotations

import asyncio
import importlib.util
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tts_async import Renderer, Settings
from tts_async.providers.tone import ToneProvider

if TYPE_CHECKING:
    from tests.api.conftest import Server

EXAMPLE = Path(__file__).parents[2] / "examples" / "http_stream.py"
QUICK = ToneProvider(s_per_char=0.03)
CHUNKS = 40
DIGEST = {
    "id": "talk",
    "script": "\n\n".join(f"This is paragraph {number}, and it is short." for number in range(CHUNKS)),
}


@asynccontextmanager
async def radio(client: httpx.AsyncClient, rate_per_s: float) -> AsyncIterator[tuple[Renderer, Any]]:
    """The example's application, with a digest of ours."""
    spec = importlib.util.spec_from_file_location("http_stream", EXAMPLE)
    assert spec
    assert spec.loader
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    settings = Settings(chunk_chars=50, rate_per_s=rate_per_s)
    async with Renderer(QUICK, settings=settings, client=client) as renderer:
        yield renderer, example.Radio(renderer, DIGEST)


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[str]:
    uvicorn = pytest.importorskip("uvicorn")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="critical", ws="none"))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving


async def test_the_answer_is_the_stream(client: httpx.AsyncClient) -> None:
    """All of its bytes, and what they are."""
    async with radio(client, 1_000) as (renderer, app):
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as listener:
            answer = await listener.get("/")
        async with renderer.stream_encoded(DIGEST) as speech:
            whole = b"".join([piece async for piece in speech])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/mpeg")
    assert answer.content == whole


@pytest.mark.parametrize(("paragraph", "status"), [(0, 500), (3, None)], ids=["the first", "a later one"])
@pytest.mark.real_time
async def test_an_error_is_a_status_or_a_broken_answer(
    server: Server, client: httpx.AsyncClient, paragraph: int, status: int | None
) -> None:
    """Never an answer that looks whole."""
    server.refuses = [f"paragraph {paragraph},"]
    async with (
        radio(client, 1_000) as (_, app),
        served(app) as address,
        httpx.AsyncClient(timeout=10) as listener,
    ):
        if status:
            assert (await listener.get(address)).status_code == status
        else:
            with pytest.raises(httpx.RemoteProtocolError):
                await listener.get(address)


@pytest.mark.real_time
async def test_a_listener_who_leaves_stops_the_buying(server: Server, client: httpx.AsyncClient) -> None:
    """No task is left, nothing more is sent, and what was bought is there for the next listener."""
    async with radio(client, 10) as (renderer, app), served(app) as address:
        async with httpx.AsyncClient(timeout=10) as listener:
            before = asyncio.all_tasks()
            async with listener.stream("GET", address) as answer:
                await anext(answer.aiter_bytes())
                assert len(server.requests) < CHUNKS
        async with asyncio.timeout(5):
            while asyncio.all_tasks() - before:  # noqa: ASYNC110  # the server has no other way to tell
                await asyncio.sleep(0.01)
        bought = len(server.requests)
        await asyncio.sleep(0.5)  # So long, five more would have been sent.
        assert len(server.requests) == bought < CHUNKS / 2
        assert (await renderer.estimate(DIGEST)).here == bought
