"""A service that renders digests as they come in, and says how each one ended."""

import asyncio
from pathlib import Path

from tts_async import Renderer, Settings, TTSError

HERE = Path(__file__).parent


async def main() -> None:
    inbox: asyncio.Queue[Path] = asyncio.Queue()
    for name in ("digest.json", "dialogue.json"):
        inbox.put_nowait(HERE / name)

    async with Renderer("local", settings=Settings(rate_per_s=10)) as renderer, asyncio.TaskGroup() as group:
        while not inbox.empty():
            group.create_task(render(renderer, inbox.get_nowait()))


async def render(renderer: Renderer, digest: Path) -> None:
    try:
        result = await renderer.render(digest, f"{digest.stem}.ogg", overwrite=True)
    except TTSError as error:
        print(f"{digest.name}: {error}")
    else:
        print(f"{result.path}: {result.duration_s:.0f} s, first audio after {result.report.first_audio_s:.1f} s")


asyncio.run(main())
