"""Cancelling a render: what has come is kept, nothing is left over, and it is over in time."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from pathlib import Path

import anyio
import httpx
import pytest

from tests.engine.fakes import distinct, files, patient
from tts_async import Renderer, RenderResult, Settings, generate_digest
from tts_async.engine.shelf import Kept, Shelf, default_folder
from tts_async.testing.fake import Behaviour, FakeSpeech, Latency

KEY = "k-secret-key"
TEXTS = distinct(8)


def left_over(folder: Path) -> list[str]:
    """Temporary files below a folder."""
    return [path.name for path in folder.rglob("*") if ".part" in path.name]


def open_files() -> set[str]:
    """The files of ours that this process has open."""
    found = set()
    for each in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # It is closed meanwhile.
            found.add(str(each.readlink()))
    return {path for path in found if "tts-async" in path or path.endswith(".wav") or "sqlite" in path}


def stored() -> int:
    return sum(1 for path in default_folder().rglob("clips/??/*") if not path.suffix)


async def rendered(client: httpx.AsyncClient, output: Path, settings: Settings) -> RenderResult:
    """A render as a service awaits it."""
    return await generate_digest(
        {"chunks": TEXTS}, output=output, provider="elevenlabs", key=KEY, client=client, settings=settings
    )


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="only Linux tells which files are open")
@pytest.mark.parametrize("step", ["before", "behind"])
@pytest.mark.parametrize("number", [1, 3, 8])
async def test_cancelled_during_a_commit(
    step: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every body that was received is in the store; no task, file or temporary file is left."""
    loop, commits = asyncio.get_running_loop(), 0
    reached, before, put = asyncio.Event(), open_files(), Shelf.put

    def slow(self: Shelf, fingerprint: str, kept: Kept) -> None:
        nonlocal commits
        commits += 1
        if commits == number:
            if step == "behind":
                put(self, fingerprint, kept)
            loop.call_soon_threadsafe(reached.set)
            cancelled.wait(timeout=30)
            if step == "behind":
                return
        put(self, fingerprint, kept)

    cancelled = threading.Event()
    monkeypatch.setattr(Shelf, "put", slow)
    fake = FakeSpeech(Behaviour(latency=Latency(first_s=1.0, noise=0.5)))
    settings = patient(grace_s=20.0)
    async with fake.client() as client:
        task = asyncio.create_task(rendered(client, tmp_path / "out.wav", settings))
        await reached.wait()
        task.cancel()
        cancelled_s = loop.time()
        await asyncio.sleep(0)
        cancelled.set()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert loop.time() - cancelled_s <= settings.grace_s
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert open_files() == before
    assert files(tmp_path) == []
    assert left_over(tmp_path) + left_over(default_folder()) == []
    assert stored() == fake.bill.requests >= number


async def test_what_is_in_flight_is_given_the_grace(tmp_path: Path) -> None:
    """And not more: a server that does not answer is left, and what it may have billed is remembered."""
    fake = FakeSpeech(Behaviour(latency=Latency(first_s=100.0)))
    loop = asyncio.get_running_loop()
    async with fake.client() as client:
        settings = patient(grace_s=3.0, read_timeout_s=500.0)
        task = asyncio.create_task(rendered(client, tmp_path / "out.wav", settings))
        await asyncio.sleep(10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert loop.time() == pytest.approx(13, abs=0.5)
        assert stored() == 0
        fake.behaviour = Behaviour()
        result = await rendered(client, tmp_path / "out.wav", settings)
    assert (result.report.found, result.report.bought) == (5, 3)
    assert fake.bill.requests == 8


async def test_two_digests_overlap_over_one_store(tmp_path: Path) -> None:
    """Neither waits for the other's end: no lock is held over a render."""
    fake = FakeSpeech(Behaviour(latency=Latency(first_s=5.0)))
    loop, spans = asyncio.get_running_loop(), []

    async def one(part: int) -> None:
        began_s = loop.time()
        async with fake.client() as client:
            await generate_digest(
                {"id": str(part), "chunks": TEXTS[part::2]},
                output=tmp_path / f"{part}.wav",
                provider="elevenlabs",
                key=f"{KEY}-{part}",
                client=client,
                settings=patient(workers=1),
            )
        spans.append(loop.time() - began_s)

    async with asyncio.TaskGroup() as group:
        group.create_task(one(0))
        group.create_task(one(1))
    assert fake.most_in_flight == 2
    assert max(spans) < 1.2 * 4 * 5.0


@pytest.mark.parametrize("how", ["render", "render_many"])
async def test_a_cancelled_scope_of_anyio_waits_in_peace(how: str, tmp_path: Path) -> None:
    """What is in flight is waited for, without cancelling that wait again and again: here time would creep then."""
    loop, fake = asyncio.get_running_loop(), FakeSpeech(Behaviour(latency=Latency(first_s=15.0), s_per_char=0.03))
    async with (
        fake.client() as client,
        Renderer("elevenlabs", key=KEY, client=client, settings=patient(workers=2)) as renderer,
    ):
        began_s = loop.time()
        with anyio.move_on_after(0.5) as scope:
            if how == "render":
                await renderer.render({"chunks": TEXTS}, tmp_path / "out.wav")
            else:
                await renderer.render_many([{"chunks": TEXTS[:2]}, {"chunks": TEXTS[2:]}])
        assert scope.cancelled_caught
        assert loop.time() - began_s == pytest.approx(15, abs=0.3)
        assert asyncio.all_tasks() == {asyncio.current_task()}
    assert stored() == fake.bill.requests == 2
    assert left_over(tmp_path) == []
