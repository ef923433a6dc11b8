"""What carries a request to where it is answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from tts_async.core.exchange import SpeechRequest, SpeechResponse
from tts_async.core.headers import Signals
from tts_async.providers.base import Provider

OnHeaders = Callable[[Signals], None]


class Sender(Protocol):
    """Sends one request; the coordinator cannot tell an embedded engine from a server."""

    async def send(self, request: SpeechRequest, on_headers: OnHeaders) -> SpeechResponse:
        """Return the complete answer of a provider that spoke; raises `TTSError` otherwise.

        ``on_headers`` is called once, as soon as the headers of an answer are there.
        """

    def speaking_for(self, provider: Provider) -> Sender:
        """Return the sender to the same place whose errors are named by that provider."""

    async def warm_up(self) -> None:
        """Load what is slow to load, away from the event loop."""
