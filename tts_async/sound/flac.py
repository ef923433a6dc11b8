"""Puts comments and a cover into a FLAC file as it passes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tts_async.core.cover import Cover
from tts_async.errors import AudioError, ConfigError
from tts_async.sound.comments import Comments, comment_block, picture_block, vendor_of

MAGIC = b"fLaC"
HEADER_BYTES = 4
LAST = 0x80
"""The flag of the metadata block with which the sound begins."""
MOST_BLOCK_BYTES = 0xFFFFFF
STREAMINFO, VORBIS_COMMENT, PICTURE = 0, 4, 6
VENDOR = b"tts_async"
"""The encoder's name where the file does not tell it."""


@dataclass(frozen=True, slots=True)
class _Block:
    kind: int
    body: bytes


class FlacRewriter:
    """Replaces a FLAC file's comments and pictures; its other metadata, seek table and padding stay as they are.

    Feed it the file in pieces of any size; it holds the metadata until they are whole, and nothing of the sound.
    Raises `AudioError` for what is no such file, `ConfigError` for comments that are more than FLAC allows (16 MiB).
    """

    def __init__(self, comments: Comments, cover: Cover | None = None) -> None:
        self._comments = list(comments)
        self._cover = cover
        self._waiting = bytearray()
        self._blocks: list[_Block] = []
        self._at = len(MAGIC)
        self._in_sound = False

    def feed(self, piece: bytes) -> bytes:
        """Take a piece of the file, and return what is finished by it."""
        if self._in_sound:
            return piece
        self._waiting += piece
        if not MAGIC.startswith(self._waiting[:4]):
            raise AudioError(f"This is no FLAC file: it begins with {bytes(self._waiting[:4])!r}.")
        while block := self._next():
            self._blocks.append(block)
        if not self._in_sound:
            return b""
        metadata, sound = self._metadata(), bytes(self._waiting[self._at :])
        self._waiting.clear()
        return metadata + sound

    def finish(self) -> bytes:
        """Return what is left, which is nothing; raises `AudioError` where the sound has not begun."""
        if not self._in_sound:
            raise AudioError(f"The FLAC file ends in its metadata, after {len(self._waiting)} bytes.")
        return b""

    def _next(self) -> _Block | None:
        start = self._at + HEADER_BYTES
        end = start + int.from_bytes(self._waiting[self._at + 1 : start], "big")
        if self._in_sound or len(self._waiting) < max(start, end):
            return None
        self._in_sound = bool(self._waiting[self._at] & LAST)
        kind, self._at = self._waiting[self._at] & ~LAST, end
        return _Block(kind, bytes(self._waiting[start:end]))

    def _metadata(self) -> bytes:
        info, *others = self._blocks
        if info.kind != STREAMINFO:
            raise AudioError(
                f"The FLAC file begins with metadata of type {info.kind}; it has to be type 0, STREAMINFO."
            )
        vendor = next((vendor_of(block.body) for block in others if block.kind == VORBIS_COMMENT), VENDOR)
        kept = [block for block in others if block.kind not in {VORBIS_COMMENT, PICTURE}]
        blocks = [info, *self._ours(vendor), *kept]
        flags = [0] * (len(blocks) - 1) + [LAST]
        return MAGIC + b"".join(_written(block, flag) for block, flag in zip(blocks, flags, strict=True))

    def _ours(self, vendor: bytes) -> Iterator[_Block]:
        yield _Block(VORBIS_COMMENT, comment_block(vendor, self._comments))
        if self._cover is not None:
            yield _Block(PICTURE, picture_block(self._cover))


def _written(block: _Block, flag: int) -> bytes:
    if len(block.body) > MOST_BLOCK_BYTES:
        raise ConfigError(
            f"Metadata of {len(block.body):,} bytes do not fit into a FLAC file; {MOST_BLOCK_BYTES:,} do: shorten them."
        )
    return bytes([block.kind | flag]) + len(block.body).to_bytes(3, "big") + block.body
