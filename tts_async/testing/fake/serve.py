"""The fake as a server of its own on this machine."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

from tts_async.errors import ConfigError
from tts_async.testing.fake.speech import FakeSpeech

if TYPE_CHECKING:
    import uvicorn

LOOPBACK = "127.0.0.1"


@asynccontextmanager
async def serving(fake: FakeSpeech, port: int = 0, *, host: str = LOOPBACK) -> AsyncIterator[str]:
    """Serve it while the block lasts and give its address; port 0 is any that is free.

    Needs uvicorn, the extra `fake`. Requests that are still being answered at the end are cut off.
    """
    with socket.create_server((host, port)) as listening:
        address = f"http://{host}:{listening.getsockname()[1]}"
        server = _server(fake)
        # A task group would wrap what the block raises.
        running = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield address
        finally:
            server.should_exit = True
            await running


def _server(fake: FakeSpeech) -> uvicorn.Server:
    try:
        import uvicorn
    except ImportError:
        raise ConfigError("The fake needs uvicorn to serve: pip install 'tts-async[fake]'.") from None

    class Server(uvicorn.Server):
        """One that leaves the signals to whoever runs it."""

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    config = uvicorn.Config(
        fake.asgi,
        http="h11",
        ws="none",
        log_config=None,
        log_level="critical",
        access_log=False,
        timeout_graceful_shutdown=0,
    )
    return Server(config)
