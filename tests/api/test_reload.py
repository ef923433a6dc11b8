"""Settings that change while a Renderer is open."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from tests.api.conftest import Server
from tts_async.api.render import Renderer
from tts_async.api.settings import SettingsSources
from tts_async.errors import BudgetError, ConfigError, RenderFailed
from tts_async.settings import Settings

CHUNKS = 120
DIGEST = {"id": "long", "chunks": [f"Sentence number {number}." for number in range(CHUNKS)]}


class Slow(Server):
    """Takes a second for each request, and counts how many it has at once."""

    def __init__(self) -> None:
        super().__init__()
        self.at_once = 0
        self.seen: list[tuple[float, int]] = []
        self._goal = asyncio.Condition()
        self.reads: list[float] = []

    async def answer(self, request: httpx.Request) -> httpx.Response:
        self.at_once += 1
        self.seen.append((asyncio.get_running_loop().time(), self.at_once))
        self.reads.append(request.extensions["timeout"]["read"])
        async with self._goal:
            self._goal.notify_all()
        await asyncio.sleep(1)
        self.at_once -= 1
        return self(request)

    async def reach(self, requests: int) -> None:
        """Wait until it was asked so often."""
        async with self._goal:
            await self._goal.wait_for(lambda: len(self.seen) >= requests)


async def test_the_pace_follows_and_nothing_is_lost(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """More workers, then one: each chunk is asked for once, and all are there."""
    server = Slow()
    monkeypatch.setenv("TTS_ASYNC_WORKERS", "2")
    monkeypatch.setenv("TTS_ASYNC_RATE_PER_S", "50")
    settings = (await SettingsSources().read()).settings
    async with (
        httpx.AsyncClient(transport=httpx.MockTransport(server.answer)) as client,
        Renderer("tone", settings=settings, client=client, store=False) as renderer,
        asyncio.TaskGroup() as group,
    ):
        work = group.create_task(renderer.render(DIGEST, tmp_path / "out.wav"))
        await server.reach(20)
        monkeypatch.setenv("TTS_ASYNC_WORKERS", "6")
        monkeypatch.setenv("TTS_ASYNC_READ_TIMEOUT_S", "700")
        await renderer.reload_settings()
        first = len(server.seen)
        await server.reach(80)
        monkeypatch.setenv("TTS_ASYNC_WORKERS", "1")
        await renderer.reload_settings()
        second = len(server.seen)
    assert max(count for _, count in server.seen[:first]) == 2
    assert max(count for _, count in server.seen[first:second]) == 6
    assert max(count for _, count in server.seen[second:]) == 1
    assert (server.reads[0], server.reads[-1]) == (60, 700)
    assert len(server.seen) == CHUNKS
    assert work.result().report.bought == CHUNKS


async def test_the_rate_follows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """From two a second to forty."""
    server = Slow()
    monkeypatch.setenv("TTS_ASYNC_RATE_PER_S", "2")
    settings = (await SettingsSources(explicit={"workers": 30}).read()).settings
    async with (
        httpx.AsyncClient(transport=httpx.MockTransport(server.answer)) as client,
        Renderer("tone", settings=settings, client=client, store=False) as renderer,
        asyncio.TaskGroup() as group,
    ):
        group.create_task(renderer.render(DIGEST, tmp_path / "out.wav"))
        await server.reach(10)
        monkeypatch.setenv("TTS_ASYNC_RATE_PER_S", "40")
        monkeypatch.setenv("TTS_ASYNC_WORKERS", "1")
        await renderer.reload_settings()
        reloaded = len(server.seen)
    times = [at for at, _ in server.seen]
    assert times[9] - times[0] >= 4
    assert (
        times[-1] - times[reloaded + 1] < 6
    )  # 120 at 40 a second; one worker would take 100 s: what was explicit stays.


async def test_what_can_be_heard_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """And what would be bought does, too."""
    async with Renderer("tone", settings=Settings(), store=False) as renderer:
        monkeypatch.setenv("TTS_ASYNC_CHUNK_CHARS", "10")
        monkeypatch.setenv("TTS_ASYNC_PAUSES_SPEAKER_MS", "1")
        monkeypatch.setenv("TTS_ASYNC_MAX_COST_USD", "3")
        found = await renderer.reload_settings()
        assert found.settings.chunk_chars == 10
        assert renderer.settings == Settings(max_cost_usd=3)


async def test_a_budget_follows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What was too dear may be rendered after."""
    monkeypatch.setenv("TTS_ASYNC_MAX_CHARS", "5")
    settings = (await SettingsSources().read()).settings
    digest = {"chunks": ["One, two, three."]}
    async with Renderer("tone", settings=settings, store=False) as renderer:
        with pytest.raises(RenderFailed) as raised:
            await renderer.render(digest, tmp_path / "out.wav")
        assert {type(error) for error in raised.value.failures.values()} == {BudgetError}
        monkeypatch.setenv("TTS_ASYNC_MAX_CHARS", "50")
        await renderer.reload_settings()
        await renderer.render(digest, tmp_path / "out.wav")


async def test_settings_that_cannot_be_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error is raised, and the Renderer goes on as before."""
    renderer = Renderer("tone")
    monkeypatch.setenv("TTS_ASYNC_MAX_CHARS", "7")
    monkeypatch.setenv("TTS_ASYNC_WORKERS", "0")
    with pytest.raises(ConfigError, match="TTS_ASYNC_WORKERS"):
        await renderer.reload_settings()
    assert renderer.settings == Settings()
