"""What the store does not take is written beside the output, and taken in by the next run with that output."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

from anyio import to_thread

from tts_async.core.exchange import SpeechRequest, SpeechResponse
from tts_async.engine.shelf import Damaged, Kept, Shelf
from tts_async.engine.store import Store
from tts_async.errors import OutputError

SUFFIX = ".unkept"


class Spare:
    """The folder for it: ``out.wav`` has ``out.wav.unkept``, which is there only as long as something is in it."""

    def __init__(self, output: Path) -> None:
        self._folder = Path(f"{output}{SUFFIX}")
        self._shelf = Shelf(self._folder)

    async def keep(
        self, fingerprint: str, request: SpeechRequest, response: SpeechResponse, error: OutputError
    ) -> OutputError:
        """Write a response that the store does not take; return the store's error, and where it is now, if it is."""
        kept = Kept(response=response, origin=request.origin, chars=request.chars, committed_s=time.time())
        try:
            await to_thread.run_sync(self._shelf.put, fingerprint, kept)
        except OSError:
            return error
        return OutputError(f"{error} This clip is in {str(self._folder)!r} until then, and is not bought again.")

    async def hand_over(self, wanted: set[str], store: Store) -> None:
        """Put into a store what is here and wanted; raises `OutputError` where it does not take it yet."""
        for name in sorted(wanted & set(await to_thread.run_sync(self._names))):
            with suppress(Damaged):
                if kept := await to_thread.run_sync(self._shelf.get, name):
                    request = SpeechRequest(origin=kept.origin, path="", body={}, chars=kept.chars)
                    await store.commit(name, kept.response, request=request)
                    await to_thread.run_sync(self._shelf.remove, [name])
        await to_thread.run_sync(self._clear)

    def _names(self) -> list[str]:
        return list(self._shelf.fingerprints())

    def _clear(self) -> None:
        """Remove the folder, and those in it, where nothing is in them."""
        for folder in (*self._folder.glob("??"), self._folder):
            with suppress(OSError):
                folder.rmdir()
