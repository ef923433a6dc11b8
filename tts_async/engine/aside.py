"""Names beside a file under which it is written until it is whole, and what dead processes left there. All of it blocks."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tts_async.engine.mark import MARK, is_left, new_mark

MOST_STEM_CHARS = 40
"""A name has 255 bytes, and a character up to 4 of them."""


def aside_of(path: Path) -> Path:
    """A name that nobody else has, with the file's suffix, and in it who writes: process, its birth, its host."""
    return path.with_name(f"{_before(path)}{new_mark()}.part{path.suffix}")


def again_of(aside: Path) -> Path:
    """The name under which a file is written a second time."""
    return aside.with_name(f"{aside.stem}.again{aside.suffix}")


def clear_left(path: Path) -> None:
    """Remove what processes that were killed left under such names for this file, or for another that begins alike.

    Only files of this user, written on this host by a process that is gone: that of a living one stays, and so does
    whatever cannot be removed.
    """
    for left in _left(path):
        with suppress(OSError):
            left.unlink()


def _left(path: Path) -> Iterator[Path]:
    name = re.compile(rf"{re.escape(_before(path))}({MARK})\.part(\.again)?{re.escape(path.suffix)}")
    with suppress(OSError), os.scandir(path.parent) as entries:
        for entry in entries:
            found = name.fullmatch(entry.name)
            if found and is_left(found[1]) and _is_ours(entry):
                yield path.with_name(entry.name)


def _is_ours(entry: os.DirEntry[str]) -> bool:
    """Whether it is a file of this user: of another one's processes, some systems say that they are gone."""
    told = entry.stat(follow_symlinks=False)
    return stat.S_ISREG(told.st_mode) and (os.name == "nt" or told.st_uid == os.getuid())


def _before(path: Path) -> str:
    return f".{path.stem[:MOST_STEM_CHARS]}."
