"""What the gate concludes from answers, and from their absence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_async.core.pace import Pace, admitted, hopeless, refused, unreached

FRESH = Pace(limit=5)
SECONDS = st.floats(0, 1e6)
HALF = 0.5
"""The dice that leave a pause as it is."""


def refusals(times: int, *, u: float = HALF) -> list[float]:
    """The pauses after so many refusals in a row, each of a request sent after the last."""
    pace, pauses = FRESH, []
    for now_s in range(100, 100 + 100 * times, 100):
        pace = refused(pace, now_s=now_s, sent_s=now_s - 1, retry_after_s=None, u=u)
        pauses.append(pace.pause_until_s - now_s)
    return pauses


class TestRefused:
    """A refusal closes the gate for everybody."""

    def test_pauses_double_up_to_the_longest(self) -> None:
        """Without a word from the server: 1, 2, 4, 8, 8 … s."""
        assert refusals(6) == [1, 2, 4, 8, 8, 8]

    def test_many_refusals_do_not_overflow(self) -> None:
        """The ten-thousandth pause is as long as the fourth."""
        assert refusals(10_000)[-1] == 8

    @pytest.mark.parametrize(("u", "expected"), [(0.0, [0.75, 1.5]), (0.999, [1.2495, 2.499])])
    def test_chance_moves_a_pause_by_a_quarter(self, u: float, expected: list[float]) -> None:
        """So that several programs do not come back together."""
        assert refusals(2, u=u) == pytest.approx(expected)

    def test_requests_under_way_together_are_one_refusal(self) -> None:
        """What was sent before the last refusal tells nothing new."""
        pace = refused(FRESH, now_s=10, sent_s=9, retry_after_s=None, u=HALF)
        assert refused(pace, now_s=10.4, sent_s=9.9, retry_after_s=None, u=HALF) == pace
        assert refused(pace, now_s=12, sent_s=11.5, retry_after_s=None, u=HALF).refusals_in_a_row == 2

    def test_the_server_s_own_wait_is_kept(self) -> None:
        """Retry-After is followed by up to a quarter of a second, never cut short."""
        pace = refused(FRESH, now_s=10, sent_s=9, retry_after_s=20, u=0.0)
        assert pace.pause_until_s == 30
        assert refused(FRESH, now_s=10, sent_s=9, retry_after_s=20, u=0.999).pause_until_s == pytest.approx(30.25, 1e-3)
        assert refused(pace, now_s=11, sent_s=9, retry_after_s=1, u=HALF).pause_until_s == 30
        assert refused(pace, now_s=11, sent_s=10.5, retry_after_s=None, u=HALF).pause_until_s == 30

    def test_a_wait_of_nothing_is_no_wait(self) -> None:
        """A server that says "Retry-After: 0" again and again is not asked without a pause."""
        said_nothing = refused(FRESH, now_s=10, sent_s=9, retry_after_s=None, u=HALF)
        assert refused(FRESH, now_s=10, sent_s=9, retry_after_s=0.0, u=HALF) == said_nothing

    def test_it_shows_that_the_server_is_there(self) -> None:
        """A refusal is an answer, so silence is counted anew."""
        pace = unreached(unreached(FRESH, now_s=1, sent_s=0), now_s=3, sent_s=2)
        assert refused(pace, now_s=5, sent_s=4, retry_after_s=None, u=HALF).unreached == 0

    @given(SECONDS, SECONDS, st.none() | SECONDS, st.floats(0, 1, exclude_max=True), SECONDS)
    def test_no_pause_is_ever_shortened(
        self, now_s: float, ago_s: float, retry_after_s: float | None, u: float, until_s: float
    ) -> None:
        """Whatever comes in, nothing leaves before the time that was agreed."""
        pace = replace(FRESH, pause_until_s=until_s)
        sent_s = now_s - ago_s
        after = [
            refused(pace, now_s=now_s, sent_s=sent_s, retry_after_s=retry_after_s, u=u),
            unreached(pace, now_s=now_s, sent_s=sent_s),
            admitted(pace, sent_s=sent_s),
        ]
        assert all(each.pause_until_s >= until_s for each in after)
        assert all(each.limit == pace.limit for each in after)


class TestAdmitted:
    """The headers of an answer are good news."""

    def test_it_ends_a_row_of_refusals(self) -> None:
        """The next refusal pauses for a second again."""
        pace = refused(FRESH, now_s=10, sent_s=9, retry_after_s=None, u=HALF)
        pace = admitted(pace, sent_s=11)
        assert (pace.refusals_in_a_row, pace.shut_since_s, pace.ever_admitted) == (0, None, True)

    def test_old_news_ends_nothing(self) -> None:
        """A request that left before the refusal was let in before it, too."""
        shut = refused(FRESH, now_s=10, sent_s=9, retry_after_s=None, u=HALF)
        assert admitted(shut, sent_s=9.5) == replace(shut, ever_admitted=True)


class TestUnreached:
    """A server that does not answer at all."""

    def test_it_is_tried_quickly(self) -> None:
        """After half a second, one and two."""
        pace, pauses = FRESH, []
        for now_s in (10, 20, 30):
            pace = unreached(pace, now_s=now_s, sent_s=now_s - 1)
            pauses.append(pace.pause_until_s - now_s)
        assert pauses == [0.5, 1, 2]

    def test_requests_under_way_together_count_once(self) -> None:
        """Five connections that fail at the same moment are one silence."""
        pace = unreached(FRESH, now_s=10, sent_s=9)
        assert unreached(pace, now_s=10.1, sent_s=9) == pace


HOPELESS: Mapping[str, tuple[Pace, str]] = {
    "fresh": (FRESH, ""),
    "two silences": (replace(FRESH, unreached=2), ""),
    "three silences": (replace(FRESH, unreached=3), "it did not answer 3 times in a row"),
    "a wait within the budget": (replace(FRESH, pause_until_s=1300), ""),
    "a wait over the budget": (replace(FRESH, pause_until_s=1301), "it asks to wait 301 s, and the budget is 300 s"),
    "shut within the budget": (replace(FRESH, shut_since_s=700), ""),
    "shut for too long": (replace(FRESH, shut_since_s=699), "it has refused every request for 301 s"),
    "shut since the clock began": (replace(FRESH, shut_since_s=0.0), "it has refused every request for 1000 s"),
}


@pytest.mark.parametrize(("pace", "said"), HOPELESS.values(), ids=HOPELESS)
def test_waiting_ends_when_it_is_hopeless(pace: Pace, said: str) -> None:
    """Silence, a wait and refusals each have a measure, and the reason says it."""
    assert hopeless(pace, now_s=1000, budget_s=300) == said
