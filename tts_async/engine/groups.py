"""Task groups: one whose one error is raised as itself, and one that says when nothing more can be started."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Collection, Coroutine, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

from anyio import CancelScope

T = TypeVar("T")


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


async def all_of(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Run all of it at the same time, as a task group does: where one fails or this is cancelled, all are, and waited for.

    That is waited for in peace: a cancelled scope of anyio would cancel a task group's own wait over and over.
    """
    with alone():
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in work]
            try:
                await _over(tasks)
            except asyncio.CancelledError:
                for task in tasks:
                    if not task.cancelling():  # Where one has failed, the group has cancelled the others.
                        task.cancel()
                with CancelScope(shield=True):
                    await _over(tasks)
                raise
    return [task.result() for task in tasks]


async def _over(tasks: Collection[asyncio.Task[T]]) -> None:
    if tasks:
        await asyncio.wait(tasks)


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
