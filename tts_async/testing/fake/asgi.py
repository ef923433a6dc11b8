"""The fake as an ASGI 3 application.

An application cannot reach the connection below it. So a reset is what a server makes of an application that fails:
uvicorn closes the connection. Where a connection should break before the answer, the headers of one come first, for a
server would send an answer of its own; and a connection cannot fail to be made.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import parse_qsl

from tts_async.testing.fake.wire import ConnectionBroken, Reply, Request

if TYPE_CHECKING:
    from anyio import CancelScope

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Handle: TypeAlias = Callable[[Request], Awaitable[Reply]]

BROKEN = Reply(status=200, headers={"content-length": "1000000"}, breaks="reset")
"""A connection that breaks before the answer."""


class Application:
    """Serves what ASGI calls http and lifespan; an object, for uvicorn takes a bound method for an older ASGI."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            await _http(self._handle, scope, receive, send)
        else:
            raise NotImplementedError(f"The fake speaks http only, not {scope['type']}.")


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _http(handle: Handle, scope: Scope, receive: Receive, send: Send) -> None:
    from anyio import create_task_group

    request = await _request(scope, receive)
    if request is None:
        return
    broken = None
    # A client that hangs up frees its slot at once, even if the answer would never come.
    async with create_task_group() as group:
        group.start_soon(_until_gone, receive, group.cancel_scope)
        try:
            await _reply(handle, request, send)
        except ConnectionBroken as error:
            broken = error
        group.cancel_scope.cancel()
    if broken:
        raise broken


async def _request(scope: Scope, receive: Receive) -> Request | None:
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True)),
        headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
        body=body,
    )


async def _until_gone(receive: Receive, scope: CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


async def _reply(handle: Handle, request: Request, send: Send) -> None:
    try:
        reply = await handle(request)
    except ConnectionBroken:
        reply = BROKEN
    # The server tells the date itself.
    headers = [(name.encode(), value.encode("latin-1")) for name, value in reply.headers.items() if name != "date"]
    try:
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        async for piece in reply.sent():
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        reply.leave()
