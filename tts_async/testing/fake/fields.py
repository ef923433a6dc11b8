"""Reading the fields of a JSON body as FastAPI and pydantic do, in their words."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import TypeAlias, TypeVar, cast

from tts_async.testing.fake.wire import Refused, Request

Where: TypeAlias = tuple[str | int, ...]
Fields: TypeAlias = Mapping[str, object]
T = TypeVar("T")

KINDS: Mapping[type, tuple[str, str]] = {
    str: ("string_type", "Input should be a valid string"),
    int: ("int_type", "Input should be a valid integer"),
    float: ("float_type", "Input should be a valid number"),
    bool: ("bool_type", "Input should be a valid boolean"),
    list: ("list_type", "Input should be a valid list"),
    dict: ("dict_type", "Input should be a valid dictionary"),
}
FLAGS = {"true": True, "1": True, "false": False, "0": False}


def body_of(request: Request) -> Fields:
    """Read the body of a request, which has to be an object."""
    try:
        body = json.loads(request.body or b"null")
    except ValueError as error:
        raise Refused("json_invalid", f"JSON decode error: {error}", where=("body",)) from None
    if not isinstance(body, dict):
        raise Refused("missing" if body is None else "dict_type", "Field required", where=("body",))
    return body


def need(fields: Fields, name: str, kind: type[T], where: Where = ("body",)) -> T:
    """Give a field that has to be there."""
    if name not in fields:
        raise Refused("missing", "Field required", where=(*where, name))
    return checked(fields[name], kind, (*where, name))


def want(fields: Fields, name: str, kind: type[T], default: T, where: Where = ("body",)) -> T:
    """Give a field that may be missing or null."""
    value = fields.get(name)
    return default if value is None else checked(value, kind, (*where, name))


def checked(value: object, kind: type[T], where: Where) -> T:
    """Give a value back if it is of that kind; an integer is a number too, and a truth value is none."""
    fits = isinstance(value, (int, float) if kind is float else kind)
    if not fits or (isinstance(value, bool) and kind is not bool):
        raise Refused(*KINDS[kind], where=where)
    return cast(T, value)


def between(value: float, least: float, most: float, where: Where) -> None:
    """Refuse a number outside of its bounds."""
    if value < least:
        raise Refused("greater_than_equal", f"Input should be greater than or equal to {least:g}", where=where)
    if value > most:
        raise Refused("less_than_equal", f"Input should be less than or equal to {most:g}", where=where)


def at_most(values: Collection[object], most: int, where: Where) -> None:
    """Refuse a list that is too long."""
    if len(values) > most:
        said = f"List should have at most {most} items after validation, not {len(values)}"
        raise Refused("too_long", said, where=where)


def one_of(value: str, known: Collection[str], where: Where) -> None:
    """Refuse a value that is not in a list."""
    if value not in known:
        names = [f"'{name}'" for name in known]
        said = " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))
        raise Refused("enum", f"Input should be {said}", where=where)


def flag(request: Request, name: str, *, default: bool) -> bool:
    """Read a truth value of the query."""
    if name not in request.query:
        return default
    value = FLAGS.get(request.query[name].lower())
    if value is None:
        said = "Input should be a valid boolean, unable to interpret input"
        raise Refused("bool_parsing", said, where=("query", name))
    return value


def count(request: Request, name: str, *, default: int, most: int) -> int:
    """Read a number of the query, from 1."""
    if name not in request.query:
        return default
    value = request.query[name]
    if not value.isdecimal():
        said = "Input should be a valid integer, unable to parse string as an integer"
        raise Refused("int_parsing", said, where=("query", name))
    between(int(value), 1, most, ("query", name))
    return int(value)
