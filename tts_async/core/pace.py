"""The law of the gate: what it knows, and what it concludes from an answer.

Times are seconds on a monotonic clock; ``u`` is a random number in [0, 1).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 8.0
QUICK_TRIES = 3
QUICK_PAUSE_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How many requests may be in flight, and until when none may leave.

    ``refused_s`` is when the last refusal was seen: requests sent before it tell nothing new.
    ``shut_since_s`` is when refusals began that no admission has ended yet.
    """

    limit: int
    pause_until_s: float = 0.0
    refusals_in_a_row: int = 0
    refused_s: float = -1.0
    shut_since_s: float | None = None
    unreached: int = 0
    ever_admitted: bool = False


def refused(pace: Pace, *, now_s: float, sent_s: float, retry_after_s: float | None, u: float) -> Pace:
    """Close the gate for everybody: as long as the server asks, else 1, 2, 4, 8, 8 … s, 25 % either way."""
    pace = replace(pace, unreached=0, shut_since_s=now_s if pace.shut_since_s is None else pace.shut_since_s)
    if retry_after_s:
        until_s = now_s + retry_after_s + 0.25 * u
        return replace(pace, refused_s=now_s, pause_until_s=max(pace.pause_until_s, until_s))
    if sent_s <= pace.refused_s:
        return pace
    pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(pace.refusals_in_a_row, 9)) * (0.75 + 0.5 * u)
    return replace(
        pace,
        refused_s=now_s,
        refusals_in_a_row=pace.refusals_in_a_row + 1,
        pause_until_s=max(pace.pause_until_s, now_s + pause_s),
    )


def admitted(pace: Pace, *, sent_s: float) -> Pace:
    """Conclude from the headers of an answer that requests sent then were let in."""
    if sent_s <= pace.refused_s:
        return replace(pace, ever_admitted=True)
    return replace(pace, ever_admitted=True, refusals_in_a_row=0, shut_since_s=None, unreached=0)


def unreached(pace: Pace, *, now_s: float, sent_s: float) -> Pace:
    """Count a server that did not answer at all, once for all requests that were under way together."""
    if sent_s <= pace.refused_s:
        return pace
    until_s = max(pace.pause_until_s, now_s + QUICK_PAUSE_S * 2**pace.unreached)
    return replace(pace, unreached=pace.unreached + 1, refused_s=now_s, pause_until_s=until_s)


def hopeless(pace: Pace, *, now_s: float, budget_s: float) -> str:
    """Say why waiting any longer is useless, or nothing."""
    if pace.unreached >= QUICK_TRIES:
        return f"it did not answer {pace.unreached} times in a row"
    if (wait_s := pace.pause_until_s - now_s) > budget_s:
        return f"it asks to wait {wait_s:.0f} s, and the budget is {budget_s:.0f} s"
    if pace.shut_since_s is not None and now_s - pace.shut_since_s > budget_s:
        return f"it has refused every request for {now_s - pace.shut_since_s:.0f} s"
    return ""
