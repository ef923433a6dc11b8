"""How long it makes sense to go on asking a server that lets nobody in.

Times are seconds on a monotonic clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

QUICK_TRIES = 3
QUICK_PAUSE_S = 0.5

SPREAD_S = 0.25
"""By up to so much a wait that a server asks for is made longer, so that not everybody comes back at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """``shut_since_s`` is when refusals began that no admission has ended yet.

    ``unreached`` counts silences in a row, until ``ever_admitted``; those of requests under way together, before
    ``unreached_s``, are one.
    """

    shut_since_s: float | None = None
    unreached: int = 0
    unreached_s: float = -1.0
    ever_admitted: bool = False


def refused(patience: Patience, now_s: float) -> Patience:
    """A server that refuses is there, and is not patient with us either."""
    return replace(
        patience, unreached=0, shut_since_s=now_s if patience.shut_since_s is None else patience.shut_since_s
    )


def admitted(patience: Patience, *, since_refusal: bool) -> Patience:
    """Somebody was let in; old news, of a request from before the last refusal, does not end a row of them."""
    if since_refusal:
        fresh = Patience(unreached_s=patience.unreached_s, ever_admitted=True)
        return patience if patience == fresh else fresh
    return patience if patience.ever_admitted else replace(patience, ever_admitted=True)


def unreached(patience: Patience, *, now_s: float, sent_s: float) -> Patience:
    """Count a server that did not answer at all."""
    if sent_s <= patience.unreached_s:
        return patience
    return replace(patience, unreached=patience.unreached + 1, unreached_s=now_s)


def quick_pause_s(patience: Patience) -> float:
    """How soon a server that never answered is tried again: after half a second, one and two."""
    return QUICK_PAUSE_S * 2.0 ** max(0, patience.unreached - 1)


def hopeless(patience: Patience, *, now_s: float, pause_until_s: float, budget_s: float) -> str:
    """Say why waiting any longer is useless, or nothing."""
    if patience.unreached >= QUICK_TRIES:
        return f"it did not answer {patience.unreached} times in a row"
    if (wait_s := pause_until_s - now_s) - SPREAD_S > budget_s:
        return f"it asks to wait {wait_s:.0f} s, and the budget is {budget_s:.0f} s"
    if patience.shut_since_s is not None and now_s - patience.shut_since_s > budget_s:
        return f"it has refused every request for {now_s - patience.shut_since_s:.0f} s"
    return ""
