"""What is asked of a provider and what comes back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar

Encoding = Literal["pcm_s16le", "ulaw", "alaw", "file"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """What only run time knows of a request: which try it is, its seed, its neighbours' request ids.

    No part of the fingerprint: another take of a chunk is still that chunk.
    """

    number: int = 1
    seed: int | None = None
    previous_ids: tuple[str, ...] = ()
    next_ids: tuple[str, ...] = ()


PLANNED = Take()
"""The take that a fingerprint is computed for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechRequest:
    """One request for speech, without host and key.

    ``origin`` names who answers as far as it can be heard: the provider, an aliasing server, an
    embedded engine's version. ``chars`` is what the provider is expected to bill, ``tariff`` the name under which its
    price is listed: ``PROVIDER:MODEL``, with ``+ADDRESS`` for a server that is not the provider's own.
    """

    origin: str
    path: str
    body: Mapping[str, object]
    query: Mapping[str, str] = field(default_factory=dict)
    chars: int
    tariff: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A question to a provider's server that costs nothing, without host and key."""

    path: str
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechResponse:
    """A complete answer, as it arrived: this is what the store keeps. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a provider's history has of a request: the answer, under the id of its ``item``, or that it is being made."""

    response: SpeechResponse | None = None
    item: str = ""
    processing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A stretch of a chunk's spoken text, and how many frames of the clip it took."""

    chars: int
    frames: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """The speech in a response, still encoded.

    ``encoding`` is ``pcm_s16le``, ``ulaw`` or ``alaw`` (mono, at ``rate_hz``), or ``file``: a container that says itself
    what it holds. ``marks`` cover the text from its start, in order, where the provider tells them. ``billed_chars`` is
    what the provider says it charged, in its own unit, ``cost_usd`` what that is by the known price; ``server_ms`` how
    long it says it took.
    """

    audio: bytes
    encoding: Encoding
    rate_hz: int
    request_id: str = ""
    history_item_id: str = ""
    billed_chars: int | None = None
    cost_usd: float | None = None
    server_ms: int | None = None
    marks: tuple[Mark, ...] = ()


T = TypeVar("T")
Talk = Generator[Query, SpeechResponse, T]
"""Several questions to a server: it yields them, is sent the answers, whatever their status, and returns what it learned."""


def fingerprint(request: SpeechRequest) -> str:
    """The name of everything that can be heard in the answer to a planned request: 64 hex digits."""
    heard = [request.origin, request.path, dict(request.query), dict(request.body)]
    text = json.dumps(heard, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def parts_of(request: SpeechRequest) -> dict[str, object]:
    """A request as flat parts with names, for comparison."""
    return {"origin": request.origin, "path": request.path, **request.query, **dict(_flat(request.body))}


def _flat(body: Mapping[str, object], before: str = "") -> Iterator[tuple[str, object]]:
    for name, value in body.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield before + name, value if isinstance(value, str | int | float | bool | None) else repr(value)
