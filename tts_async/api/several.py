"""Renders several digests at the same time."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from tts_async.api.delivery import Output
from tts_async.api.result import RenderResult
from tts_async.api.source import Source
from tts_async.engine.groups import all_of
from tts_async.errors import ConfigError, TTSError

Render = Callable[[Source, Output | None], Awaitable[RenderResult]]


Results = dict[int, RenderResult | TTSError]


async def at_once(
    render: Render,
    sources: Sequence[Source],
    outputs: Sequence[Output | None] | None,
    *,
    over: Results | None = None,
) -> list[RenderResult | TTSError]:
    """Results in the order of the sources, or the errors instead; raises `ConfigError` where outputs do not fit them.

    ``over`` gets each as soon as it is there, so that it is not lost where this is cancelled.
    """
    over = {} if over is None else over
    outputs = [None] * len(sources) if outputs is None else outputs
    _check_pairs(sources, outputs)

    async def one(number: int, source: Source, output: Output | None) -> None:
        try:
            over[number] = await render(source, output)
        except TTSError as error:
            over[number] = error

    await all_of([one(number, *pair) for number, pair in enumerate(zip(sources, outputs, strict=True))])
    return [over[number] for number in range(len(sources))]


def _check_pairs(sources: Sequence[Source], outputs: Sequence[Output | None]) -> None:
    """Raise `ConfigError` where outputs do not fit their sources."""
    if len(sources) != len(outputs):
        raise ConfigError(f"There are {len(sources)} sources and {len(outputs)} outputs; give one output a source.")
    named = [os.path.normpath(Path(output).absolute()) for output in outputs if output is not None]
    if twice := {path for path in named if named.count(path) > 1}:
        raise ConfigError(f"Two digests would be written to {min(twice)!r}; give each a file of its own.")
