"""Puts into a file what its encoder does not, before it gets its name. Every function blocks."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from tts_async.core.plan import Plan
from tts_async.sound.ogg import renumbered

PIECE_BYTES = 65_536
OGG = frozenset({".ogg", ".opus"})


def serial_of(plan: Plan) -> int:
    """The serial number of a digest's Ogg files: the same for the same words, so that they are equal byte for byte."""
    return zlib.crc32(f"{plan.digest_id}\n{plan.spoken}".encode())


def finish(path: Path, serial: int) -> None:
    """Rewrite a file that is closed, through another one beside it. Raises OSError."""
    if path.suffix.lower() not in OGG:
        return
    aside = path.with_name(f"{path.stem}.again{path.suffix}")
    try:
        with path.open("rb") as written, aside.open("xb") as again:
            for piece in renumbered(_pieces(written), serial):
                again.write(piece)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(PIECE_BYTES):
        yield piece
