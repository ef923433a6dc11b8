"""Real processes killed at random moments: what was paid for is never lost, and never paid for twice."""

# ruff: noqa: ASYNC110, ASYNC240  # A test that watches other processes polls, and may block.

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.engine.fakes import distinct
from tts_async.testing.fake import Behaviour, FakeSpeech, Latency
from tts_async.testing.fake.serve import serving

pytestmark = [pytest.mark.real_time, pytest.mark.timeout(180, func_only=True)]

CHUNKS, KILLS, WORKERS = 40, 30, 4


async def started(url: str, *more: str, provider: str = "elevenlabs") -> asyncio.subprocess.Process:
    """A render of the digest in a process of its own."""
    environment = {**os.environ, "ELEVENLABS_API_KEY": "a-secret-key", "OPENAI_API_KEY": "a-secret-key"}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tts_async", "render", "d.json", "--provider", f"{provider}+{url}"),
        *("--workers", str(WORKERS), "--rate", "1000", "--quiet", *more),
        env=environment,
        stderr=asyncio.subprocess.PIPE,
    )


def stored(home: Path) -> dict[str, bytes]:
    """Every clip that is whole in the store, by its fingerprint."""
    folder = home.rglob("clips/??/*")
    return {path.name: path.read_bytes() for path in folder if not path.suffix}


def write_digest(texts: Sequence[str] = distinct(CHUNKS), name: str = "d.json") -> None:
    Path(name).write_text(json.dumps({"id": name, "chunks": texts}), encoding="utf-8")


@pytest.mark.parametrize(("provider", "most"), [("elevenlabs", KILLS), ("openai", KILLS // 3)])
async def test_thirty_kills(nobodys_home: Path, provider: str, most: int) -> None:
    """After every kill the next run goes on, and nothing that came is bought twice; nor is, with a history, what was in flight.

    Digests of 40 chunks follow one another until so many renders were killed, at any moment from their first request on.
    """
    dice, kills, digests = random.Random(5), 0, 0
    fake = FakeSpeech(Behaviour(latency=Latency(first_s=0.4, noise=0.5), s_per_char=0.03))
    async with serving(fake) as url:
        while kills < most:
            write_digest(distinct(CHUNKS * (digests + 1))[-CHUNKS:])
            before = stored(nobodys_home)
            while await killed(url, fake, dice.uniform(0, dice.choice([0.25, 2.0])), provider):
                kills += 1
                now = stored(nobodys_home)
                assert {name: now.get(name) for name in before} == before
                before = now
                while fake.in_flight:
                    await asyncio.sleep(0.01)
            digests += 1
            assert len(stored(nobodys_home)) == CHUNKS * digests
            Path("d.wav").unlink()
    again = WORKERS * kills if provider == "openai" else 0
    assert CHUNKS * digests <= fake.bill.requests <= CHUNKS * digests + again
    assert list(nobodys_home.rglob("*.bad")) == []


async def killed(url: str, fake: FakeSpeech, after_s: float, provider: str) -> bool:
    """Start a render and kill it so long after its first request; false where it had come to its end."""
    asked = len(fake.requests)
    process = await started(url, provider=provider)
    while len(fake.requests) == asked and process.returncode is None:
        await asyncio.sleep(0.01)
    await asyncio.sleep(after_s)
    if process.returncode is None:
        process.kill()
    _, errors = await process.communicate()
    if process.returncode == 0:
        assert errors == b""
        return False
    assert process.returncode == -signal.SIGKILL
    return True


async def test_a_second_render_buys_nothing() -> None:
    """Another process with the same store sends no request, and its file is the same, byte for byte."""
    write_digest(distinct(5))
    fake = FakeSpeech(Behaviour(s_per_char=0.03))
    async with serving(fake) as url:
        for name in ("one.wav", "two.wav", "one.flac", "two.flac", "one.ogg", "two.ogg", "one.mp3", "two.mp3"):
            process = await started(url, "-o", name)
            assert await process.wait() == 0
    assert fake.bill.requests == 5
    for kind in ("wav", "flac", "ogg", "mp3"):
        assert Path(f"one.{kind}").read_bytes() == Path(f"two.{kind}").read_bytes()


async def test_two_processes_at_once() -> None:
    """They share the purchases: the bill is one digest, and both files are whole."""
    write_digest(distinct(20))
    fake = FakeSpeech(Behaviour(latency=Latency(first_s=0.2), s_per_char=0.03))
    async with serving(fake) as url:
        processes = [await started(url, "-o", name) for name in ("one.wav", "two.wav")]
        assert [await process.wait() for process in processes] == [0, 0]
    assert fake.bill.requests == 20
    assert Path("one.wav").read_bytes() == Path("two.wav").read_bytes()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "SIGTERM"])
async def test_a_polite_stop(number: signal.Signals, code: int, nobodys_home: Path) -> None:
    """No new request leaves, what is in flight is kept, no part of a file is left, and the last line says how to go on."""
    write_digest()
    fake = FakeSpeech(Behaviour(latency=Latency(first_s=0.5), s_per_char=0.03))
    async with serving(fake) as url:
        process = await started(url)
        while fake.bill.requests < 6:
            await asyncio.sleep(0.01)
        asked = fake.bill.requests
        process.send_signal(number)
        _, errors = await process.communicate()
    assert process.returncode == code
    assert fake.bill.requests <= asked + 3  # Those of its wave may have been on their way.
    assert len(stored(nobodys_home)) == fake.bill.requests
    assert errors.decode().strip().splitlines()[-1].startswith("Interrupted: what was bought is kept")
    assert [path.name for path in Path().iterdir()] == ["d.json"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
async def test_a_second_one_stops_at_once(number: signal.Signals) -> None:
    """Whoever does not want to wait for what is in flight does not have to."""
    write_digest()
    fake = FakeSpeech(Behaviour(latency=Latency(first_s=60.0)))
    async with serving(fake) as url:
        process = await started(url)
        while fake.bill.requests < 4:
            await asyncio.sleep(0.01)
        process.send_signal(number)
        await asyncio.sleep(0.5)
        assert process.returncode is None
        process.send_signal(number)
        async with asyncio.timeout(5):
            _, errors = await process.communicate()
    assert process.returncode == {signal.SIGINT: 130, signal.SIGTERM: 143}[number]
    assert b"Traceback" not in errors
