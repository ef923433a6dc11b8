"""Events in a few words, for people."""

from __future__ import annotations

from collections.abc import Callable

from tts_async.core.event import Event, Kind

WORDS: dict[Kind, Callable[[Event], str]] = {
    "planned": lambda event: f"{event.chunks} chunks, {event.chars:,} characters",
    "limit": lambda event: f"{event.limit} at once: {event.reason}",
    "waiting": lambda event: f"waiting {event.wait_s:.0f} s: {event.reason}",
    "instead": lambda event: f"chunk {event.chunk}: {event.provider} speaks it, as {event.reason}",
    "warning": lambda event: f"note: {event.reason}",
    "finished": lambda event: f"{event.audio_s:.1f} s of speech after {event.at_s:.1f} s",
}
"""What is said of kinds that have more to tell than a reason."""

NOTABLE: frozenset[Kind] = frozenset({*WORDS, "refused", "failed", "lost", "stopped"})
"""What a person reading a log wants to know."""


def words(event: Event) -> str:
    """What happened; foreign words in it are as they came."""
    if say := WORDS.get(event.kind):
        return say(event)
    chunk = "" if event.chunk is None else f"chunk {event.chunk} "
    reason = f": {event.reason}" if event.reason else ""
    wait = f"; waiting {event.wait_s:.1f} s" if event.wait_s else ""
    return f"{chunk}{event.kind}{reason}{wait}"
