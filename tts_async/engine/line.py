"""A digest as the gate sees it."""

from __future__ import annotations

import asyncio
import math
from contextlib import suppress
from typing import Any, Protocol

from tts_async.core.backlog import Backlog
from tts_async.core.event import Kind
from tts_async.engine.slots import Cap, Slot
from tts_async.errors import TTSError


class Line(Protocol):
    """A digest's side of the door; ``cap`` is its Renderer's."""

    backlog: Backlog
    cap: Cap

    def admissible(self) -> bool:
        """Whether it has a chunk that may be sent, the gate permitting."""

    def start(self, index: int, slot: Slot) -> None:
        """Start a chunk, which now holds that slot; never raises."""

    def turned(self) -> None:
        """Something changed that may make a chunk admissible."""

    def record(self, kind: Kind, **facts: Any) -> None:
        """Note what happened at the gate."""

    def stop(self, error: TTSError) -> None:
        """Send nothing more."""


async def woken(event: asyncio.Event, *, until_s: float | None) -> None:
    """Wait for an event, or until a moment of the loop's clock; ``None`` and infinity are no such moment."""
    with suppress(TimeoutError):
        async with asyncio.timeout_at(None if until_s == math.inf else until_s):
            await event.wait()
