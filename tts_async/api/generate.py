"""One digest, one call."""

from __future__ import annotations

import asyncio

from tts_async.api.render import Output, Renderer
from tts_async.api.result import RenderResult
from tts_async.api.source import Source
from tts_async.engine.record import Listener
from tts_async.providers.base import Provider
from tts_async.settings import Settings


async def generate_digest(
    source: Source,
    *,
    output: Output | None = None,
    provider: str | Provider | None = None,
    settings: Settings | None = None,
    on_event: Listener | None = None,
    overwrite: bool = False,
) -> RenderResult:
    """Render one digest; everything as `Renderer.render` says."""
    async with Renderer(provider, settings=settings, on_event=on_event) as renderer:
        return await renderer.render(source, output, overwrite=overwrite)


def generate_digest_sync(
    source: Source,
    *,
    output: Output | None = None,
    provider: str | Provider | None = None,
    settings: Settings | None = None,
    on_event: Listener | None = None,
    overwrite: bool = False,
) -> RenderResult:
    """Render one digest from a script that has no event loop; raises RuntimeError inside a running one."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        pass
    else:
        raise RuntimeError("An event loop is running here: write await generate_digest(...) instead.")
    return asyncio.run(
        generate_digest(
            source, output=output, provider=provider, settings=settings, on_event=on_event, overwrite=overwrite
        )
    )
