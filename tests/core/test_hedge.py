"""When a second request is worth what it may cost."""

from __future__ import annotations

import pytest

from tts_async.core.hedge import affordable, due_s


def test_a_chunk_is_slow_at_two_and_a_half_times_what_was_expected() -> None:
    """By what requests of its length take here."""
    assert due_s(100.0, 920, 0.01) == pytest.approx(125.0)


@pytest.mark.parametrize(
    ("chars", "hedged_chars", "total_chars", "can"),
    [(900, 0, 1000, True), (20, 10, 1000, True), (21, 10, 1000, False), (1, 900, 1000, False)],
)
def test_three_percent_may_be_asked_for_twice(chars: int, hedged_chars: int, total_chars: int, can: bool) -> None:
    """One chunk always may, however long."""
    assert affordable(chars, hedged_chars=hedged_chars, total_chars=total_chars) is can
