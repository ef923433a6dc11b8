"""One digest, one call."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence
from typing import Literal

import httpx

from tts_async.api.delivery import Output
from tts_async.api.render import Renderer
from tts_async.api.result import RenderResult
from tts_async.api.source import Source
from tts_async.core.event import tee
from tts_async.engine.record import Listener
from tts_async.engine.walk import OnFailure
from tts_async.providers.base import Provider
from tts_async.settings import Settings


async def generate_digest(
    source: Source,
    *,
    output: Output | None = None,
    provider: str | Provider | None = None,
    settings: Settings | None = None,
    voices: Mapping[str, str] | None = None,
    fallback: Sequence[str | Provider] = (),
    key: str | None = None,
    client: httpx.AsyncClient | None = None,
    store: Output | Literal[False] | None = None,
    on_event: Listener | None = None,
    overwrite: bool = False,
    on_failure: OnFailure = "fail",
    progress: bool = True,
) -> RenderResult:
    """Render one digest; everything as `Renderer` and its `Renderer.render` say.

    In a notebook a bar shows how far it is, unless ``progress`` is false.
    """
    async with Renderer(
        provider,
        settings=settings,
        voices=voices,
        fallback=fallback,
        key=key,
        client=client,
        store=store,
        on_event=_watched(on_event) if progress else on_event,
    ) as renderer:
        return await renderer.render(source, output, overwrite=overwrite, on_failure=on_failure)


def generate_digest_sync(
    source: Source,
    *,
    output: Output | None = None,
    provider: str | Provider | None = None,
    settings: Settings | None = None,
    voices: Mapping[str, str] | None = None,
    fallback: Sequence[str | Provider] = (),
    key: str | None = None,
    store: Output | Literal[False] | None = None,
    on_event: Listener | None = None,
    overwrite: bool = False,
    on_failure: OnFailure = "fail",
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
            source,
            output=output,
            provider=provider,
            settings=settings,
            voices=voices,
            fallback=fallback,
            key=key,
            store=store,
            on_event=on_event,
            overwrite=overwrite,
            on_failure=on_failure,
        )
    )


def _watched(listener: Listener | None) -> Listener | None:
    """The listener, and with it the bar of a notebook where this runs in one."""
    if "IPython" not in sys.modules:
        return listener
    from tts_async.faces import notebook

    if not notebook.running():
        return listener
    return tee(*filter(None, [notebook.Progress(), listener]))
