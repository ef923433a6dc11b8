"""A request for speech that has been understood, in either dialect, and what was made for it."""

from __future__ import annotations

import string
from dataclasses import dataclass
from random import Random
from typing import Literal

from tts_async.testing.fake.formats import Format

Shape = Literal["audio", "timestamps", "timestamps-stream", "sse"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Words and who says them."""

    text: str
    voice: str
    voice_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be made and how it is answered.

    Models of one ``group`` share a concurrency limit. ``streams``: without a length, in pieces. ``logged``: kept in
    the history.
    """

    key: str
    model: str
    group: str
    lines: tuple[Line, ...]
    format: Format
    credits: int
    speed: float = 1.0
    shape: Shape = "audio"
    streams: bool = False
    dialogue: bool = False
    logged: bool = True

    @property
    def texts(self) -> tuple[str, ...]:
        """The words of each line."""
        return tuple(line.text for line in self.lines)

    @property
    def text(self) -> str:
        """All words, lines on lines of their own."""
        return "\n".join(self.texts)

    @property
    def chars(self) -> int:
        """Code points of all lines."""
        return sum(len(line.text) for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """The speech that was billed, and how it is called; ``lengths_s`` is how long each line is."""

    lengths_s: tuple[float, ...]
    audio: bytes
    request_id: str
    item_id: str
    latency_s: float


BASE62 = string.digits + string.ascii_letters


def base62(dice: Random, length: int = 20) -> str:
    """Make an id as ElevenLabs' are."""
    return "".join(dice.choices(BASE62, k=length))


def hexadecimal(dice: Random, length: int = 32) -> str:
    """Make an id as those of traces are."""
    return f"{dice.getrandbits(4 * length):0{length}x}"
