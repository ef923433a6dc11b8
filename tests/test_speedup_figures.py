"""How long digests take on a clock that jumps: the figures that the package was planned with."""

from __future__ import annotations

import pytest

from tests.bench import speedup

FIGURES = [
    pytest.param("8x40s", 1, 320, 0.01, id="eight chunks of 40 s, one slot"),
    pytest.param("8x40s", 5, 80, 0.01, id="eight chunks of 40 s, five slots: two waves"),
    pytest.param("prose", 5, 73, 0.02, id="as much text in finer chunks, five slots: about 73 s"),
    pytest.param("3x8x40s", 1, 960, 0.01, id="three digests, one slot"),
    pytest.param("3x8x40s", 5, 200, 0.01, id="three digests, five slots"),
    pytest.param("3x8x40s", 10, 120, 0.01, id="three digests, ten slots"),
]

SHARES = [
    pytest.param("4dig", 5, 0.97, id="as modelled, five slots"),
    pytest.param("4dig", 10, 0.94, id="as modelled, ten slots"),
    pytest.param("4dig-noisy", 5, 0.95, id="noisy, five slots"),
    pytest.param("4dig-noisy", 10, 0.90, id="noisy, ten slots"),
]


@pytest.mark.parametrize(("case", "workers", "takes_s", "tolerance"), FIGURES)
def test_a_digest_takes_as_long_as_planned(case: str, workers: int, takes_s: float, tolerance: float) -> None:
    """Slots are filled as soon as they are free; the spacing of sends adds tenths."""
    assert speedup.mean_s(case, workers) == pytest.approx(takes_s, rel=tolerance)


@pytest.mark.parametrize(("case", "workers", "share"), SHARES)
def test_four_uneven_digests_come_close_to_what_is_possible(case: str, workers: int, share: float) -> None:
    """One choice over all digests leaves few slots idle at the end."""
    assert speedup.mean_bound_s(case, workers) / speedup.mean_s(case, workers) >= share


@pytest.mark.parametrize("case", speedup.CASES)
@pytest.mark.parametrize("workers", [5, 10])
def test_nothing_is_faster_than_the_bound(case: str, workers: int) -> None:
    """If it were, either the bound or the clock would be wrong."""
    assert speedup.mean_s(case, workers) >= speedup.mean_bound_s(case, workers)


@pytest.mark.parametrize(
    ("times_s", "workers", "bound_s"),
    [
        pytest.param([3, 3, 2], 1, 8, id="one worker does all of it"),
        pytest.param([9, 1, 1], 2, 9, id="the longest"),
        pytest.param([4, 4, 4], 2, 8, id="two must share"),
        pytest.param([4, 3, 3, 2, 2], 2, 7, id="all of it, shared evenly"),
        pytest.param([2], 5, 2, id="more workers than chunks"),
    ],
)
def test_the_bound_is_the_strongest_reason(times_s: list[float], workers: int, bound_s: float) -> None:
    """Work, the longest chunk, and chunks that must share a worker each give one."""
    assert speedup.bound_s([[speedup.Piece(chars=1, takes_s=each) for each in times_s]], workers) == bound_s


@pytest.mark.parametrize("case", speedup.CASES)
def test_the_page_shows_what_is_measured(case: str) -> None:
    """A row that is stale here is written anew by ``python tests/bench/speedup.py --write``."""
    rows = [line for line in speedup.PLACE.read().splitlines() if line.startswith(f"| {speedup.CASES[case].title} |")]
    assert len(rows) == 1
    assert speedup.alike(rows[0], speedup.row(case))


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        pytest.param("| a | 80.2 s |", "| a | 80.3 s |", True, id="a rounding apart"),
        pytest.param("| a | 80.2 s |", "| a | 82.0 s |", False, id="another figure"),
        pytest.param("| a | 80.2 s |", "| b | 80.2 s |", False, id="another word"),
        pytest.param("| 1,000 |", "| 1,001 |", True, id="thousands"),
    ],
)
def test_figures_are_compared_as_numbers(one: str, other: str, alike: bool) -> None:
    """A last digit may fall otherwise on another Python; a word may not."""
    assert speedup.alike(one, other) is alike
