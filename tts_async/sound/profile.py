"""Profile: all that levelling and joining need to know of a clip, so that it is listened to once."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tts_async.sound.edges import Edges, edges
from tts_async.sound.meter import Energies, subblock_frames, subblocks

_HEAD = struct.Struct("<BIqqqf")
_VERSION = 2
_NO_FLOOR = -1

PEAKS = 10
"""Peaks in a sub-block: one each 10 ms, as long as what the limiter looks at around a sample."""
_BATCH = 50
"""Sub-blocks at a time: 5 s."""
_TOP = 60_000.0
"""A float16 ends a little above."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Profile:
    """Where a clip sounds, and from its first edge to its last the K-weighted energy of each 100 ms and the peaks of each 10.

    ``peaks`` are the highest absolute samples, shape (sub-blocks, 10), where full scale is 1.
    """

    rate_hz: int
    edges: Edges
    energies: Energies
    peaks: NDArray[np.float16]

    @property
    def frames(self) -> int:
        """How long it sounds."""
        return self.edges.end - self.edges.start


def profile(samples: NDArray[np.float32], rate_hz: int) -> Profile:
    """Listen to a clip of mono samples; 40 s take about 60 ms."""
    found = edges(samples, rate_hz)
    heard = samples[max(0, found.start) : found.end]
    return Profile(rate_hz=rate_hz, edges=found, energies=subblocks(heard, rate_hz), peaks=_peaks(heard, rate_hz))


def _peaks(samples: NDArray[np.float32], rate_hz: int) -> NDArray[np.float16]:
    per = subblock_frames(rate_hz)
    starts = [round(number * per / PEAKS) for number in range(PEAKS)]
    found = [np.zeros((0, PEAKS), np.float16)]
    for start in range(0, len(samples), _BATCH * per):
        batch = np.abs(samples[start : start + _BATCH * per])
        rows = np.pad(batch, (0, -len(batch) % per)).reshape(-1, per)
        found.append(np.minimum(np.maximum.reduceat(rows, starts, axis=1), _TOP).astype(np.float16))
    return np.concatenate(found)


def to_bytes(known: Profile) -> bytes:
    """Write a profile down; about 240 bytes a second."""
    at = known.edges
    floor = _NO_FLOOR if at.floor is None else at.floor
    head = _HEAD.pack(_VERSION, known.rate_hz, at.start, at.end, floor, at.level_db)
    written = head + known.energies.astype("<f4").tobytes() + known.peaks.astype("<f2").tobytes()
    return written + zlib.crc32(written).to_bytes(4, "little")


def from_bytes(written: bytes) -> Profile | None:
    """Read a profile; ``None`` where it is not what this version has written."""
    written, checksum = written[:-4], written[-4:]
    whole = len(written) >= _HEAD.size and zlib.crc32(written).to_bytes(4, "little") == checksum
    if not whole or written[0] != _VERSION:
        return None
    _, rate_hz, start, end, floor, level_db = _HEAD.unpack_from(written)
    found = Edges(start=start, end=end, level_db=level_db, floor=None if floor == _NO_FLOOR else floor)
    count = (len(written) - _HEAD.size) // (4 + 2 * PEAKS)
    energies = np.frombuffer(written, "<f4", count, offset=_HEAD.size)
    peaks = np.frombuffer(written, "<f2", count * PEAKS, offset=_HEAD.size + energies.nbytes)
    return Profile(rate_hz=rate_hz, edges=found, energies=energies, peaks=peaks.reshape(count, PEAKS))
