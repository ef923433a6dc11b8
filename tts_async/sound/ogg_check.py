"""Checks that an Ogg is whole: every page there, none damaged, one stream (RFC 3533)."""

from __future__ import annotations

import zlib

from tts_async.errors import AudioError

HEAD_BYTES, MOST_SEGMENTS = 27, 255
FLAGS_AT, FIRST_PAGE = 5, 2
SERIAL, NUMBER, CHECKSUM = slice(14, 18), slice(18, 22), slice(22, 26)
REVERSED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))


def check_whole(ogg: bytes) -> None:
    """Raise `AudioError` where a page is cut, missing or damaged, or a second stream follows the first.

    Decoders pass over all of these without a word and return less.
    """
    at, serial, first = 0, ogg[SERIAL], int.from_bytes(ogg[NUMBER], "little")
    pages = 0
    while at < len(ogg):
        page = _page(ogg, at)
        if pages and (page[FLAGS_AT] & FIRST_PAGE or page[SERIAL] != serial):
            raise AudioError("the Ogg holds more than one stream; ask for another format")
        number = int.from_bytes(page[NUMBER], "little") - first
        if number != pages:
            raise AudioError(f"the Ogg has page {number} where page {pages} should be")
        if page[CHECKSUM] != _checksum(page):
            raise AudioError(f"page {number} of the Ogg is damaged")
        at += len(page)
        pages += 1


def _page(ogg: bytes, at: int) -> bytes:
    head = ogg[at : at + HEAD_BYTES + MOST_SEGMENTS]
    if not head.startswith(b"OggS"):
        raise AudioError(f"the Ogg has no page at byte {at}, where one should begin")
    segments = head[HEAD_BYTES : HEAD_BYTES + head[HEAD_BYTES - 1]] if len(head) >= HEAD_BYTES else b""
    end = at + HEAD_BYTES + len(segments) + sum(segments)
    if len(head) < HEAD_BYTES or len(segments) < head[HEAD_BYTES - 1] or end > len(ogg):
        raise AudioError(f"the Ogg was cut off: its page at byte {at} is not whole")
    return ogg[at:end]


def _checksum(page: bytes) -> bytes:
    """CRC-32 from the highest bit on, starting at 0: zlib's, which goes the other way, of the bits in reverse."""
    nought = page[: CHECKSUM.start] + bytes(4) + page[CHECKSUM.stop :]
    value = zlib.crc32(nought.translate(REVERSED), 0xFFFF_FFFF) ^ 0xFFFF_FFFF
    return value.to_bytes(4, "big").translate(REVERSED)
