"""Where the sentences of a clip probably end."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_async.core.boundaries import boundaries


@pytest.mark.parametrize(
    ("weights", "pauses", "expected"),
    [
        ([10], [(400, 500)], []),
        ([10, 30], [], [1_000]),
        ([10, 30], [(1_200, 1_400)], [1_300]),
        ([10, 30], [(700, 850), (1_100, 1_700)], [1_400]),
        ([10, 30], [(3_300, 3_700)], [1_000]),
        ([10, 10, 10, 10], [(900, 1_300), (2_500, 2_900)], [1_100, 1_900, 2_700]),
        ([10, 10, 20], [(500, 640), (900, 1_300), (1_500, 1_640), (2_000, 2_400)], [1_100, 2_200]),
    ],
    ids=["one", "no pause", "near", "the longer one", "too far away", "one without", "commas"],
)
def test_sentences_end_in_pauses(weights: list[float], pauses: list[tuple[int, int]], expected: list[int]) -> None:
    """In the middle of those that fit their lengths best; a sentence without one ends by its weight."""
    assert boundaries(weights, pauses=pauses, frames=4_000, rate_hz=1_000) == expected


@given(
    st.lists(st.floats(1, 500), min_size=1, max_size=30),
    st.lists(st.integers(0, 500_000), max_size=40, unique=True).map(sorted),
    st.integers(0, 500_000),
    st.sampled_from([8_000, 48_000]),
)
def test_they_are_in_order(weights: list[float], edges: list[int], further: int, rate_hz: int) -> None:
    """Whatever the pauses are: inside the clip, one less than there are sentences, never back in time."""
    pauses = list(zip(edges[::2], edges[1::2], strict=False))
    frames = max(edges, default=0) + further
    found = boundaries(weights, pauses=pauses, frames=frames, rate_hz=rate_hz)
    assert len(found) == len(weights) - 1
    assert all(one <= other for one, other in pairwise([0, *found, frames]))


def test_a_long_clip_takes_no_time() -> None:
    """An hour in one piece, of 1,000 sentences and 4,000 pauses: its cost grows with its length, not the square."""
    pauses = [(at, at + 200) for at in range(500, 3_600_000, 900)]
    start = time.process_time()
    assert len(boundaries([10.0] * 1_000, pauses=pauses, frames=3_601_000, rate_hz=1_000)) == 999
    assert time.process_time() - start < 10
