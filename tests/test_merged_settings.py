"""Settings of several sources: who wins, and what is said of values that cannot be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_async.errors import ConfigError
from tts_async.settings import NAMES, PROFILES, Given, Pauses, Settings, Source, merged, parts

ORDER: tuple[Source, ...] = ("file", "database", "environment", "explicit")


def layer(source: Source, **values: object) -> list[Given]:
    return [Given(name=name, value=value, source=source, detail=source) for name, value in parts(values).items()]


def test_nothing_given_is_the_defaults() -> None:
    """Every value is there, with where it came from."""
    found = merged([])
    assert found.settings == Settings()
    assert list(found.origins) == list(NAMES)
    assert {given.source for given in found.origins.values()} == {"default"}


@given(st.lists(st.none() | st.integers(1, 100), min_size=4, max_size=4))
def test_the_last_that_says_something_wins(workers: list[int | None]) -> None:
    """The others are as if they were not there."""
    layers = [layer(source, workers=value) if value else [] for source, value in zip(ORDER, workers, strict=True)]
    found = merged(layers)
    said = [(source, value) for source, value in zip(ORDER, workers, strict=True) if value]
    source, value = said[-1] if said else ("default", None)
    assert (found.origins["workers"].source, found.settings.workers) == (source, value)


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_is_below_the_values_of_its_layer(name: str) -> None:
    """And above all of the layers below."""
    found = merged([layer("file", workers=7, rate_per_s=7), layer("environment", profile=name, rate_per_s=8)])
    assert found.settings.workers == PROFILES[name]["workers"]
    assert found.settings.rate_per_s == 8
    assert found.origins["workers"].detail == f"profile {name}, environment"


def test_pauses_are_merged_one_by_one() -> None:
    """A layer that sets one of them leaves the others."""
    found = merged(
        [layer("file", pauses={"speaker_ms": 1, "section_ms": 2}), layer("explicit", pauses=Pauses(section_ms=3))]
    )
    assert (found.settings.pauses.speaker_ms, found.settings.pauses.section_ms) == (1, 3)
    assert found.settings.pauses.sentence_ms == Pauses().sentence_ms


def test_what_was_given_explicitly_is_known() -> None:
    """By pydantic's own set of fields."""
    found = merged([layer("file", workers=3), layer("explicit", hedge=True, pauses={"section_ms": 3})])
    assert found.settings.model_fields_set == {"hedge", "pauses"}
    assert found.settings == Settings(workers=3, hedge=True, pauses=Pauses(section_ms=3))


BAD = {
    "out of bounds": (layer("file", workers=101), "The setting workers cannot be 101: it has to be less than"),
    "a word": (layer("file", workers="five"), "The setting workers cannot be 'five': it has to be a valid integer"),
    "unknown": (layer("file", worker=1), "There is no setting called 'worker'; there are"),
    "unknown pause": (layer("file", pauses={"turn_ms": 1}), "There is no setting called 'pauses.turn_ms'"),
    "a part of none": (layer("file", **{"prices.tone": 1}), "There is no setting called 'prices.tone'"),
    "no pauses": (layer("file", pauses=5), "The setting pauses cannot be 5"),
    "profile": (layer("file", profile="fast"), "There is no profile 'fast'; there are conservative, default"),
    "no profile": (layer("file", profile=[1]), "There is no profile [1]"),
    "two": (
        [*layer("file", workers=3), *layer("file", workers=4)],
        "The setting workers is both 3 in file and 4 in file; leave only one",
    ),
}


@pytest.mark.parametrize(("values", "said"), BAD.values(), ids=BAD)
def test_a_value_that_cannot_be_is_one_sentence_with_its_place(values: list[Given], said: str) -> None:
    """Or it is passed over with a note, where that was asked for."""
    with pytest.raises(ConfigError) as raised:
        merged([values])
    assert str(raised.value).startswith(said)
    assert "file" in str(raised.value)
    found = merged([values], forgiving=True)
    assert found.settings == Settings()
    assert [note.startswith(said) for note in found.notes] == [True]


def test_an_explicit_value_is_never_passed_over() -> None:
    """Whoever asks for what cannot be is told."""
    with pytest.raises(ConfigError):
        merged([layer("explicit", workers=0)], forgiving=True)


def test_two_that_agree_are_one() -> None:
    """However they are written."""
    assert merged([[*layer("file", rate_per_s="5"), *layer("file", rate_per_s=5.0)]]).settings.rate_per_s == 5
