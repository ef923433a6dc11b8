"""The verdict on clips of the embedded engine: what docs/explanation/verdict.md says, and a few clips to see that it can be so."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest

from tests.bench import verdict
from tests.bench.spoiled import CODECS, SPOILED, texts
from tests.bench.verdict import AS_MADE, CLASSES, GOOD, LONG, MUST, NEW, SHORT, Found

SOME = 24
"""How many of the texts are spoken here."""


def rows() -> dict[str, list[str]]:
    """What the page's tables say, by kind."""
    lines = [line.strip("| ").split(" | ") for line in verdict.PLACE.read().splitlines() if line[:3] != "|--"]
    return {kind: cells for kind, *cells in lines if cells}


@cache
def some() -> Found:
    """Judge some of the texts as the benchmark judges all of them."""
    pytest.importorskip("hibari", reason="the extra 'local' is not installed")
    said = sorted(texts(verdict.REPORTED), key=len)
    return verdict.measured(("heart", 0.8), said[:: len(said) // SOME][:SOME])


def test_the_page_has_all_kinds() -> None:
    """Every kind of clip that is measured has its row."""
    cuts = [kind for kinds in CODECS.values() for kind in kinds if kind not in CODECS]
    assert set(rows()) == {*GOOD, *SPOILED, *cuts, "good clips", "found of spoiled clips"}


def test_the_page_has_no_false_alarm() -> None:
    """At least 500 good clips, 150 of them under 80 characters, and none was found."""
    for kind in GOOD:
        clips, short, alarms = (int(cell.replace(",", "")) for cell in rows()[kind])
        assert alarms == 0
        assert clips >= 500
        assert short >= 150


@pytest.mark.parametrize("kind", [kind for kind in MUST if kind in rows()])
def test_the_page_misses_no_cut_of_a_long_text(kind: str) -> None:
    """Of at least 200 characters, when 70 % or less are there and the voice is known."""
    assert rows()[kind][CLASSES.index(LONG)] == "100 %"


def test_good_clips_are_good() -> None:
    """Here and now, too."""
    found = some()
    assert sum(found.judged[AS_MADE, each] for each in CLASSES) >= SOME * verdict.ORDERS
    assert [each for each in CLASSES if found.found[AS_MADE, each]] == []


@pytest.mark.parametrize("kind", ["silent", "the last 70 % silent", "three times", "cut at 50 %"])
def test_gross_faults_of_long_texts_are_found(kind: str) -> None:
    """All of them."""
    found = some()
    assert found.judged[kind, LONG]
    assert found.found[kind, LONG] == found.judged[kind, LONG]


@pytest.mark.parametrize(
    ("sort", "broken"),
    [
        pytest.param((AS_MADE, SHORT), "a false alarm: as made, under 80", id="a false alarm"),
        pytest.param(("MP3", NEW), f"a false alarm: MP3, {NEW}", id="a false alarm behind a codec"),
        pytest.param(("twice", SHORT), "", id="a spoiled clip is found"),
    ],
)
def test_an_alarm_is_an_alarm(sort: verdict.Key, broken: str) -> None:
    """The benchmark fails where a good clip is found, and only there."""
    found = Found(clips=Counter(), judged=Counter({sort: 10}), found=Counter({sort: 1}))
    assert verdict.misses(found) == ([broken] if broken else [])


@pytest.mark.parametrize(("hits", "broken"), [(9, ["not all found: cut at 70 %"]), (10, [])])
def test_a_miss_is_a_miss(hits: int, broken: list[str]) -> None:
    """It fails where one long text that was cut at 70 % is not found."""
    sort = ("cut at 70 %", LONG)
    found = Found(clips=Counter(), judged=Counter({sort: 10}), found=Counter({sort: hits}))
    assert verdict.misses(found) == broken


@pytest.mark.parametrize(("hits", "written"), [(999, "99.9 %"), (1_000, "100 %"), (0, "0 %")])
def test_a_hundred_per_cent_are_all(hits: int, written: str) -> None:
    """No rounding makes a miss disappear."""
    sort = ("twice", LONG)
    assert (
        verdict.share(Found(clips=Counter(), judged=Counter({sort: 1_000}), found=Counter({sort: hits})), sort)
        == written
    )
