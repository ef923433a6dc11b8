"""The formats that libsndfile writes, with their settings for speech. All of it blocks."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from tts_async.engine.encoder import Encoder
from tts_async.engine.lame import MPEG1_FROM_HZ, MPEG2_FROM_HZ, kbps_of

Options = Mapping[str, str | float]

OPUS_KBPS = (6, 256)
"""The lowest and the highest bitrate of a channel that libsndfile asks Opus for."""

PIECE_FRAMES = 4_096
"""libsndfile is given so many samples at a time: what Vorbis makes of them depends on how they are cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sndfile:
    """How libsndfile is asked for a format; ``options`` depend on the rate in Hz."""

    container: str
    subtype: str
    options: Callable[[int], Options]

    def open(self, file: object, rate_hz: int) -> Encoder:
        """Write to a file of that name, or to one that is open. Raises OSError and soundfile's own error."""
        if isinstance(file, Path) and sys.platform != "win32":
            file = os.fsencode(file)  # soundfile cannot encode what is no UTF-8; Windows has no such names.
        made: Encoder = sf.SoundFile(
            file,
            "w",
            samplerate=rate_hz,
            channels=1,
            format=self.container,
            subtype=self.subtype,
            **self.options(rate_hz),
        )
        return made

    def is_here(self) -> bool:
        """Whether the libsndfile on this machine can."""
        return bool(sf.check_format(self.container, self.subtype))


def _level(level: float) -> Callable[[int], Options]:
    return lambda _rate_hz: {"compression_level": level}


def _share(kbps: int, low: int, high: int) -> float:
    """libsndfile wants a share of the way down from the highest bitrate."""
    return (high - kbps) / (high - low)


def _mp3(rate_hz: int) -> Options:
    """A constant bitrate, of those that MPEG-1, MPEG-2 and MPEG-2.5 have."""
    low, high = (32, 320) if rate_hz >= MPEG1_FROM_HZ else (8, 160) if rate_hz >= MPEG2_FROM_HZ else (8, 64)
    return {"bitrate_mode": "CONSTANT", "compression_level": _share(kbps_of(rate_hz), low, high)}


SNDFILE: Mapping[str, Sndfile] = {
    ".flac": Sndfile(container="FLAC", subtype="PCM_16", options=_level(5 / 8)),
    ".ogg": Sndfile(container="OGG", subtype="VORBIS", options=_level(1 - 0.4)),
    ".opus": Sndfile(container="OGG", subtype="OPUS", options=_level(_share(48, *OPUS_KBPS))),
    ".mp3": Sndfile(container="MP3", subtype="MPEG_LAYER_III", options=_mp3),
}
"""FLAC at level 5 of 8, Vorbis at quality 4 of 10, Opus at 48 kbit/s (more is not heard in one voice), MP3 as above."""


class SndfileBytes:
    """What libsndfile writes, as bytes; they do not depend on how the samples are cut."""

    def __init__(self, name: str, rate_hz: int) -> None:
        self._written = _Written()
        self._file = SNDFILE[f".{name}"].open(self._written, rate_hz)
        self._waiting: NDArray[np.float32] = np.zeros(0, np.float32)

    def feed(self, samples: NDArray[np.float32], /) -> bytes:
        """Take samples, and return what is finished by them."""
        waiting = np.concatenate((self._waiting, samples))
        whole = len(waiting) - len(waiting) % PIECE_FRAMES
        for start in range(0, whole, PIECE_FRAMES):
            self._file.write(waiting[start : start + PIECE_FRAMES])
        self._waiting = waiting[whole:]
        return self._written.taken()

    def finish(self) -> bytes:
        """Return what is left; nothing can be fed any more."""
        if len(self._waiting):
            self._file.write(self._waiting)
        self._file.close()
        return self._written.taken()


class _Written:
    """The open file that libsndfile writes to: what is written behind its end is kept until it is taken.

    At close libsndfile goes back to its header and writes a length there, which comes too late and is dropped, whether
    the header was taken or not.
    """

    def __init__(self) -> None:
        self._kept = bytearray()
        self._at = self._end = 0

    def taken(self) -> bytes:
        taken = bytes(self._kept)
        self._kept.clear()
        return taken

    def write(self, written: bytes) -> int:
        new = self._at + len(written) - self._end
        self._at += len(written)
        if new > 0:
            self._kept += written[-new:]
            self._end = self._at
        return len(written)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._end}[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, _count: int) -> bytes:
        return b""
