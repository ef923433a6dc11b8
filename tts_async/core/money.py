"""What is to be paid, and what may be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tts_async.core.prices import Price
from tts_async.errors import BudgetError


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a request is expected to cost; ``usd`` is ``None`` where the price is unknown."""

    chars: int
    credits: float
    usd: float | None

    def of(self, billed_credits: int | None) -> Cost:
        """What it did cost, by the credits that the provider says it charged."""
        if billed_credits is None or not self.credits:
            return self
        usd = None if self.usd is None else self.usd * billed_credits / self.credits
        return Cost(chars=self.chars, credits=billed_credits, usd=usd)


GOES_ON = "what was bought is kept, and a larger budget goes on from there"


def cost_of(chars: int, price: Price) -> Cost:
    """The expected cost of a text."""
    per_1000 = price.usd_per_1000_chars
    usd = None if per_1000 is None else chars * per_1000 / 1000
    return Cost(chars=chars, credits=chars * price.credits_per_char, usd=usd)


def total(costs: Iterable[Cost]) -> Cost:
    """The sum; unknown where any of them is."""
    costs = list(costs)
    known = [each.usd for each in costs if each.usd is not None]
    usd = sum(known) if len(known) == len(costs) else None
    return Cost(chars=sum(each.chars for each in costs), credits=sum(each.credits for each in costs), usd=usd)


class Budget:
    """What may be spent by all digests of a Renderer; counts what is spent and what is set apart for what will be.

    Without limits it only counts.
    """

    def __init__(self, *, max_chars: int | None = None, max_cost_usd: float | None = None) -> None:
        self.max_chars = max_chars
        self.max_cost_usd = max_cost_usd
        self._chars = 0
        self._usd = 0.0

    def __repr__(self) -> str:
        return f"<Budget {self._chars:,} characters, {self._usd:.4f} USD>"

    def spend(self, cost: Cost) -> None:
        """Spend, or set apart; raises `BudgetError`, and counts nothing, where that is more than may be."""
        if self.max_cost_usd is not None and cost.usd is None:
            raise BudgetError(
                "What this costs is unknown, so it cannot be kept under a budget in money: name the price in the"
                " setting prices, or bound the characters by max_chars."
            )
        if self.max_chars is not None and self._chars + cost.chars > self.max_chars:
            raise BudgetError(
                f"{self._chars + cost.chars:,} characters would be over the {self.max_chars:,} of max_chars; {GOES_ON}."
            )
        usd = self._usd + (cost.usd or 0.0)
        # A sum of parts must not be over its own whole by a rounding.
        if self.max_cost_usd is not None and usd > self.max_cost_usd * (1 + 1e-9):
            raise BudgetError(
                f"{usd:.4f} USD would be over the {self.max_cost_usd:.4f} USD of max_cost_usd; {GOES_ON}."
            )
        self._chars += cost.chars
        self._usd = usd

    def give_back(self, cost: Cost) -> None:
        """It was not spent after all."""
        self._chars -= cost.chars
        self._usd -= cost.usd or 0.0

    def correct(self, expected: Cost, billed: Cost) -> None:
        """It cost something else than was expected; this counts whatever the limit."""
        self._usd += (billed.usd or 0.0) - (expected.usd or 0.0)


class Purse:
    """One digest's share of a budget: set apart before its first request, so that it is not begun where it cannot end.

    Chunks of one name are one purchase: what one of them pays for the others have, too.
    """

    def __init__(self, budget: Budget, costs: Sequence[Cost], names: Sequence[str]) -> None:
        self._budget = budget
        self._costs = costs
        self._names = names
        self._apart: dict[str, Cost] = {}
        self._paid: Counter[str] = Counter()

    def fill(self, indices: Iterable[int]) -> Cost:
        """Set apart what these chunks cost, and return it; raises `BudgetError`."""
        wanted = {self._names[index]: self._costs[index] for index in indices}
        cost = total(wanted.values())
        self._budget.spend(cost)
        self._apart = wanted
        return cost

    def pay(self, index: int) -> None:
        """A request for a chunk leaves; every further one for it costs again. Raises `BudgetError`.

        Also where what was set apart does not fit any more, as others have cost more than they should.
        """
        self.free(index)
        self._budget.spend(self._costs[index])
        self._paid[self._names[index]] += 1

    def unpaid(self, index: int) -> None:
        """What was paid for last was refused, and costs nothing: it is set apart again."""
        name = self._names[index]
        if self._paid[name]:
            self._paid[name] -= 1
            self._apart[name] = self._costs[index]

    def free(self, index: int) -> None:
        """What was set apart for a chunk will not be needed."""
        if cost := self._apart.pop(self._names[index], None):
            self._budget.give_back(cost)

    def billed(self, index: int, billed_credits: int | None) -> None:
        """A chunk is here, and cost what the provider says; what an earlier run has paid for is that run's."""
        if self._paid[self._names[index]]:
            self._budget.correct(self._costs[index], self._costs[index].of(billed_credits))

    def close(self) -> None:
        """Give back what was not needed."""
        for cost in self._apart.values():
            self._budget.give_back(cost)
        self._apart.clear()
