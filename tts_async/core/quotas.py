"""The rate-limit headers of a response as quotas: how much of what a server grants, and what is left.

Two families write them: …-RateLimit-Limit, -Remaining and -Reset with words between, and the structured fields
RateLimit and RateLimit-Policy of the IETF drafts 03 to 10.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Literal

import http_sf

from tts_async.core.moments import NO_ODDITIES, Oddities, Reading, number, seconds

UNITS = {
    "req": "requests",
    "requests": "requests",
    "tokens": "tokens",
    "token": "tokens",
    "characters": "chars",
    "chars": "chars",
    "concurrent-requests": "at once",
    "concurrent": "at once",
    "concurrency": "at once",
}
"""How servers call what they count, and how we do; what is not here counts requests in a header's name, else nothing."""

WINDOWS_S = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86_400.0}
"""Words in the name of a header that say how long its limit counts."""

LONGEST_FIELD_CHARS = 2_000

Item = tuple[Any, dict[str, Any]]
"""A member of a structured list, and its parameters."""

_FAMILY = re.compile(r"(?:x-)?(?:[a-z]{1,20}-)?rate-?limit-([a-z-]{1,60})")
_VERBS = {"limit", "remaining", "reset", "renewalperiod"}
_FIRST_NUMBER = re.compile(r"\s*([0-9]{1,30}(?:\.[0-9]{1,30})?)\s*(?:[,;].*)?", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """One limit of a server; ``None`` is what it did not say. ``unit`` is a value of `UNITS`, "" for others."""

    name: str
    unit: str = "requests"
    limit: float | None = None
    remaining: float | None = None
    window_s: float | None = None
    reset_s: float | None = None


def read(headers: Mapping[str, str], *, now_s: float, oddities: Oddities = NO_ODDITIES) -> list[Quota]:
    """Every quota in a response's headers, whose names are in lower case."""
    fields = {name: value for name, value in headers.items() if len(value) <= LONGEST_FIELD_CHARS}
    quotas = _families(fields, now_s, oddities)
    policies = _items(fields.get("ratelimit-policy", ""))
    if flat := _dictionary(fields.get("ratelimit", "")):
        quotas["requests"] = flat
    if "requests" in quotas:
        quotas["requests"] = _in_window(quotas["requests"], policies)
    return [*quotas.values(), *_named(policies, _items(fields.get("ratelimit", "")))]


def _families(fields: Mapping[str, str], now_s: float, oddities: Oddities) -> dict[str, Quota]:
    """Headers grouped by the words in their names that are no verbs."""
    groups: dict[str, Quota] = {}
    for header, value in fields.items():
        family = _FAMILY.fullmatch(header)
        words = [word for word in family[1].split("-") if word != "after"] if family else []
        verb = next((word for word in words if word in _VERBS), None)
        if verb is None:
            continue
        between = [word for word in words if word != verb]
        name = "-".join(between) or "requests"
        units = (UNITS[word] for word in between if word in UNITS)
        windows = (WINDOWS_S[word] for word in between if word in WINDOWS_S)
        unknown = Quota(name=name, unit=next(units, "requests"), window_s=next(windows, None))
        groups[name] = _with(groups.get(name, unknown), verb, value, now_s, oddities.get(header))
    return groups


def _with(quota: Quota, verb: str, value: str, now_s: float, reading: Reading | None) -> Quota:
    """Add what one header says."""
    match verb:
        case "limit":
            first = _FIRST_NUMBER.fullmatch(value)
            return _in_window(replace(quota, limit=float(first[1]) if first else None), _items(value))
        case "remaining":
            return replace(quota, remaining=number(value))
        case "renewalperiod":
            return replace(quota, window_s=number(value) or quota.window_s)
        case _:
            return replace(quota, reset_s=seconds(value, now_s=now_s, reading=reading))


def _in_window(quota: Quota, policies: Iterable[Item]) -> Quota:
    """The window that drafts up to 06 put behind bare numbers: that of the limit in force, else the first."""
    numbers = [(_amount(item), _amount(told.get("w"))) for item, told in policies]
    windows = [(limit, window_s) for limit, window_s in numbers if limit is not None and window_s]
    in_force = [window_s for limit, window_s in windows if limit == quota.limit]
    return replace(quota, window_s=next(iter([*in_force, *(window_s for _, window_s in windows)]), quota.window_s))


def _named(policies: Iterable[Item], states: Iterable[Item]) -> Iterator[Quota]:
    """The lists of drafts 08 to 10: quota, window and unit in one field, rest and reset in the other."""
    named = {
        item: Quota(
            name=item,
            unit=UNITS.get(str(told.get("qu", "requests")), ""),
            limit=_amount(told.get("q")),
            window_s=_amount(told.get("w")),
        )
        for item, told in policies
        if isinstance(item, str)
    }
    for item, told in states:
        if isinstance(item, str) and item in named:
            named[item] = replace(named[item], remaining=_amount(told.get("r")), reset_s=_amount(told.get("t")))
    yield from named.values()


def _dictionary(field: str) -> Quota | None:
    """The one dictionary of draft 07."""
    told = (_parsed(field, "dictionary") if "limit" in field else None) or {}
    values = {name: _amount(item[0]) for name, item in told.items() if isinstance(item, tuple)}
    if values.get("limit") is None:
        return None
    return Quota(name="requests", limit=values["limit"], remaining=values.get("remaining"), reset_s=values.get("reset"))


def _items(field: str) -> list[Item]:
    """The members of a list; draft 08 wrote names as tokens, later ones write strings."""
    members = _parsed(field, "list") or ()
    return [(str(item) if isinstance(item, http_sf.Token) else item, told) for item, told in members]


def _parsed(field: str, kind: Literal["list", "dictionary"]) -> Any:
    """A structured field, or nothing where it is none."""
    try:
        return http_sf.parse(field.encode("ascii"), tltype=kind) if field else None
    except ValueError:
        return None


def _amount(value: object) -> float | None:
    """A number that is not negative."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return float(value) if value >= 0 else None
