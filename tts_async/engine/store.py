"""Raw responses under their fingerprints, whatever holds them: what was bought once is here, for this run and the next."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from tts_async.core.exchange import SpeechRequest, SpeechResponse
from tts_async.core.verdict import Verdict
from tts_async.errors import OutputError

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


def no_room(folder: Path, free: int, chars: int, way_out: str) -> OutputError:
    """Say that the speech of so many characters does not fit."""
    return OutputError(
        f"There is room for {free // 1_000_000:,} MB in {str(folder)!r}, and {chars:,} characters of speech take about"
        f" {chars * BYTES_PER_CHAR // 1_000_000:,} MB; {way_out}."
    )
