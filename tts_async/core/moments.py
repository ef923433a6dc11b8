"""How far away the moment is that a header's value names, in all the ways in which servers write one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Literal

Reading = Literal["s", "ms", "epoch_s", "ignore"]
"""How a number is meant, where a provider is known to mean it otherwise than it looks."""

Oddities = Mapping[str, Reading]
"""Name of a header -> how its numbers are meant."""

NO_ODDITIES: Oddities = MappingProxyType({})

LONGEST_S = 31 * 86_400.0
EPOCH_S, EPOCH_MS = 1e9, 1e11
"""Numbers from these on are dates: 1e9 s is 31 years away or the year 2001, 1e11 s is the year 5138."""

_NUMBER = re.compile(r"-?[0-9]{1,30}(?:\.[0-9]{0,30})?")
_GO_DURATION = re.compile(r"(?:[0-9]{1,30}(?:\.[0-9]{1,30})?(?:ns|us|µs|μs|ms|s|m|h|d))+")
_GO_PART = re.compile(r"([0-9.]+)([a-zµμ]+)")
_GO_UNITS_S = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "μs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86_400.0,
}


def number(value: str) -> float | None:
    """A plain decimal number that is not negative; servers write -1 for "unknown"."""
    value = value.strip()
    return float(value) if _NUMBER.fullmatch(value) and not value.startswith("-") else None


def seconds(value: str, *, now_s: float, reading: Reading | None = None) -> float | None:
    """Seconds from ``now_s`` (since 1970) to what a value names, from 0 to 31 days; ``None`` where it names nothing.

    Read are seconds, Go durations ("6m0s"), RFC 3339 and HTTP dates, and epochs in seconds or milliseconds. What is
    over already is 0 s away.
    """
    value = value.strip()
    if reading == "ignore":
        return None
    if _GO_DURATION.fullmatch(value):
        away_s = sum(float(count) * _GO_UNITS_S[unit] for count, unit in _GO_PART.findall(value))
    elif (plain := number(value)) is not None:
        away_s = _plain_s(plain, now_s, reading)
    elif (date_s := epoch_s(value)) is not None:
        away_s = date_s - now_s
    else:
        return None
    return min(max(0.0, away_s), LONGEST_S)


def _plain_s(plain: float, now_s: float, reading: Reading | None) -> float:
    if reading == "ms":
        return plain / 1000
    if reading == "s":
        return plain
    if plain >= EPOCH_MS and reading is None:
        return plain / 1000 - now_s
    return plain - now_s if plain >= EPOCH_S or reading == "epoch_s" else plain


def epoch_s(date: str) -> float | None:
    """Seconds since 1970 of an HTTP date or an RFC 3339 one, in UTC where it names no zone."""
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = parse(date.strip())
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None
