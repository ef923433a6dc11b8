"""Blocks of Vorbis comments and pictures, as FLAC and Ogg files hold them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from typing import Literal

from tts_async.core.cover import Cover
from tts_async.errors import AudioError

Comments = Iterable[tuple[str, str]]
"""Names in capitals and their values."""

FRONT_COVER = 3


def comment_block(vendor: bytes, comments: Comments, cover: Cover | None = None) -> bytes:
    """A list of comments behind the name of the encoder; a cover is one of them, in base64."""
    entries = [f"{name}={value}".encode() for name, value in comments]
    if cover is not None:
        entries.append(b"METADATA_BLOCK_PICTURE=" + b64encode(picture_block(cover)))
    return b"".join(
        [_sized(vendor, "little"), len(entries).to_bytes(4, "little"), *(_sized(entry, "little") for entry in entries)]
    )


def vendor_of(block: bytes) -> bytes:
    """The name of the encoder in a block of comments; raises `AudioError` where the block ends inside it."""
    length = int.from_bytes(block[:4], "little")
    if len(block) < 4 + length:
        raise AudioError(f"A block of comments has {len(block)} bytes and a name of {length}; the file is damaged.")
    return block[4 : 4 + length]


def picture_block(cover: Cover) -> bytes:
    """A front cover as FLAC describes pictures (RFC 9639, section 8.8)."""
    facts = (cover.width, cover.height, cover.depth_bits, 0)
    return b"".join(
        [
            FRONT_COVER.to_bytes(4, "big"),
            _sized(cover.mime.encode("ascii"), "big"),
            _sized(b"", "big"),
            *(fact.to_bytes(4, "big") for fact in facts),
            _sized(cover.data, "big"),
        ]
    )


def _sized(value: bytes, order: Literal["big", "little"]) -> bytes:
    return len(value).to_bytes(4, order) + value
