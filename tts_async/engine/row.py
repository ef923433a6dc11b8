"""What a store's journal notes of a clip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tts_async.engine.shelf import Kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What is noted of a clip; times are seconds since 1970, ``verdict`` is as `Verdict` writes it, "" before one."""

    fingerprint: str
    origin: str
    chars: int
    billed_chars: int | None
    request_id: str
    history_item_id: str
    bytes: int
    committed_s: float
    used_s: float
    verdict: str = ""


def row_of(fingerprint: str, kept: Kept) -> Row:
    """What the journal has of a response: all of it is in the file, too."""
    headers: Mapping[str, str] = kept.response.headers
    billed = headers.get("character-cost", "")
    return Row(
        fingerprint=fingerprint,
        origin=kept.origin,
        chars=kept.chars,
        billed_chars=int(billed) if billed.isdecimal() and len(billed) < 10 else None,
        request_id=headers.get("request-id") or headers.get("x-request-id", ""),
        history_item_id=headers.get("history-item-id", ""),
        bytes=len(kept.response.body),
        committed_s=kept.committed_s,
        used_s=kept.committed_s,
    )
