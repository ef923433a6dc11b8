"""Task groups: one whose one error is raised as itself, and one that says when nothing more can be started."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any


@contextmanager
def alone() -> Iterator[None]:
    """Raise the only error of an exception group bare, so that callers can name it; several stay a group."""
    try:
        yield
    except BaseExceptionGroup as group:
        raise _single(group) from group.__cause__


def _single(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


class Crew:
    """The tasks of one digest; each runs in the context in which the digest was begun, whoever starts it."""

    def __init__(self) -> None:
        self.closing: bool = False
        self._context = contextvars.copy_context()
        self._group: asyncio.TaskGroup | None = None

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Wait for all tasks at the end of the block."""
        async with asyncio.TaskGroup() as self._group:
            yield

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
        """Start a task; ``None`` where the group ends already, and the work is not begun."""
        assert self._group is not None
        try:
            return self._group.create_task(work, context=self._context.copy())
        except RuntimeError:
            work.close()
            self.closing = True
            return None
