"""Work that is finished even when whoever waits for it is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

import anyio

T = TypeVar("T")


async def finished(work: Coroutine[Any, Any, T], *, grace_s: float | None = None) -> T:
    """Await work that a cancellation of the caller leaves ``grace_s`` more seconds; ``None``: all that it takes.

    Two shields, as each stops only its own kind of cancellation: asyncio's keeps ``task.cancel()`` from
    the child, anyio's lets this task wait for it inside a cancelled scope.
    """
    child = asyncio.create_task(work)
    try:
        return await asyncio.shield(child)
    except asyncio.CancelledError:
        with anyio.CancelScope(shield=True):
            await _ended(child, grace_s)
        if not child.cancelled():
            child.exception()  # It was seen: the caller is told of the cancellation instead.
        raise


async def _ended(child: asyncio.Task[T], grace_s: float | None) -> None:
    """Wait for a task whatever else is cancelled meanwhile; at the deadline, cancel it, once."""
    loop = asyncio.get_running_loop()
    deadline = None if grace_s is None else loop.call_later(grace_s, child.cancel)
    while not child.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait({child})
    if deadline:
        deadline.cancel()
