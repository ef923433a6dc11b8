"""Streams: the same speech as in the file, as it comes."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import anyio
import httpx
import numpy as np
import pytest

from tts_async import Event, Renderer, RenderFailed, Settings
from tts_async.api.ledger import list_store
from tts_async.engine.disk import DiskStore
from tts_async.engine.shelf import default_folder
from tts_async.providers.tone import RATE_HZ, ToneProvider

if TYPE_CHECKING:
    from tests.api.conftest import Server

QUICK = ToneProvider(s_per_char=0.03)
DIGEST = {"id": "talk", "script": "\n\n".join(f"This is paragraph {number}, and it is short." for number in range(6))}
FINE = Settings(chunk_chars=50, rate_per_s=1)


@pytest.mark.parametrize("output_rate_hz", [None, 16_000], ids=["as spoken", "resampled"])
async def test_a_stream_is_the_file_in_pieces(output_rate_hz: int | None) -> None:
    """Its rate is known at once, and its blocks are the file's samples, but for 16 bits."""
    settings = Settings(chunk_chars=50, output_rate_hz=output_rate_hz, loudness="none")
    async with Renderer(QUICK, settings=settings) as renderer:
        async with renderer.stream(DIGEST) as speech:
            assert speech.rate_hz == (output_rate_hz or RATE_HZ)
            blocks = [block async for block in speech]
        result = await renderer.render(DIGEST)
    assert {block.dtype for block in blocks} == {np.dtype(np.float32)}
    assert np.allclose(np.concatenate(blocks), result.read(), atol=2 / 32768)


async def test_the_first_block_comes_long_before_the_last_chunk() -> None:
    """At one request a second, the speech begins after the first."""
    loop = asyncio.get_running_loop()
    async with Renderer(QUICK, settings=FINE) as renderer, renderer.stream(DIGEST) as speech:
        began_s = loop.time()
        heard_s = [loop.time() - began_s async for _ in speech]
    assert heard_s[0] < 0.5
    assert heard_s[-1] > 4.5


async def test_leaving_early_stops_buying_and_leaves_no_task() -> None:
    """The rest is never sent."""
    events: list[Event] = []
    async with Renderer(QUICK, settings=FINE, on_event=events.append) as renderer:
        async with renderer.stream(DIGEST) as speech:
            async for _ in speech:
                break
        assert asyncio.all_tasks() == {asyncio.current_task()}
        sent = sum(event.kind == "sent" for event in events)
        await asyncio.sleep(60)
        assert sum(event.kind == "sent" for event in events) == sent < 6


async def test_leaving_by_a_cancelled_scope_waits_in_peace() -> None:
    """What is in flight is waited for, without cancelling that wait again and again: here time would creep then."""

    async def slow(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(15)
        answer = QUICK.answer(request.url.path, json.loads(request.content))
        return httpx.Response(answer.status, headers=dict(answer.headers), content=answer.body)

    loop = asyncio.get_running_loop()
    async with (
        httpx.AsyncClient(transport=httpx.MockTransport(slow)) as client,
        Renderer(QUICK, settings=FINE, client=client) as renderer,
    ):
        with anyio.move_on_after(0.5):
            async with renderer.stream(DIGEST) as speech:
                async for _ in speech:
                    pass
        assert loop.time() == pytest.approx(15, abs=0.2)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert (await renderer.estimate(DIGEST)).here == 1


async def test_never_reading_is_no_mistake() -> None:
    """The block can be left at once."""
    async with Renderer(QUICK) as renderer, renderer.stream(DIGEST):
        pass
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_an_error_of_the_reader_comes_out_as_it_is() -> None:
    """It is neither wrapped nor lost."""

    async def trip() -> None:
        async with Renderer(QUICK) as renderer, renderer.stream(DIGEST) as speech:
            async for _ in speech:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await trip()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_stream_breaks_off_at_a_missing_chunk(server: Server, client: httpx.AsyncClient) -> None:
    """What is before it is heard, then the error says what is missing."""
    server.refuses = ["paragraph 3"]
    fine, frames = Settings(chunk_chars=50), 0

    async def listen() -> None:
        nonlocal frames
        async with Renderer(QUICK, settings=fine, client=client) as renderer, renderer.stream(DIGEST) as speech:
            async for block in speech:
                frames += len(block)

    with pytest.raises(RenderFailed, match="chunk 3"):
        await listen()
    assert frames > 0


async def test_a_slow_reader_holds_buying_back() -> None:
    """No more than `stream_ahead` chunks are bought past it."""
    events: list[Event] = []
    settings = Settings(chunk_chars=50, stream_ahead=2)
    async with (
        Renderer(QUICK, settings=settings, on_event=events.append) as renderer,
        renderer.stream(DIGEST) as speech,
    ):
        await asyncio.sleep(600)
        assert sum(event.kind == "sent" for event in events) <= 3
        async for _ in speech:
            pass
    assert sum(event.kind == "sent" for event in events) == 6


@pytest.mark.parametrize("damaged", [[0], [1, 3], [5]], ids=["first", "two", "last"])
async def test_a_damaged_clip_is_bought_again(damaged: list[int]) -> None:
    """In the middle of a stream, too: the reader gets all of it, once, and a warning says why it took longer."""
    async with Renderer(QUICK, settings=FINE) as renderer, renderer.stream(DIGEST) as speech:
        whole = np.concatenate([block async for block in speech])
    rows = await list_store()  # As they were bought, which was one by one.
    for index in damaged:
        path = DiskStore(default_folder()).shelf.path(rows[index].fingerprint)
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    async with Renderer(QUICK, settings=FINE) as renderer, renderer.stream(DIGEST) as speech:
        again = np.concatenate([block async for block in speech])
    assert np.array_equal(again, whole)
    assert speech.report.bought == len(damaged)
    assert any("damaged" in warning for warning in speech.report.warnings)
