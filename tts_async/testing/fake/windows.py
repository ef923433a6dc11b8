"""Requests in a window of time, and how each kind of server tells about them in its headers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from email.utils import formatdate

from tts_async.errors import ConfigError
from tts_async.testing.fake.wire import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """``requests`` in ``per_s`` seconds from the first one on, told in a ``dialect`` (a name in `DIALECTS`).

    Neither ElevenLabs nor its 429 tells any of this: that is "none". The other dialects make of the fake another
    server, for a limiter that has to read them all.
    """

    requests: int
    per_s: float
    dialect: str = "none"

    def __post_init__(self) -> None:
        if self.requests < 1 or not 0 < self.per_s < math.inf:
            raise ConfigError(f"A window cannot be {self.requests} requests in {self.per_s} s.")
        if self.dialect not in DIALECTS:
            raise ConfigError(f"There is no dialect {self.dialect!r}; there are {', '.join(DIALECTS)}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a window stands when an answer is written; ``epoch_s`` is now, since 1970."""

    limit: int
    remaining: int
    per_s: float
    reset_s: float
    epoch_s: float
    refused: bool

    @property
    def delta_s(self) -> str:
        """Whole seconds until it is over, never too few."""
        return str(math.ceil(self.reset_s))


Told = Mapping[str, str]


def _x_ratelimit(standing: Standing, reset: str) -> Told:
    return {
        "x-ratelimit-limit": str(standing.limit),
        "x-ratelimit-remaining": str(standing.remaining),
        "x-ratelimit-reset": reset,
    }


def _openai(standing: Standing) -> Told:
    return {
        "x-ratelimit-limit-requests": str(standing.limit),
        "x-ratelimit-remaining-requests": str(standing.remaining),
        "x-ratelimit-reset-requests": go_duration(standing.reset_s),
    }


def _three_fields(standing: Standing, limit: str) -> Told:
    return {
        "ratelimit-limit": limit,
        "ratelimit-remaining": str(standing.remaining),
        "ratelimit-reset": standing.delta_s,
    }


def _policy(standing: Standing) -> str:
    return f"{standing.limit};w={standing.per_s:g}"


def _ietf_08(standing: Standing) -> Told:
    return {
        "ratelimit-policy": f'"default";q={standing.limit};w={standing.per_s:g}',
        "ratelimit": f'"default";r={standing.remaining};t={standing.delta_s}',
    }


def _if_refused(write: Callable[[Standing], Told]) -> Callable[[Standing], Told]:
    return lambda standing: write(standing) if standing.refused else {}


DIALECTS: dict[str, Callable[[Standing], Told]] = {
    "none": lambda _: {},
    "x-ratelimit-delta": lambda standing: _x_ratelimit(standing, standing.delta_s),
    "x-ratelimit-epoch": lambda standing: _x_ratelimit(standing, str(math.ceil(standing.epoch_s + standing.reset_s))),
    "openai": _openai,
    "ietf-03": lambda standing: _three_fields(standing, f"{standing.limit}, {_policy(standing)}"),
    "ietf-06": lambda standing: {
        **_three_fields(standing, str(standing.limit)),
        "ratelimit-policy": _policy(standing),
    },
    "ietf-07": lambda standing: {
        "ratelimit": f"limit={standing.limit}, remaining={standing.remaining}, reset={standing.delta_s}"
    },
    "ietf-08": _ietf_08,
    "retry-after": _if_refused(lambda standing: {"retry-after": standing.delta_s}),
    "retry-after-date": _if_refused(
        lambda standing: {"retry-after": formatdate(math.ceil(standing.epoch_s + standing.reset_s), usegmt=True)}
    ),
    "retry-after-ms": _if_refused(lambda standing: {"retry-after-ms": str(math.ceil(standing.reset_s * 1000))}),
}
"""Name -> the headers; a draft's dialect holds until the next one named: 03, 04 to 06, 07, 08 and later."""


def go_duration(length_s: float) -> str:
    """A length of time as Go writes it: 12ms, 8.64s, 6m0s, 1h2m3s."""
    whole_ms = math.ceil(length_s * 1000)
    if whole_ms < 1000:
        return f"{whole_ms}ms"
    minutes, rest_ms = divmod(whole_ms, 60_000)
    hours, minutes = divmod(minutes, 60)
    told = f"{rest_ms / 1000:g}s"
    if hours or minutes:
        told = f"{minutes}m{told}"
    return f"{hours}h{told}" if hours else told


@dataclass(slots=True)
class _Count:
    began_s: float = -math.inf
    taken: int = 0


class Windows:
    """The counts of all keys."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, int], _Count] = {}

    def take(self, windows: Iterable[Window], key: str, *, now_s: float, epoch_s: float) -> Told:
        """Count one request and give the headers of its answer; raises `Refused` if one window is full."""
        counted = [(window, self._current(key, number, window, now_s)) for number, window in enumerate(windows)]
        full = any(count.taken >= window.requests for window, count in counted)
        told: dict[str, str] = {}
        for window, count in counted:
            count.taken += not full
            standing = Standing(
                limit=window.requests,
                remaining=window.requests - count.taken,
                per_s=window.per_s,
                reset_s=count.began_s + window.per_s - now_s,
                epoch_s=epoch_s,
                # Only a window that is full is a reason to wait for it.
                refused=full and count.taken >= window.requests,
            )
            told |= DIALECTS[window.dialect](standing)
        if full:
            raise Refused("rate_limit_exceeded", headers=told)
        return told

    def give_back(self, windows: Iterable[Window], key: str) -> None:
        """Take back the last count, of a request that was refused for another reason."""
        for number, _ in enumerate(windows):
            self._counts[key, number].taken -= 1

    def _current(self, key: str, number: int, window: Window, now_s: float) -> _Count:
        count = self._counts.setdefault((key, number), _Count())
        if now_s >= count.began_s + window.per_s:
            count.began_s, count.taken = now_s, 0
        return count
