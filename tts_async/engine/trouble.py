"""What a disk or a journal refuses, in a sentence with a way out."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tts_async.errors import ConfigError

ROOM = "Make room there, or name another by --store"
DAMAGED = (
    "Its journal is damaged: move 'journal.sqlite' away, and the files beside it whose names begin so; every clip stays,"
    " and is noted anew when it is next asked for"
)
ADVICE: dict[int, str] = {
    errno.ENOSPC: ROOM,
    errno.EDQUOT: ROOM,
    sqlite3.SQLITE_FULL: ROOM,
    sqlite3.SQLITE_IOERR: ROOM,
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: DAMAGED,
}
"""By the number that the system has for an error, or the first eight bits of SQLite's own."""


def trouble(error: OSError | sqlite3.Error) -> str:
    """Say what is wrong with a store, and what to do; without a full stop, so that another way out can follow."""
    if isinstance(error, OSError):
        reason, number = error.strerror or str(error), error.errno or 0
    else:
        reason, number = str(error), getattr(error, "sqlite_errorcode", 0) & 0xFF
    return f"{reason}. {ADVICE.get(number, 'Name another by --store')}"


@contextmanager
def unusable(folder: Path, way_out: str = "") -> Iterator[None]:
    """Raise `ConfigError` where a store cannot be opened or read."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise ConfigError(f"The store {str(folder)!r} cannot be used: {trouble(error)}{way_out}.") from error
