"""Accounts of what a server says is left: requests, characters, tokens. Nothing is sent that it says is not there.

No header tells whether a limit is a window or a bucket, so an account refills continuously; the bench shows that
this meets the targets on both. Times are seconds on a monotonic clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from tts_async.core.headers import Credit, Unit

TOKENS_PER_CHAR = 0.25
"""About four characters of English are a token, says OpenAI's rule of thumb; every answer corrects what is off."""

PATIENCE_S = 60.0
"""An account that was not heard of for so long lets one request through: what it announced need not be what binds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What was sent so far, in all; the difference of two is what was sent between them."""

    requests: int = 0
    chars: int = 0

    def of(self, unit: Unit) -> float:
        """In the unit of an account."""
        return self.requests if unit == "requests" else self.chars * (TOKENS_PER_CHAR if unit == "tokens" else 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """``level`` is what was left at ``at_s``; ``sent_s`` is when the request left whose answer told of it."""

    unit: Unit
    limit: float
    level: float
    refill_per_s: float
    at_s: float
    sent_s: float

    def level_at(self, now_s: float) -> float:
        """What is left now."""
        return min(self.limit, self.level + self.refill_per_s * (now_s - self.at_s))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """All accounts by name, and what was sent."""

    accounts: Mapping[str, Account] = field(default_factory=lambda: MappingProxyType({}))
    spent: Spent = Spent()


def cost(unit: Unit, chars: int) -> float:
    """What one request of so many characters takes from an account."""
    return Spent(requests=1, chars=chars).of(unit)


def wait_s(ledger: Ledger, *, now_s: float, chars: int) -> float:
    """How long until every account covers a request, one that is larger than an account all of it; 0 for now."""
    return max((_wait_s(account, now_s, chars) for account in ledger.accounts.values()), default=0.0)


def _wait_s(account: Account, now_s: float, chars: int) -> float:
    missing = min(cost(account.unit, chars), account.limit) - account.level_at(now_s)
    if missing <= 1e-6:
        return 0.0
    patient_s = max(0.0, account.at_s + PATIENCE_S - now_s)
    return min(patient_s, missing / account.refill_per_s) if account.refill_per_s else patient_s


def spend(ledger: Ledger, *, now_s: float, chars: int) -> Ledger:
    """Take a request that leaves from every account."""
    accounts = {
        name: replace(account, level=account.level_at(now_s) - cost(account.unit, chars), at_s=now_s)
        for name, account in ledger.accounts.items()
    }
    spent = Spent(requests=ledger.spent.requests + 1, chars=ledger.spent.chars + chars)
    return Ledger(accounts=accounts, spent=spent)


def told(ledger: Ledger, news: tuple[Credit, ...], *, now_s: float, sent_s: float, spent: Spent) -> Ledger:
    """Set accounts to what an answer says: the rest when its request came in, refilled, less what was sent since.

    ``spent`` is what had been sent when that request left, itself included. Older news changes nothing.
    """
    accounts = dict(ledger.accounts)
    for credit in news:
        known = accounts.get(credit.name)
        if known and sent_s < known.sent_s:
            continue
        back = min(credit.limit, credit.remaining + credit.refill_per_s * (now_s - sent_s))
        since = ledger.spent.of(credit.unit) - spent.of(credit.unit)
        accounts[credit.name] = Account(
            unit=credit.unit,
            limit=credit.limit,
            level=back - since,
            refill_per_s=credit.refill_per_s,
            at_s=now_s,
            sent_s=sent_s,
        )
    return replace(ledger, accounts=accounts)
