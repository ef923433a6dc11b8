"""What a response's headers say about waiting: the only reader of waits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

LONGEST_WAIT_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What a server told about its limits; ``retry_after_s`` counts from the answer."""

    retry_after_s: float | None = None


def read(headers: Mapping[str, str]) -> Signals:
    """Read the waits from headers with lower-case names; what cannot be understood is ignored."""
    try:
        wait_s = float(headers.get("retry-after", ""))
    except ValueError:
        return Signals()
    if not math.isfinite(wait_s) or wait_s < 0:
        return Signals()
    return Signals(retry_after_s=min(wait_s, LONGEST_WAIT_S))
