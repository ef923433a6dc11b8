"""What the fake writes down of each request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tts_async.testing.fake.wire import Request

KEYS = frozenset({"authorization", "cookie", "proxy-authorization", "xi-api-key"})
ASKED_TO_WAIT = frozenset({429, 503, 529})


@dataclass(slots=True, kw_only=True)
class Recorded:
    """A request, its key left out; ``at_s`` counts from the first request of all.

    ``number`` is that of a request for speech, from 1, and 0 for any other. ``status`` is `None` while, or where,
    no answer came.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: object
    at_s: float
    number: int = 0
    status: int | None = None

    @property
    def refused(self) -> bool:
        """Whether it was asked to come back later."""
        return self.status in ASKED_TO_WAIT


def record(request: Request, *, at_s: float) -> Recorded:
    """Write a request down."""
    return Recorded(
        method=request.method,
        path=request.path,
        query=request.query,
        headers={name: value for name, value in request.headers.items() if name not in KEYS},
        body=request.decoded(),
        at_s=at_s,
    )
