"""What a server says is left."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_async.core.credit import PATIENCE_S, Ledger, cost, spend, told, wait_s
from tts_async.core.headers import Credit, Unit


def credit(
    remaining: float, *, limit: float = 60, refill_per_s: float = 1.0, unit: Unit = "requests", name: str = "requests"
) -> Credit:
    return Credit(name=name, unit=unit, limit=limit, remaining=remaining, refill_per_s=refill_per_s)


def after(*news: Credit, ledger: Ledger | None = None, now_s: float = 10.0, sent_s: float = 10.0) -> Ledger:
    """A ledger to which an answer told that, whose request left last."""
    ledger = ledger or Ledger()
    return told(ledger, news, now_s=now_s, sent_s=sent_s, spent=ledger.spent)


def test_nothing_is_known_at_first() -> None:
    """Nobody waits for what nobody counts."""
    assert wait_s(Ledger(), now_s=0, chars=5000) == 0


def test_what_is_left_can_be_sent_and_no_more() -> None:
    """Two are left: two leave at once, the third waits for the refill."""
    ledger = after(credit(2))
    for _ in range(2):
        assert wait_s(ledger, now_s=10.0, chars=100) == 0
        ledger = spend(ledger, now_s=10.0, chars=100)
    assert wait_s(ledger, now_s=10.0, chars=100) == pytest.approx(1.0)
    assert wait_s(ledger, now_s=11.0, chars=100) == 0


@pytest.mark.parametrize(("unit", "chars", "takes"), [("requests", 500, 1), ("chars", 500, 500), ("tokens", 500, 125)])
def test_what_a_request_takes(unit: Unit, chars: int, takes: float) -> None:
    """One request, its characters, or a quarter of a token for each of them."""
    assert cost(unit, chars) == takes


def test_a_text_larger_than_the_account_takes_all_of_it() -> None:
    """It would wait for ever otherwise."""
    ledger = after(credit(900, limit=1000, refill_per_s=10, unit="chars", name="characters"))
    assert wait_s(ledger, now_s=10.0, chars=5000) == pytest.approx(10.0)


def test_every_account_has_to_cover_it() -> None:
    """The longest wait counts."""
    ledger = after(
        credit(0, refill_per_s=0.5), credit(0, limit=6000, refill_per_s=100, unit="chars", name="characters")
    )
    assert wait_s(ledger, now_s=10.0, chars=100) == pytest.approx(2.0)
    assert wait_s(ledger, now_s=10.0, chars=1000) == pytest.approx(10.0)


def test_what_was_sent_since_is_taken_off() -> None:
    """An answer tells of the moment when its request came; what left after that one is known to us only."""
    ledger = spend(Ledger(), now_s=0.0, chars=10)
    then = ledger.spent
    for _ in range(3):
        ledger = spend(ledger, now_s=1.0, chars=10)
    ledger = told(ledger, (credit(5, refill_per_s=0.5),), now_s=4.0, sent_s=0.0, spent=then)
    assert ledger.accounts["requests"].level == 5 + 0.5 * 4 - 3


def test_older_news_changes_nothing() -> None:
    """A long chunk's answer tells of long ago."""
    ledger = after(credit(5), sent_s=10.0)
    assert after(credit(50), ledger=ledger, now_s=20.0, sent_s=9.0) == ledger


def test_an_account_that_is_not_heard_of_lets_one_through_a_minute() -> None:
    """What was announced need not be what binds: a daily limit that is reached does not stop a job in silence."""
    ledger = after(credit(0, limit=1000, refill_per_s=1000 / 86_400, name="daily"))
    assert wait_s(ledger, now_s=10.0, chars=1) == PATIENCE_S
    ledger = spend(ledger, now_s=70.0, chars=1)
    assert wait_s(ledger, now_s=70.0, chars=1) == PATIENCE_S
    silent = after(credit(0, refill_per_s=0.0))
    assert wait_s(silent, now_s=40.0, chars=1) == PATIENCE_S - 30


@given(
    remaining=st.floats(0, 100),
    refill=st.floats(0, 5),
    steps=st.lists(st.tuples(st.floats(0, 20), st.integers(1, 5000)), max_size=60),
)
def test_never_more_is_sent_than_was_announced(remaining: float, refill: float, steps: list[tuple[float, int]]) -> None:
    """I8: whoever waits as told sends no more than what was left and came back, but for one a minute of silence."""
    ledger, now_s, count, trials = after(credit(remaining, limit=100, refill_per_s=refill)), 10.0, 0, 0
    for idle_s, chars in steps:
        now_s += idle_s
        needed = 1.0 - ledger.accounts["requests"].level_at(now_s)
        wait = wait_s(ledger, now_s=now_s, chars=chars)
        assert 0 <= wait <= PATIENCE_S + 1e-9
        now_s += wait
        trials += needed > refill * wait + 1e-3
        ledger = spend(ledger, now_s=now_s, chars=chars)
        count += 1
    assert count <= remaining + refill * (now_s - 10.0) + trials + 1e-2
