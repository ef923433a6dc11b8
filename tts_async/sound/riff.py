"""WAV files of our own: PCM of 16 bits behind a header of one length, which is RF64 where the sizes need 64 bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SAMPLE_BYTES = 2
HEADER_BYTES = 80
DS64_BYTES = 28
MOST_BYTES = 0xFFFF_FFFF
"""What the 32 bits of a size in a plain WAV can say; in an RF64 it means that the size is in ds64 (EBU Tech 3306)."""


def wav_header(frames: int, rate_hz: int, *, most_bytes: int = MOST_BYTES) -> bytes:
    """What stands before so many mono samples: a plain WAV up to ``most_bytes``, and RF64 beyond.

    Room for the 64-bit sizes is kept in every file, so that the header can be written again once the length is known.
    """
    sound_bytes = frames * SAMPLE_BYTES
    riff_bytes = HEADER_BYTES - 8 + sound_bytes
    if riff_bytes <= most_bytes:
        sizes = _chunk(b"JUNK", bytes(DS64_BYTES))
        return b"RIFF" + _u32(riff_bytes) + b"WAVE" + sizes + _format(rate_hz) + b"data" + _u32(sound_bytes)
    counts = b"".join(count.to_bytes(8, "little") for count in (riff_bytes, sound_bytes, frames))
    sizes = _chunk(b"ds64", counts + _u32(0))
    return b"RF64" + _u32(MOST_BYTES) + b"WAVE" + sizes + _format(rate_hz) + b"data" + _u32(MOST_BYTES)


def stream_header(rate_hz: int) -> bytes:
    """What stands before mono samples whose number nobody knows yet: with the largest size, readers read to the end."""
    return b"RIFF" + _u32(MOST_BYTES) + b"WAVE" + _format(rate_hz) + b"data" + _u32(MOST_BYTES)


def pcm_16(samples: NDArray[np.float32]) -> bytes:
    """Samples in 16 bits, little-endian, those that had 16 bits exactly as they were; overs are held at full scale."""
    held: NDArray[np.float32] = np.clip(np.rint(samples * np.float32(32_768)), -32_768, 32_767)
    return bytes(held.astype("<i2"))


def _format(rate_hz: int) -> bytes:
    """PCM, one channel."""
    facts = ((1, 2), (1, 2), (rate_hz, 4), (rate_hz * SAMPLE_BYTES, 4), (SAMPLE_BYTES, 2), (8 * SAMPLE_BYTES, 2))
    return _chunk(b"fmt ", b"".join(value.to_bytes(length, "little") for value, length in facts))


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + _u32(len(body)) + body


def _u32(value: int) -> bytes:
    return value.to_bytes(4, "little")
