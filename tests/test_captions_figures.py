"""How far estimated captions are off: what docs/how-to/captions.md says, and a few clips to see that it can be so."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import pytest

from tests.bench import captions
from tests.bench.captions import AS_SPOKEN, ODD, PROSE, SHORTENED, WAYS, Sort

SORTS = [(kind, joined) for kind in (PROSE, ODD) for joined in (AS_SPOKEN, SHORTENED)]


def rows() -> dict[tuple[str, str], list[str]]:
    """What the page's table says, by what was measured and how it was estimated."""
    lines = [line.strip("| ").split(" | ") for line in captions.PLACE.read().splitlines()[2:]]
    return {(sort, way): figures for sort, _, way, *figures in lines}


def number(figure: str) -> float:
    return float(figure.split(maxsplit=1)[0])


def test_the_page_has_all_that_is_measured() -> None:
    """A row for each way, in each sort of speech."""
    assert list(rows()) == [(", ".join(sort), way) for sort in SORTS for way in WAYS]


@pytest.mark.parametrize("sort", SORTS)
def test_the_page_says_that_pauses_help(sort: Sort) -> None:
    """Each way is better than the one before, and pauses halve the error at least."""
    means = [number(rows()[", ".join(sort), way][0]) for way in WAYS]
    assert means == sorted(means, reverse=True)
    assert 2 * means[2] <= means[1]


def test_estimates_are_near() -> None:
    """Here and now, too."""
    pytest.importorskip("hibari", reason="the extra 'local' is not installed")
    found: dict[Sort, list[tuple[float, ...]]] = {}
    for sort, case in islice(captions.cases("heart", 1.0), 12):
        found.setdefault(sort, []).extend(captions.errors_ms(case))
    assert sum(map(len, found.values())) >= 20
    assert captions.misses(found) == []


@pytest.mark.parametrize(
    ("errors", "broken"),
    [
        ([(900.0, 900.0, 451.0)] * 20, ["pauses do not halve the error of prose, as spoken", "a start in twenty"]),
        ([(900.0, 900.0, 80.0)] * 18 + [(900.0, 900.0, 400.0)] * 2, ["a start in twenty"]),
        ([(900.0, 900.0, 80.0)] * 20, []),
    ],
    ids=["no help", "far off", "near"],
)
def test_a_miss_is_a_miss(errors: Sequence[tuple[float, ...]], broken: list[str]) -> None:
    """The benchmark fails where pauses do not help, or too many starts are far off."""
    missed = captions.misses({(PROSE, AS_SPOKEN): errors})
    assert len(missed) == len(broken)
    assert all(each.startswith(begins) for each, begins in zip(missed, broken, strict=True))
