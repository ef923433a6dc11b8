"""What was bought of whom."""

from __future__ import annotations

from dataclasses import dataclass

from tts_async.core.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What was bought of whom, and by which ids the provider knows it; ``server_ms`` is its own measure of its work."""

    chunk: int
    provider: str
    billed_chars: int
    cost_usd: float | None = None
    request_id: str = ""
    history_item_id: str = ""
    server_ms: int | None = None


def receipt(event: Event, provider: str) -> Receipt:
    """The receipt of what was bought, of ``provider`` where the event names none."""
    assert event.chunk is not None
    return Receipt(
        chunk=event.chunk,
        provider=event.provider or provider,
        billed_chars=event.chars,
        cost_usd=event.cost_usd,
        request_id=event.request_id,
        history_item_id=event.history_item_id,
        server_ms=event.server_ms,
    )
