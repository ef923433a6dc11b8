"""What ``tts-async render`` is given: files, folders of them, and standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from tts_async.api.source import JSON, TEXT, read
from tts_async.core.digest import MAX_BYTES, Digest
from tts_async.errors import DigestError

STANDARD_INPUT = Path("-")
SAID = "standard input"
OURS = (".manifest.json", ".chapters.json")
"""How the files end that we write beside a sound file; none of them is a digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A digest, and what to call it in messages: its path as it was named, ``-`` for standard input."""

    name: Path
    source: Path | Digest


def inputs_of(named: Sequence[Path]) -> list[Input]:
    """All digests in the order in which they were named, those of a folder by their names; reads standard input.

    Raises `DigestError` where there is no digest in standard input.
    """
    if named.count(STANDARD_INPUT) > 1:
        raise click.UsageError("Standard input can be read once; name - once.")
    return [each for path in named for each in _found(path)]


async def known(inputs: Sequence[Input]) -> list[Digest | None]:
    """The digests themselves; ``None`` for what cannot be read, which is told when it is rendered."""
    return [await _read(each) for each in inputs]


async def _read(one: Input) -> Digest | None:
    try:
        return await read(one.source)
    except DigestError:
        return None


def _found(path: Path) -> Iterator[Input]:
    if path == STANDARD_INPUT:
        yield Input(name=path, source=_standard_input())
    elif _is_folder(path):
        yield from (Input(name=each, source=each) for each in _in_folder(path))
    else:
        yield Input(name=path, source=path)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False  # Reading it says what is wrong with it.


def _in_folder(folder: Path) -> list[Path]:
    """The digests of a folder, without those of its folders, hidden ones and what we wrote."""
    found = sorted(each for each in folder.iterdir() if _is_digest(each))
    if not found:
        raise click.UsageError(f"The folder {str(folder)!r} has no digests: no {', '.join(sorted(JSON | TEXT))} files.")
    return found


def _is_digest(path: Path) -> bool:
    name = path.name.lower()
    return (
        path.suffix.lower() in JSON | TEXT and not name.startswith(".") and not name.endswith(OURS) and path.is_file()
    )


def _standard_input() -> Digest:
    """JSON where it begins with a brace, else text."""
    raw = sys.stdin.buffer.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise DigestError(f"it is larger than {MAX_BYTES // 1_000_000} MB", where=SAID)
    try:
        text = raw.decode("utf-8-sig")
        return Digest.from_json(text) if text.lstrip().startswith("{") else Digest.from_text(text)
    except UnicodeDecodeError as error:
        raise DigestError(f"it is not UTF-8 text (byte {error.start})", where=SAID) from None
    except DigestError as error:
        raise DigestError(str(error), where=SAID) from None
