"""What a page tells of one render, read from the JSON that ``--report`` writes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import TypeAdapter, ValidationError

from tts_async.core.report import Report
from tts_async.errors import ConfigError

MOST = 1e15
"""No figure of a render is larger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A cue; ``exact`` is false where its times are estimated."""

    start_s: float
    end_s: float
    speaker: str
    text: str
    chunk: int
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A chapter, and when it begins."""

    title: str
    start_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A setting that a render was made with; ``source`` says who set it, and ``detail`` where."""

    value: object = None
    source: str = ""
    detail: str | None = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A render: its figures, and where there is a file, what is heard in it; ``audio`` is its path, from the report's folder."""

    report: Report
    title: str = ""
    error: str = ""
    audio: str = ""
    duration_s: float = 0.0
    cues: tuple[Said, ...] = ()
    chapters: tuple[Heading, ...] = ()
    waveform_svg: str = ""
    settings: Mapping[str, Setting] = field(default_factory=dict)


def stories(text: str | bytes) -> tuple[Story, ...]:
    """Read a report, or a list of reports; raises `ConfigError` naming what is wrong."""
    try:
        told = json.loads(text, parse_constant=_number, parse_float=_number, parse_int=_number)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"This is no report, for it is no JSON: {error}.") from None
    return tuple(map(story, told if isinstance(told, list) else [told]))


def _number(written: str) -> float:
    """A number that can be drawn; raises ValueError for what is none, and for one that no render has."""
    number = float(written)
    if not abs(number) <= MOST:
        raise ValueError(f"{written[:20]} is no figure of a render")
    return int(written) if written.lstrip("-").isdecimal() else number


def story(told: object) -> Story:
    """Read a report that is plain values, as they are written; raises `ConfigError`."""
    if not isinstance(told, dict) or "chunks" not in told:
        raise ConfigError("This is no report; one is written by tts-async render --report report.json.")
    try:
        return TypeAdapter(Story).validate_python({**told, "report": told})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"This is no report that can be shown: {name}: {first['msg']}.") from None
