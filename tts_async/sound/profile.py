"""Profile: all that levelling and joining need to know of a clip, so that it is listened to once."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tts_async.sound.edges import Edges, edges
from tts_async.sound.meter import Energies, subblocks

_HEAD = struct.Struct("<BIqqqf")
_VERSION = 1
_NO_FLOOR = -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Profile:
    """Where a clip sounds, and the K-weighted energy of each 100 ms from its first edge to its last."""

    rate_hz: int
    edges: Edges
    energies: Energies

    @property
    def frames(self) -> int:
        """How long it sounds."""
        return self.edges.end - self.edges.start


def profile(samples: NDArray[np.float32], rate_hz: int) -> Profile:
    """Listen to a clip of mono samples; 40 s take about 60 ms."""
    found = edges(samples, rate_hz)
    return Profile(rate_hz=rate_hz, edges=found, energies=subblocks(samples[max(0, found.start) : found.end], rate_hz))


def to_bytes(known: Profile) -> bytes:
    """Write a profile down; about 40 bytes a second."""
    at = known.edges
    floor = _NO_FLOOR if at.floor is None else at.floor
    head = _HEAD.pack(_VERSION, known.rate_hz, at.start, at.end, floor, at.level_db)
    written = head + known.energies.astype("<f4").tobytes()
    return written + zlib.crc32(written).to_bytes(4, "little")


def from_bytes(written: bytes) -> Profile | None:
    """Read a profile; ``None`` where it is not what this version has written."""
    written, checksum = written[:-4], written[-4:]
    whole = len(written) >= _HEAD.size and zlib.crc32(written).to_bytes(4, "little") == checksum
    if not whole or written[0] != _VERSION:
        return None
    _, rate_hz, start, end, floor, level_db = _HEAD.unpack_from(written)
    found = Edges(start=start, end=end, level_db=level_db, floor=None if floor == _NO_FLOOR else floor)
    return Profile(rate_hz=rate_hz, edges=found, energies=np.frombuffer(written, "<f4", offset=_HEAD.size))
