"""Counts a FLAC whose header does not say how long it is, as encoders write it that cannot go back (RFC 9639)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice

from tts_async.errors import AudioError

STREAMINFO_AT, TOTAL_AT = 8, 21
"""Behind the mark and the head of the first block; in it the low half of a byte and four more are the total."""
STREAMINFO_BYTES = 34
FRAME_STARTS = re.compile(rb"\xff[\xf8\xf9]")
LAST_BYTES = 1 << 19
"""So far from the end the last frame is looked for: the longest of two channels and 24 bits has less."""
HEAD_BYTES = 16
MOST_LOOKS, MOST_TRIES = 4096, 8
"""So often bytes may look like the start of a frame, and with a right checksum; by chance one of a thousand does."""

BLOCKS: Mapping[int, int] = {
    1: 192,
    **{code: 576 << code - 2 for code in range(2, 6)},
    **{code: 256 << code - 8 for code in range(8, 16)},
}
BLOCK_FIELDS = {6: 1, 7: 2}
RATE_FIELDS = {12: 1, 13: 2, 14: 2}
"""How many bytes behind the number of a frame hold its length and its rate, where the code does not say them."""


def counted(flac: bytes) -> bytes:
    """Return a FLAC whose header says how many frames there are; the same object where it did.

    Raises `AudioError` where the last frame is not whole.
    """
    info = flac[STREAMINFO_AT : STREAMINFO_AT + STREAMINFO_BYTES]
    if len(info) < STREAMINFO_BYTES or int.from_bytes(flac[TOTAL_AT : TOTAL_AT + 5], "big") & 0xF_FFFF_FFFF:
        return flac
    total = _end(flac[-LAST_BYTES:], fixed=int.from_bytes(info[2:4], "big"))
    high = (flac[TOTAL_AT] & 0xF0) | total >> 32
    return flac[:TOTAL_AT] + bytes([high]) + (total & 0xFFFF_FFFF).to_bytes(4, "big") + flac[TOTAL_AT + 5 :]


def _end(tail: bytes, *, fixed: int) -> int:
    """The sample behind the last frame; ``fixed`` is how many samples every frame but the last has."""
    starts = [found.start() for found in FRAME_STARTS.finditer(tail)]
    claims = ((start, _claim(tail[start : start + HEAD_BYTES], fixed)) for start in reversed(starts[-MOST_LOOKS:]))
    for start, end in islice(((start, end) for start, end in claims if end), MOST_TRIES):
        if not _crc(tail[start:], 16, CRC_16):
            return end
    raise AudioError("the FLAC was cut off: its last frame is not whole")


def _claim(head: bytes, fixed: int) -> int:
    """The sample behind a frame as its header has it; 0 where that is none or its checksum is wrong."""
    head = head.ljust(HEAD_BYTES, b"\0")
    # The frame's number, or its first sample's, is written as UTF-8 would be, but in up to seven bytes.
    ones = 8 - (head[4] ^ 0xFF).bit_length()
    at = 5 + max(0, ones - 1)
    number = head[4] & 0x7F >> ones
    for each in head[5:at]:
        number = number << 6 | each & 0x3F
    code, rate_code = head[2] >> 4, head[2] & 15
    length = BLOCK_FIELDS.get(code, 0)
    block = BLOCKS.get(code, int.from_bytes(head[at : at + length], "big") + 1)
    at += length + RATE_FIELDS.get(rate_code, 0)
    if _crc(head[: at + 1], 8, CRC_8):
        return 0
    return (number if head[1] & 1 else number * fixed) + block


def _table(bits: int, polynomial: int) -> tuple[int, ...]:
    values = []
    for value in range(256):
        shifted = value << bits - 8
        for _ in range(8):
            shifted = shifted << 1 ^ (polynomial if shifted >> bits - 1 & 1 else 0)
        values.append(shifted & (1 << bits) - 1)
    return tuple(values)


CRC_8, CRC_16 = _table(8, 0x07), _table(16, 0x8005)


def _crc(checked: bytes, bits: int, table: tuple[int, ...]) -> int:
    """The checksum from the highest bit on; 0 where the bytes end with their own."""
    value, mask, high = 0, (1 << bits) - 1, bits - 8
    for each in checked:
        value = (value << 8 & mask) ^ table[value >> high ^ each]
    return value
