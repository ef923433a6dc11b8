"""The fake behind an httpx client, without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeAlias, TypeVar
from urllib.parse import parse_qsl

import httpx

from tts_async.testing.fake.wire import Break, ConnectionBroken, Reply, Request

T = TypeVar("T")
Handle: TypeAlias = Callable[[Request], Awaitable[Reply]]

BREAKS: dict[Break, tuple[type[httpx.TransportError], str]] = {
    "connect": (httpx.ConnectError, "All connection attempts failed"),
    "reset": (httpx.ReadError, "Connection reset by peer"),
    "cut": (httpx.RemoteProtocolError, "peer closed connection without sending complete message body"),
}
"""How a connection ends -> what httpx makes of that."""


class _Body(httpx.AsyncByteStream):
    """A body that comes while it is read."""

    def __init__(self, reply: Reply, request: httpx.Request) -> None:
        self._reply = reply
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        sent = self._reply.sent()
        while (piece := await _in_time(self._request, anext(sent, None))) is not None:
            yield piece

    async def aclose(self) -> None:
        self._reply.leave()


async def _in_time(request: httpx.Request, awaited: Awaitable[T]) -> T:
    """Wait for it as long as the client would for something to read, and say in httpx's errors what goes wrong."""
    try:
        async with asyncio.timeout(request.extensions.get("timeout", {}).get("read")):
            return await awaited
    except TimeoutError:
        raise httpx.ReadTimeout("Nothing came in time", request=request) from None
    except ConnectionBroken as broken:
        error, said = BREAKS[broken.how]
        raise error(said, request=request) from None


def of(handle: Handle) -> httpx.MockTransport:
    """Make a transport of a handler."""

    async def answer(request: httpx.Request) -> httpx.Response:
        asked = Request(
            method=request.method,
            path=request.url.path,
            query=dict(parse_qsl(request.url.query.decode(), keep_blank_values=True)),
            headers=dict(request.headers.items()),
            body=request.content,
        )
        reply = await _in_time(request, handle(asked))
        return httpx.Response(reply.status, headers=dict(reply.headers), stream=_Body(reply, request))

    return httpx.MockTransport(answer)
