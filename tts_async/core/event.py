"""What happens to a digest, one step at a time: the one stream that every face reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from tts_async.core.mastered import Mastered

Kind = Literal[
    "planned",  # chunks, chars, provider, limit: how many its Renderer may have in flight; attempt 2: planned once more
    "priced",  # chars, credits, cost_usd expected for all that is not here; cost_usd None where nobody knows
    "here",  # chunk: it was bought before
    "sent",  # chunk, attempt, chars, in_flight, limit, known
    "hedged",  # chunk, chars, in_flight, limit: it takes too long, and is asked for once more
    "admitted",  # chunk, in_flight and limit as the server counts them, 0 where it does not say
    "limit",  # limit, known, in_flight, reason: so many may be in flight from now on
    "waiting",  # wait_s, reason, limit, in_flight: nothing leaves for so long
    "refused",  # chunk, chars, reason, error, wait_s: the gate is closed for so long
    "failed",  # chunk, attempt, chars, reason, error, wait_s
    "parked",  # chunk, reason
    "lost",  # chunk, reason, error
    "bought",  # chunk, attempt, chars billed, cost_usd, took_s, provider, request_id, history_item_id, server_ms
    "found",  # as bought: an earlier request was billed for it, and the provider's history had it
    "instead",  # chunk, provider, reason: another provider is asked for it
    "warning",  # reason: what people should know of the plan, or of a change of it
    "audible",  # a stream's reader gets the first of the audio
    "written",  # chunk, audio_s so far
    "gap",  # chunk, audio_s: it is missing in the file, which goes on without it
    "stopped",  # reason: no further request leaves
    "mastered",  # mastered: what it sounds like, as it was measured
    "finished",  # audio_s in all, peak_mb
    "unfinished",  # error, peak_mb: it ended without that; error "" where a reader left
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened to a digest, ``at_s`` seconds after its render began.

    ``known`` says that the limit is the server's and not just a start, ``error`` is a class's name,
    ``words`` are a lost chunk's first ones.
    ``render`` tells renders of the same digest apart, and does not count where events are compared.
    """

    kind: Kind
    digest: str
    at_s: float
    chunk: int | None = None
    attempt: int = 0
    chunks: int = 0
    chars: int = 0
    in_flight: int = 0
    limit: int = 0
    known: bool = False
    wait_s: float = 0.0
    took_s: float = 0.0
    audio_s: float = 0.0
    credits: float = 0.0
    cost_usd: float | None = None
    peak_mb: float | None = None
    error: str = ""
    reason: str = ""
    words: str = ""
    provider: str = ""
    request_id: str = ""
    history_item_id: str = ""
    server_ms: int | None = None
    mastered: Mastered | None = None
    render: str = field(default="", compare=False)


def tee(*listeners: Callable[[Event], None]) -> Callable[[Event], None]:
    """Make one listener of several; each hears every event, in this order."""

    def listen(event: Event) -> None:
        for listener in listeners:
            listener(event)

    return listen
