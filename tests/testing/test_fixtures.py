"""The fixtures of the plugin, in our own suite."""

from __future__ import annotations

import asyncio
import os

from tts_async.testing.clock import VirtualClockLoop
from tts_async.testing.fake import FakeSpeech


async def test_a_fake_and_its_key(fake_openai: FakeSpeech) -> None:
    """The key in the environment opens it."""
    headers = {"authorization": f"Bearer {os.environ['OPENAI_API_KEY']}"}
    async with fake_openai.client("http://fake") as client:
        assert (await client.get("/v1/models", headers=headers)).status_code == 200


async def test_the_clock_jumps(virtual_clock: VirtualClockLoop) -> None:
    """A day takes no time."""
    began_s = virtual_clock.time()
    await asyncio.sleep(86_400)
    assert 86_400 <= virtual_clock.time() - began_s < 86_401
