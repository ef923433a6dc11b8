"""Where a render's events go: into its report, and to whoever listens."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any

from tts_async.core.event import Event, Kind
from tts_async.core.report import Report, fold

Listener = Callable[[Event], None]


class Record:
    """Stamps the events of one digest with the time since its render began."""

    def __init__(self, digest_id: str, listener: Listener | None = None) -> None:
        self.report: Report = Report(digest=digest_id)
        self._listener = listener
        self._plans = 0
        self._began_s = asyncio.get_running_loop().time()

    def __call__(self, kind: Kind, **facts: Any) -> None:
        """Record one thing that happened now; the facts are `Event`'s fields."""
        if kind == "planned":
            self._plans += 1
            facts["attempt"] = self._plans
        if kind == "finished":
            facts["peak_mb"] = peak_mb()
        at_s = asyncio.get_running_loop().time() - self._began_s
        event = Event(kind=kind, digest=self.report.digest, at_s=at_s, **facts)
        self.report = fold(self.report, event)
        if self._listener is not None:
            self._listener(event)


def peak_mb() -> float | None:
    """The most memory that this process ever had, in MB; ``None`` on Windows, which does not say."""
    if sys.platform == "win32":
        return None
    import resource

    unit = 1_000_000 if sys.platform == "darwin" else 1_000
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
