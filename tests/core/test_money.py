"""What is to be paid, and what may be."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_async.core.money import Budget, Cost, Purse, cost_of, total
from tts_async.core.prices import PRICES, UNKNOWN, Price, price_of
from tts_async.errors import BudgetError

TENTH = Price(usd_per_1000_chars=0.1)


@pytest.mark.parametrize(
    ("tariff", "own", "usd"),
    [
        ("openai:tts-1", {}, 0.015),
        ("openai:tts-1", {"openai": 1.0}, 1.0),
        ("openai:tts-1", {"openai": 1.0, "openai:tts-1": 2.0}, 2.0),
        ("openai:tts-1+http://127.0.0.1:8880", {}, None),
        ("openai:tts-1+http://127.0.0.1:8880", {"openai:tts-1": 0.0}, 0.0),
        ("openai:tts-1+http://127.0.0.1:8880", {"openai": 3.0, "openai:tts-1+http://127.0.0.1:8880": 0.0}, 0.0),
        ("acme:loud", {}, None),
        ("acme:loud", {"acm": 1.0}, None),
        ("local", {}, 0.0),
        ("", {}, None),
    ],
)
def test_a_price(tariff: str, own: dict[str, float], usd: float | None) -> None:
    """The user's own go first, the nearer before the wider; a server that is not the provider's own has no listed one."""
    assert price_of(tariff, own).usd_per_1000_chars == usd


def test_an_own_price_keeps_the_unit() -> None:
    """A plan that costs less still counts half a credit a character."""
    assert price_of("elevenlabs:eleven_flash_v2_5", {"elevenlabs": 0.2}).credits_per_char == 0.5


def test_every_listed_price_says_when_and_where() -> None:
    """A figure without a date and a source is no price."""
    for name, price in PRICES.items():
        assert price.date.startswith("20"), name
        assert price.source, name
        assert price.usd_per_1000_chars is not None, name


def test_a_cost() -> None:
    """By the thousand; what the provider charged corrects it in proportion; what is unknown stays so."""
    half = cost_of(800, Price(usd_per_1000_chars=0.05, credits_per_char=0.5))
    assert half == Cost(chars=800, credits=400.0, usd=0.04)
    assert half.of(200).usd == pytest.approx(0.02)
    assert half.of(None) == half
    assert cost_of(800, UNKNOWN).of(3) == Cost(chars=800, credits=3, usd=None)
    assert total([half, cost_of(1, UNKNOWN)]).usd is None
    assert total([]) == Cost(chars=0, credits=0, usd=0)


def costs(*chars: int) -> list[Cost]:
    return [cost_of(each, TENTH) for each in chars]


def purse_of(budget: Budget, *chars: int, names: str = "abcdefgh") -> Purse:
    return Purse(budget, costs(*chars), names)


def test_a_digest_that_cannot_be_paid_is_not_begun() -> None:
    """All of it is set apart first; where that is too much nothing is counted, and another digest still fits."""
    budget = Budget(max_chars=100)
    with pytest.raises(BudgetError, match="120 characters would be over the 100 of max_chars"):
        purse_of(budget, 60, 60).fill([0, 1])
    purse_of(budget, 60, 40).fill([0, 1])
    with pytest.raises(BudgetError):
        purse_of(budget, 1).fill([0])


def test_what_is_unknown_is_not_under_a_budget() -> None:
    """In money; a budget of characters does not ask for prices."""
    unknown = [cost_of(10, UNKNOWN)]
    with pytest.raises(BudgetError, match="name the price in the setting prices"):
        Purse(Budget(max_cost_usd=1e6), unknown, "a").fill([0])
    Purse(Budget(max_chars=10), unknown, "a").fill([0])


def test_every_further_request_is_paid_anew() -> None:
    """But one that was refused, or found to be bought elsewhere, costs nothing."""
    purse = purse_of(Budget(max_chars=25), 10, 10)
    purse.fill([0, 1])
    purse.pay(0)
    purse.unpaid(0)  # refused
    purse.pay(0)
    with pytest.raises(BudgetError):
        purse.pay(0)  # its body was cut off, and may be billed
    purse.free(1)  # somebody else has bought it
    purse.pay(0)


def test_nothing_is_given_back_that_was_not_paid() -> None:
    """A chunk that was here from the start makes no budget larger."""
    purse = purse_of(Budget(max_chars=10), 10, 10)
    purse.unpaid(0)
    purse.free(0)
    purse.fill([1])
    with pytest.raises(BudgetError):
        purse.pay(0)


def test_the_bill_counts() -> None:
    """What costs more than was expected leaves less, what costs less leaves more; what is left is given back."""
    budget = Budget(max_cost_usd=0.010)
    purse = purse_of(budget, 40, 40)
    purse.fill([0, 1])
    purse.pay(0)
    purse.billed(0, 60)
    with pytest.raises(BudgetError, match=r"0.0110 USD would be over the 0.0100 USD"):
        purse_of(budget, 10).fill([0])
    purse.close()
    purse_of(budget, 40).fill([0])


def test_what_is_the_same_is_paid_once() -> None:
    """One purchase is the answer to all of its name; another one of it, where the first was no good, is paid anew."""
    purse = purse_of(Budget(max_chars=25), 10, 10, 5, names="aab")
    assert purse.fill([0, 1, 2]).chars == 15
    purse.pay(1)
    purse.pay(0)
    with pytest.raises(BudgetError):
        purse.pay(1)
    purse.pay(2)


def test_what_was_paid_earlier_changes_nothing() -> None:
    """A clip that is found was billed to the run that had asked for it; where that was this one, its bill counts."""
    budget = Budget(max_cost_usd=0.010)
    purse = purse_of(budget, 40, 40)
    purse.fill([0, 1])
    purse.billed(0, 400)
    purse.free(0)
    purse_of(budget, 60).fill([0])
    purse.pay(1)
    purse.billed(1, 20)
    purse_of(budget, 20).fill([0])


@given(
    chars=st.lists(st.integers(1, 500), min_size=1, max_size=8),
    steps=st.lists(st.tuples(st.integers(0, 7), st.sampled_from(["pay", "refused", "free"])), max_size=40),
    most=st.integers(0, 3_000),
)
def test_a_budget_is_never_passed(chars: list[int], steps: list[tuple[int, str]], most: int) -> None:
    """Whatever happens to the requests, those that left and may be billed are never over it."""
    purse = purse_of(Budget(max_chars=most), *chars)
    try:
        purse.fill(range(len(chars)))
    except BudgetError:
        assert sum(chars) > most
        return
    left: list[int] = []
    for index, step in steps:
        if index >= len(chars):
            continue
        if step == "pay":
            with suppress(BudgetError):
                purse.pay(index)
                left.append(index)
        elif step == "refused" and index in left:
            purse.unpaid(index)
            left.remove(index)
        elif step == "free":
            purse.free(index)
    assert sum(chars[each] for each in left) <= most
