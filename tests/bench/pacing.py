"""Races the package and its rivals against simulated providers, on a clock that jumps: how close to clairvoyant?

    python tests/bench/pacing.py [--write] [--scenarios a3,d1] [--seeds N] [--no-batch]

Twenty behaviours of providers (`limsim`, taken over unchanged), with a book of 200 chunks, four digests of 38 and a
batch of 10,000: the package goes through HTTP and all of its engine (see `scenarios.py`), the rivals are those of
`limsim`. A ratio is the makespan over the lower bound, or over a clairvoyant schedule where the bound is loose; with
it stand the refused requests per chunk. ``--write`` puts the tables into docs/explanation/pacing.md. It fails where a
target is missed, a chunk is lost or an attempt was spent on a refusal.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from multiprocessing import Pool
from pathlib import Path
from statistics import fmean
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.bench.page import PACING, Place
from tests.bench.scenarios import Outcome, rival, run

PLACE = Place(
    page=PACING,
    begin="<!-- tests/bench/pacing.py writes from here -->",
    end="<!-- tests/bench/pacing.py writes to here -->",
)

SEEDS = {"book200": 20, "4dig": 60, "batch10k": 1}
"""As many draws of each workload as in the simulator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a scenario has to reach: ratio on the book, on four digests, on the batch; refusals on the first two."""

    says: str
    book: float
    digests: float
    book_refused: float
    digests_refused: float
    batch: float = 1.03


TARGETS = {
    "a3": Target(says="3 at once", book=1.05, digests=1.05, book_refused=0.18, digests_refused=0.26),
    "a5": Target(says="5 at once", book=1.05, digests=1.10, book_refused=0.12, digests_refused=0.18),
    "a10": Target(says="10 at once", book=1.05, digests=1.15, book_refused=0.10, digests_refused=0.16),
    "a15": Target(says="15 at once", book=1.10, digests=1.20, book_refused=0.08, digests_refused=0.16),
    "b3": Target(says="3 at once, announced", book=1.05, digests=1.05, book_refused=0.04, digests_refused=0.10),
    "b15": Target(says="15 at once, announced", book=1.10, digests=1.20, book_refused=0.04, digests_refused=0.10),
    "c": Target(says="60 a minute, announced", book=1.20, digests=1.15, book_refused=0.02, digests_refused=0.02),
    "c1": Target(says="60 a minute, Retry-After", book=1.20, digests=1.15, book_refused=0.06, digests_refused=0.02),
    "c0": Target(says="60 a minute, silent", book=1.20, digests=1.15, book_refused=0.14, digests_refused=0.02),
    "d": Target(says="two buckets, announced", book=1.10, digests=1.15, book_refused=0.02, digests_refused=0.04),
    "d1": Target(
        says="two buckets, Retry-After", book=1.10, digests=1.15, book_refused=0.14, digests_refused=0.04, batch=1.08
    ),
    "d0": Target(
        says="two buckets, silent", book=1.10, digests=1.15, book_refused=0.20, digests_refused=0.04, batch=1.15
    ),
    "e": Target(says="10, then 5, then 10", book=1.10, digests=1.20, book_refused=0.18, digests_refused=0.46),
    "eh": Target(says="the same, announced", book=1.10, digests=1.25, book_refused=0.08, digests_refused=0.16),
    "f": Target(
        says="10, with outages, labelled", book=1.10, digests=1.15, book_refused=0.20, digests_refused=0.26, batch=1.08
    ),
    "f0": Target(
        says="10, with outages, bare 503", book=1.10, digests=1.15, book_refused=0.26, digests_refused=0.28, batch=1.08
    ),
    "g": Target(says="10, 1 % stall tenfold", book=1.20, digests=1.20, book_refused=0.10, digests_refused=0.16),
    "h": Target(says="5, and a queue of 5", book=1.05, digests=1.05, book_refused=0.12, digests_refused=0.20),
    "s": Target(says="3, Retry-After: 1", book=1.05, digests=1.05, book_refused=0.18, digests_refused=0.26),
    "r": Target(says="5, slow refusals", book=1.05, digests=1.10, book_refused=0.18, digests_refused=0.46),
}
"""Those of the law's own study; f0 is not named for the batch there and is held to what f is."""

RIVALS = {
    "sequential": "one at a time",
    "fixed5": "5 workers, 3 attempts",
    "plan": "the halving ladder",
    "naive20": "20 workers, SDK retries",
}
OURS: dict[str, dict[str, Any]] = {"": {}, "early": {"headers_at": "ttfb"}, "hedged": {"hedge": True}}
"""Ourselves: against a server whose headers come with the end of an answer, or with its first byte; and hedging."""

BESIDES = {"early": ("c", "eh"), "hedged": ("g",)}
Race = tuple[str, str, str, int]
"""Who ("" is us), scenario, workload, seed."""


