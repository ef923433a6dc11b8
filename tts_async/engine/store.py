"""Raw responses under their fingerprints: what was bought once is here, for this run and the next.

The folder of this store is temporary; what holds a durable one has the same methods.
"""

from __future__ import annotations

import enum
import json
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from anyio import to_thread

from tts_async.core.exchange import SpeechRequest, SpeechResponse
from tts_async.core.verdict import Verdict
from tts_async.engine.mark import is_left, new_mark
from tts_async.engine.shield import finished
from tts_async.errors import AudioError, OutputError

PREFIX = "tts-async-"
BYTES_PER_CHAR = 4_000
"""What a character of speech takes, at 12 characters a second and 24,000 samples of 2 bytes."""


class Claim(enum.Enum):
    """Whose purchase a fingerprint is."""

    HERE = enum.auto()
    THEIRS = enum.auto()
    MINE = enum.auto()


class Store(Protocol):
    """Keeps responses; every method may be called from several renders at once."""

    def buying(self) -> AbstractAsyncContextManager[None]:
        """Keep what is claimed from being taken for abandoned, for as long as the block lasts."""

    async def probe(self, chars: int) -> None:
        """Raise `OutputError` where the speech of so many characters cannot be kept."""

    async def verify(self, fingerprints: Iterable[str]) -> list[str]:
        """Read all of these that are here, set aside those that are damaged, and return which."""

    async def note(self, digest: str, requests: Iterable[SpeechRequest]) -> None:
        """Note what a digest consists of, so that a later run can say what changed."""

    async def have(self, fingerprints: Iterable[str]) -> dict[str, Verdict | None]:
        """Say which of these are here, and the verdict on each; ``None`` where there was none yet."""

    async def claim(self, fingerprint: str) -> Claim:
        """Announce a purchase before its request leaves; `Claim.MINE` must be committed or released."""

    async def commit(self, fingerprint: str, response: SpeechResponse, *, request: SpeechRequest | None = None) -> None:
        """Keep the response to a request; once this returns it is never lost and never seen half."""

    async def unsure_since(self, fingerprint: str) -> float | None:
        """Since when (seconds since 1970) it may be that a clip was billed and never came; ``None`` where it was not."""

    async def items(self) -> set[str]:
        """The ids that providers' histories have for what is here, and for what was set aside."""

    async def release(self, fingerprint: str, *, unsure: bool = False) -> None:
        """Give up a claim that came to nothing; nothing to do where it was committed after all.

        ``unsure``: it may be billed all the same, which is remembered.
        """

    async def read(self, fingerprint: str) -> SpeechResponse:
        """Return what was kept; raises `AudioError` where it was set aside meanwhile."""

    async def note_heard(self, fingerprint: str, heard: bytes) -> None:
        """Keep what was heard in a response, for as long as it is here."""

    async def heard(self, fingerprint: str) -> bytes:
        """Return what was heard in a response; nothing where that is not known."""

    async def judge(self, fingerprint: str, verdict: Verdict) -> None:
        """Note the verdict on a response."""

    async def discard(self, fingerprint: str) -> None:
        """Set aside a response that is not what was paid for, so that it is bought again."""


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


def no_room(folder: Path, free: int, chars: int, way_out: str) -> OutputError:
    """Say that the speech of so many characters does not fit."""
    return OutputError(
        f"There is room for {free // 1_000_000:,} MB in {str(folder)!r}, and {chars:,} characters of speech take about"
        f" {chars * BYTES_PER_CHAR // 1_000_000:,} MB; {way_out}."
    )


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
