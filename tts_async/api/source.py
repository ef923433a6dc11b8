"""Reads a digest from whatever a caller has."""

from __future__ import annotations

import os
import textwrap
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from pathlib import Path

from anyio import to_thread

from tts_async.core import cover
from tts_async.core.digest import MAX_BYTES, Digest
from tts_async.core.tags import Tags
from tts_async.errors import DigestError

Source = Digest | Mapping[str, object] | str | PathLike[str]

JSON, TEXT = {".json"}, {".md", ".markdown", ".txt"}
SHOWN_CHARS = 80
MAX_ID_CHARS = 200


async def read(source: Source) -> Digest:
    """Make a digest of a digest, a decoded one, or the path of a ``.json``, ``.md`` or ``.txt`` file.

    Raises `DigestError` that names the file and the place in it.
    """
    if isinstance(source, Digest):
        return source
    if isinstance(source, Mapping):
        return Digest.read(source)
    path = Path(source)
    text = await to_thread.run_sync(_text, path)
    with named(source):
        return await to_thread.run_sync(_parsed, text, path)


async def tags_of(digest: Digest, source: Source) -> Tags:
    """What the digest's file is to say of itself, without chapters.

    The cover is looked for from the folder of the digest's file, or the current one where there is none. Raises
    `DigestError` where it is not there or lies outside of that folder, and `ConfigError` where it is no picture.
    """
    if not digest.metadata.cover:
        return Tags.of(digest)
    folder = Path() if isinstance(source, Digest | Mapping) else Path(source).parent
    with named(source):
        raw = await to_thread.run_sync(_cover, folder, digest.metadata.cover)
        return Tags.of(digest, cover=cover.Cover.of(raw))


def _cover(folder: Path, name: str) -> bytes:
    """The bytes of a cover, as many as one may have and one more; a digest may not name any file of this machine."""
    where = "/metadata/cover"
    shown = textwrap.shorten(repr(name), SHOWN_CHARS, placeholder=" …")
    try:
        path = (folder / name).resolve()
        if not path.is_relative_to(folder.resolve()):
            raise DigestError(f"{shown} is outside of the digest's folder; put the picture beside it", where=where)
        if not path.is_file():  # A pipe would be waited for.
            raise DigestError(f"{shown} is no file in the digest's folder", where=where)
        with path.open("rb") as file:
            return file.read(cover.MOST_BYTES + 1)
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DigestError(f"{shown} cannot be read: {reason}", where=where) from None


@contextmanager
def named(source: Source) -> Iterator[None]:
    """Put the name of a digest's file before what is said of it; ``where`` stays the place inside."""
    try:
        yield
    except DigestError as error:
        if isinstance(source, Digest | Mapping):
            raise
        placed = DigestError(f"{os.fspath(source)}: {error}")
        placed.where = error.where
        raise placed from None


def stem(source: Source) -> str:
    """What to call the output: the file's name without its suffix, else the digest's id."""
    if isinstance(source, Digest):
        return source.id
    if isinstance(source, Mapping):
        return str(source.get("id", "digest"))
    return Path(source).stem


def _text(path: Path) -> str:
    if path.suffix.lower() not in JSON | TEXT:
        known = ", ".join(sorted(JSON | TEXT))
        where = textwrap.shorten(str(path), SHOWN_CHARS, placeholder=" …")
        raise DigestError(f"a digest is a file that ends in {known}; give text itself as {{'script': …}}", where=where)
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise DigestError(f"it cannot be read: {error.strerror}", where=str(path)) from error
    except ValueError as error:
        raise DigestError(f"no file can have this name: {error}", where=str(path)) from None
    if len(raw) > MAX_BYTES:
        raise DigestError(f"it is larger than {MAX_BYTES // 1_000_000} MB", where=str(path))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DigestError(f"it is not UTF-8 text (byte {error.start})", where=str(path)) from None


def _parsed(text: str, path: Path) -> Digest:
    """Read what a file holds; a digest without an id of its own is called as its file."""
    if path.suffix.lower() in TEXT:
        return Digest.from_text(text, digest_id=_id(path))
    digest = Digest.from_json(text)
    return digest if "id" in digest.model_fields_set else digest.model_copy(update={"id": _id(path)})


def _id(path: Path) -> str:
    """The file's name without its suffix, made fit to be an id."""
    printable = "".join(char if char.isprintable() else "_" for char in path.stem)
    return unicodedata.normalize("NFC", printable.strip())[:MAX_ID_CHARS] or "digest"
