"""The frame in front of an MP3 that says how long it is and what to leave out at both ends."""

from __future__ import annotations

from dataclasses import dataclass

from tts_async.sound.mpeg import HEADER_BYTES, NO_CRC, PADDED, PRIVATE, Header, header

DECODER_FRAMES = 529
"""How many samples late every decoder is: half of the filter bank and one sample (LAME's technical FAQ)."""

LAME_FRAMES = 576
"""How many samples late LAME is, and the fewest that it adds at the end (measured, at every rate and bitrate)."""

NAMES = (b"Xing", b"Info")
COUNT, BYTES, TOC, QUALITY = 1, 2, 4, 8
FIELDS = {COUNT: 4, BYTES: 4, TOC: 100, QUALITY: 4}
"""What follows the flags, each where its flag is set."""
LAME_BYTES, GAPS_AT, CRC_AT = 36, 21, 34
TAG_BYTES = 8 + sum(FIELDS.values()) + LAME_BYTES
CRC_BYTES = 190
MOST_GAP = 4095
VBRI, VBRI_AT, VBRI_COUNT_AT = b"VBRI", HEADER_BYTES + 32, 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaps:
    """How many samples an encoder put before the sound (``delay``) and behind it (``padding``)."""

    delay: int
    padding: int


def claimed(frame: bytes, first: Header) -> int | None:
    """How many MP3 frames a tag says there are besides it; ``None`` where it does not."""
    at = HEADER_BYTES + first.side_bytes
    if frame[at : at + 4] not in NAMES:
        at = VBRI_AT + VBRI_COUNT_AT
    elif int.from_bytes(frame[at + 4 : at + 8], "big") & COUNT:
        at += 8
    else:
        return None
    said = int.from_bytes(frame[at : at + 4], "big")
    return None if said in {0, 0xFFFFFFFF} else said


def gaps_of(frame: bytes, first: Header) -> Gaps | None:
    """What LAME's part of a tag says; ``None`` where there is none, or its checksum is wrong.

    LAME's checksum covers all before it; ffmpeg's always 190 bytes, with noughts in its own place and behind the frame.
    """
    at = HEADER_BYTES + first.side_bytes
    flags = int.from_bytes(frame[at + 4 : at + 8], "big")
    at += 8 + sum(length for flag, length in FIELDS.items() if flags & flag)
    end = at + CRC_AT
    if frame[HEADER_BYTES + first.side_bytes :][:4] not in NAMES or len(frame) < end + 2:
        return None
    said = int.from_bytes(frame[end : end + 2], "big")
    without = (frame[:end] + b"\0\0" + frame[end + 2 :])[:CRC_BYTES].ljust(CRC_BYTES, b"\0")
    if said not in {_crc(frame[:end]), _crc(without)}:
        return None
    both = int.from_bytes(frame[at + GAPS_AT : at + GAPS_AT + 3], "big")
    return Gaps(delay=both >> 12, padding=both & MOST_GAP)


def info_frame(first: bytes, *, mp3_frames: int, mp3_bytes: int, gaps: Gaps) -> bytes:
    """Make the frame that goes before a stream of ``mp3_frames`` in ``mp3_bytes``, itself not counted in either.

    ``first`` is the stream's first frame, or only its header: the length of the result depends on nothing else,
    so that a writer can leave room for it. With N samples encoded by LAME, ``padding`` is
    frames x samples per frame - 576 - N. Decoders then return N samples. Raises ValueError for a gap over 4,095.
    """
    if not (0 <= gaps.delay <= MOST_GAP and 0 <= gaps.padding <= MOST_GAP):
        raise ValueError(f"A gap is at most {MOST_GAP} samples, not {gaps.delay} and {gaps.padding}.")
    own = _roomy(first)
    head = own.word.to_bytes(HEADER_BYTES, "big") + bytes(own.side_bytes)
    sizes = mp3_frames.to_bytes(4, "big") + (mp3_bytes + own.frame_bytes).to_bytes(4, "big")
    even = bytes(place * 256 // 100 for place in range(100))
    tag = b"Info" + (COUNT | BYTES | TOC | QUALITY).to_bytes(4, "big") + sizes + even + bytes(4)
    both = (gaps.delay << 12 | gaps.padding).to_bytes(3, "big")
    constant_bitrate, music_length = b"\x01", sizes[4:]
    lame = b"LAME3.100" + constant_bitrate + bytes(11) + both + bytes(4) + music_length + bytes(2)
    frame = head + tag + lame
    return (frame + _crc(frame).to_bytes(2, "big")).ljust(own.frame_bytes, b"\0")


def _roomy(first: bytes) -> Header:
    """The header of a stream's first frame without checksum and padding, its bitrate raised until the tag fits."""
    word = int.from_bytes(first[:HEADER_BYTES], "big") & ~(PADDED | PRIVATE) | NO_CRC
    own = header(word)
    while own and own.frame_bytes < HEADER_BYTES + own.side_bytes + TAG_BYTES:
        own = header(own.word + (1 << 12))
    if own is None:
        raise ValueError(f"{first[:HEADER_BYTES].hex(' ') or 'nothing'} is no header of an MP3 frame.")
    return own


def _crc_of_byte(value: int) -> int:
    for _ in range(8):
        value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return value


CRCS = tuple(map(_crc_of_byte, range(256)))


def _crc(heard: bytes) -> int:
    """CRC-16/ARC, as LAME computes it."""
    value = 0
    for each in heard:
        value = value >> 8 ^ CRCS[(value ^ each) & 0xFF]
    return value
