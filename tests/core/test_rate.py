"""A rate that is learned from refusals."""

from __future__ import annotations

from tts_async.core.rate import Rate, refused, sent, taken_back, tried


def after_sends(count: int, every_s: float) -> Rate:
    rate = Rate()
    for number in range(count):
        rate = sent(rate, number * every_s)
    return rate


def test_one_sure_refusal_sets_what_was_let_in() -> None:
    """Thirty requests in thirty seconds were let in, so it is one a second from now on."""
    rate = refused(after_sends(30, 1.0), 30.0, new_row=True, sure=True)
    assert rate.per_s == 1.0
    assert rate.raise_at_s == 40.0


def test_an_unsure_one_needs_company() -> None:
    """The fourth row of refusals within a minute looks like a rate; four in an hour do not."""
    rate, seen = after_sends(60, 0.5), []
    for now_s in (30.0, 34.0, 38.0, 42.0):
        rate = refused(rate, now_s, new_row=True, sure=False)
        seen.append(rate.per_s)
    assert seen[:3] == [None, None, None]
    assert seen[3] is not None
    rate = after_sends(60, 0.5)
    for now_s in (30.0, 1000.0, 2000.0, 3000.0, 4000.0):
        rate = refused(rate, now_s, new_row=True, sure=False)
    assert rate.per_s is None


def test_the_same_row_counts_once() -> None:
    """Refusals with no admission between them are one sign, not many."""
    rate = after_sends(30, 1.0)
    for now_s in (30.0, 31.0, 32.0, 33.0, 34.0):
        rate = refused(rate, now_s, new_row=False, sure=False)
    assert rate.per_s is None


def test_what_was_refused_was_not_let_in() -> None:
    """A refused request is taken from the count, another's time is nobody's."""
    rate = after_sends(3, 1.0)
    assert taken_back(rate, 1.0).sends == (0.0, 2.0)
    assert taken_back(rate, 5.0) == rate


def test_only_the_last_thirty_seconds_count() -> None:
    """Memory does not grow with the length of a run."""
    assert len(after_sends(1000, 1.0).sends) == 31


def test_it_is_tried_faster_on_a_timer_and_forgotten_above_what_holds_anyway() -> None:
    """After 10 s, 10 % more every 5 s."""
    rate = refused(after_sends(30, 1.0), 30.0, new_row=True, sure=True)
    assert tried(rate, 39.9, fastest_per_s=10.0) == rate
    faster = tried(rate, 40.0, fastest_per_s=10.0)
    assert (faster.per_s, faster.raise_at_s) == (1.1, 45.0)
    assert tried(faster, 45.0, fastest_per_s=1.15).per_s is None
    assert tried(Rate(), 45.0, fastest_per_s=1.0) == Rate()


def test_a_faster_rate_that_is_refused_is_held_longer() -> None:
    """10 s, then 20, 40, 60, 60; refused again without having been faster, as long as before."""
    rate, now_s, held = after_sends(30, 1.0), 30.0, []
    for _ in range(5):
        rate = refused(rate, now_s, new_row=True, sure=True)
        held.append(rate.hold_s)
        now_s = rate.raise_at_s
        rate = tried(rate, now_s, fastest_per_s=10.0)
    assert held == [10, 20, 40, 60, 60]
    again = refused(rate, now_s, new_row=True, sure=True)
    assert refused(again, now_s, new_row=True, sure=True).hold_s == again.hold_s


def test_it_never_falls_to_nothing() -> None:
    """Where nobody was let in, one a minute or so is still tried."""
    assert refused(Rate(), 100.0, new_row=True, sure=True).per_s == 0.02
