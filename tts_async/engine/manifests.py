"""The file beside a finished file that says what is in it, and whose it is. Every function blocks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from tts_async.engine.aside import aside_of, clear_left

MOST_BYTES = 500_000_000


def manifest_path(output: Path) -> Path:
    """Where the manifest of a file is: beside it, under its name and an ending."""
    return output.with_name(f"{output.name}.manifest.json")


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, as hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_manifest(output: Path, told: Iterable[str]) -> Path:
    """Write a file's manifest beside it, from its pieces. Raises OSError."""
    return write_whole(manifest_path(output), told)


def write_whole(path: Path, told: Iterable[str]) -> Path:
    """Write a text from its pieces over what is there, whole or not at all. Raises OSError."""
    clear_left(path)
    aside = aside_of(path)
    try:
        with aside.open("x", encoding="utf-8", newline="\n") as file:
            file.writelines(told)
        aside.replace(path)
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
    return path


def is_of(output: Path, digest_id: str) -> bool:
    """Whether a file is the untouched output of an earlier render of that digest, as its manifest says."""
    try:
        with manifest_path(output).open("rb") as file:
            told = json.loads(file.read(MOST_BYTES))
        same = isinstance(told, dict) and told.get("digest") == digest_id
        return same and told.get("sha256") == sha256_of(output)
    except (OSError, ValueError, RecursionError):
        return False
