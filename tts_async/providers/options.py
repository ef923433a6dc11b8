"""Checks options that a provider takes beyond model and address: a table says which there are."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tts_async.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """What an option may be: a check, and the sentence's end that says it."""

    fits: Callable[[Any], bool]
    takes: str


def flag() -> Option:
    """True or false."""
    return Option(fits=lambda value: isinstance(value, bool), takes="true or false")


def whole(low: int, high: int) -> Option:
    """A whole number with bounds."""
    return Option(
        fits=lambda value: type(value) is int and low <= value <= high, takes=f"a whole number, {low} to {high}"
    )


def decimal(low: float, high: float) -> Option:
    """A number with bounds."""
    return Option(fits=lambda value: is_number(value) and low <= value <= high, takes=f"a number from {low} to {high}")


def one_of(*choices: str) -> Option:
    """One of some words."""
    return Option(fits=lambda value: value in choices, takes=f"one of {', '.join(choices)}")


def words(most_chars: int) -> Option:
    """A text that is not too long."""
    return Option(
        fits=lambda value: isinstance(value, str) and 0 < len(value) <= most_chars,
        takes=f"1 to {most_chars} characters",
    )


def is_number(value: object) -> bool:
    """Whether it is a number, which to JSON ``true`` is not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def checked(given: Mapping[str, object], known: Mapping[str, Option], provider: str, kind: str = "option") -> None:
    """Raise `ConfigError` for an unknown name, and for a value that does not fit."""
    for name, value in given.items():
        if name not in known:
            raise ConfigError(f"{provider} knows no {kind} {name!r}; it knows {', '.join(sorted(known))}.")
        if not known[name].fits(value):
            raise ConfigError(
                f"The {kind} {name} of {provider} is {reprlib.repr(value)}; it takes {known[name].takes}."
            )
