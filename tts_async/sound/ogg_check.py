"""Checks that an Ogg is whole: every page there, none damaged, one stream (RFC 3533)."""

from __future__ import annotations

from tts_async.errors import AudioError
from tts_async.sound.ogg import BEGINS, HEADER_BYTES, MOST_SEGMENTS, checksum

FLAGS_AT = 5
SERIAL, NUMBER, CHECKSUM = slice(14, 18), slice(18, 22), slice(22, 26)


def check_whole(ogg: bytes) -> None:
    """Raise `AudioError` where a page is cut, missing or damaged, or a second stream follows the first.

    Decoders pass over all of these without a word and return less.
    """
    at, serial, first = 0, ogg[SERIAL], int.from_bytes(ogg[NUMBER], "little")
    pages = 0
    while at < len(ogg):
        page = _page(ogg, at)
        if pages and (page[FLAGS_AT] & BEGINS or page[SERIAL] != serial):
            raise AudioError("the Ogg holds more than one stream; ask for another format")
        number = int.from_bytes(page[NUMBER], "little") - first
        if number != pages:
            raise AudioError(f"the Ogg has page {number} where page {pages} should be")
        blank = page[: CHECKSUM.start] + bytes(4) + page[CHECKSUM.stop :]
        if page[CHECKSUM] != checksum(blank).to_bytes(4, "little"):
            raise AudioError(f"page {number} of the Ogg is damaged")
        at += len(page)
        pages += 1


def _page(ogg: bytes, at: int) -> bytes:
    head = ogg[at : at + HEADER_BYTES + MOST_SEGMENTS]
    if not head.startswith(b"OggS"):
        raise AudioError(f"the Ogg has no page at byte {at}, where one should begin")
    segments = head[HEADER_BYTES : HEADER_BYTES + head[HEADER_BYTES - 1]] if len(head) >= HEADER_BYTES else b""
    end = at + HEADER_BYTES + len(segments) + sum(segments)
    if len(head) < HEADER_BYTES or len(segments) < head[HEADER_BYTES - 1] or end > len(ogg):
        raise AudioError(f"the Ogg was cut off: its page at byte {at} is not whole")
    return ogg[at:end]
