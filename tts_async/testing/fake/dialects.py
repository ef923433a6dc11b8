"""Which service a request is meant for: both live on one host."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Protocol

from tts_async.testing.fake.behaviour import Behaviour
from tts_async.testing.fake.books import Books
from tts_async.testing.fake.elevenlabs import ElevenLabs
from tts_async.testing.fake.openai import OpenAI
from tts_async.testing.fake.order import Made, Order
from tts_async.testing.fake.wire import Refused, Reply, Request


class Dialect(Protocol):
    """What a service understands and how it speaks."""

    @property
    def name(self) -> str: ...
    def key(self, request: Request) -> str: ...
    def is_speech(self, request: Request) -> bool: ...
    def order(self, request: Request, behaviour: Behaviour) -> Order: ...
    def page(self, request: Request, books: Books) -> Reply: ...
    def too_many(self, limit: int) -> Refused: ...
    def over_quota(self, limit: int, left: int, needed: int) -> Refused: ...
    def error(self, refused: Refused, dice: Random) -> Reply: ...
    def speech(self, order: Order, made: Made, dice: Random) -> Reply: ...
    def at_once(self, now: int, limit: int) -> Mapping[str, str]: ...


ELEVENLABS, OPENAI = ElevenLabs(), OpenAI()


def dialect_of(request: Request) -> Dialect:
    """Tell by the path, and by the header of the key where a path belongs to both."""
    if request.path.startswith("/v1/audio/"):
        return OPENAI
    shared = request.path == "/v1/models" or request.path.startswith("/v1/models/")
    if shared and "authorization" in request.headers and "xi-api-key" not in request.headers:
        return OPENAI
    return ELEVENLABS
