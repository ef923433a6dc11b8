"""A server of tones that can be told to fail."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest

from tts_async.providers.tone import ToneProvider


@dataclass
class Server:
    """Answers as the tone provider's does; requests whose text holds a word of ``refuses`` get status 400."""

    refuses: list[str] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)
    tones: ToneProvider = field(default_factory=lambda: ToneProvider(s_per_char=0.03))

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        body = json.loads(request.content)
        if any(word in line["text"] for word in self.refuses for line in body["lines"]):
            return httpx.Response(400, json={"detail": "not this \x1b[31mword"})
        answer = self.tones.answer(request.url.path, body)
        return httpx.Response(answer.status, headers=dict(answer.headers), content=answer.body)


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
async def client(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(server)) as client:
        yield client
