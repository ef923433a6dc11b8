"""The pacing law against simulated providers, through HTTP and the whole engine: a smoke test of the benchmark."""

from __future__ import annotations

import pytest

from tests.bench import pacing
from tests.bench.scenarios import Outcome, rival, run

SCENARIOS = ("a3", "d1")
"""A small cap, where five workers lose half; two token buckets, of which only Retry-After tells."""


@pytest.fixture(scope="module")
def results() -> pacing.Results:
    """A few draws of both, ours and a rival's."""
    found: pacing.Results = {}
    for scenario in SCENARIOS:
        found["", scenario, "book200"] = pacing.means([run(scenario, "book200", seed) for seed in range(4)])
        found["", scenario, "4dig"] = pacing.means([run(scenario, "4dig", seed) for seed in range(8)])
        for who in pacing.RIVALS:
            found[who, scenario, "book200"] = pacing.means([rival(who, scenario, "book200", seed) for seed in range(4)])
    return found


def test_the_targets_are_met(results: pacing.Results) -> None:
    """Within a few percent of clairvoyant, few refusals, nothing lost, and no attempt spent on a refusal."""
    assert pacing.misses(results, SCENARIOS) == []


@pytest.mark.parametrize("who", ["fixed5", "naive20"])
def test_rivals_lose_chunks_to_a_small_cap(results: pacing.Results, who: str) -> None:
    """So the race is one that can be lost."""
    assert results[who, "a3", "book200"].lost >= 90


def test_headers_are_used_when_they_arrive() -> None:
    """At the first byte they are news of now, and a falling cap is followed with fewer refusals."""
    late = pacing.means([run("eh", "4dig", seed) for seed in range(8)])
    early = pacing.means([run("eh", "4dig", seed, headers_at="ttfb") for seed in range(8)])
    assert early.refused < late.refused
    assert early.ratio < late.ratio


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param(Outcome(ratio=1.06, refused=0.0, lost=0, attempts_wasted=0), id="slow"),
        pytest.param(Outcome(ratio=1.0, refused=0.2, lost=0, attempts_wasted=0), id="refused"),
        pytest.param(Outcome(ratio=1.0, refused=0.0, lost=1, attempts_wasted=0), id="lost"),
        pytest.param(Outcome(ratio=1.0, refused=0.0, lost=0, attempts_wasted=1), id="an attempt"),
    ],
)
def test_a_miss_is_a_miss(outcome: Outcome) -> None:
    """The benchmark fails for each of the four."""
    assert len(pacing.misses({("", "a3", "book200"): pacing.means([outcome])}, ["a3"])) == 1


def test_the_page_has_every_scenario() -> None:
    """The tables there are this benchmark's, and no measured figure in them misses its target."""
    lines = pacing.PLACE.read().splitlines()
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines if line[:3] != "| |"]
    ours = {row[0]: row for row in rows if len(row) == 12 and row[0] in pacing.TARGETS}
    assert list(ours) == list(pacing.TARGETS)
    for row in ours.values():
        for measured, target in zip(row[2::2], row[3::2], strict=True):
            assert float(measured) <= float(target.removeprefix("≤ "))
