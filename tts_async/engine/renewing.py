"""Keeps what is being bought from being taken for abandoned."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from anyio import to_thread

from tts_async.engine.journal import Journal

RENEWED_S = 5.0


@asynccontextmanager
async def renewing(journal: Journal) -> AsyncIterator[None]:
    """Renew a journal's own claims every few seconds, for as long as the block lasts."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(_renew(journal))
        try:
            yield
        finally:
            task.cancel()


async def _renew(journal: Journal) -> None:
    while True:
        await asyncio.sleep(RENEWED_S)
        with suppress(sqlite3.Error):  # A claim outlasts a turn that did not come to it.
            await to_thread.run_sync(journal.renew, time.time())
