"""All that the gate knows and concludes: the limit, the learned rate, the credits, and how long to be patient.

Times are seconds on a monotonic clock, ``u`` is a random number in [0, 1).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from tts_async.core import credit, pace, patience, rate
from tts_async.core.credit import Ledger, Spent
from tts_async.core.headers import Signals
from tts_async.core.pace import Pace
from tts_async.core.patience import Patience
from tts_async.core.rate import Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What was when a request left: the time, how many were in flight and what had been sent, itself included."""

    at_s: float
    in_flight: int = 1
    spent: Spent = Spent()


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """The state of one server's gate; ``rate_per_s`` is what may be sent per second whatever was learned."""

    pace: Pace = Pace()
    rate: Rate = Rate()
    ledger: Ledger = Ledger()
    patience: Patience = Patience()
    rate_per_s: float | None = None
    last_s: float = -math.inf


def refreshed(law: Law, now_s: float) -> Law:
    """Open fully after a trial, and try a faster rate, where it is time to."""
    opened = pace.opened(law.pace, now_s)
    tried = rate.tried(law.rate, now_s, fastest_per_s=law.rate_per_s or math.inf)
    return law if opened is law.pace and tried is law.rate else replace(law, pace=opened, rate=tried)


def open_s(law: Law, now_s: float, *, chars: int) -> tuple[float, str]:
    """When a request of so many characters may leave, and why not earlier."""
    per_s = [each for each in (law.rate_per_s, law.rate.per_s) if each]
    spaced_s = law.last_s + max((1 / each for each in per_s), default=0.0)
    credited_s = now_s + credit.wait_s(law.ledger, now_s=now_s, chars=chars)
    if credited_s > spaced_s:
        return credited_s, "the server has no credit left"
    return spaced_s, f"it lets in {law.rate.per_s:.2g} requests a second" if law.rate.per_s else "the rate that is set"


def sent(law: Law, now_s: float, *, chars: int, in_flight: int) -> tuple[Law, Sent]:
    """A request leaves, as one of so many in flight."""
    ledger = credit.spend(law.ledger, now_s=now_s, chars=chars)
    law = replace(law, pace=pace.sent(law.pace, now_s), rate=rate.sent(law.rate, now_s), ledger=ledger, last_s=now_s)
    return law, Sent(at_s=now_s, in_flight=in_flight, spent=ledger.spent)


def admitted(law: Law, signals: Signals, *, now_s: float, request: Sent, in_flight: int) -> Law:
    """An answer with speech has begun while so many were in flight."""
    opened = pace.admitted(law.pace, sent_s=request.at_s)
    known = patience.admitted(law.patience, since_refusal=request.at_s > law.pace.refused_s)
    if opened is not law.pace or known is not law.patience:
        law = replace(law, pace=opened, patience=known)
    return _told(law, signals, now_s, request, ours=max(request.in_flight, in_flight))


def _told(law: Law, signals: Signals, now_s: float, request: Sent, *, ours: int) -> Law:
    """What headers say; where they pace, nothing is learned from refusals."""
    told = pace.told(law.pace, signals, now_s=now_s, sent_s=request.at_s, ours=ours)
    law = law if told is law.pace else replace(law, pace=told)
    if not signals.credits:
        return law
    ledger = credit.told(law.ledger, signals.credits, now_s=now_s, sent_s=request.at_s, spent=request.spent)
    return replace(law, ledger=ledger, rate=replace(law.rate, per_s=None))


def refused(law: Law, signals: Signals, *, now_s: float, request: Sent, in_flight: int, u: float) -> Law:
    """A request was refused, and so many others are in flight."""
    law = _told(law, signals, now_s, request, ours=request.in_flight - 1)
    before = pace.settled(law.pace, now_s=now_s, sent_s=request.at_s)
    learned = rate.taken_back(law.rate, request.at_s)
    looks_like_rate = signals.kind in {"rate", "unknown"} and not pace.is_probe(before, now_s)
    if looks_like_rate and request.at_s > before.refused_s and not law.ledger.accounts:
        sure = signals.kind == "rate" or (bool(signals.retry_after_s) and in_flight < before.good)
        learned = rate.refused(learned, now_s, new_row=before.rows == 0, sure=sure)
    after = pace.refused(before, signals, now_s=now_s, sent_s=request.at_s, in_flight=in_flight, u=u)
    return replace(law, pace=after, rate=learned, patience=patience.refused(law.patience, now_s))


def unreached(law: Law, *, now_s: float, request: Sent) -> Law:
    """Nothing answered, before anything ever did: it is tried again soon, and not often."""
    known = patience.unreached(law.patience, now_s=now_s, sent_s=request.at_s)
    return replace(law, patience=known, pace=pace.paused(law.pace, now_s + patience.quick_pause_s(known)))


def restarted(law: Law) -> Law:
    """Forget pauses, failures and credits, and keep what was learned of the server."""
    ledger = Ledger(spent=law.ledger.spent)
    return replace(law, pace=pace.restarted(law.pace), ledger=ledger, patience=Patience())


def hopeless(law: Law, *, now_s: float, budget_s: float) -> str:
    """Say why waiting any longer is useless, or nothing."""
    return patience.hopeless(law.patience, now_s=now_s, pause_until_s=law.pace.pause_until_s, budget_s=budget_s)
