"""The whole law against a server that is a few numbers: what must hold whatever comes."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tts_async.core import law, pace
from tts_async.core.headers import Credit, Kind, Signals
from tts_async.core.law import Law, Sent
from tts_async.core.pace import Pace

CHARS = 500
KINDS: st.SearchStrategy[Kind] = st.sampled_from(["unknown", "concurrency", "rate", "busy"])
CREDIT = Credit(name="requests", unit="requests", limit=60, remaining=0, refill_per_s=1.0)


class Gatekeeper(RuleBasedStateMachine):
    """Sends and answers in any order, as the one at the door would: it waits as told and never sends while closed."""

    def __init__(self) -> None:
        super().__init__()
        self.law = Law(rate_per_s=10.0)
        self.now_s = 100.0
        self.flying: list[Sent] = []
        self.last_raise_s = -math.inf
        self.trials = 0

    def may_send(self) -> bool:
        self.law = law.refreshed(self.law, self.now_s)
        closed_s = pace.closed_until_s(self.law.pace, self.now_s)
        open_s, why = law.open_s(self.law, self.now_s, chars=CHARS)
        assert why
        return closed_s <= self.now_s and open_s <= self.now_s and len(self.flying) < self.law.pace.limit

    @rule(seconds=st.floats(0.001, 30))
    def wait(self, seconds: float) -> None:
        self.now_s += seconds

    @rule()
    def send(self) -> None:
        if not self.may_send():
            return
        before = self.law.pace
        assert self.now_s >= before.pause_until_s, "I3: nothing leaves during a pause"
        if before.half_open:
            assert before.first_s is None, "I4: one trial at a time"
        self.law, request = law.sent(self.law, self.now_s, chars=CHARS, in_flight=len(self.flying) + 1)
        self.flying.append(request)
        assert len(self.flying) <= self.law.pace.limit, "I1: never more in flight than the limit"

    @precondition(lambda self: len(self.flying) >= self.law.pace.limit)
    @rule()
    def be_bound(self) -> None:
        before = self.law.pace
        raised, again_s = pace.bound(before, self.now_s)
        if raised.limit > before.limit:
            news = raised.share is not None
            assert news or self.now_s - self.last_raise_s >= pace.PROBE_S, "I7: at most one probe a second"
            self.last_raise_s = self.now_s
        else:
            assert again_s > self.now_s, "I11: whoever waits is told how long"
        self.law = replace(self.law, pace=raised)

    @precondition(lambda self: self.flying)
    @rule(number=st.integers(0, 99), ceiling=st.none() | st.integers(1, 40), others=st.integers(0, 10))
    def answer(self, number: int, ceiling: int | None, others: int) -> None:
        request = self.flying[number % len(self.flying)]
        in_flight = len(self.flying)
        signals = Signals(ceiling=ceiling, in_flight=in_flight + others if ceiling else None)
        before = self.law.pace.limit
        self.law = law.admitted(self.law, signals, now_s=self.now_s, request=request, in_flight=in_flight)
        assert self.law.pace.limit <= before, "I7: an answer never raises the limit"
        self.flying.remove(request)
        self.law = replace(self.law, pace=pace.delivered(self.law.pace))

    @precondition(lambda self: self.flying)
    @rule(
        number=st.integers(0, 99),
        kind=KINDS,
        asked_s=st.none() | st.floats(0, 400),
        told=st.booleans(),
        u=st.floats(0, 1, exclude_max=True),
    )
    def refuse(self, number: int, kind: Kind, asked_s: float | None, told: bool, u: float) -> None:
        request = self.flying.pop(number % len(self.flying))
        before, in_flight = self.law.pace, len(self.flying)
        signals = Signals(kind=kind, retry_after_s=asked_s, credits=(CREDIT,) if told else ())
        self.law = law.refused(self.law, signals, now_s=self.now_s, request=request, in_flight=in_flight, u=u)
        after = self.law.pace
        assert after.limit <= before.limit
        if after.limit < before.limit:
            assert after.limit == max(1, in_flight), "I6: it falls to what is in flight, and no further"
        if request.at_s <= before.refused_s:
            assert after.probe_at_s == before.probe_at_s, "I6: one row of refusals is one refusal"
        assert after.pause_until_s >= before.pause_until_s, "no pause is ever shortened"

    @precondition(lambda self: self.flying)
    @rule(number=st.integers(0, 99))
    def fail(self, number: int) -> None:
        self.flying.pop(number % len(self.flying))
        self.law = replace(self.law, pace=pace.failed(self.law.pace, self.now_s))

    @invariant()
    def the_limit_is_sane(self) -> None:
        """I2."""
        assert 1 <= self.law.pace.limit <= self.law.pace.ceiling

    @invariant()
    def nothing_waits_for_ever(self) -> None:
        """I11: with nothing in flight, there is a moment from which on something may leave."""
        if not self.flying:
            later = law.refreshed(self.law, self.now_s + 10_000)
            assert pace.closed_until_s(later.pace, self.now_s + 10_000) <= self.now_s + 10_000
            assert law.open_s(later, self.now_s + 10_000, chars=CHARS)[0] <= self.now_s + 10_000


TestInvariants = Gatekeeper.TestCase
TestInvariants.settings = settings(max_examples=150, stateful_step_count=60)


def test_sends_are_spaced_by_the_slower_rate() -> None:
    """Ten a second unless a slower one was learned, and the reason says which."""
    state, _ = law.sent(Law(rate_per_s=10.0), 5.0, chars=1, in_flight=1)
    assert law.open_s(state, 5.0, chars=1) == (5.1, "the rate that is set")
    slow = replace(state, rate=replace(state.rate, per_s=0.5))
    assert law.open_s(slow, 5.0, chars=1) == (7.0, "it lets in 0.5 requests a second")


def test_headers_replace_what_was_learned() -> None:
    """Where a server says its rate, no refusal teaches another."""
    learned = Law(rate=replace(Law().rate, per_s=0.5))
    state = law.admitted(learned, Signals(credits=(CREDIT,)), now_s=5.0, request=Sent(at_s=4.0), in_flight=1)
    assert state.rate.per_s is None
    after = law.refused(state, Signals(kind="rate"), now_s=6.0, request=Sent(at_s=5.8), in_flight=3, u=0.5)
    assert after.rate.per_s is None
    assert law.open_s(after, 6.0, chars=1)[1] == "the server has no credit left"


def test_a_labelled_rate_is_learned_at_once() -> None:
    """One refusal that says "rate" is enough where no header paces."""
    state, request = law.sent(Law(rate_per_s=10.0), 0.0, chars=1, in_flight=1)
    for second in range(1, 20):
        state, request = law.sent(state, float(second), chars=1, in_flight=1)
    after = law.refused(state, Signals(kind="rate"), now_s=19.2, request=request, in_flight=3, u=0.5)
    assert after.rate.per_s == pytest.approx(1.0, rel=0.02)


def test_a_restart_keeps_what_was_learned_and_forgets_what_was_announced() -> None:
    """The limit and the rate stay, pauses, credits and impatience go."""
    state = law.refused(
        Law(), Signals(retry_after_s=100.0, credits=(CREDIT,)), now_s=5.0, request=Sent(at_s=4.0), in_flight=2, u=0.5
    )
    fresh = law.restarted(state)
    assert fresh.pace.limit == 2
    assert (fresh.pace.pause_until_s, fresh.ledger.accounts, fresh.patience.shut_since_s) == (0.0, {}, None)
    assert fresh.pace.ceiling == Pace().ceiling


def test_silence_is_tried_again_soon() -> None:
    """A server that never answered closes the gate for half a second, then one, and is given up after the third."""
    state = Law()
    for now_s, pause_s in ((10.0, 0.5), (20.0, 1.0), (30.0, 2.0)):
        assert law.hopeless(state, now_s=now_s, budget_s=300.0) == ""
        state = law.unreached(state, now_s=now_s, request=Sent(at_s=now_s - 0.1))
        assert state.pace.pause_until_s == now_s + pause_s
    assert law.hopeless(state, now_s=30.0, budget_s=300.0) == "it did not answer 3 times in a row"
