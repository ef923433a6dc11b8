"""Where a render's events go: into its report, and to whoever listens."""

from __future__ import annotations

import asyncio
import logging
import sys
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tts_async.core.event import Event, Kind
from tts_async.core.figures import figures
from tts_async.core.report import Report, fold

Listener = Callable[[Event], None]

logger: logging.Logger = logging.getLogger("tts_async.render")
OVER: frozenset[Kind] = frozenset({"finished", "unfinished"})


class Record:
    """Stamps the events of one digest with the time since its render began; when it is over, one line goes to the log."""

    def __init__(self, digest_id: str, listener: Listener | None = None) -> None:
        self.report: Report = Report(digest=digest_id)
        self._listener = listener
        self._plans = 0
        self._over = False
        self._render = uuid.uuid4().hex
        self._began_s = asyncio.get_running_loop().time()

    def __call__(self, kind: Kind, **facts: Any) -> None:
        """Record one thing that happened now; the facts are `Event`'s fields."""
        if kind == "planned":
            self._plans += 1
            facts["attempt"] = self._plans
        if kind in OVER:
            self._over = True
            facts["peak_mb"] = peak_mb()
        at_s = asyncio.get_running_loop().time() - self._began_s
        event = Event(kind=kind, digest=self.report.digest, at_s=at_s, render=self._render, **facts)
        self.report = fold(self.report, event)
        if kind in OVER:
            _log(self.report, event)
        if self._listener is not None:
            self._listener(event)

    def end(self, error: BaseException | None) -> None:
        """Record that nothing more comes, unless it has finished, or never began."""
        if self._plans and not self._over:
            self("unfinished", error="" if error is None else type(error).__name__)


def _log(report: Report, event: Event) -> None:
    """Write the line of a render; what a digest or a server says does not get there, but for the digest's name."""
    facts: dict[str, object] = {
        "render": event.render,
        "digest": report.digest,
        "provider": report.provider,
        "outcome": event.kind,
    }
    facts |= {"error": event.error, **figures(replace(report, peak_mb=event.peak_mb))}
    logger.info(
        "%r %s: %.1f s of speech in %.1f s, one request after another %.1f s; %d requests, %d refusals, %d failures",
        report.digest,
        " by ".join(filter(None, [event.kind, event.error])),
        report.audio_s,
        report.took_s,
        report.provider_s,
        report.requests,
        report.refusals,
        report.failures,
        extra={f"tts_{name}": value for name, value in facts.items()},
    )


def peak_mb() -> float | None:
    """The most memory that this process ever had, in MB; ``None`` on Windows, which does not say."""
    if sys.platform == "win32":
        return None
    import resource

    unit = 1_000_000 if sys.platform == "darwin" else 1_000
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
