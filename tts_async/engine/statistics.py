"""What a gate looks like."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class GateStatistics:
    """What a gate looks like at one moment; ``paused_s`` is how long it stays closed.

    ``known`` says that the limit is the server's and not just a start, ``reason`` why it is what it is, ``rate_per_s`` a rate that was learned from refusals.
    """

    limit: int
    known: bool
    in_flight: int
    lines: int
    paused_s: float
    refusals: int
    rate_per_s: float | None
    reason: str

    def __str__(self) -> str:
        why = f" ({self.reason})" if self.reason else ""
        slow = f", {self.rate_per_s:.2g} a second" if self.rate_per_s else ""
        paused = f", paused for {self.paused_s:.1f} s" if self.paused_s else ""
        return f"{self.in_flight} of {self.limit} in flight{why}, {self.lines} digests{slow}{paused}"
