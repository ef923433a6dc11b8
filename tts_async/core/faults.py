"""What can be wrong in a digest that is no fault of its form, and where in it anything wrong stands."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from pydantic import ValidationError

from tts_async.core.spoken import check
from tts_async.errors import DigestError

MAX_DEPTH = 50
"""Deeper nesting is refused: how much of it the JSON reader bears depends on the Python."""

TOO_DEEP = "it is nested too deeply for a digest"

WORDS = {
    "dict_type": "it has to be an object in braces",
    "extra_forbidden": "there is no such field here",
    "missing": "it is missing",
    "model_type": "it has to be an object in braces",
    "string_pattern_mismatch": "it has to be a language code such as en or pt-BR",
    "string_type": "it has to be text",
    "too_long": "it is too long for a name",
    "too_short": "there is nothing in it",
    "tuple_type": "it has to be a list",
    "union_tag_not_found": "it has to be text or a list",
}
"""Kinds of validation errors in the words of somebody who writes a digest."""


def pointer(*steps: object) -> str:
    """The JSON pointer (RFC 6901) that takes these steps; "" is the whole digest."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def look_through(source: object) -> None:
    """Refuse what JSON can hold and nobody can use, wherever it stands; raises `DigestError`."""
    left: list[tuple[object, str, int]] = [(source, "", 0)]
    while left:
        value, where, depth = left.pop()
        if depth > MAX_DEPTH:
            raise DigestError(TOO_DEEP)
        if isinstance(value, str):
            try:
                check(value)
            except ValueError as error:
                raise DigestError(str(error), where=where) from None
        elif isinstance(value, float) and not math.isfinite(value):
            raise DigestError(f"{value} is no number that can be used", where=where)
        else:
            left += reversed([(inner, where + step, depth + 1) for inner, step in _inside(value)])


def _inside(value: object) -> Iterator[tuple[object, str]]:
    """What a list or an object holds and the step to it; names come first, to be checked before they are steps."""
    if isinstance(value, Mapping):
        yield from ((name, "") for name in value)
        yield from ((inner, pointer(name)) for name, inner in value.items())
    elif isinstance(value, list | tuple):
        yield from ((inner, pointer(number)) for number, inner in enumerate(value))


def digest_error(source: object, error: ValidationError) -> DigestError:
    """Say one thing that is wrong, the innermost one, and where in what the user wrote."""
    found = [(_place(source, each["loc"]), each) for each in error.errors(include_url=False)]
    place, worst = max(found, key=lambda each: len(each[0]))
    said = worst["msg"].removeprefix("Value error, ").replace("Input should be", "it has to be")
    if worst["type"] == "missing":
        place = (*place, worst["loc"][-1])
    return DigestError(WORDS.get(worst["type"], said), where=pointer(*place))


def _place(source: object, loc: Sequence[str | int]) -> tuple[str | int, ...]:
    """The steps of an error's place that are in the source too; the others are names that only the models know."""
    at, steps = source, []
    for step in loc:
        named = isinstance(at, Mapping) and step in at
        if named or (isinstance(at, list | tuple) and isinstance(step, int) and step < len(at)):
            at = at[step]  # type: ignore[index]
            steps.append(step)
    return tuple(steps)
