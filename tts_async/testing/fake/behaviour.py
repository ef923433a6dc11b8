"""How a fake provider behaves: frozen values, checked when they are made."""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random
from typing import Literal, get_args

from tts_async.errors import ConfigError
from tts_async.testing.fake.faults import Fault
from tts_async.testing.fake.windows import Window

Overflow = Literal["refuse", "queue", "busy"]


def _check(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise ConfigError(f"{name} cannot be {value}; it has to be from {least} to {most}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """How long speech takes to make: ``first_s``, and ``s_per_char`` more for each character.

    ``noise`` is the sigma of a log-normal factor around 1. A share ``tail_share`` of the requests takes
    ``tail_factor`` times as long. The share ``headers_share`` of the time passes before the headers come, the rest
    while the body does.
    """

    first_s: float = 0.0
    s_per_char: float = 0.0
    noise: float = 0.0
    tail_share: float = 0.0
    tail_factor: float = 1.0
    headers_share: float = 1.0

    def __post_init__(self) -> None:
        for name in ("first_s", "s_per_char", "noise", "tail_factor"):
            _check(name, getattr(self, name), 0, math.inf)
        for name in ("tail_share", "headers_share"):
            _check(name, getattr(self, name), 0, 1)

    def of(self, chars: int, dice: Random) -> float:
        """Seconds for a text of that length."""
        factor = math.exp(dice.gauss(0, self.noise)) if self.noise else 1.0
        if dice.random() < self.tail_share:
            factor *= self.tail_factor
        return (self.first_s + self.s_per_char * chars) * factor


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """Everything that can be told to a fake; as it is, it answers at once and refuses only what is wrong.

    - ``concurrency``: how many speech requests of one key and group of models it answers at once; not set, any number.
      ``concurrency_at`` changes that: pairs of seconds since the first request and the new number.
    - ``overflow``: what becomes of one more: "refuse" (429 within ``refusal_s``), "queue", or "busy" (429, but of the
      kind that means the whole platform).
    - ``concurrency_headers``: whether answers tell how many are in flight and how many may be.
    - ``forbidden_formats``: ElevenLabs' formats that this plan does not include (403).
    - ``strict_stability``: whether `eleven_v3` takes only three values of it; reports differ on what ElevenLabs does.
    - ``character_limit``: credits of the plan; a request beyond them is refused (ElevenLabs: 401 `quota_exceeded`).
    - ``processing_s``: how long a clip is in the history before its audio is, as far as is known; a guess.
    - ``s_per_char``: how long a character sounds; all clips are kept in memory, so thousands of them want less.
    - ``seed``: equal seeds and equal requests in equal order make equal runs, but for the serial number of Ogg files.
    - ``epoch_s``: what time it is (since 1970) at the first request; not set, what the computer says.
    """

    concurrency: int | None = None
    concurrency_at: tuple[tuple[float, int], ...] = ()
    overflow: Overflow = "refuse"
    concurrency_headers: bool = True
    refusal_s: float = 0.15
    windows: tuple[Window, ...] = ()
    latency: Latency = Latency()
    faults: tuple[Fault, ...] = ()
    forbidden_formats: frozenset[str] = frozenset()
    strict_stability: bool = True
    character_limit: int = 1_000_000
    processing_s: float = 0.0
    s_per_char: float = 0.06
    seed: int = 0
    epoch_s: float | None = None

    def __post_init__(self) -> None:
        for number in (self.concurrency, *(number for _, number in self.concurrency_at)):
            if number is not None:
                _check("concurrency", number, 1, math.inf)
        _check("refusal_s", self.refusal_s, 0, math.inf)
        _check("s_per_char", self.s_per_char, 0.0001, 1)
        if self.overflow not in get_args(Overflow):
            raise ConfigError(f"overflow cannot be {self.overflow!r}; it is one of {', '.join(get_args(Overflow))}.")

    def cap(self, at_s: float) -> int | None:
        """How many speech requests of a group it answers at once, so many seconds after the first request."""
        changed = [number for since_s, number in sorted(self.concurrency_at) if since_s <= at_s]
        return changed[-1] if changed else self.concurrency


NORMAL = Behaviour()
