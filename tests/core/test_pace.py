"""How many requests may be in flight: what the gate concludes from answers."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from tts_async.core.headers import Kind, Signals
from tts_async.core.pace import (
    Pace,
    admitted,
    allowed,
    bound,
    closed_until_s,
    delivered,
    failed,
    is_probe,
    most,
    opened,
    paused,
    refused,
    restarted,
    sent,
    settled,
    told,
)

HALF = 0.5
"""The dice that leave a pause as it is."""


def refuse(
    pace: Pace,
    now_s: float,
    *,
    sent_s: float | None = None,
    in_flight: int = 0,
    kind: Kind = "unknown",
    asked_s: float | None = None,
    u: float = HALF,
) -> Pace:
    signals = Signals(kind=kind, retry_after_s=asked_s)
    sent_s = now_s - 0.2 if sent_s is None else sent_s
    return refused(pace, signals, now_s=now_s, sent_s=sent_s, in_flight=in_flight, u=u)


def grown(pace: Pace, now_s: float) -> tuple[int, float]:
    """The limit once it was raised at that time, and when it is asked again."""
    after, _ = bound(pace, now_s)
    return after.limit, bound(after, now_s)[1]


class TestGrowing:
    """The limit is raised on a timer, while work waits for a slot."""

    def test_the_first_probe_waits_a_second(self) -> None:
        """Who asks for the first time learns when to ask again."""
        pace, again_s = bound(Pace(), 10.0)
        assert (pace.limit, again_s) == (5, 11.0)
        assert bound(pace, 10.9) == (pace, 11.0)

    def test_it_is_one_more_and_then_half_as_many_again(self) -> None:
        """While nothing is refused: 5, 6, 9, 13, 19, 28, 32, one step a second, and never above the ceiling."""
        pace, limits = bound(Pace(), 0.0)[0], []
        for now_s in range(1, 9):
            pace, _ = bound(pace, float(now_s))
            limits.append(pace.limit)
        assert limits == [6, 9, 13, 19, 28, 32, 32, 32]
        assert bound(pace, 100.0) == (pace, math.inf)
        assert pace.good == 28

    def test_a_refused_probe_waits_ten_seconds_then_doubling_to_a_minute(self) -> None:
        """Each refusal of a limit that was just raised doubles the gap."""
        pace, now_s, gaps = bound(Pace(), 0.0)[0], 1.0, []
        for _ in range(5):
            pace, _ = bound(pace, now_s)
            assert pace.limit == 6
            pace = refuse(pace, now_s + 0.3, in_flight=5)
            assert pace.limit == pace.good == 5
            assert pace.probe_at_s is not None
            gaps.append(pace.probe_at_s - now_s - 0.3)
            now_s = pace.probe_at_s
        assert gaps == pytest.approx([10, 20, 40, 60, 60])

    def test_slow_refusals_slow_the_probes(self) -> None:
        """A level counts as held only when a refusal of it would have come."""
        pace = refuse(Pace(), 10.0, sent_s=6.0, in_flight=5)
        assert pace.grace_s == 12.0
        raised, _ = bound(pace, 100.0)
        assert raised.probe_at_s == 112.0

    def test_what_the_server_announces_is_taken_at_once(self) -> None:
        """Fresh news of a free share needs no probing, and older than 30 s it is forgotten."""
        pace = told(bound(Pace(), 0.0)[0], Signals(ceiling=20, in_flight=9), now_s=0.5, sent_s=0.1, ours=5)
        assert most(pace, 0.5) == 16
        assert grown(pace, 0.5) == (16, math.inf)
        assert most(pace, 31.0) == 20
        assert grown(pace, 31.0)[0] == 6

    def test_a_user_s_word_is_taken_until_the_server_gives_its_own(self) -> None:
        """Workers that are asked for are a start, and a ceiling where they are more than ours."""
        assert allowed(Pace(), 10).limit == 10
        assert allowed(Pace(), 3).limit == 5
        assert allowed(Pace(), 50).ceiling == 50
        refused_once = refuse(Pace(), 10.0, in_flight=3)
        assert allowed(refused_once, 10).limit == 3
        assert allowed(Pace(top=7), 10).limit == 5


class TestRefused:
    """A refusal is news of what the server holds, not a failure."""

    def test_the_limit_becomes_what_is_in_flight(self) -> None:
        """Nothing pauses: those in flight are being served."""
        pace = refuse(Pace(), 10.0, in_flight=3)
        assert (pace.limit, pace.good, pace.pause_until_s) == (3, 3, 0.0)
        assert pace.reason == "refused with 3 in flight"

    def test_requests_under_way_together_are_one_refusal(self) -> None:
        """Those sent before it was seen only follow what is in flight down; the gap is not doubled."""
        pace = refuse(Pace(), 10.0, in_flight=4)
        after = refuse(pace, 10.1, sent_s=9.9, in_flight=3)
        assert (after.limit, after.rows, after.probe_at_s) == (3, pace.rows, pace.probe_at_s)
        assert after.refused_s == 10.0

    def test_with_nothing_in_flight_everybody_pauses(self) -> None:
        """1, 2, 4, 8, 8 … s while nobody is let in, then one is let out to try."""
        pace, now_s, pauses = Pace(), 10.0, []
        for _ in range(6):
            pace = refuse(pace, now_s)
            pauses.append(pace.pause_until_s - now_s)
            now_s = pace.pause_until_s + 0.2
        assert pauses == pytest.approx([1, 2, 4, 8, 8, 8])
        assert (pace.limit, pace.half_open) == (1, True)

    def test_many_refusals_do_not_overflow(self) -> None:
        """The ten-thousandth pause is as long as the fourth."""
        pace = replace(Pace(), rows=10_000)
        assert refuse(pace, 10.0, kind="busy").pause_until_s == 18.0

    @pytest.mark.parametrize(("u", "pause_s"), [(0.0, 0.75), (0.5, 1.0), (0.999, 1.2495)])
    def test_chance_moves_a_pause_by_a_quarter(self, u: float, pause_s: float) -> None:
        """So that several programs do not come back together."""
        assert refuse(Pace(), 10.0, u=u).pause_until_s == pytest.approx(10 + pause_s)

    def test_a_busy_server_is_given_time_and_keeps_its_limit(self) -> None:
        """What is labelled busy says nothing about how many it takes."""
        pace = refuse(Pace(), 10.0, in_flight=3, kind="busy")
        assert (pace.limit, pace.pause_until_s, pace.half_open) == (5, 11.0, True)

    def test_below_a_level_that_is_known_to_be_fine_it_was_not_the_level(self) -> None:
        """The second row of refusals with less in flight than is held pauses instead of shrinking."""
        once = refuse(Pace(), 10.0, in_flight=5)
        again = refuse(once, 20.0, in_flight=2)
        assert (again.limit, again.pause_until_s) == (5, 21.0)

    def test_labelled_concurrency_always_shrinks(self) -> None:
        """It says itself that it is the level."""
        once = refuse(Pace(), 10.0, in_flight=5)
        assert refuse(once, 20.0, in_flight=2, kind="concurrency").limit == 2

    def test_a_wait_that_is_asked_for_is_kept(self) -> None:
        """Retry-After is followed by up to a quarter of a second, never cut short, and nobody is let out to try."""
        pace = refuse(Pace(), 10.0, asked_s=20.0, u=0.0)
        assert (pace.pause_until_s, pace.half_open) == (30.0, False)
        assert refuse(Pace(), 10.0, asked_s=20.0, u=0.999).pause_until_s == pytest.approx(30.25, abs=1e-3)
        assert refuse(pace, 11.0, asked_s=1.0).pause_until_s == 30.0

    def test_a_wait_of_nothing_is_no_wait(self) -> None:
        """A server that says "Retry-After: 0" again and again is not asked without a pause."""
        assert refuse(Pace(), 10.0, asked_s=0.0) == refuse(Pace(), 10.0)

    def test_what_went_before_may_have_been_let_in(self) -> None:
        """Where a request sent earlier has outlived the grace, this refusal begins a new row."""
        pace = sent(refuse(Pace(), 10.0), 20.0)
        assert settled(pace, now_s=21.5, sent_s=21.2).rows == 0
        assert settled(pace, now_s=20.5, sent_s=20.3) == pace
        assert settled(pace, now_s=21.5, sent_s=20.0) == pace

    def test_a_probe_is_known_by_its_time(self) -> None:
        """What is refused within two seconds of a raise was the raise."""
        raised, _ = bound(bound(Pace(), 0.0)[0], 1.0)
        assert is_probe(raised, 2.9)
        assert not is_probe(raised, 3.1)
        assert not is_probe(refuse(raised, 1.5, in_flight=5), 1.6)


class TestHalfOpen:
    """After a pause one request shows whether the server is open."""

    def test_one_goes_and_the_others_wait_for_its_grace(self) -> None:
        """Until it is refused or has gone without a refusal for a second."""
        pace = refuse(Pace(), 10.0)
        assert closed_until_s(pace, 10.5) == 11.0
        assert closed_until_s(pace, 11.0) <= 11.0
        tried = sent(pace, 11.0)
        assert closed_until_s(tried, 11.1) == 12.0
        assert opened(tried, 11.9) == tried
        after = opened(tried, 12.0)
        assert (after.half_open, after.rows) == (False, 0)
        assert closed_until_s(after, 12.0) <= 12.0

    def test_an_admission_opens_it(self) -> None:
        """Sooner than the grace, where headers come sooner; old news does not."""
        tried = sent(refuse(Pace(), 10.0), 11.0)
        assert admitted(tried, sent_s=9.0) == tried
        assert not admitted(tried, sent_s=11.0).half_open


class TestTold:
    """A server that announces how many it takes at once."""

    def test_nothing_told_is_nothing_learned(self) -> None:
        """Most servers are silent."""
        assert told(Pace(), Signals(), now_s=1, sent_s=0, ours=1) == Pace()

    def test_the_share_of_others_is_theirs(self) -> None:
        """Of 10 places, 8 are in use and 5 of those are ours: 7 are for us."""
        pace = told(Pace(limit=9), Signals(ceiling=10, in_flight=8), now_s=1, sent_s=0, ours=5)
        assert (pace.limit, pace.good, pace.reason) == (7, 7, "the server has room for 7")

    def test_stale_news_bounds_and_shares_nothing(self) -> None:
        """What an answer says that took longer than 3 s is over, but for the number of places."""
        pace = told(Pace(limit=9), Signals(ceiling=8, in_flight=8), now_s=20, sent_s=0, ours=1)
        assert (pace.limit, pace.top, pace.share) == (8, 8, None)

    def test_a_full_server_still_gets_one(self) -> None:
        """The limit never falls to nothing."""
        assert told(Pace(), Signals(ceiling=3, in_flight=9), now_s=1, sent_s=0, ours=1).limit == 1


class TestFailures:
    """Requests that are let in and come to nothing."""

    def test_more_than_thirty_percent_halve_the_limit(self) -> None:
        """Of at least six; the count begins anew, and a probe waits."""
        pace = Pace(limit=8)
        for _ in range(4):
            pace = delivered(pace)
        pace = failed(pace, 10.0)
        assert pace.limit == 8
        pace = failed(pace, 10.0)
        assert (pace.limit, pace.good, pace.outcomes, pace.probe_at_s) == (4, 4, (), 20.0)
        assert pace.reason == "2 of 6 requests failed"

    def test_some_failures_are_normal(self) -> None:
        """Three of ten change nothing."""
        pace = Pace(limit=8)
        for _ in range(7):
            pace = delivered(pace)
        for _ in range(3):
            pace = failed(pace, 10.0)
        assert pace.limit == 8

    def test_one_at_a_time_is_the_least(self) -> None:
        """A server that always fails is asked one by one."""
        pace = Pace(limit=3)
        for _ in range(100):
            pace = failed(pace, 10.0)
        assert pace.limit == 1


def test_a_restart_keeps_the_limit_and_forgets_the_pause() -> None:
    """The next render of a service starts clean, with what was learned."""
    pace = restarted(paused(refuse(Pace(), 10.0, in_flight=2), 500.0))
    assert (pace.limit, pace.pause_until_s, pace.rows, pace.half_open) == (2, 0.0, 0, False)
