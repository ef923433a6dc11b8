"""Rewrites an Ogg file as it passes: its serial number, its comments, and what follows from them."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from tts_async.core.cover import Cover
from tts_async.errors import AudioError
from tts_async.sound.comments import Comments, comment_block, vendor_of

HEADER_BYTES = 27
SEGMENT_BYTES = 255
MOST_SEGMENTS = 255
CONTINUED, BEGINS, ENDS = 1, 2, 4
"""Flags of a page: it goes on with a packet, it is the first one, it is the last one."""

_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))

_HEADERS = {b"\x01vorbis": (3, b"\x03vorbis", b"\x01"), b"OpusHead": (2, b"OpusTags", b"")}
"""How a stream begins -> its header packets, and what is before and behind the comments in the second one."""


def checksum(page: bytes | bytearray) -> int:
    """The CRC-32 of a page whose checksum field is zero (RFC 3533: polynomial 0x04c11db7, no inversion).

    It is zlib's, from the other end: with the bits of every byte, and of the result, the other way round.
    """
    mirrored = zlib.crc32(page.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(_REVERSED), "big")


def renumbered(pieces: Iterable[bytes], serial: int) -> Iterator[bytes]:
    """Give an Ogg file, in pieces of any size, a serial number of our choice instead of the encoder's random one."""
    rewriter = OggRewriter(serial)
    for piece in pieces:
        yield rewriter.feed(piece)
    yield rewriter.finish()


class OggRewriter:
    """Gives a Vorbis or Opus file a serial number and, if told, other comments and a cover.

    Feed it the file in pieces of any size; it holds a page, and the headers until they are whole. ``comments`` and
    ``cover`` replace those that are there, ``None`` for both leaves them. Raises `AudioError` for what is no such file.
    """

    def __init__(self, serial: int, comments: Comments | None = None, cover: Cover | None = None) -> None:
        self._serial = serial.to_bytes(4, "little")
        self._comments = None if comments is None and cover is None else list(comments or ())
        self._cover = cover
        self._waiting = bytearray()
        self._pages = 0
        self._old_serial = b""
        self._packets = _Packets()
        self._packets_left = 0
        self._kind = b""
        self._ended = False

    def feed(self, piece: bytes) -> bytes:
        """Take a piece of the file, and return what is finished by it."""
        self._waiting += piece
        done, at = [], 0
        while (length := _page_bytes(self._waiting, at)) is not None:
            done.append(self._page(self._waiting[at : at + length]))
            at += length
        del self._waiting[:at]
        return b"".join(done)

    def finish(self) -> bytes:
        """Return what is left, which is nothing; raises `AudioError` where the file is not whole."""
        if self._waiting or not self._ended:
            raise AudioError(
                f"The Ogg file ends before its last page: {len(self._waiting)} bytes behind page {self._pages}."
            )
        return b""

    def _page(self, page: bytearray) -> bytes:
        if not self._pages:
            self._begin(page)
        if self._ended or page[14:18] != self._old_serial:
            raise AudioError(f"The Ogg file holds more than one stream: another begins at page {self._pages}.")
        self._ended = bool(page[5] & ENDS)
        if not self._packets_left or not self._pages:
            return self._numbered(page)
        return self._header(page)

    def _begin(self, page: bytearray) -> None:
        body = bytes(page[HEADER_BYTES + page[26] :])
        self._kind = next((kind for kind in _HEADERS if body.startswith(kind)), b"")
        if not self._kind or not page[5] & BEGINS:
            raise AudioError(f"The Ogg file is neither Vorbis nor Opus: it begins with {body[:8]!r}.")
        self._old_serial = bytes(page[14:18])
        self._packets_left = 0 if self._comments is None else _HEADERS[self._kind][0] - 1

    def _header(self, page: bytearray) -> bytes:
        """Keep a page of header packets back until the last of them is whole, and write them anew."""
        whole = self._packets.add(page)
        if len(whole) > self._packets_left or (len(whole) == self._packets_left and self._packets.open):
            raise AudioError("The Ogg file has sound on the page of its headers, where none may be.")
        if self._ended:
            raise AudioError("The Ogg file ends with its headers: there is no sound in it.")
        if len(whole) < self._packets_left:
            return b""
        self._packets_left = 0
        whole[0] = self._retagged(whole[0])
        return b"".join(self._numbered(each) for each in header_pages(whole))

    def _retagged(self, packet: bytes) -> bytes:
        _, before, behind = _HEADERS[self._kind]
        if not packet.startswith(before):
            raise AudioError(
                f"The second packet of the Ogg file is no list of comments: it begins with {packet[:8]!r}."
            )
        vendor = vendor_of(packet[len(before) :])
        return before + comment_block(vendor, self._comments or (), self._cover) + behind

    def _numbered(self, page: bytearray) -> bytes:
        page[14:18] = self._serial
        page[18:22] = self._pages.to_bytes(4, "little")
        page[22:26] = bytes(4)
        page[22:26] = checksum(page).to_bytes(4, "little")
        self._pages += 1
        return bytes(page)


class _Packets:
    """Puts packets together again from the pages that they lie on."""

    def __init__(self) -> None:
        self._whole: list[bytes] = []
        self._part = bytearray()
        self.open: bool = False

    def add(self, page: bytearray) -> list[bytes]:
        """Return all packets that are whole so far."""
        at = HEADER_BYTES + page[26]
        for length in page[HEADER_BYTES:at]:
            self._part += page[at : at + length]
            at += length
            self.open = length == SEGMENT_BYTES
            if not self.open:
                self._whole.append(bytes(self._part))
                self._part.clear()
        return self._whole


def _page_bytes(waiting: bytearray, at: int) -> int | None:
    """How long the page at a place is, ``None`` as long as it is not all there."""
    head = waiting[at : at + HEADER_BYTES]
    if not b"OggS\x00".startswith(head[:5]):
        raise AudioError(f"This is no Ogg file, or a damaged one: a page begins with {bytes(head[:5])!r}.")
    if len(head) < HEADER_BYTES or len(waiting) < at + HEADER_BYTES + head[26]:
        return None
    length = HEADER_BYTES + head[26] + sum(waiting[at + HEADER_BYTES : at + HEADER_BYTES + head[26]])
    return length if len(waiting) >= at + length else None


def header_pages(packets: Sequence[bytes]) -> Iterator[bytearray]:
    """Lay header packets on as few pages as they need, behind the first one and before any sound.

    Where no packet ends on a page, its granule position is -1, else 0. Serial, number and checksum are left zero.
    """
    segments = bytes(size for packet in packets for size in _segments(len(packet)))
    body, at = b"".join(packets), 0
    cuts = [*range(0, len(segments), MOST_SEGMENTS), len(segments)]
    for start, stop in pairwise(cuts):
        here = segments[start:stop]
        continued = CONTINUED if start and segments[start - 1] == SEGMENT_BYTES else 0
        granule = 0 if min(here) < SEGMENT_BYTES else -1
        head = b"OggS\x00" + bytes([continued]) + granule.to_bytes(8, "little", signed=True) + bytes(12)
        yield bytearray(head + bytes([len(here)]) + here + body[at : at + sum(here)])
        at += sum(here)


def _segments(length: int) -> Iterator[int]:
    """The sizes of a packet's segments; only the last is less than 255, and it may be 0."""
    yield from [SEGMENT_BYTES] * (length // SEGMENT_BYTES)
    yield length % SEGMENT_BYTES
