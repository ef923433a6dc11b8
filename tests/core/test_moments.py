"""How far away the moment is that a header names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_async.core.moments import LONGEST_S, Reading, epoch_s, number, seconds

NOW_S = 1_790_000_000.0
"""Mon, 21 Sep 2026 14:13:20 GMT."""

MOMENTS: dict[str, float | None] = {
    "7": 7,
    " 1.5 ": 1.5,
    "0": 0,
    "2513": 2513,
    "1372700873": 0,
    "1790000030": 30,
    "1790000030000": 30,
    "6m0s": 360,
    "8.64s": 8.64,
    "12ms": 0.012,
    "1h23m31s": 5011,
    "250µs": 0.00025,
    "250μs": 0.00025,
    "250us": 0.00025,
    "250ns": 2.5e-7,
    "1d": 86_400,
    "1.5h": 5400,
    "7.": 7,
    "2026-09-21T14:13:50Z": 30,
    "2026-09-21T16:13:50+02:00": 30,
    "2026-09-21 14:13:50": 30,
    "2026-09-21T14:13:50.5Z": 30.5,
    "2026-09-21T14:13:50.500000000Z": 30.5,
    "Mon, 21 Sep 2026 14:13:50 GMT": 30,
    "Mon, 21 Sep 2026 16:13:50 +0200": 30,
    "Monday, 21-Sep-26 14:13:50 GMT": 30,
    "Mon Sep 21 14:13:50 2026": 30,
    "Sun, 20 Sep 2026 14:13:50 GMT": 0,
    "999999999": LONGEST_S,
    "1000000000": 0,
    "99999999999": LONGEST_S,
    "100000000000": 0,
    "9" * 30: LONGEST_S,
    "99999h": LONGEST_S,
    "-1": None,
    "-0.5": None,
    "+5": None,
    "-5s": None,
    "6m0": None,
    "m": None,
    ".5": None,
    "0x10": None,
    "1 2": None,
    "7;w=10": None,
    "\ud83d": None,
    "nan": None,
    "inf": None,
    "1e300": None,
    "1_000": None,
    "٣": None,
    "": None,
    "soon": None,
    "20 s": None,
    "1,5": None,
    "9" * 400: None,
    "0001-01-01T00:00:00+23:59": 0,
    "Mon, 99 Foo 2026": None,
}


@pytest.mark.parametrize(("value", "away_s"), MOMENTS.items(), ids=lambda each: repr(each)[:40])
def test_a_moment(value: str, away_s: float | None) -> None:
    """Delta, duration, date or epoch, told apart by what they look like; what is over is 0 s away."""
    assert seconds(value, now_s=NOW_S) == (None if away_s is None else pytest.approx(away_s))


@pytest.mark.parametrize(
    ("value", "reading", "away_s"),
    [
        ("1500", "ms", 1.5),
        ("1790000030", "s", LONGEST_S),
        ("1790000030", "epoch_s", 30),
        ("30", "epoch_s", 0),
        ("30", "ignore", None),
        ("6m0s", "ms", 360),
    ],
)
def test_an_oddity(value: str, reading: Reading, away_s: float | None) -> None:
    """Where a provider is known to mean its numbers otherwise, that counts; other forms speak for themselves."""
    assert seconds(value, now_s=NOW_S, reading=reading) == away_s


@given(
    st.text(st.characters()) | st.floats().map(str) | st.integers().map(str),
    st.sampled_from([None, "s", "ms", "epoch_s"]),
)
def test_anything_is_a_moment_or_none(value: str, reading: Reading | None) -> None:
    """Nothing raises, and nothing is further away than a month."""
    away_s = seconds(value, now_s=NOW_S, reading=reading)
    assert away_s is None or 0 <= away_s <= LONGEST_S
    assert epoch_s(value) is None or isinstance(epoch_s(value), float)
    plain = number(value)
    assert plain is None or plain >= 0


WAYS: dict[str, Callable[[int], str]] = {
    "delta": str,
    "fraction": lambda away_s: f"{away_s}.000",
    "epoch": lambda away_s: str(int(NOW_S) + away_s),
    "epoch in milliseconds": lambda away_s: str((int(NOW_S) + away_s) * 1000),
    "Go duration": lambda away_s: f"{away_s // 3600}h{away_s // 60 % 60}m{away_s % 60}s",
    "Go milliseconds": lambda away_s: f"{away_s * 1000}ms",
    "RFC 3339": lambda away_s: datetime.fromtimestamp(NOW_S + away_s, UTC).isoformat(),
    "HTTP date": lambda away_s: formatdate(NOW_S + away_s, usegmt=True),
}


@pytest.mark.parametrize("write", WAYS.values(), ids=WAYS)
@given(st.integers(0, int(LONGEST_S)))
def test_what_is_written_is_read(write: Callable[[int], str], away_s: int) -> None:
    """Every way of writing names the same moment."""
    assert seconds(write(away_s), now_s=NOW_S) == pytest.approx(away_s)
