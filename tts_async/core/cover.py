"""The picture of a finished file: JPEG or PNG, as its bytes say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from tts_async.errors import ConfigError

MOST_BYTES = 10_000_000
"""A FLAC file has room for 16 MiB; a player on a phone has less patience."""

_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""A PNG's colour type -> how many numbers a pixel has."""
_NO_FRAMES = frozenset({0xC4, 0xC8, 0xCC})
"""JPEG markers between SOF0 and SOF15 that do not begin a frame."""
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
"""JPEG markers without a length behind them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """A picture as it came, and what its header says of it: size in pixels, bits of a pixel."""

    data: bytes
    mime: str
    width: int
    height: int
    depth_bits: int

    @classmethod
    def of(cls, data: bytes) -> Self:
        """Look at a picture's bytes, whatever its file was called; raises `ConfigError` where it cannot be a cover."""
        if len(data) > MOST_BYTES:
            raise ConfigError(
                f"The cover has {len(data):,} bytes, and a sound file takes {MOST_BYTES:,}; choose a smaller picture."
            )
        if data.startswith(_PNG):
            return cls._seen(data, "image/png", _png_size(data))
        if data.startswith(_JPEG):
            return cls._seen(data, "image/jpeg", _jpeg_size(data))
        raise ConfigError(f"The cover is neither JPEG nor PNG: it begins with {data[:8]!r}; save it as one of these.")

    @classmethod
    def _seen(cls, data: bytes, mime: str, size: tuple[int, int, int] | None) -> Self:
        if size is None or not size[0] or not size[1]:
            kind = mime.removeprefix("image/").upper()
            raise ConfigError(f"The cover begins as a {kind} and does not say how large it is; save it again.")
        width, height, depth_bits = size
        return cls(data=data, mime=mime, width=width, height=height, depth_bits=depth_bits)


def _png_size(data: bytes) -> tuple[int, int, int] | None:
    """Width, height and bits of a pixel, from the header that a PNG begins with."""
    header = data[8:33]
    if len(header) < 25 or not header.startswith(b"\x00\x00\x00\x0dIHDR"):
        return None
    width, height = (int.from_bytes(header[at : at + 4], "big") for at in (8, 12))
    return width, height, header[16] * _CHANNELS.get(header[17], 0)


def _jpeg_size(data: bytes) -> tuple[int, int, int] | None:
    """Width, height and bits of a pixel, from the first frame header among a JPEG's segments."""
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in _NO_FRAMES:
            height, width = (int.from_bytes(data[start : start + 2], "big") for start in (at + 5, at + 7))
            return width, height, data[at + 4] * data[at + 9]
        if marker == 0xFF:
            at += 1
        elif marker in _ALONE:
            at += 2
        else:
            at += 2 + max(2, int.from_bytes(data[at + 2 : at + 4], "big"))
    return None
