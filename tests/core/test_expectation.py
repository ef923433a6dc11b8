"""How long a request is expected to take."""

from __future__ import annotations

import pytest

from tts_async.core.expectation import expected_s, learned


def test_a_fixed_part_and_one_that_grows() -> None:
    """0.8 s and 0.010 s a character, until something else is seen."""
    assert expected_s(0) == pytest.approx(0.8)
    assert expected_s(1000) == pytest.approx(10.8)


def test_what_is_seen_is_learned_little_by_little() -> None:
    """The first request counts whole, every other one a tenth."""
    first = learned(None, chars=920, took_s=20.0)
    assert first == 0.02
    assert learned(first, chars=920, took_s=30.0) == pytest.approx(0.021)
    assert expected_s(920, first) == pytest.approx(20.0)
