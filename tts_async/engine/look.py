"""A look into a store that changes nothing in it: while others write, on a full disk, and where nothing may be written."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar, TypeVarTuple

from anyio import to_thread

from tts_async.core.verdict import Verdict, read
from tts_async.engine.entries import Entries, looked_into
from tts_async.engine.row import Row
from tts_async.engine.shelf import Damaged, Shelf
from tts_async.engine.trouble import unusable

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Look:
    """What is in a store; an async context manager. A store that is not there is empty, and is not made.

    Everything raises `ConfigError` where a store cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.shelf: Shelf = Shelf(folder / "clips")
        self._folder = folder
        self._entries: Entries | None = None

    @property
    def entries(self) -> Entries:
        """The journal, which is there while the look lasts."""
        if self._entries is None:
            raise RuntimeError("A look is used inside its block.")
        return self._entries

    async def __aenter__(self) -> Self:
        self._entries = await self.do(looked_into, self._folder / "journal.sqlite")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.entries.close()

    async def do(self, work: Callable[[*Ts], T], *args: *Ts) -> T:
        """Work in a thread."""
        with unusable(self._folder):
            return await to_thread.run_sync(work, *args)

    async def rows(self) -> list[Row]:
        """All clips, the latest last."""
        return await self.do(self.entries.rows)

    async def have(self, fingerprints: Iterable[str]) -> dict[str, Verdict | None]:
        """Say which of these are here, and the verdict on each."""
        return await self.do(self._have, list(dict.fromkeys(fingerprints)))

    def _have(self, fingerprints: list[str]) -> dict[str, Verdict | None]:
        known = self.entries.known(fingerprints)
        here = [name for name in fingerprints if self.shelf.path(name).exists()]
        return {name: read(known.get(name, "")) for name in here if name in known or self._is_whole(name)}

    def _is_whole(self, fingerprint: str) -> bool:
        """Whether a file that nobody has noted yet would be adopted."""
        with suppress(Damaged):
            return self.shelf.get(fingerprint) is not None
        return False
