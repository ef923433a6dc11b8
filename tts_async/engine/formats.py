"""The formats of finished files, with their settings for speech, and what writes them. Every encoder blocks."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from tts_async.engine.lame import MPEG1_FROM_HZ, LameFile, kbps_of, lame_here
from tts_async.errors import ConfigError
from tts_async.sound.riff import MOST_BYTES, pcm_16, wav_header

Options = Mapping[str, str | float]

MP3_RATES_HZ = frozenset({8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000})
OPUS_RATES_HZ = frozenset({8_000, 12_000, 16_000, 24_000, 48_000})
OPUS_KBPS = (6, 256)
"""The lowest and the highest bitrate of a channel that libsndfile asks Opus for."""


class Encoder(Protocol):
    """An open sound file."""

    def write(self, samples: NDArray[np.float32], /) -> object:
        """Append mono samples, in no larger blocks than `sound.stitch.BLOCK_FRAMES`."""

    def close(self) -> object:
        """Write what is left; a second time it does nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """How libsndfile is asked for a format; ``options`` depend on the rate in Hz, ``rates_hz`` ``None`` is any."""

    container: str
    subtype: str
    rates_hz: frozenset[int] | None = None
    options: Callable[[int], Options] = lambda _rate_hz: {}


def _level(level: float) -> Callable[[int], Options]:
    return lambda _rate_hz: {"compression_level": level}


def _share(kbps: int, low: int, high: int) -> float:
    """libsndfile wants a share of the way down from the highest bitrate."""
    return (high - kbps) / (high - low)


def _mp3(rate_hz: int) -> Options:
    """A constant bitrate; at 8 kHz libsndfile gets no more than 24 kbit/s out of its LAME."""
    low, high = (32, 320) if rate_hz >= MPEG1_FROM_HZ else (8, 160)
    return {"bitrate_mode": "CONSTANT", "compression_level": _share(kbps_of(rate_hz), low, high)}


FORMATS: Mapping[str, Format] = {
    ".wav": Format(container="WAV", subtype="PCM_16"),
    ".flac": Format(container="FLAC", subtype="PCM_16", options=_level(5 / 8)),
    ".ogg": Format(container="OGG", subtype="VORBIS", options=_level(1 - 0.4)),
    ".opus": Format(container="OGG", subtype="OPUS", rates_hz=OPUS_RATES_HZ, options=_level(_share(48, *OPUS_KBPS))),
    ".mp3": Format(container="MP3", subtype="MPEG_LAYER_III", rates_hz=MP3_RATES_HZ, options=_mp3),
}
"""FLAC at level 5 of 8, Vorbis at quality 4 of 10, Opus at 48 kbit/s (more is not heard in one voice), MP3 as above."""


def check_format(name: str, suffix: str, rate_hz: int) -> None:
    """Raise `ConfigError` where a file of that name and rate is none that can be written."""
    form = FORMATS.get(suffix.lower())
    if form is None:
        known = ", ".join(FORMATS)
        raise ConfigError(f"{name!r} does not end in a format that can be written; choose one of {known}.")
    if not sf.check_format(form.container, form.subtype):
        raise ConfigError(f"The libsndfile on this machine does not write {suffix} files; choose .wav.")
    if form.rates_hz is not None and rate_hz not in form.rates_hz:
        known = ", ".join(map(str, sorted(form.rates_hz)))
        raise ConfigError(f"{suffix} files cannot hold {rate_hz} Hz; choose an output rate of {known} Hz.")


def encoder(path: Path, rate_hz: int) -> Encoder:
    """Open a file for writing, over what is there. Raises OSError, soundfile's own error, and `ConfigError`."""
    suffix = path.suffix.lower()
    if suffix == ".wav":
        return WavFile(path, rate_hz)
    if suffix == ".mp3" and lame_here():
        return LameFile(path, rate_hz)
    # As bytes, since soundfile cannot encode what is no UTF-8; Windows has no such names.
    return sndfile(path if sys.platform == "win32" else os.fsencode(path), FORMATS[suffix], rate_hz)


def sndfile(file: object, form: Format, rate_hz: int) -> Encoder:
    """Have libsndfile write to a name or to an open file."""
    made: Encoder = sf.SoundFile(
        file,
        "w",
        samplerate=rate_hz,
        channels=1,
        format=form.container,
        subtype=form.subtype,
        **form.options(rate_hz),
    )
    return made


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