def race(asked: Race) -> tuple[Race, Outcome]:
    """Run one, in a process of its own."""
    who, scenario, workload, seed = asked
    if who in OURS:
        return asked, run(scenario, workload, seed, **OURS[who])
    return asked, rival(who, scenario, workload, seed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """The mean over all seeds of one cell."""

    ratio: float
    p95: float
    refused: float
    lost: float
    wasted: int


def means(outcomes: Sequence[Outcome]) -> Means:
    """Average what was raced."""
    return Means(
        ratio=fmean(each.ratio for each in outcomes),
        p95=sorted(each.ratio for each in outcomes)[int(0.95 * len(outcomes))],
        refused=fmean(each.refused for each in outcomes),
        lost=fmean(each.lost for each in outcomes),
        wasted=sum(each.attempts_wasted for each in outcomes),
    )


Results = dict[tuple[str, str, str], Means]


def measure(scenarios: Iterable[str], seeds: dict[str, int]) -> Results:
    """Race everybody, the longest races first."""
    asked: list[Race] = [
        (who, scenario, workload, seed)
        for workload in ("batch10k", "book200", "4dig")
        for who in ("", *BESIDES, *RIVALS)
        for scenario in scenarios
        if who not in BESIDES or scenario in BESIDES[who]
        for seed in range(seeds.get(workload, 0) if not who or workload == "book200" else 0)
    ]
    found: dict[tuple[str, str, str], list[Outcome]] = {}
    with Pool() as pool:
        for (who, scenario, workload, _), outcome in pool.imap_unordered(race, asked):
            found.setdefault((who, scenario, workload), []).append(outcome)
    return {cell: means(outcomes) for cell, outcomes in found.items()}


def misses(results: Results, scenarios: Iterable[str]) -> list[str]:
    """Say what was not reached."""
    said = []
    for scenario in scenarios:
        target = TARGETS[scenario]
        limits = {
            "book200": (target.book, target.book_refused),
            "4dig": (target.digests, target.digests_refused),
            "batch10k": (target.batch, 1.0),
        }
        for workload, (ratio, refused) in limits.items():
            cell = results.get(("", scenario, workload))
            if cell and (cell.ratio > ratio or cell.refused > refused or cell.lost or cell.wasted):
                said.append(f"{scenario} on {workload}: {cell}, the targets are {ratio} and {refused}")
    return said


def our_table(results: Results, scenarios: Iterable[str]) -> str:
    """Target and measured side by side."""
    head = (
        "| | the provider | book | target | refused | target | 4 digests | target | refused | target | batch | target |"
    )
    rows = [head, "|---|---|" + "---:|" * 10]
    for scenario in scenarios:
        target = TARGETS[scenario]
        book, digests = results["", scenario, "book200"], results["", scenario, "4dig"]
        batch = results.get(("", scenario, "batch10k"))
        cells = [scenario, target.says, f"{book.ratio:.2f}", f"≤ {target.book:.2f}", f"{book.refused:.2f}"]
        cells += [f"≤ {target.book_refused:.2f}", f"{digests.ratio:.2f}", f"≤ {target.digests:.2f}"]
        cells += [f"{digests.refused:.2f}", f"≤ {target.digests_refused:.2f}"]
        cells += [f"{batch.ratio:.3f}" if batch else "", f"≤ {target.batch:.2f}"]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def rivals_table(results: Results, scenarios: Iterable[str]) -> str:
    """The book: how long everybody takes, and what they lose."""
    rows = ["| | tts_async | " + " | ".join(RIVALS.values()) + " |", "|---|" + "---:|" * (1 + len(RIVALS))]
    for scenario in scenarios:
        cells = [scenario, f"{results['', scenario, 'book200'].ratio:.2f}"]
        for who in RIVALS:
            cell = results[who, scenario, "book200"]
            cells.append(f"loses {cell.lost / 200:.0%}" if cell.lost >= 1 else f"{cell.ratio:.2f}")
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def besides_table(results: Results) -> str:
    """What headers at the first byte and second requests are worth, on the book."""
    rows = ["| | as above | 95 % under | headers at the first byte | hedging | 95 % under |", "|---|" + "---:|" * 5]
    for scenario in sorted({each for several in BESIDES.values() for each in several}):
        plain, early, hedged = (results.get((who, scenario, "book200")) for who in ("", "early", "hedged"))
        if plain is None:
            continue
        cells = [scenario, f"{plain.ratio:.2f}", f"{plain.p95:.2f}", f"{early.ratio:.2f}" if early else ""]
        cells += [f"{hedged.ratio:.2f}", f"{hedged.p95:.2f}"] if hedged else ["", ""]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def main() -> int:
    """Race, show, and say what was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put the tables into the page")
    parser.add_argument("--scenarios", default=",".join(TARGETS), help="some of them, with commas between")
    parser.add_argument("--seeds", type=int, help="fewer draws of each workload")
    parser.add_argument("--no-batch", action="store_true", help="leave out the 10,000 chunks")
    asked = parser.parse_args()
    began_s = time.perf_counter()
    scenarios = asked.scenarios.split(",")
    seeds = {name: min(count, asked.seeds or count) for name, count in SEEDS.items()}
    if asked.no_batch:
        del seeds["batch10k"]
    results = measure(scenarios, seeds)
    tables = "\n\n".join((our_table(results, scenarios), rivals_table(results, scenarios), besides_table(results)))
    print(tables, f"\n{time.perf_counter() - began_s:.0f} s")
    if asked.write:
        PLACE.write(tables)
    missed = misses(results, scenarios)
    print("\n".join(missed), file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
