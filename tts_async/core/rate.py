"""A rate of sending that is learned from refusals, where no header tells one.

Times are seconds on a monotonic clock. Constants are those of the bench that the law was found with.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

LOOK_BACK_S = 30.0
"""Over how long it is counted what was let in."""
ROWS_IN_S = 60.0
ROWS = 3
"""More rows of refusals than this within that time, with admissions between them, look like a rate."""
SLOWEST_PER_S = 0.02
HOLD_S, LONGEST_HOLD_S = 10.0, 60.0
"""How long a rate that was just refused is kept before a faster one is tried."""
RAISE_S, RAISE = 5.0, 1.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """``per_s`` is the rate in force, ``None`` while nothing looked like one; ``sends`` are those not refused."""

    per_s: float | None = None
    raise_at_s: float = 0.0
    hold_s: float = 0.0
    raised: bool = False
    began_s: float | None = None
    sends: tuple[float, ...] = ()
    rows: tuple[float, ...] = ()


def sent(rate: Rate, now_s: float) -> Rate:
    """Count a request that leaves."""
    began_s = now_s if rate.began_s is None else rate.began_s
    return replace(rate, began_s=began_s, sends=(*_since(rate.sends, now_s - LOOK_BACK_S), now_s))


def taken_back(rate: Rate, sent_s: float) -> Rate:
    """Do not count a request that was refused."""
    if sent_s not in rate.sends:
        return rate
    at = rate.sends.index(sent_s)
    return replace(rate, sends=rate.sends[:at] + rate.sends[at + 1 :])


def refused(rate: Rate, now_s: float, *, new_row: bool, sure: bool) -> Rate:
    """Slow down to what was let in, where one refusal is ``sure`` to mean a rate or many rows of them look like it."""
    rows = _since(rate.rows, now_s - ROWS_IN_S)
    rate = replace(rate, rows=(*rows, now_s) if new_row else rows)
    return _slowed(rate, now_s) if sure or len(rate.rows) > ROWS else rate


def _slowed(rate: Rate, now_s: float) -> Rate:
    over_s = max(1.0, min(LOOK_BACK_S, now_s - (now_s if rate.began_s is None else rate.began_s)))
    let_in_per_s = max(SLOWEST_PER_S, len(_since(rate.sends, now_s - LOOK_BACK_S)) / over_s)
    hold_s = min(LONGEST_HOLD_S, max(HOLD_S, 2 * rate.hold_s if rate.raised else rate.hold_s))
    per_s = let_in_per_s if rate.per_s is None else min(rate.per_s, let_in_per_s)
    return replace(rate, per_s=per_s, hold_s=hold_s, raise_at_s=now_s + hold_s, raised=False)


def tried(rate: Rate, now_s: float, *, fastest_per_s: float) -> Rate:
    """Try a faster rate when it is time, up to the one that holds anyway."""
    if rate.per_s is None or now_s < rate.raise_at_s:
        return rate
    per_s = RAISE * rate.per_s
    return replace(rate, per_s=per_s if per_s <= fastest_per_s else None, raise_at_s=now_s + RAISE_S, raised=True)


def _since(times_s: tuple[float, ...], start_s: float) -> tuple[float, ...]:
    if not times_s or times_s[0] >= start_s:
        return times_s
    return tuple(at_s for at_s in times_s if at_s >= start_s)
