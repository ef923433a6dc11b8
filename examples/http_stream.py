"""Speaks a digest over HTTP while it is bought, with nothing but ASGI; a listener who leaves ends the buying."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import anyio
import httpx
import uvicorn

from tts_async import Event, Renderer

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

DIALOGUE = Path(__file__).parent / "dialogue.json"


class Radio:
    """An ASGI application that answers every request with one digest, as an MP3."""

    def __init__(self, renderer: Renderer, digest: Path) -> None:
        self.renderer = renderer
        self.digest = digest

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(self.watch, receive, group.cancel_scope)
            await self.speak(send)
            group.cancel_scope.cancel()

    async def watch(self, receive: Receive, speaking: anyio.CancelScope) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        speaking.cancel()

    async def speak(self, send: Send) -> None:
        async with self.renderer.stream_encoded(self.digest, "mp3") as speech:
            head = {"type": "http.response.start", "status": 200}
            head["headers"] = [(b"content-type", speech.media_type.encode())]
            async for piece in speech:
                # With the first piece, so that an error before it becomes a status, and not half an answer.
                if head:
                    await send(head)
                    head = {}
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def main() -> None:
    bought: list[int | None] = []

    def watch(event: Event) -> None:
        if event.kind == "bought":
            bought.append(event.chunk)

    async with Renderer("local", store=False, on_event=watch) as renderer:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            server = uvicorn.Server(uvicorn.Config(Radio(renderer, DIALOGUE), lifespan="off", log_level="warning"))
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            await listen(f"http://127.0.0.1:{listening.getsockname()[1]}")
            server.should_exit = True
            await serving
    print(f"{len(bought)} chunks were bought")


async def listen(address: str) -> None:
    """Hear a little of it and leave, then hear it all."""
    async with httpx.AsyncClient(timeout=60) as client:
        async with client.stream("GET", address) as answer:
            async for piece in answer.aiter_bytes():
                print(f"left after the first {len(piece)} bytes")
                break
        answer = await client.get(address)
        print(f"{answer.headers['content-type']}: {len(answer.content)} bytes")


if __name__ == "__main__":
    asyncio.run(main())
