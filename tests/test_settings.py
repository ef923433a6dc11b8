"""Settings, and what is said of the ones that cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tts_async.errors import ConfigError
from tts_async.settings import Pauses, Settings

BAD: Mapping[str, tuple[Mapping[str, object], str]] = {
    "no workers": ({"workers": 0}, "The setting workers cannot be 0: it has to be greater than or equal to 1."),
    "too many workers": (
        {"workers": 101},
        "The setting workers cannot be 101: it has to be less than or equal to 100.",
    ),
    "half a worker": ({"workers": 1.5}, "The setting workers cannot be 1.5: it has to be a valid integer"),
    "workers in words": ({"workers": "five"}, "The setting workers cannot be 'five': it has to be a valid integer"),
    "no rate": ({"rate_per_s": 0}, "The setting rate_per_s cannot be 0: it has to be greater than 0."),
    "no number": ({"rate_per_s": float("nan")}, "The setting rate_per_s cannot be nan: it has to be "),
    "infinite": ({"refusal_budget_s": float("inf")}, "The setting refusal_budget_s cannot be inf: it has to be less"),
    "empty chunks": ({"chunk_chars": 0}, "The setting chunk_chars cannot be 0: it has to be greater"),
    "telephone": ({"output_rate_hz": 7_999}, "The setting output_rate_hz cannot be 7999: it has to be greater"),
    "no attempts": ({"attempts": 0}, "The setting attempts cannot be 0: it has to be greater"),
    "backwards": ({"grace_s": -1}, "The setting grace_s cannot be -1: it has to be greater than 0."),
    "a list": ({"retry_max_s": [1]}, "The setting retry_max_s cannot be [1]: it has to be a valid number."),
    "long value": (
        {"stream_ahead": "x" * 9_000},
        "The setting stream_ahead cannot be 'xxxxxxxxxxxx...xxxxxxxxxxxxx': it",
    ),
    "pauses": ({"pauses": 5}, "The setting pauses cannot be 5: it has to be a valid dictionary"),
    "one pause": (
        {"pauses": {"speaker_ms": 60_001}},
        "The setting pauses.speaker_ms cannot be 60001: it has to be less",
    ),
    "unknown": (
        {"worker": 5},
        "There is no setting called 'worker'; there are attempts, chunk_chars, connect_timeout_s, ",
    ),
    "unknown pause": (
        {"pauses": {"turn_ms": 5}},
        "There is no setting called 'pauses.turn_ms'; there are inside_ms, paragraph_ms, section_ms, sentence_ms, ",
    ),
}


@pytest.mark.parametrize(("values", "said"), BAD.values(), ids=BAD)
def test_a_wrong_setting_is_one_sentence(values: Mapping[str, object], said: str) -> None:
    """It has the name, the value and what may be there."""
    with pytest.raises(ConfigError) as raised:
        Settings.of(values)
    message = str(raised.value)
    assert message.startswith(said)
    assert message.endswith(".")
    assert len(message.splitlines()) == 1


def test_defaults_are_the_house_s() -> None:
    """Three attempts from 4 to 60 s, ten requests a second, chunks of 800 characters, 64 ahead of a reader."""
    settings = Settings()
    assert Settings.of({}) == settings
    assert (settings.attempts, settings.retry_first_s, settings.retry_max_s) == (3, 4.0, 60.0)
    assert (settings.rate_per_s, settings.chunk_chars, settings.stream_ahead) == (10.0, 800, 64)
    assert settings.workers is None


def test_values_are_frozen() -> None:
    """Nobody changes settings behind a render's back."""
    with pytest.raises(ValidationError):
        Settings().workers = 3  # type: ignore[misc]
    with pytest.raises(ValidationError):
        Pauses().speaker_ms = 3  # type: ignore[misc]


def test_words_from_a_command_line_are_read() -> None:
    """Numbers may come as text."""
    settings = Settings.of({"workers": "7", "rate_per_s": "0.5", "pauses": {"speaker_ms": "80"}})
    assert (settings.workers, settings.rate_per_s, settings.pauses.speaker_ms) == (7, 0.5, 80)
    assert settings.pauses.section_ms == Pauses().section_ms


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers())


@given(st.dictionaries(st.sampled_from(sorted(Settings.model_fields)), VALUES))
def test_anything_is_read_or_refused(values: dict[str, object]) -> None:
    """There is one kind of error for whatever is put into settings."""
    with suppress(ConfigError):
        Settings.of(values)
