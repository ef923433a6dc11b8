"""MP3 by LAME itself, where the extra ``mp3`` is installed: a third of the time that libsndfile takes. All of it blocks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tts_async.errors import AudioError
from tts_async.sound.mpeg import FORM, HEADER_BYTES, Header, header, strides, word_at
from tts_async.sound.riff import pcm_16
from tts_async.sound.xing import LAME_FRAMES, MOST_GAP, Gaps, info_frame

QUALITY = 5
"""Of 0 to 9; 3 takes a sixth more time, 7 half of it."""
MPEG1_FROM_HZ, MPEG2_FROM_HZ = 32_000, 16_000


def kbps_of(rate_hz: int) -> int:
    """A constant bitrate, 128 kbit/s and half of it below 32 kHz: what varies loses its end in some decoders."""
    return 128 if rate_hz >= MPEG1_FROM_HZ else 64


def lame_here() -> bool:
    """Whether LAME can be asked."""
    try:
        import lameenc  # noqa: F401
    except ImportError:
        return False
    return True


class Lame:
    """Mono samples in, MP3 frames out, without a tag in front; the bytes do not depend on how the samples are cut."""

    def __init__(self, rate_hz: int) -> None:
        import lameenc

        self._encoder = lameenc.Encoder()
        self._encoder.silence()
        self._encoder.set_channels(1)
        self._encoder.set_in_sample_rate(rate_hz)
        self._encoder.set_out_sample_rate(rate_hz)  # Else a low bitrate lowers it.
        self._encoder.set_bit_rate(kbps_of(rate_hz))
        self._encoder.set_quality(QUALITY)
        self._begun = False

    def feed(self, samples: NDArray[np.float32], /) -> bytes:
        """Take samples, and return what is finished by them."""
        self._begun = True
        return bytes(self._encoder.encode(pcm_16(samples)))

    def finish(self) -> bytes:
        """Return what is left; nothing can be fed any more."""
        return bytes(self._encoder.flush()) if self._begun else b""


class LameFile:
    """An MP3 file behind an Info frame, by which decoders give back exactly the samples that were written."""

    def __init__(self, path: Path, rate_hz: int) -> None:
        self._lame = Lame(rate_hz)
        self._samples = 0
        self._counted = FrameCount()
        self._file = path.open("wb")

    def write(self, samples: NDArray[np.float32], /) -> None:
        """Append mono samples."""
        self._append(self._lame.feed(samples))
        self._samples += len(samples)

    def close(self) -> None:
        """Write what is left, and the Info frame once more, with the length."""
        if self._file.closed:
            return
        try:
            self._append(self._lame.finish())
            self._file.seek(0)
            self._file.write(self._info())
        finally:
            self._file.close()

    def _append(self, mp3: bytes) -> None:
        if mp3 and not self._counted.mp3_bytes:
            self._counted.add(mp3)
            self._file.write(bytes(len(self._info())))
        else:
            self._counted.add(mp3)
        self._file.write(mp3)

    def _info(self) -> bytes:
        """The Info frame of what there is so far; nothing before the first frame."""
        first, frames = self._counted.first, self._counted.frames
        if first is None:
            return b""
        padding = min(max(0, frames * first.spf - LAME_FRAMES - self._samples), MOST_GAP)
        gaps = Gaps(delay=LAME_FRAMES, padding=padding)
        word = first.word.to_bytes(HEADER_BYTES, "big")
        return info_frame(word, mp3_frames=frames, mp3_bytes=self._counted.mp3_bytes, gaps=gaps)


class FrameCount:
    """Counts the frames of an MP3 of one encoder, in pieces of any size but the first, which has a whole header."""

    def __init__(self) -> None:
        self.first: Header | None = None
        self.frames: int = 0
        self.mp3_bytes: int = 0
        self._next = 0
        self._tail = b""
        """What is there of a header that is not whole."""

    def add(self, mp3: bytes) -> None:
        """Take the next piece; raises `AudioError` where no frame begins behind the one before."""
        held = self._tail + mp3
        start = self.mp3_bytes - len(self._tail)
        at = self._next - start
        while at + HEADER_BYTES <= len(held):
            at += self._length(word_at(held, at))
            self.frames += 1
        self._next, self._tail = start + at, held[at:]
        self.mp3_bytes += len(mp3)

    def _length(self, word: int) -> int:
        self.first = self.first or header(word)
        length = self.first and strides(self.first).get(word & FORM)
        if not length:
            raise AudioError(f"An MP3 frame cannot begin with {word:08x}; the encoder failed.")
        return length
