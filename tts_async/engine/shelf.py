"""Responses as files: whole or not there at all, each with its own checksum. Every function blocks."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from tts_async.core.exchange import SpeechResponse
from tts_async.engine.mark import is_left, new_mark
from tts_async.errors import AudioError

VARIABLE = "TTS_ASYNC_STORE"
FORMAT = 1
PART, BAD, HEARD = ".part", ".bad", ".heard"
ORPHAN_S = 3600.0
"""An unfinished file that nobody has touched for so long is nobody's, whoever made it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A response as it is kept, and what is known of it; ``committed_s`` counts from 1970.

    A file is the SHA-256 of all that follows, a line of JSON, and the body.
    """

    response: SpeechResponse
    origin: str
    chars: int
    committed_s: float


class Damaged(AudioError):
    """A stored clip is not what was written."""


class Shelf:
    """A folder of responses, one file each, by their fingerprints."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, fingerprint: str) -> Path:
        """Where a response is, or would be."""
        return self._folder / fingerprint[:2] / fingerprint

    def put(self, fingerprint: str, kept: Kept) -> None:
        """Keep a response: written aside, flushed to the disk, renamed, and the folder flushed. Raises OSError."""
        path = self.path(fingerprint)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        aside = path.with_name(f"{fingerprint}.{new_mark()}{PART}")
        try:
            with aside.open("xb") as file:
                written = _head(fingerprint, kept) + b"\n" + kept.response.body
                file.write(hashlib.sha256(written).hexdigest().encode() + b"\n" + written)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
        except BaseException:
            with suppress(OSError):
                aside.unlink(missing_ok=True)
            raise
        _flush(path.parent)

    def get(self, fingerprint: str) -> Kept | None:
        """Read a response; ``None`` where there is none. Raises `Damaged` where it is not what was written."""
        try:
            checksum, _, written = self.path(fingerprint).read_bytes().partition(b"\n")
        except FileNotFoundError:
            return None
        except IsADirectoryError:
            checksum, written = b"", b""
        head, _, body = written.partition(b"\n")
        told = _told(head) if checksum == hashlib.sha256(written).hexdigest().encode() else {}
        if told.get("fingerprint") != fingerprint:
            raise Damaged(f"the stored clip {fingerprint[:12]} is damaged")
        return _kept(told, body)

    def note(self, fingerprint: str, heard: bytes) -> None:
        """Keep what was heard in a response; it can be heard again, so nothing is flushed. Raises OSError."""
        path = self.path(fingerprint)
        aside = path.with_name(f"{fingerprint}.{new_mark()}{PART}")
        try:
            aside.write_bytes(heard)
            aside.replace(path.with_suffix(HEARD))
        finally:
            aside.unlink(missing_ok=True)

    def noted(self, fingerprint: str) -> bytes:
        """What was heard in a response; nothing where none of it was noted."""
        try:
            return self.path(fingerprint).with_suffix(HEARD).read_bytes()
        except FileNotFoundError:
            return b""

    def remove(self, fingerprints: Iterable[str]) -> None:
        """Delete responses, and what was heard in them."""
        for name in fingerprints:
            self.path(name).with_suffix(HEARD).unlink(missing_ok=True)
            self.path(name).unlink(missing_ok=True)

    def set_aside(self, fingerprint: str) -> None:
        """Rename a response out of the way, and keep it for the record."""
        path = self.path(fingerprint)
        path.with_suffix(HEARD).unlink(missing_ok=True)
        with suppress(FileNotFoundError):
            path.replace(path.with_name(f"{fingerprint}.{secrets.token_hex(4)}{BAD}"))

    def fingerprints(self) -> Iterator[str]:
        """All that is here."""
        yield from (path.name for path in self._folder.glob("??/*") if not path.suffix)

    def tidy(self, now_s: float) -> None:
        """Remove what runs that ended in the middle of a write have left."""
        for path in [*self._folder.glob(f"??/*{PART}"), *self._folder.glob(f"probe.*{PART}")]:
            with suppress(OSError):
                if _is_nobodys(path, now_s):
                    path.unlink()

    def bad(self) -> list[Path]:
        """What was set aside, the oldest first."""
        return sorted(self._folder.glob(f"??/*{BAD}"), key=lambda path: path.lstat().st_mtime)

    def clear_bad(self, until_s: float) -> None:
        """Delete what was set aside, and not touched since."""
        for path in self.bad():
            with suppress(OSError):
                if path.lstat().st_mtime <= until_s:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()

    def free_bytes(self) -> int:
        """How much room there is; raises OSError where nothing can be written."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = self._folder / f"probe.{new_mark()}{PART}"
        try:
            probe.write_bytes(b"?")
        finally:
            probe.unlink(missing_ok=True)
        return shutil.disk_usage(self._folder).free


def _is_nobodys(path: Path, now_s: float) -> bool:
    """Whether the process that writes a file is gone; where that cannot be told, whether nobody has touched it for long."""
    return is_left(path.stem.partition(".")[2]) or now_s - path.stat().st_mtime > ORPHAN_S


def _head(fingerprint: str, kept: Kept) -> bytes:
    told = {
        "format": FORMAT,
        "fingerprint": fingerprint,
        "origin": kept.origin,
        "chars": kept.chars,
        "committed_s": kept.committed_s,
        "status": kept.response.status,
        "headers": dict(kept.response.headers),
    }
    return json.dumps(told).encode()


def _told(head: bytes) -> Mapping[str, object]:
    try:
        told = json.loads(head)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _kept(told: Mapping[str, object], body: bytes) -> Kept:
    headers, status, chars, at_s = (told.get(name) for name in ("headers", "status", "chars", "committed_s"))
    response = SpeechResponse(
        status=status if isinstance(status, int) else 200,
        headers={str(name): str(value) for name, value in headers.items()} if isinstance(headers, dict) else {},
        body=body,
    )
    return Kept(
        response=response,
        origin=str(told.get("origin", "")),
        chars=chars if isinstance(chars, int) else 0,
        committed_s=float(at_s) if isinstance(at_s, int | float) else 0.0,
    )


def _flush(folder: Path) -> None:
    """Have a rename reach the disk; Windows has no such thing for folders."""
    if os.name == "nt":
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def default_folder() -> Path:
    """Where the store is: as the environment says, else with the user's data, which nobody purges."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else platformdirs.user_data_path("tts-async", appauthor=False) / "store"
