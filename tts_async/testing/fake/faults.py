"""What can go wrong on purpose, and for which requests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Literal

from tts_async.errors import ConfigError
from tts_async.testing.fake.wire import Break, Reply

Place = Literal["answer", "connection", "audio", "body"]
"""Where a fault strikes: instead of the answer, on the connection before it, in the sound, or in a body of speech."""

FAULTS: Mapping[str, Place] = {
    "concurrent_limit_exceeded": "answer",  # 429
    "rate_limit_exceeded": "answer",  # 429
    "system_busy": "answer",  # 429
    "already_running": "answer",  # 409
    "invalid_api_key": "answer",  # 401
    "quota_exceeded": "answer",  # 401, at OpenAI 429
    "insufficient_credits": "answer",  # 402
    "feature_not_available": "answer",  # 403
    "voice_not_found": "answer",  # 404
    "unprocessable": "answer",  # 422
    "internal_error": "answer",  # 500
    "bad_gateway": "answer",  # 502 and a page of HTML, as a proxy writes it
    "service_unavailable": "answer",  # 503
    "connect_error": "connection",
    "reset_before": "connection",
    "hang": "connection",  # billed, and in the history, but no answer ever comes
    "silence": "audio",
    "loop": "audio",  # all of it three times
    "noise": "audio",
    "empty_body": "body",
    "cut": "body",  # closed early, with the whole length announced
    "cut_chunked": "body",  # closed early, in the middle of a chunked body
    "truncated": "body",  # ends early and looks whole
    "reset_within": "body",
    "slow_drip": "body",
    "json_body": "body",
    "wrong_content_type": "body",
}
"""Kind -> where it strikes. Of these, "hang" and what strikes the sound or the body is billed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong, for the speech requests that all of its conditions hold for; without any, for all.

    - ``requests``: their numbers, in the order in which they come, refused ones counted, from 1.
    - ``share``: at random, so many of them.
    - ``text``: those whose text contains it.
    - ``first_use``: the first one for each voice.
    - ``times``: so often at most.

    ``after`` is the share of the body that still comes where it is cut or reset; ``drip_s`` how long a slow body takes.
    """

    kind: str
    requests: Collection[int] = ()
    share: float = 1.0
    text: str = ""
    first_use: bool = False
    times: int | None = None
    after: float = 0.5
    drip_s: float = 30.0

    def __post_init__(self) -> None:
        if self.kind not in FAULTS:
            raise ConfigError(f"There is no fault {self.kind!r}; there are {', '.join(FAULTS)}.")
        for name in ("share", "after"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"{name} cannot be {getattr(self, name)}; it has to be from 0 to 1.")

    @property
    def place(self) -> Place:
        """Where it strikes."""
        return FAULTS[self.kind]


class Faults:
    """What has struck so far."""

    def __init__(self) -> None:
        self._struck: Counter[Fault] = Counter()
        self._voices: set[str] = set()

    def pick(
        self, faults: Iterable[Fault], *, number: int, text: str, voices: Iterable[str], dice: Random
    ) -> Fault | None:
        """Choose the first fault that holds for this request."""
        new = set(voices) - self._voices
        self._voices |= new
        for fault in faults:
            # The die is rolled whatever else holds, so that one fault does not change the chances of another.
            chance = dice.random() < fault.share
            if (
                chance
                and (not fault.requests or number in fault.requests)
                and fault.text in text
                and (new or not fault.first_use)
                and (fault.times is None or self._struck[fault] < fault.times)
            ):
                self._struck[fault] += 1
                return fault
        return None


BREAKS: Mapping[str, Break] = {"connect_error": "connect", "reset_before": "reset"}
"""Kind -> how the connection breaks before the answer."""

BAD_GATEWAY = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n"

FOREIGN: Mapping[str, Reply] = {
    "bad_gateway": Reply(
        status=502,
        headers={"content-type": "text/html", "content-length": str(len(BAD_GATEWAY))},
        body=BAD_GATEWAY,
    )
}
"""Kind -> an answer that is not the service's own, but of something on the way to it."""


def _ended(reply: Reply, fault: Fault, breaks: Break | None, *, announced: bool) -> Reply:
    """Let so much of the body through; a length that is announced is the whole one's, unless it is to look whole."""
    body = reply.body[: int(len(reply.body) * fault.after)]
    headers = {name: value for name, value in reply.headers.items() if name != "content-length"}
    if announced:
        headers["content-length"] = str(len(reply.body if breaks else body))
    return replace(reply, headers=headers, body=body, breaks=breaks)


def _said(reply: Reply, body: bytes, content_type: str) -> Reply:
    headers = {**reply.headers, "content-type": content_type, "content-length": str(len(body))}
    return replace(reply, headers=headers, body=body)


SPOILED: Mapping[str, Callable[[Reply, Fault], Reply]] = {
    "empty_body": lambda reply, _: _said(reply, b"", reply.headers["content-type"]),
    "cut": lambda reply, fault: _ended(reply, fault, "cut", announced=True),
    "cut_chunked": lambda reply, fault: _ended(reply, fault, "cut", announced=False),
    "truncated": lambda reply, fault: _ended(reply, fault, None, announced="content-length" in reply.headers),
    "reset_within": lambda reply, fault: _ended(reply, fault, "reset", announced=True),
    "slow_drip": lambda reply, fault: replace(reply, body_s=fault.drip_s, pieces=max(2, min(100, len(reply.body)))),
    "json_body": lambda reply, _: _said(reply, b'{"message":"This is no audio."}', "application/json"),
    "wrong_content_type": lambda reply, _: _said(reply, reply.body, "text/plain; charset=utf-8"),
}
"""Kind -> what it makes of a good reply."""


def spoil(reply: Reply, fault: Fault | None) -> Reply:
    """Do to a good reply what a fault does to bodies."""
    return SPOILED[fault.kind](reply, fault) if fault and fault.kind in SPOILED else reply
