"""WAV files of any length. All of it blocks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tts_async.sound.riff import MOST_BYTES, pcm_16, wav_header


class WavFile:
    """A WAV file that becomes RF64 when it passes 4 GB: libsndfile goes on then, and nobody can read what it wrote."""

    def __init__(self, path: Path, rate_hz: int, *, most_bytes: int = MOST_BYTES) -> None:
        self._rate_hz = rate_hz
        self._most_bytes = most_bytes
        self._frames = 0
        self._file = path.open("wb")
        self._write_header()

    def write(self, samples: NDArray[np.float32], /) -> None:
        """Append mono samples."""
        self._file.write(pcm_16(samples))
        self._frames += len(samples)

    def close(self) -> None:
        """Write the header once more, with the length."""
        if self._file.closed:
            return
        try:
            self._file.seek(0)
            self._write_header()
        finally:
            self._file.close()

    def _write_header(self) -> None:
        self._file.write(wav_header(self._frames, self._rate_hz, most_bytes=self._most_bytes))
