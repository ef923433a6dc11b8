"""The store that outlives its process: what was paid for is here for every later run, and for every other process."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar, TypeVarTuple

from anyio import to_thread

from tts_async.core.exchange import SpeechRequest, SpeechResponse, parts_of
from tts_async.core.verdict import Verdict, read
from tts_async.engine.journal import Journal
from tts_async.engine.renewing import renewing
from tts_async.engine.row import row_of
from tts_async.engine.shelf import VARIABLE, Damaged, Kept, Shelf
from tts_async.engine.shield import finished
from tts_async.engine.store import BYTES_PER_CHAR, Claim, no_room
from tts_async.engine.trouble import trouble, unusable
from tts_async.errors import OutputError

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class DiskStore:
    """Responses in files, and a journal of them; an async context manager."""

    def __init__(self, folder: Path) -> None:
        self.folder: Path = folder
        self.shelf: Shelf = Shelf(folder / "clips")
        self._journal: Journal | None = None

    def __repr__(self) -> str:
        return f"<DiskStore {str(self.folder)!r}>"

    @property
    def journal(self) -> Journal:
        """The journal, which is there while the store is open."""
        if self._journal is None:
            raise RuntimeError("A store is used inside its block.")
        return self._journal

    async def __aenter__(self) -> Self:
        """Make the store where there is none, and clear up what others left half done.

        :raises ConfigError: it is no folder that can be written to, or was made by a later version.
        """
        with unusable(self.folder, f" or {VARIABLE}, or do without by --no-store"):
            self._journal = await to_thread.run_sync(self._open)
        return self

    def _open(self) -> Journal:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.shelf.tidy(time.time())
        try:
            return Journal(self.folder / "journal.sqlite")
        except sqlite3.OperationalError:
            self.shelf.free_bytes()  # Says why nothing can be written, which SQLite does not.
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(sqlite3.Error):  # On a full disk claims are not given up, and die by themselves.
            await finished(to_thread.run_sync(self.journal.close))

    def buying(self) -> AbstractAsyncContextManager[None]:
        """Say every few seconds that what is claimed here still is being bought."""
        return renewing(self.journal)

    async def _do(self, work: Callable[[*Ts], T], *args: *Ts) -> T:
        """Work in a thread; raises `OutputError` where the disk does not take or give it."""
        try:
            return await to_thread.run_sync(work, *args)
        except (OSError, sqlite3.Error) as error:
            raise OutputError(
                f"The store {str(self.folder)!r} does not take what was bought, or give it back: {trouble(error)};"
                " what is in it stays, and the next run buys only what is missing."
            ) from error

    async def probe(self, chars: int) -> None:
        """Raise `OutputError` where there is no room for the speech of so many characters."""
        free = await self._do(self.shelf.free_bytes)
        if free < chars * BYTES_PER_CHAR:
            raise no_room(self.folder, free, chars, "name another store by --store")

    async def note(self, digest: str, requests: Iterable[SpeechRequest]) -> None:
        """Note what a digest consists of, so that a later run can say what changed."""
        await self._do(lambda: self.journal.note(digest, map(parts_of, requests)))

    async def have(self, fingerprints: Iterable[str]) -> dict[str, Verdict | None]:
        """Say which of these are here, and the verdict on each; files without a row are adopted."""
        return await self._do(self._have, list(dict.fromkeys(fingerprints)))

    def _have(self, fingerprints: list[str]) -> dict[str, Verdict | None]:
        known = self.journal.known(fingerprints)
        here = [name for name in fingerprints if self.shelf.path(name).exists()]
        here = [name for name in here if name in known or self._adopt(name)]
        self.journal.used(sorted(here), time.time())
        return {name: read(known.get(name, "")) for name in here}

    def _adopt(self, fingerprint: str) -> bool:
        """Note a file that a run has left without a row, unless it is damaged."""
        kept = self._whole(fingerprint)
        if kept:
            self.journal.commit(row_of(fingerprint, kept))
        return kept is not None

    def _whole(self, fingerprint: str) -> Kept | None:
        """Read a clip; one that is damaged is set aside, and is not here."""
        with suppress(Damaged):
            return self._get(fingerprint)
        return None

    async def claim(self, fingerprint: str) -> Claim:
        """Announce a purchase to every process that has this store."""
        return await self._do(self._claim, fingerprint)

    def _claim(self, fingerprint: str) -> Claim:
        known = fingerprint in self.journal.known([fingerprint])
        if self.shelf.path(fingerprint).exists() and (known or self._adopt(fingerprint)):
            return Claim.HERE
        if not self.journal.claim(fingerprint, time.time()):
            return Claim.THEIRS
        # Whoever had it may have committed between the two questions.
        if self.shelf.path(fingerprint).exists():
            self.journal.release(fingerprint, unsure=False)
            return self._claim(fingerprint)
        return Claim.MINE

    async def commit(self, fingerprint: str, response: SpeechResponse, *, request: SpeechRequest | None = None) -> None:
        """Keep the response to a request; once this returns it is never lost and never seen half."""
        kept = Kept(
            response=response,
            origin=request.origin if request else "",
            chars=request.chars if request else 0,
            committed_s=time.time(),
        )
        await self._do(self._commit, fingerprint, kept)

    def _commit(self, fingerprint: str, kept: Kept) -> None:
        """What is here already stays, as others have it in their files: a claim was lost, and came to something after all."""
        if self._whole(fingerprint):
            self._have([fingerprint])
            self.journal.release(fingerprint, unsure=False)
            return
        self.shelf.put(fingerprint, kept)
        self.journal.commit(row_of(fingerprint, kept))

    async def unsure_since(self, fingerprint: str) -> float | None:
        """Since when it may be that a clip was billed and never came, in this run or an earlier one."""
        return await self._do(self.journal.unsure_since, fingerprint)

    async def items(self) -> set[str]:
        """The ids that providers' histories have for what is here, and for what was set aside."""
        return await self._do(self.journal.items)

    async def release(self, fingerprint: str, *, unsure: bool = False) -> None:
        """Give up a claim; where that cannot be written, it dies by itself."""
        with suppress(OutputError):
            await self._do(lambda: self.journal.release(fingerprint, unsure=unsure))

    async def read(self, fingerprint: str) -> SpeechResponse:
        """Return what was kept; raises `Damaged` where it is not what was written, or not here any more."""
        return await self._do(self._checked, fingerprint)

    async def verify(self, fingerprints: Iterable[str]) -> list[str]:
        """Read all of these that are here, set aside those that are damaged, and return which."""
        return await self._do(self._verify, list(dict.fromkeys(fingerprints)))

    def _verify(self, fingerprints: list[str]) -> list[str]:
        damaged = []
        for name in fingerprints:
            try:
                self._get(name)
            except Damaged:
                damaged.append(name)
        return damaged

    def _get(self, fingerprint: str) -> Kept | None:
        """Read a clip; one that is damaged is set aside, and `Damaged` raised."""
        try:
            return self.shelf.get(fingerprint)
        except Damaged:
            self._discard(fingerprint)
            raise

    def _checked(self, fingerprint: str) -> SpeechResponse:
        kept = self._get(fingerprint)
        if kept is None:
            raise Damaged(f"the stored clip {fingerprint[:12]} was removed, or set aside by another render")
        return kept.response

    async def note_heard(self, fingerprint: str, heard: bytes) -> None:
        """Keep what was heard in a response."""
        await self._do(self.shelf.note, fingerprint, heard)

    async def heard(self, fingerprint: str) -> bytes:
        """Return what was heard in a response."""
        return await self._do(self.shelf.noted, fingerprint)

    async def judge(self, fingerprint: str, verdict: Verdict) -> None:
        """Note the verdict on a response."""
        await self._do(self.journal.judge, fingerprint, verdict.written(), time.time())

    async def discard(self, fingerprint: str) -> None:
        """Set aside a response that is not what was paid for, so that it is bought again."""
        await self._do(self._discard, fingerprint)

    async def forget(self, fingerprints: Iterable[str]) -> None:
        """Take out of the journal clips that are not here any more."""
        await self._do(self.journal.forget, list(fingerprints))

    def _discard(self, fingerprint: str) -> None:
        self.shelf.set_aside(fingerprint)
        self.journal.forget([fingerprint])
