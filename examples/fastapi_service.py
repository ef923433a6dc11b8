"""Streams digests over HTTP while they render, with FastAPI: `uvicorn fastapi_service:app`, and then

curl --json @dialogue.json http://127.0.0.1:8000/speech -o dialogue.mp3

Run as a script, it asks itself.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.types import Receive, Scope, Send

from tts_async import ConfigError, DigestError, EncodedSpeech, Renderer

DIALOGUE = Path(__file__).parent / "dialogue.json"


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """One Renderer for all that is asked: its digests share the provider's limits."""
    async with Renderer("local") as app.state.renderer:
        yield


app = FastAPI(lifespan=lifespan)


class Spoken(StreamingResponse):
    """The bytes of a digest; a listener who leaves closes the speech, and nothing more is bought."""

    def __init__(self, speech: AbstractAsyncContextManager[EncodedSpeech]) -> None:
        super().__init__(())
        self.speech = speech

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self.speech as pieces:
            self.body_iterator = aiter(pieces)
            self.headers["content-type"] = pieces.media_type
            await super().__call__(scope, receive, send)


@app.post("/speech")
async def speak(digest: dict[str, Any], request: Request) -> Spoken:
    return Spoken(request.app.state.renderer.stream_encoded(digest, "mp3"))


@app.exception_handler(ConfigError)
@app.exception_handler(DigestError)
async def refuse(_request: Request, error: Exception) -> JSONResponse:
    """Speech is planned before the answer begins, so a digest that cannot be spoken has a status of its own."""
    return JSONResponse({"detail": str(error)}, status_code=422)


async def main() -> None:
    here = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here", timeout=60)
    async with app.router.lifespan_context(app), here as client:
        for digest in (
            json.loads(DIALOGUE.read_text("utf-8")),
            {"script": ""},
            {"script": "Hello.", "voices": {"narrator": "x"}},
        ):
            answer = await client.post("/speech", json=digest)
            print(answer.status_code, answer.headers["content-type"], f"{len(answer.content)} bytes")


if __name__ == "__main__":
    asyncio.run(main())
