"""Task groups whose one error is raised as itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


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
