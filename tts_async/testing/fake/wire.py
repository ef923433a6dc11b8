"""What goes in and out of the fake, whichever of the three ways carries it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

Break = Literal["connect", "reset", "cut"]
"""How a connection ends badly: it is never made, it is reset, or it closes before the body is whole."""

PIECES = 8
"""In how many pieces a body goes out that does not go at once: at whatever byte, as on a real line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request; names of headers are in lower case, of a repeated query parameter the last value counts."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def decoded(self) -> object:
        """The body as JSON, as text where it is none, `None` where there is no body."""
        if not self.body:
            return None
        try:
            return json.loads(self.body)
        except ValueError:
            return self.body.decode(errors="replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer whose body is still to be sent: after ``body_s``, in ``pieces``, and perhaps not to its end.

    ``breaks`` is what happens after the last byte of ``body``. ``leave`` is called when the server is done with it,
    sent or not, perhaps more than once.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    body_s: float = 0.0
    pieces: int = 1
    breaks: Break | None = None
    leave: Callable[[], None] = lambda: None

    async def sent(self) -> AsyncIterator[bytes]:
        """The pieces of the body, each at its time; raises `ConnectionBroken`."""
        try:
            for start, end in self._edges():
                if self.body_s:
                    await asyncio.sleep(self.body_s / self.pieces)
                if start < end:
                    yield self.body[start:end]
            if self.breaks:
                raise ConnectionBroken(self.breaks)
        finally:
            self.leave()

    def _edges(self) -> list[tuple[int, int]]:
        edges = [round(len(self.body) * piece / self.pieces) for piece in range(self.pieces + 1)]
        return list(pairwise(edges))


class ConnectionBroken(Exception):
    """The fake ends the connection here; whatever carries the request does it in its own way."""

    def __init__(self, how: Break) -> None:
        super().__init__(how)
        self.how: Break = how


class Refused(Exception):
    """No speech for this request; a dialect turns it into its own words.

    ``kind`` is a row of the dialect's table. With ``where`` it is a complaint about a field, ``kind`` being
    pydantic's name for it, as in "missing".
    """

    def __init__(
        self,
        kind: str,
        message: str = "",
        *,
        where: tuple[str | int, ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(kind)
        self.kind: str = kind
        self.message: str = message
        self.where: tuple[str | int, ...] = where
        self.headers: Mapping[str, str] = headers or {}


def json_reply(value: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Make a reply of JSON."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    told = {"content-type": "application/json", "content-length": str(len(body)), **(headers or {})}
    return Reply(status=status, headers=told, body=body)
