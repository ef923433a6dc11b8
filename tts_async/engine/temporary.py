"""The store that goes with its process: a temporary folder."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from anyio import to_thread

from tts_async.core.exchange import SpeechRequest, SpeechResponse
from tts_async.core.verdict import Verdict
from tts_async.engine.mark import is_left, new_mark
from tts_async.engine.shield import finished
from tts_async.engine.store import BYTES_PER_CHAR, Claim, no_room
from tts_async.errors import AudioError, OutputError

PREFIX = "tts-async-"


class TemporaryStore:
    """A store in a temporary folder that goes when it is closed; one file a response."""

    def __init__(self) -> None:
        _clear_left(Path(tempfile.gettempdir()))
        self._folder = tempfile.TemporaryDirectory(prefix=f"{PREFIX}{new_mark()}-", ignore_cleanup_errors=True)
        self._path = Path(self._folder.name)
        self._claimed: dict[str, float] = {}
        self._kept: dict[str, Verdict | None] = {}
        self._items: set[str] = set()
        self._unsure: dict[str, float] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await finished(to_thread.run_sync(self._folder.cleanup))

    @asynccontextmanager
    async def buying(self) -> AsyncIterator[None]:
        """Do nothing: claims are this process's own."""
        yield

    async def probe(self, chars: int) -> None:
        """Raise `OutputError` where the speech of so many characters does not fit."""
        with self._named():
            free = (await to_thread.run_sync(shutil.disk_usage, self._path)).free
        if free < chars * BYTES_PER_CHAR:
            raise no_room(self._path.parent, free, chars, "TMPDIR names another place, and --store one that stays")

    async def note(self, digest: str, requests: Iterable[SpeechRequest]) -> None:
        """Do nothing: there is no later run."""

    async def verify(self, fingerprints: Iterable[str]) -> list[str]:
        """Do nothing: what is here is minutes old."""
        return []

    async def have(self, fingerprints: Iterable[str]) -> dict[str, Verdict | None]:
        """Say which of these are here, and the verdict on each."""
        return {name: self._kept[name] for name in fingerprints if name in self._kept}

    async def claim(self, fingerprint: str) -> Claim:
        """Announce a purchase, to the renders of this process."""
        if fingerprint in self._kept:
            return Claim.HERE
        if fingerprint in self._claimed:
            return Claim.THEIRS
        self._claimed[fingerprint] = time.time()
        return Claim.MINE

    async def commit(self, fingerprint: str, response: SpeechResponse, *, request: SpeechRequest | None = None) -> None:
        """Write aside, then rename."""
        with self._named():
            await to_thread.run_sync(_write, self._path, fingerprint, response)
        self._kept[fingerprint] = None
        self._unsure.pop(fingerprint, None)
        self._items.add(response.headers.get("history-item-id", ""))
        self._claimed.pop(fingerprint, None)

    async def unsure_since(self, fingerprint: str) -> float | None:
        """Since when it may be billed."""
        return self._unsure.get(fingerprint)

    async def items(self) -> set[str]:
        """The ids of what is here, and of what was set aside."""
        return self._items

    async def release(self, fingerprint: str, *, unsure: bool = False) -> None:
        """Give up a claim."""
        if unsure and fingerprint in self._claimed:
            self._unsure.setdefault(fingerprint, self._claimed[fingerprint])
        self._claimed.pop(fingerprint, None)

    async def read(self, fingerprint: str) -> SpeechResponse:
        """Return what was kept."""
        if fingerprint not in self._kept:
            raise AudioError("the audio was set aside, as it is not what was promised")
        return await to_thread.run_sync(_read, self._path / fingerprint)

    async def note_heard(self, fingerprint: str, heard: bytes) -> None:
        """Keep what was heard in a response."""
        if fingerprint in self._kept:
            with self._named():
                await to_thread.run_sync((self._path / f"{fingerprint}.heard").write_bytes, heard)

    async def heard(self, fingerprint: str) -> bytes:
        """Return what was heard in a response."""
        path = self._path / f"{fingerprint}.heard"
        return await to_thread.run_sync(lambda: path.read_bytes() if path.exists() else b"")

    async def judge(self, fingerprint: str, verdict: Verdict) -> None:
        """Note the verdict on a response."""
        self._kept[fingerprint] = verdict

    async def discard(self, fingerprint: str) -> None:
        """Rename a response out of the way; nothing to do where there is none."""
        if fingerprint not in self._kept:
            return
        del self._kept[fingerprint]
        path = self._path / fingerprint
        with self._named():
            await to_thread.run_sync((self._path / f"{fingerprint}.heard").unlink, True)
            await to_thread.run_sync(path.replace, path.with_suffix(f".{secrets.token_hex(4)}.bad"))

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Say in our own words what the disk does not do."""
        try:
            yield
        except OSError as error:
            reason = f"{error.strerror}. Is the disk full? TMPDIR names another place."
            raise OutputError(f"What was bought cannot be kept in {str(self._path.parent)!r}: {reason}") from error


def _clear_left(folder: Path) -> None:
    """Remove what this user's processes that were killed have left; whatever cannot be removed stays."""
    for left in folder.glob(f"{PREFIX}*"):
        with suppress(OSError):
            mark = left.name.removeprefix(PREFIX).rpartition("-")[0]
            if is_left(mark) and (os.name == "nt" or left.lstat().st_uid == os.getuid()):
                shutil.rmtree(left)  # Not through a link, which it refuses.


def _write(folder: Path, fingerprint: str, response: SpeechResponse) -> None:
    """One line of JSON, then the body."""
    head = json.dumps({"status": response.status, "headers": dict(response.headers)})
    aside = folder / f"{fingerprint}.{os.getpid()}-{secrets.token_hex(4)}.part"
    aside.write_bytes(head.encode() + b"\n" + response.body)
    aside.replace(folder / fingerprint)


def _read(path: Path) -> SpeechResponse:
    head, _, body = path.read_bytes().partition(b"\n")
    known = json.loads(head)
    return SpeechResponse(status=known["status"], headers=known["headers"], body=body)
