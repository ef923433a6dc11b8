"""Reads a dialogue as it is spoken: the first block is there long before the last."""

import asyncio
import time
from pathlib import Path

from tts_async import Renderer


async def main() -> None:
    began_s = time.monotonic()
    async with Renderer("local") as renderer, renderer.stream(Path(__file__).parent / "dialogue.json") as speech:
        frames = 0
        async for block in speech:
            if not frames:
                print(f"first block after {time.monotonic() - began_s:.1f} s")
            frames += len(block)
    print(f"{frames / speech.rate_hz:.0f} s of speech after {time.monotonic() - began_s:.1f} s")


asyncio.run(main())
