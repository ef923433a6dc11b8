"""What the four bytes before every frame of an MP3 say (ISO/IEC 11172-3 and 13818-3, and MPEG-2.5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product

HEADER_BYTES = 4
FORM = 0xFFFFFFC0
"""The bits that say how long a frame is and what is in it; the rest may change from frame to frame."""

MPEG_1, MPEG_2, MPEG_2_5 = 3, 2, 0
LAYER_3 = 1
KBPS_1 = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
KBPS_2 = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
"""By the bitrate's index less one: index 0 is free format, index 15 is forbidden."""

RATES_HZ: Mapping[int, tuple[int, int, int]] = {
    MPEG_1: (44_100, 48_000, 32_000),
    MPEG_2: (22_050, 24_000, 16_000),
    MPEG_2_5: (11_025, 12_000, 8_000),
}
MONO = 3
PADDED, PRIVATE, NO_CRC = 1 << 9, 1 << 8, 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A frame's header, understood; ``spf`` is how many samples a frame has, ``side_bytes`` what follows the header."""

    word: int
    rate_hz: int
    channels: int
    spf: int
    side_bytes: int
    frame_bytes: int


def word_at(mp3: bytes, at: int) -> int:
    """Read four bytes as a number; fewer than four are no header either."""
    return int.from_bytes(mp3[at : at + HEADER_BYTES], "big")


def header(word: int) -> Header | None:
    """Understand a header of layer III with a bitrate; ``None`` where it is none."""
    version, kbps_index, rate_index = word >> 19 & 3, word >> 12 & 15, word >> 10 & 3
    if word >> 21 != 0x7FF or word >> 17 & 3 != LAYER_3 or version not in RATES_HZ:
        return None
    if kbps_index in {0, 15} or rate_index == 3:
        return None
    first, mono = version == MPEG_1, word >> 6 & 3 == MONO
    kbps, rate_hz = (KBPS_1 if first else KBPS_2)[kbps_index - 1], RATES_HZ[version][rate_index]
    return Header(
        word=word,
        rate_hz=rate_hz,
        channels=1 if mono else 2,
        spf=1152 if first else 576,
        side_bytes={(True, False): 32, (True, True): 17, (False, False): 17, (False, True): 9}[first, mono],
        frame_bytes=(144_000 if first else 72_000) * kbps // rate_hz + bool(word & PADDED),
    )


def strides(of: Header) -> Mapping[int, int]:
    """How long a frame is, by its header's `FORM`, for every one that can follow ``of`` in a stream."""
    return _strides(of.word & 0xFFFE0C00, of.channels)


@cache
def _strides(alike: int, channels: int) -> Mapping[int, int]:
    modes = (MONO,) if channels == 1 else range(MONO)
    words = (
        alike | crc | index << 12 | bits | mode << 6
        for crc, index, bits, mode in product((0, NO_CRC), range(1, 15), (0, PADDED, PRIVATE, PADDED | PRIVATE), modes)
    )
    return {each.word: each.frame_bytes for each in map(header, words) if each}
