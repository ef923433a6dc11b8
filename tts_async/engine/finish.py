"""Puts into a file what its encoder does not, before it gets its name. Every function blocks."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from tts_async.core.plan import Plan
from tts_async.core.tags import Tags, vorbis_comments
from tts_async.engine.aside import again_of
from tts_async.engine.m4a import BRANDS, tag_m4a
from tts_async.sound.flac import FlacRewriter
from tts_async.sound.id3 import tag
from tts_async.sound.ogg import OggRewriter

PIECE_BYTES = 65_536


def serial_of(plan: Plan) -> int:
    """The serial number of a digest's Ogg files: the same for the same words, so that they are equal byte for byte."""
    return zlib.crc32(f"{plan.digest_id}\n{plan.spoken}".encode())


def finish(path: Path, serial: int, tags: Tags) -> None:
    """Rewrite a file that is closed, through another one beside it; a WAV stays as it is. Raises OSError."""
    suffix = path.suffix.lower()
    if suffix not in {*_REWRITTEN, *BRANDS}:
        return
    aside = again_of(path)
    try:
        if suffix in BRANDS:
            tag_m4a(path, aside, tags)
        else:
            with path.open("rb") as written, aside.open("xb") as again:
                again.writelines(_REWRITTEN[suffix](_pieces(written), serial, tags))
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(PIECE_BYTES):
        yield piece


def _ogg(pieces: Iterator[bytes], serial: int, tags: Tags) -> Iterator[bytes]:
    rewriter = OggRewriter(serial, vorbis_comments(tags) or None, tags.cover)
    yield from map(rewriter.feed, pieces)
    yield rewriter.finish()


def _flac(pieces: Iterator[bytes], _serial: int, tags: Tags) -> Iterator[bytes]:
    rewriter = FlacRewriter(vorbis_comments(tags), tags.cover)
    yield from map(rewriter.feed, pieces)
    yield rewriter.finish()


def _mp3(pieces: Iterator[bytes], _serial: int, tags: Tags) -> Iterator[bytes]:
    yield tag(tags)
    yield from pieces


_REWRITTEN: Mapping[str, Callable[[Iterator[bytes], int, Tags], Iterator[bytes]]] = {
    ".flac": _flac,
    ".ogg": _ogg,
    ".opus": _ogg,
    ".mp3": _mp3,
}
