"""What headers say about waiting."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_async.core.headers import LONGEST_WAIT_S, Signals, read

WAITS = {
    "20": 20.0,
    "0": 0.0,
    " 1.5 ": 1.5,
    "3600": 3600.0,
    "86400": LONGEST_WAIT_S,
    "1e300": LONGEST_WAIT_S,
    "-1": None,
    "-0.5": None,
    "nan": None,
    "inf": None,
    "1e999": None,
    "": None,
    "soon": None,
    "1, 2": None,
    "1,5": None,
    "20 s": None,
}


@pytest.mark.parametrize(("said", "wait_s"), WAITS.items(), ids=repr)
def test_retry_after_is_read_in_seconds(said: str, wait_s: float | None) -> None:
    """What is no number of seconds to come is as if nothing had been said."""
    assert read({"retry-after": said}) == Signals(retry_after_s=wait_s)


def test_no_header_is_no_signal() -> None:
    """Most answers say nothing."""
    assert read({"content-type": "audio/mpeg"}) == Signals()


@given(st.dictionaries(st.just("retry-after") | st.text(), st.text() | st.floats().map(str) | st.integers().map(str)))
def test_nothing_raises_and_no_wait_is_over_the_cap(headers: dict[str, str]) -> None:
    """Whatever a server sends, the wait is a number that can be waited."""
    wait_s = read(headers).retry_after_s
    assert wait_s is None or 0 <= wait_s <= LONGEST_WAIT_S
