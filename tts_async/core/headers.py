"""What a response's headers say about limits, in every dialect: the only reader of waits.

A field that cannot be understood is as good as none. Names of headers are in lower case.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from tts_async.core.moments import NO_ODDITIES, Oddities, Reading, epoch_s, number, seconds
from tts_async.core.quotas import Quota
from tts_async.core.quotas import read as read_quotas

Kind = Literal["unknown", "concurrency", "rate", "busy"]
Unit = Literal["requests", "chars", "tokens"]

LONGEST_WAIT_S = 3600.0
MOST_CREDITS = 8
MOST_AT_ONCE = 10_000

WAITS: tuple[tuple[str, Reading | None], ...] = (
    ("retry-after-ms", "ms"),
    ("x-ms-retry-after-ms", "ms"),
    ("retry-after", None),
)
"""Headers that say when to come back, the most exact first."""

COUNTED: frozenset[Unit] = frozenset({"requests", "chars", "tokens"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """What is left of something that a server counts, and how fast it comes back; 0 where nobody said."""

    name: str
    unit: Unit
    limit: float
    remaining: float
    refill_per_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What a server told about its limits; ``retry_after_s`` counts from the answer.

    ``ceiling`` is how many requests it takes at once, ``in_flight`` how many it counts now, everybody's. ``kind``
    is why it refuses, where it says so. ``should_retry`` is what some servers advise.
    """

    retry_after_s: float | None = None
    credits: tuple[Credit, ...] = ()
    ceiling: int | None = None
    in_flight: int | None = None
    kind: Kind = "unknown"
    should_retry: bool | None = None


def read(headers: Mapping[str, str], *, now_s: float, oddities: Oddities = NO_ODDITIES) -> Signals:
    """Read what headers say; ``now_s`` (since 1970) is when they came, for servers that do not tell the time.

    ``oddities`` says of a header how its number is meant, where a provider is known to mean it otherwise.
    """
    known = {name: value for name, value in headers.items() if oddities.get(name) != "ignore"}
    there_s = epoch_s(known["date"]) if "date" in known else None
    now_s = now_s if there_s is None else there_s
    quotas = read_quotas(known, now_s=now_s, oddities=oddities)
    # Such a type says of the other headers that they count what is in flight.
    at_once = "concurrent" in known.get("x-ratelimit-type", "").lower()
    ceiling, in_flight = _concurrency(known, quotas)
    return Signals(
        retry_after_s=_wait_s(known, now_s, oddities),
        credits=() if at_once else tuple(_credits(quotas))[:MOST_CREDITS],
        ceiling=ceiling,
        in_flight=in_flight,
        kind="concurrency" if at_once else "unknown",
        should_retry={"true": True, "false": False}.get(known.get("x-should-retry", "").strip().lower()),
    )


def _wait_s(known: Mapping[str, str], now_s: float, oddities: Oddities) -> float | None:
    for name, reading in WAITS:
        said = known.get(name)
        wait_s = seconds(said, now_s=now_s, reading=oddities.get(name, reading)) if said else None
        if wait_s is not None:
            return min(wait_s, LONGEST_WAIT_S)
    return None


def _concurrency(known: Mapping[str, str], quotas: Iterable[Quota]) -> tuple[int | None, int | None]:
    """How many requests may be in flight, and how many are."""
    most = number(known.get("maximum-concurrent-requests", ""))
    now = number(known.get("current-concurrent-requests", ""))
    for quota in quotas:
        if quota.unit == "at once" and quota.limit is not None and most is None:
            most = quota.limit
            now = None if quota.remaining is None else max(0.0, quota.limit - quota.remaining)
    ceiling, in_flight = (None if count is None else int(min(count, MOST_AT_ONCE)) for count in (most, now))
    return ceiling or None, in_flight


def _credits(quotas: Iterable[Quota]) -> Iterator[Credit]:
    """The quotas of which limit and rest are known."""
    for quota in quotas:
        if quota.unit in COUNTED and quota.limit and quota.remaining is not None:
            remaining = min(quota.remaining, quota.limit)
            refill_per_s = 0.0
            if quota.window_s:
                refill_per_s = quota.limit / quota.window_s
            elif quota.reset_s:
                refill_per_s = (quota.limit - remaining) / quota.reset_s
            elif quota.reset_s == 0:
                remaining = quota.limit  # What was left counted for a window that is over.
            yield Credit(
                name=quota.name,
                unit=quota.unit,
                limit=quota.limit,
                remaining=remaining,
                refill_per_s=refill_per_s,
            )
