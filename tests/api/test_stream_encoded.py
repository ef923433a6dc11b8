"""Streams of bytes: the file as it grows, for whoever hands it on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable
from typing import TYPE_CHECKING, TypeVar

import httpx
import numpy as np
import pytest

from tts_async import ConfigError, Event, Renderer, RenderFailed, Settings
from tts_async.core.exchange import Clip
from tts_async.engine.decode import Samples, decoded
from tts_async.engine.encoded import STREAMED
from tts_async.providers.tone import RATE_HZ, ToneProvider

if TYPE_CHECKING:
    from tests.api.conftest import Server

T = TypeVar("T")

QUICK = ToneProvider(s_per_char=0.03)
DIGEST = {"id": "talk", "script": "\n\n".join(f"This is paragraph {number}, and it is short." for number in range(6))}
FINE = Settings(chunk_chars=50, rate_per_s=1)

PADDED = {"mp3": 3 * 1_152}
"""The samples that a format may add to the speech; all others add none."""


def heard(file: bytes, form: str) -> Samples:
    """A whole file of one of the formats, decoded."""
    clip = Clip(audio=file, encoding="pcm_s16le" if form == "pcm" else "file", rate_hz=RATE_HZ)
    samples, rate_hz = decoded(clip)
    assert rate_hz == RATE_HZ
    return samples


def sent(events: list[Event]) -> int:
    return sum(event.kind == "sent" for event in events)


@pytest.mark.parametrize("form", STREAMED)
async def test_the_bytes_are_the_whole_speech(form: str) -> None:
    """Decoded, they are as long as the blocks, and sound like them."""
    async with Renderer(QUICK, settings=Settings(chunk_chars=50)) as renderer:
        async with renderer.stream(DIGEST) as speech:
            blocks = np.concatenate([block async for block in speech])
        async with renderer.stream_encoded(DIGEST, form) as encoded:
            assert (encoded.rate_hz, encoded.media_type) == (RATE_HZ, STREAMED[form])
            pieces = [piece async for piece in encoded]
    assert all(pieces)
    samples = heard(b"".join(pieces), form)
    length = len(blocks)
    assert length <= len(samples) <= length + PADDED.get(form, 0)
    if form in {"wav", "flac", "pcm"}:
        assert np.allclose(samples, blocks, atol=2 / 32768)
    else:
        assert np.std(samples) == pytest.approx(np.std(blocks), rel=0.1)


async def test_mp3_is_what_comes_unasked() -> None:
    """It is what every player takes."""
    async with Renderer(QUICK) as renderer, renderer.stream_encoded(DIGEST) as speech:
        assert speech.media_type == "audio/mpeg"
        assert repr(speech) == f"<EncodedSpeech at {RATE_HZ} Hz>"


@pytest.mark.parametrize("form", STREAMED)
async def test_the_first_bytes_come_before_the_last_chunk_is_bought(form: str) -> None:
    """At one request a second there are bytes after the first second or two; the report says when audio began."""
    loop = asyncio.get_running_loop()
    async with Renderer(QUICK, settings=FINE) as renderer, renderer.stream_encoded(DIGEST, form) as speech:
        assert speech.report.first_audio_s is None
        began_s = loop.time()
        times_s = [loop.time() - began_s async for _ in speech]
    assert times_s[0] < 2.5
    assert times_s[-1] > 4.5
    assert speech.report.first_audio_s is not None
    assert speech.report.first_audio_s < 0.5
    assert (speech.report.bought, speech.report.took_s) == (6, pytest.approx(times_s[-1], abs=0.1))


@pytest.mark.parametrize(
    ("form", "rate_hz", "says"),
    [
        ("opus", 22_050, "cannot hold 22050 Hz"),
        ("mp3", 96_000, "cannot hold 96000 Hz"),
        ("aac", None, "'aac' is no format that can be streamed"),
        (".mp3", None, "'.mp3' is no format"),
    ],
    ids=["opus", "mp3", "unknown", "suffix"],
)
async def test_what_cannot_be_encoded_is_refused_before_anything_is_sent(
    form: str, rate_hz: int | None, says: str, server: Server, client: httpx.AsyncClient
) -> None:
    """A format that is none, and a rate that it cannot hold."""
    settings = Settings(output_rate_hz=rate_hz)
    async with Renderer(QUICK, settings=settings, client=client) as renderer:
        with pytest.raises(ConfigError, match=says):
            async with renderer.stream_encoded(DIGEST, form):
                pass
    assert server.requests == []
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_slow_reader_holds_buying_back() -> None:
    """No more than `stream_ahead` chunks are ever bought past the chunk that is being read."""
    events: list[Event] = []
    settings = Settings(chunk_chars=50, stream_ahead=2)
    async with (
        Renderer(QUICK, settings=settings, on_event=events.append) as renderer,
        renderer.stream_encoded(DIGEST, "pcm") as speech,
    ):
        await asyncio.sleep(600)
        assert sent(events) == 0
        async for _ in speech:
            await asyncio.sleep(600)
            read = sum(event.kind == "written" for event in events)
            assert sent(events) <= read + 2
    assert sent(events) == 6


@pytest.mark.parametrize("form", STREAMED)
async def test_a_reader_who_leaves_stops_buying_and_leaves_no_task(form: str) -> None:
    """The rest is never sent, and what was bought need not be bought again."""
    events: list[Event] = []
    async with Renderer(QUICK, settings=FINE, on_event=events.append) as renderer:
        async with renderer.stream_encoded(DIGEST, form) as speech:
            async for _ in speech:
                break
        assert asyncio.all_tasks() == {asyncio.current_task()}
        before = sent(events)
        await asyncio.sleep(60)
        assert sent(events) == before < 6
        result = await renderer.render(DIGEST)
    assert result.report.here == before
    assert sent(events) == 6


async def test_a_reader_who_is_cancelled_leaves_no_task() -> None:
    """At whatever moment: while nothing is there yet, while it encodes, and while it waits."""
    for after_s in (0.0, 0.000_01, 0.5, 1.0, 2.25, 4.0):
        async with Renderer(QUICK, settings=FINE, store=False) as renderer:

            async def listen(renderer: Renderer) -> None:
                async with renderer.stream_encoded(DIGEST, "flac") as speech:
                    async for _ in speech:
                        await asyncio.sleep(0.1)

            listening = asyncio.create_task(listen(renderer))
            await asyncio.sleep(after_s)
            listening.cancel()
            with pytest.raises(asyncio.CancelledError):
                await listening
            assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize("form", STREAMED)
async def test_a_missing_chunk_is_told_after_all_that_is_before_it(
    form: str, server: Server, client: httpx.AsyncClient
) -> None:
    """The bytes until then are a whole file of what could be heard."""
    server.refuses = ["paragraph 3"]
    pieces: list[bytes] = []
    blocks: list[Samples] = []
    async with Renderer(QUICK, settings=Settings(chunk_chars=50), client=client) as renderer:
        async with renderer.stream_encoded(DIGEST, form) as encoded:
            with pytest.raises(RenderFailed, match="chunk 3"):
                await all_into(pieces, encoded)
        async with renderer.stream(DIGEST) as speech:
            with pytest.raises(RenderFailed):
                await all_into(blocks, speech)
    frames = sum(map(len, blocks))
    assert frames > 3 * RATE_HZ
    assert frames <= len(heard(b"".join(pieces), form)) <= frames + PADDED.get(form, 0)


@pytest.mark.parametrize("form", STREAMED)
async def test_a_missing_first_chunk_is_told_before_any_byte(
    form: str, server: Server, client: httpx.AsyncClient
) -> None:
    """So that a service can still answer with an error."""
    server.refuses = ["paragraph 0"]
    pieces: list[bytes] = []
    async with (
        Renderer(QUICK, settings=Settings(chunk_chars=50), client=client) as renderer,
        renderer.stream_encoded(DIGEST, form) as speech,
    ):
        with pytest.raises(RenderFailed, match="chunk 0"):
            await all_into(pieces, speech)
    assert pieces == []


async def all_into(pieces: list[T], speech: AsyncIterable[T]) -> None:
    """Read to the end, or to an error."""
    async for piece in speech:
        pieces.append(piece)  # noqa: PERF401  # what came before an error counts


async def test_the_same_digest_is_the_same_bytes() -> None:
    """Twice, and for every format: what a cache between may rely on."""
    async with Renderer(QUICK) as renderer:
        for form in STREAMED:
            first, second = [await _all(renderer, form) for _ in range(2)]
            assert first == second


async def _all(renderer: Renderer, form: str) -> bytes:
    async with renderer.stream_encoded(DIGEST, form) as speech:
        return b"".join([piece async for piece in speech])


async def test_the_first_audio_counts_when_it_is_handed_out() -> None:
    """Not when the reader comes back for more; both kinds of stream say so."""
    async with Renderer(QUICK, settings=FINE) as renderer, renderer.stream(DIGEST) as speech:
        async for _ in speech:
            await asyncio.sleep(30)
            break
        assert speech.report.first_audio_s is not None
        assert speech.report.first_audio_s < 0.5
