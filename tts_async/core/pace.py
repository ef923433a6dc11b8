"""The law of the gate: how many requests may be in flight, and when none may leave.

On a refusal the limit becomes what is still in flight; while work waits, it is probed upward on a timer; a refused probe
waits. Times are seconds on a monotonic clock, ``u`` is random in [0, 1). docs/explanation/pacing.md has the figures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from tts_async.core.headers import Signals
from tts_async.core.patience import SPREAD_S

START, CEILING = 5, 32
PROBE_S, GROWTH = 1.0, 0.5
GAP_S, LONGEST_GAP_S, PAUSE_S, LONGEST_PAUSE_S = 10.0, 60.0, 1.0, 8.0
GRACE_S, GRACE_REFUSALS = 1.0, 3.0
"""A request that was not refused for a second, or three times as long as refusals take here, was let in."""
FRESH_S, STALE_S = 3.0, 30.0
"""An answer is news of who is in flight if it is younger than the one; the news is forgotten after the other."""
OUTCOMES, ENOUGH_OUTCOMES, TOO_MANY_FAILED = 20, 6, 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What the gate knows of one server; `reason` is why the limit last changed.

    ``good`` is the level that the server was last known to hold, ``top`` the most that it ever announced to take,
    ``share`` what of that is left for us, told at ``share_s``. ``rows`` counts refusals since the last admission:
    those of requests under way together, before ``refused_s``, are one. ``first_s`` is the first send since.
    ``half_open`` lets one request out to see whether a pause was long enough. ``known`` says that the limit is
    the server's, seen in this run or an earlier one, and not just a start.
    """

    limit: int = START
    good: int = START
    ceiling: int = CEILING
    top: int | None = None
    share: int | None = None
    share_s: float = -math.inf
    probe_at_s: float | None = None
    probed_s: float = -1.0
    probe_refused_s: float = -1.0
    gap_s: float = 0.0
    refused_s: float = -1.0
    rows: int = 0
    first_s: float | None = None
    pause_until_s: float = 0.0
    half_open: bool = False
    known: bool = False
    refusal_takes_s: float = 0.0
    outcomes: tuple[bool, ...] = ()
    reason: str = ""

    @property
    def grace_s(self) -> float:
        """How long a request has to go without a refusal to count as let in."""
        return max(GRACE_S, GRACE_REFUSALS * self.refusal_takes_s)


def most(pace: Pace, now_s: float) -> int:
    """The most that may be tried."""
    known = (pace.ceiling, pace.top, pace.share if now_s - pace.share_s <= STALE_S else None)
    return max(1, min(each for each in known if each is not None))


def closed_until_s(pace: Pace, now_s: float) -> float:
    """Until when nothing may leave; the past where something may."""
    if now_s >= pace.pause_until_s and pace.half_open and pace.first_s is not None:
        return pace.first_s + pace.grace_s
    return pace.pause_until_s


def opened(pace: Pace, now_s: float) -> Pace:
    """Open fully when the request that was let out to try has outlived the grace."""
    tried = pace.half_open and pace.first_s is not None and now_s >= pace.first_s + pace.grace_s
    return replace(pace, half_open=False, rows=0) if tried and now_s >= pace.pause_until_s else pace


def bound(pace: Pace, now_s: float) -> tuple[Pace, float]:
    """Raise the limit when it is time, and say when to ask again; for while work waits and every slot is taken."""
    highest = most(pace, now_s)
    if pace.limit >= highest:
        return pace, math.inf
    if pace.probe_at_s is None:
        pace = replace(pace, probe_at_s=now_s + PROBE_S)
    if pace.probe_at_s and now_s < pace.probe_at_s:
        return pace, pace.probe_at_s
    return _raised(pace, now_s, highest), now_s


def _raised(pace: Pace, now_s: float, highest: int) -> Pace:
    every_s = pace.grace_s if pace.refusal_takes_s else PROBE_S
    raised = replace(pace, probed_s=now_s, probe_at_s=now_s + every_s)
    if pace.share is not None and now_s - pace.share_s <= STALE_S:
        return replace(raised, limit=highest, good=highest, known=True, reason=f"the server has room for {highest}")
    if pace.probed_s <= pace.probe_refused_s:
        return replace(raised, limit=pace.limit + 1, reason="one more is tried")
    limit = min(highest, pace.limit + max(1, int(GROWTH * pace.limit)))
    return replace(
        raised, limit=limit, good=pace.limit, gap_s=0.0, known=True, reason=f"{pace.limit} at once were let in"
    )


def paused(pace: Pace, until_s: float) -> Pace:
    """Let nothing leave before that moment."""
    return replace(pace, pause_until_s=max(pace.pause_until_s, until_s))


def remembered(pace: Pace, limit: int) -> Pace:
    """Start at what the server was seen to hold before."""
    limit = min(limit, pace.ceiling)
    return replace(pace, limit=limit, good=limit, known=True, reason=f"it held {limit} the last time")


def allowed(pace: Pace, limit: int) -> Pace:
    """Take a user's word for what a server takes at once, where it has not said or shown otherwise."""
    pace = replace(pace, ceiling=max(pace.ceiling, limit))
    if limit <= pace.limit or pace.known or pace.top is not None:
        return pace
    return replace(pace, limit=limit, good=limit, reason=f"{limit} workers are asked for")


