"""A digest with a reader: how far buying runs ahead, and what is left behind."""

from __future__ import annotations

import asyncio
import gc
import random
import tracemalloc
import weakref
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from itertools import pairwise
from pathlib import Path

import httpx
import numpy as np
import pytest

from tests.engine.fakes import Heard, Server, buying_of, distinct, heard_hz, means_of, now, patient, to_file
from tts_async.core.exchange import Clip
from tts_async.engine.account import Means
from tts_async.engine.coordinator import Buying
from tts_async.engine.decode import decode
from tts_async.engine.walk import Stretch, stretches
from tts_async.providers.tone import ToneProvider, frequency_hz

AHEAD = 8
ARRAYS: int = np.lib.tracemalloc_domain
"""Under which `tracemalloc` finds what numpy allocates for arrays."""
TEXTS = distinct(40)


@asynccontextmanager
async def reading(means: Means, heard: Heard | None = None) -> AsyncIterator[tuple[Buying, AsyncIterator[Stretch]]]:
    """A digest that is bought while the block reads it, as a Renderer's stream is."""
    buying = buying_of(means, TEXTS, heard, ahead=AHEAD)
    async with asyncio.TaskGroup() as group, aclosing(stretches(buying)) as arriving:
        bought = group.create_task(buying.run())
        try:
            yield buying, arriving
        finally:
            bought.cancel()


async def test_a_slow_reader_holds_buying_back() -> None:
    """Buying is never further ahead of the reader than the window, and never stops within it."""
    server = Server(latency_s=lambda text: 0.5)
    async with means_of(server) as means, reading(means) as (_, arriving):
        number = 0
        async for stretch in arriving:
            await asyncio.sleep(10)
            number = stretch.part.chunk.index
            assert len(server.seen) == min(len(TEXTS), number + AHEAD)
        assert number == len(TEXTS) - 1


async def test_a_reader_who_has_not_begun_holds_buying_back() -> None:
    """Before the first block is asked for, no more than the window is bought."""
    server = Server()
    async with means_of(server) as means, reading(means):
        await asyncio.sleep(100)
        assert len(server.seen) == AHEAD


async def test_the_chunk_that_the_reader_waits_for_is_admissible_though_parked() -> None:
    """A parked chunk that holds up the reader is tried again at once: it would else wait for what waits for it."""
    server = Server(says=lambda text, nth: httpx.Response(500) if text == TEXTS[3] and nth <= 4 else None)
    heard = Heard()
    async with means_of(server) as means, reading(means, heard) as (_, arriving):
        indices = [stretch.part.chunk.index async for stretch in arriving]
    assert indices == list(range(len(TEXTS)))
    assert heard.chunks("parked") == [3]
    assert server.texts.count(TEXTS[3]) == 5


async def test_a_chunk_that_is_parked_before_the_reader_comes() -> None:
    """Within the window, the last pass need not wait for what is behind it."""
    server = Server(says=lambda text, nth: httpx.Response(500) if text == TEXTS[3] and nth <= 4 else None)
    async with means_of(server) as means, reading(means) as (_, arriving):
        await asyncio.sleep(200)
        assert len(server.seen) == AHEAD + 4
        indices = [stretch.part.chunk.index async for stretch in arriving]
    assert indices == list(range(len(TEXTS)))


async def test_the_reader_stops_at_a_gap() -> None:
    """A lost chunk ends the stream before it."""
    server = Server(says=lambda text, nth: httpx.Response(422) if text == TEXTS[3] else None)
    async with means_of(server) as means, reading(means) as (buying, arriving):
        indices = [stretch.part.chunk.index async for stretch in arriving]
        assert buying.backlog.lost == {3}
    assert indices == [0, 1, 2]


async def test_leaving_early_stops_buying() -> None:
    """Whoever leaves a stream early pays for nothing more than what is in flight, and no task is left."""
    server, heard = Server(latency_s=lambda text: 3.0), Heard()
    async with means_of(server) as means:
        async with reading(means, heard) as (_, arriving):
            async for stretch in arriving:
                if stretch.part.chunk.index == 2:
                    break
            left_s, sent = now(), len(server.seen)
            in_flight = server.in_flight
        assert now() - left_s <= 3.01
        assert len(server.seen) == sent
        assert len(await means.store.have([])) == 0
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert means.gate.statistics().in_flight == 0
        await asyncio.sleep(100)
        assert len(server.seen) == sent
        again = buying_of(means, TEXTS)
        await again.run()
        assert len(server.seen) == len(TEXTS), "what was in flight was kept"
    assert in_flight > 0


async def test_no_decoded_audio_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the first of 300 chunks is awaited, the decoded sound of the others is not in memory."""
    sounds: list[weakref.ref[_Sound]] = []
    most = 0

    async def counting(clip: Clip) -> tuple[np.ndarray, int]:
        nonlocal most
        samples, rate_hz = await decode(clip)
        sound = samples.view(_Sound)
        sounds.append(weakref.ref(sound))
        most = max(most, sum(each() is not None for each in sounds))
        return sound, rate_hz

    monkeypatch.setattr("tts_async.engine.walk.decode", counting)
    texts = distinct(300)
    server = Server(latency_s=lambda text: 500.0 if text == texts[0] else 0.1)
    async with means_of(server, provider=ToneProvider(s_per_char=0.1)) as means:
        buying = buying_of(means, texts)
        tracemalloc.start()
        try:
            task = asyncio.create_task(to_file(buying, tmp_path / "out.wav"))
            await asyncio.sleep(300)
            assert buying.record.report.bought == 299
            gc.collect()
            arrays = tracemalloc.take_snapshot().filter_traces([tracemalloc.DomainFilter(True, ARRAYS)])
            waiting, _ = tracemalloc.get_traced_memory()
            tracemalloc.reset_peak()  # Until here it is the server of the test that makes sound.
            await task
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    clip_bytes = 36_000 * 4
    assert len(sounds) == 300
    assert most <= 2
    # The samples themselves: modules, requests and their log are not what is asked for here.
    kept = arrays.statistics("lineno")
    assert sum(each.size for each in kept) < 3 * clip_bytes, kept[:5]
    assert peak - waiting < 50 * clip_bytes


class _Sound(np.ndarray):
    """An array that can be watched."""


async def test_a_long_script_comes_in_order() -> None:
    """Long scripts come in the order of their text, whatever the order they were answered in."""
    dice, count = random.Random(12), 1_500
    texts = [f"sentence {number:06}" for number in range(count)]
    server = Server(latency_s=lambda text: dice.uniform(0, 3))
    settings = patient(workers=100, verdict="off")
    async with means_of(server, provider=ToneProvider(s_per_char=0.002), settings=settings) as means:
        buying = buying_of(means, texts)
        async with asyncio.TaskGroup() as group:
            group.create_task(buying.run())
            parts = [stretch async for stretch in stretches(buying)]
    assert [stretch.part.chunk.index for stretch in parts] == list(range(count))
    frames = [(stretch.part.start_frame, stretch.part.end_frame) for stretch in parts]
    assert all(before[1] == after[0] for before, after in pairwise(frames))
    for index in dice.sample(range(count), 50):
        sound = np.concatenate(parts[index].blocks)
        assert heard_hz(sound) == pytest.approx(frequency_hz(texts[index]), abs=60)
