"""The formats of both services, and how samples become their bytes."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import soundfile

from tts_async.testing.fake.tones import Samples

OPENAI_HZ = 24_000
TELEPHONE_HZ = 8_000
LOUDEST = 32_767


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """What a request can ask for; ``kbps`` is 0 where the format settles it."""

    name: str
    container: str
    rate_hz: int
    kbps: int = 0

    @property
    def content_type(self) -> str:
        """What the answer calls it."""
        return CONTENT_TYPES[self.container]

    @property
    def streams(self) -> bool:
        """Whether ElevenLabs streams it; a WAV begins with its length."""
        return self.container != "wav"

    def encode(self, samples: Samples) -> bytes:
        """Make a file of mono samples, or bare bytes where the format is headerless."""
        return ENCODERS[self.container](samples, self)


CONTENT_TYPES: Mapping[str, str] = {
    "mp3": "audio/mpeg",
    "pcm": "audio/pcm",
    "opus": "audio/ogg",
    "flac": "audio/flac",
    # Of these three no capture of the real API is known.
    "wav": "audio/wav",
    "ulaw": "audio/basic",
    "alaw": "audio/x-alaw-basic",
}

MP3_KBPS = {True: (8, 160), False: (32, 320)}
"""Whether the rate is below 32 kHz -> the bit rates between which libsndfile's levels lie."""
OPUS_KBPS = (6, 256)
OPUS_TAIL_S = 0.01
"""libsndfile does not flush the encoder: what is heard in the last 6.5 ms is none of the signal."""


def _pcm(samples: Samples, _: Format) -> bytes:
    return (samples * LOUDEST).astype("<i2").tobytes()


def _file(samples: Samples, rate_hz: int, container: str, subtype: str, **rate: object) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate_hz, format=container, subtype=subtype, **rate)
    return file.getvalue()


def _level(kbps: int, least: int, most: int) -> float:
    """Where a bit rate lies, 0 being the best; libsndfile refuses 1."""
    return min((most - kbps) / (most - least), 0.999)


def _mp3(samples: Samples, asked: Format) -> bytes:
    level = _level(asked.kbps, *MP3_KBPS[asked.rate_hz < 32_000])
    return _file(samples, asked.rate_hz, "MP3", "MPEG_LAYER_III", compression_level=level, bitrate_mode="CONSTANT")


def _opus(samples: Samples, asked: Format) -> bytes:
    samples = np.concatenate((samples, np.zeros(round(OPUS_TAIL_S * asked.rate_hz), samples.dtype)))
    return _file(samples, asked.rate_hz, "OGG", "OPUS", compression_level=_level(asked.kbps, *OPUS_KBPS))


ENCODERS: Mapping[str, Callable[[Samples, Format], bytes]] = {
    "pcm": _pcm,
    "mp3": _mp3,
    "opus": _opus,
    "wav": lambda samples, asked: _file(samples, asked.rate_hz, "WAV", "PCM_16"),
    "flac": lambda samples, asked: _file(samples, asked.rate_hz, "FLAC", "PCM_16"),
    "ulaw": lambda samples, asked: _file(samples, asked.rate_hz, "RAW", "ULAW"),
    "alaw": lambda samples, asked: _file(samples, asked.rate_hz, "RAW", "ALAW"),
}

PLAIN_HZ = (8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
MP3_RATES = ((22_050, 32), (24_000, 48), (44_100, 32), (44_100, 64), (44_100, 96), (44_100, 128), (44_100, 192))


def _by_name(*formats: Format) -> Mapping[str, Format]:
    return {each.name: each for each in formats}


ELEVENLABS: Mapping[str, Format] = _by_name(
    *(Format(name=f"mp3_{hz}_{kbps}", container="mp3", rate_hz=hz, kbps=kbps) for hz, kbps in MP3_RATES),
    *(Format(name=f"{kind}_{hz}", container=kind, rate_hz=hz) for kind in ("pcm", "wav") for hz in PLAIN_HZ),
    *(Format(name=f"{law}_8000", container=law, rate_hz=TELEPHONE_HZ) for law in ("ulaw", "alaw")),
    *(
        Format(name=f"opus_48000_{kbps}", container="opus", rate_hz=48_000, kbps=kbps)
        for kbps in (32, 64, 96, 128, 192)
    ),
)
"""The 28 of the specification; `m4a_aac_44100_128`, which an error message of theirs names too, has no encoder here."""

OPENAI: Mapping[str, Format] = _by_name(
    *(Format(name=name, container=name, rate_hz=OPENAI_HZ, kbps=64) for name in ("mp3", "opus", "flac", "wav", "pcm"))
)
"""All but `aac`, for which there is no encoder here."""
