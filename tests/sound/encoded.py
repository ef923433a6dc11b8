"""Known signals, and every way to encode them that this machine has."""

from __future__ import annotations

import functools
import io
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
import soxr
from numpy.typing import NDArray

from tts_async.core.exchange import Take
from tts_async.core.plan import Chunk, Line, Voice
from tts_async.providers.local import RATE_HZ, LocalProvider

Samples = NDArray[np.float32]

NEWS = "Rain is moving in from the west this evening. Trains will run later than usual, so plan for a longer way home."
RATES_HZ = (22_050, 24_000, 44_100, 48_000)


def signal(rate_hz: int, length_s: float = 2.0, odd_frames: int = 777) -> Samples:
    """Two tones that come and go, and an impulse every 0.3 s: its correlation with itself has one sharp peak."""
    at_s = np.arange(round(length_s * rate_hz) + odd_frames) / rate_hz
    tones = np.sin(2 * np.pi * 330 * at_s) + 0.5 * np.sin(2 * np.pi * 1_870 * at_s)
    heard = 0.2 * tones * np.sin(2 * np.pi * 0.7 * at_s) ** 2
    heard[:: round(0.3 * rate_hz)] += 0.5
    heard += np.random.default_rng(7).normal(0, 0.01, at_s.size)
    return np.asarray(heard, np.float32)


@functools.cache
def _spoken() -> Samples:
    pytest.importorskip("hibari", reason="the embedded engine is not installed")
    line = Line(speaker="narrator", voice=Voice(id="heart"), text=NEWS, written=NEWS)
    chunk = Chunk(index=0, section=0, lines=(line,), language="en", pause_ms=0, start=0, end=len(NEWS))
    provider = LocalProvider()
    request = provider.request(chunk, Take(seed=1))
    pieces = [provider.say(request, number, each) for number, each in enumerate(provider.sentences(request))]
    return np.concatenate(pieces)


def speech(rate_hz: int, length_s: float | None = None) -> Samples:
    """Real speech, said again and again where it is to be longer than it is."""
    said = _spoken() if rate_hz == RATE_HZ else soxr.resample(_spoken(), RATE_HZ, rate_hz)
    return said if length_s is None else np.resize(said, round(length_s * rate_hz))


def lag(heard: Samples, sent: Samples, reach: int = 1 << 16) -> int:
    """By how many samples the one comes after the other, by cross-correlation."""
    one, two = (np.fft.rfft(each[: reach // 2], reach) for each in (sent, heard))
    place = int(np.argmax(np.fft.irfft(one.conj() * two, reach)))
    return place if place < reach // 2 else place - reach


def checksum(checked: bytes, bits: int, polynomial: int) -> int:
    """A CRC from the highest bit on, starting at 0, bit by bit as the textbooks have it."""
    value = 0
    for each in checked:
        value ^= each << bits - 8
        for _ in range(8):
            value = value << 1 ^ (polynomial if value >> bits - 1 else 0)
            value &= (1 << bits) - 1
    return value


def with_checksum(page: bytes) -> bytes:
    """An Ogg page with the right checksum."""
    value = checksum(page[:22] + bytes(4) + page[26:], 32, 0x04C11DB7)
    return page[:22] + value.to_bytes(4, "little") + page[26:]


def by_soundfile(samples: Samples, rate_hz: int, container: str, subtype: str | None = None, **how: object) -> bytes:
    whole = io.BytesIO()
    sf.write(whole, samples, rate_hz, format=container, subtype=subtype, **how)
    return whole.getvalue()


def by_lame(samples: Samples, rate_hz: int, kbps: int = 64) -> bytes:
    """Constant bitrate, no tag."""
    lameenc = pytest.importorskip("lameenc", reason="lameenc is not installed")
    encoder = lameenc.Encoder()
    encoder.silence()
    encoder.set_bit_rate(kbps)
    encoder.set_in_sample_rate(rate_hz)
    encoder.set_out_sample_rate(rate_hz)  # Else a low bitrate lowers it.
    encoder.set_channels(1)
    return bytes(encoder.encode((samples * 32767).astype("<i2").tobytes()) + encoder.flush())


def by_ffmpeg(samples: Samples, rate_hz: int, *how: str, to: Path | None = None) -> bytes:
    """To a pipe, so that nothing can be written later at the start; or to a file."""
    if not shutil.which("ffmpeg"):
        pytest.skip("ffmpeg is not installed")
    taken = ["ffmpeg", "-v", "error", "-f", "f32le", "-ar", str(rate_hz), "-ac", "1", "-i", "-", *how]
    done = subprocess.run([*taken, str(to or "-")], input=samples.tobytes(), capture_output=True, check=True)
    return to.read_bytes() if to else done.stdout


def untagged_vbr(samples: Samples, rate_hz: int) -> bytes:
    """What a server sends that encodes as it speaks."""
    return by_ffmpeg(samples, rate_hz, "-q:a", "4", "-write_xing", "0", "-id3v2_version", "0", "-f", "mp3")
