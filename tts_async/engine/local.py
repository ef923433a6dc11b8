"""The sender for an engine inside this process: it works in threads, the event loop never waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import anyio
from anyio import to_thread

from tts_async.core.exchange import SpeechRequest, SpeechResponse
from tts_async.core.headers import Signals
from tts_async.engine.sender import OnHeaders
from tts_async.providers.base import EmbeddedProvider, Provider
from tts_async.sound.level import limit_peaks

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class LocalSender:
    """Has an embedded engine speak, one hop to a worker thread a sentence.

    A cancelled request ends with the sentence that it is in: no engine can be stopped inside one.
    """

    def __init__(self, provider: EmbeddedProvider) -> None:
        self._provider = provider
        self._turn = anyio.Lock()

    def speaking_for(self, provider: Provider) -> LocalSender:
        """Return a sender for that provider."""
        return LocalSender(cast(EmbeddedProvider, provider))

    async def warm_up(self) -> None:
        """Load the engine in a worker thread."""
        await to_thread.run_sync(self._provider.warm_up)

    async def send(self, request: SpeechRequest, on_headers: OnHeaders) -> SpeechResponse:
        """Speak a request; ``on_headers`` is called when its turn has come and its text is split."""
        provider = self._provider
        # Held over the whole request: taking turns sentence by sentence would finish every clip late, none early.
        async with self._turn:
            sentences = await to_thread.run_sync(provider.sentences, request)
            on_headers(Signals())
            pieces = [await to_thread.run_sync(self._say, request, n, text) for n, text in enumerate(sentences)]
            return await to_thread.run_sync(provider.response, request, sentences, pieces)

    def _say(self, request: SpeechRequest, number: int, sentence: str) -> NDArray[np.float32]:
        """Speak one sentence, peaks limited; runs in a worker thread."""
        samples = self._provider.say(request, number, sentence)
        return limit_peaks(samples, self._provider.capabilities.rate_hz)