def restarted(pace: Pace) -> Pace:
    """Forget pauses and failures, and keep what was learned of the server."""
    return replace(pace, pause_until_s=0.0, half_open=False, rows=0, first_s=None, outcomes=())


def sent(pace: Pace, now_s: float) -> Pace:
    """A request leaves."""
    return replace(pace, first_s=now_s) if pace.first_s is None else pace


def admitted(pace: Pace, *, sent_s: float) -> Pace:
    """A request that was sent then was let in."""
    news = sent_s > pace.refused_s and (pace.rows or pace.half_open)
    return replace(pace, rows=0, half_open=False) if news else pace


def told(pace: Pace, signals: Signals, *, now_s: float, sent_s: float, ours: int) -> Pace:
    """Hear how many a server takes at once and how many it has; ``ours`` of those are ours."""
    if signals.ceiling is None:
        return pace
    top = signals.ceiling
    share = top if signals.in_flight is None else top - max(0, signals.in_flight - ours)
    if now_s - sent_s > FRESH_S:
        return _lowered(replace(pace, top=top), top, f"the server takes {top} at once")
    pace = replace(pace, top=top, share=share, share_s=now_s)
    if pace.limit <= share and pace.probe_at_s is not None and sent_s > pace.refused_s:
        return replace(pace, probe_at_s=min(pace.probe_at_s, now_s))
    return _lowered(pace, share, f"the server has room for {share}")


def _lowered(pace: Pace, limit: int, reason: str) -> Pace:
    limit = max(1, limit)
    return replace(pace, limit=limit, good=limit, known=True, reason=reason) if limit < pace.limit else pace


def delivered(pace: Pace) -> Pace:
    """A request was answered whole."""
    outcomes = (*pace.outcomes, True)[-OUTCOMES:]
    return pace if outcomes == pace.outcomes else replace(pace, outcomes=outcomes)


def failed(pace: Pace, now_s: float) -> Pace:
    """A request was let in and came to nothing; where too many do, half as many go at once."""
    outcomes = (*pace.outcomes, False)[-OUTCOMES:]
    lost = outcomes.count(False)
    if len(outcomes) < ENOUGH_OUTCOMES or lost <= TOO_MANY_FAILED * len(outcomes):
        return replace(pace, outcomes=outcomes)
    gap_s = min(LONGEST_GAP_S, max(GAP_S, 2 * pace.gap_s))
    halved = replace(pace, outcomes=(), gap_s=gap_s, probe_refused_s=now_s, probe_at_s=now_s + gap_s)
    return _lowered(halved, pace.limit // 2, f"{lost} of {len(outcomes)} requests failed")


def settled(pace: Pace, *, now_s: float, sent_s: float) -> Pace:
    """End a row of refusals where a request that was sent before this one has outlived the grace meanwhile."""
    survived = pace.first_s is not None and sent_s > pace.first_s and now_s - pace.first_s >= pace.grace_s
    return replace(pace, rows=0) if survived else pace


def is_probe(pace: Pace, now_s: float) -> bool:
    """Whether what is refused now is the answer to a limit that was just raised."""
    return pace.probe_refused_s < pace.probed_s and now_s - pace.probed_s <= PROBE_S + pace.grace_s


def refused(pace: Pace, signals: Signals, *, now_s: float, sent_s: float, in_flight: int, u: float) -> Pace:
    """Conclude from a refusal that left ``in_flight`` requests; see `settled` for what comes before."""
    new, probe, busy = sent_s > pace.refused_s, is_probe(pace, now_s), signals.kind == "busy"
    asked_s = signals.retry_after_s or None
    # Refused below a level that is known to be fine, twice in a row, it was not the level.
    level = not busy and (
        signals.kind == "concurrency" or in_flight >= pace.good or pace.rows == 0 or (not new and pace.rows == 1)
    )
    pace = _noted(pace, now_s, now_s - sent_s, new=new)
    if asked_s is not None:
        pace = paused(pace, now_s + asked_s + SPREAD_S * u)
    if level:
        pace = _at_what_is_in_flight(pace, now_s, in_flight, new=new, probe=probe)
    if not new or asked_s is not None or (level and in_flight):
        return pace
    doublings = min(9, max(0, pace.rows - (0 if busy else 1)))
    pause_s = min(LONGEST_PAUSE_S, PAUSE_S * 2**doublings) * (0.75 + 0.5 * u)
    return replace(paused(pace, now_s + pause_s), rows=pace.rows + 1, half_open=True)


def _noted(pace: Pace, now_s: float, took_s: float, *, new: bool) -> Pace:
    takes_s = 0.7 * pace.refusal_takes_s + 0.3 * took_s if pace.refusal_takes_s else took_s
    pace = replace(pace, refusal_takes_s=takes_s)
    return replace(pace, refused_s=now_s, first_s=None) if new else pace


def _at_what_is_in_flight(pace: Pace, now_s: float, in_flight: int, *, new: bool, probe: bool) -> Pace:
    """The server holds what it has not refused, and the next probe above that waits."""
    if new:
        gap_s = min(LONGEST_GAP_S, max(GAP_S, 2 * pace.gap_s)) if probe else GAP_S
        pace = replace(pace, gap_s=gap_s, probe_refused_s=now_s, probe_at_s=now_s + gap_s, rows=1)
    good = max(1, min(pace.limit, in_flight))
    return replace(_lowered(pace, good, f"refused with {in_flight} in flight"), good=good, known=True)
