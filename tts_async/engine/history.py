"""Looks for what was billed and never came in the history that its provider keeps."""

from __future__ import annotations

import asyncio

from tts_async.core.exchange import Found, SpeechRequest, SpeechResponse
from tts_async.core.expectation import expected_s
from tts_async.engine.client import HttpSender
from tts_async.engine.sender import Sender
from tts_async.engine.store import Store
from tts_async.errors import ProviderError
from tts_async.providers.base import KeepsHistory, Provider

CLOCKS_S = 120.0
"""How far a server's clock may be from ours."""
LOOKED_AGAIN_S = 2.0


class History:
    """The history of one account."""

    def __init__(self, provider: KeepsHistory, sender: HttpSender, store: Store) -> None:
        self._provider = provider
        self._sender = sender
        self._store = store
        self._taken: set[str] = set()

    async def find(self, fingerprint: str, request: SpeechRequest) -> SpeechResponse | None:
        """Return the answer to a request that was sent earlier, and perhaps billed; ``None`` where there is none for sure.

        What is still being made is waited for, as long as such a request should take.
        """
        since_s = await self._store.unsure_since(fingerprint)
        if since_s is None:
            return None
        loop = asyncio.get_running_loop()
        until_s = loop.time() + expected_s(request.chars)
        found = await self._ask(request, since_s - CLOCKS_S)
        while found.processing and loop.time() < until_s:
            await asyncio.sleep(LOOKED_AGAIN_S)  # Nothing tells when the server is done.
            found = await self._ask(request, since_s - CLOCKS_S)
        if found.item in self._taken:
            return None
        self._taken.add(found.item)
        return found.response

    async def _ask(self, request: SpeechRequest, since_s: float) -> Found:
        used = self._taken | await self._store.items()
        try:
            return await self._sender.converse(self._provider.find(request, since_s=since_s, used=used))
        except ProviderError:  # A key may be good for speech alone; then it is bought again.
            return Found()


def history_of(provider: Provider, sender: Sender, store: Store) -> History | None:
    """The history of a provider that keeps one; ``None`` for others."""
    if isinstance(provider, KeepsHistory) and isinstance(sender, HttpSender):
        return History(provider, sender, store)
    return None
