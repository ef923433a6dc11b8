"""Sound files for tests, and those who judge what was written into them."""

from __future__ import annotations

import io
import json
import shutil
import struct
import subprocess
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
from numpy.typing import NDArray

from tts_async.core.cover import Cover
from tts_async.core.tags import Chapter

RATE_HZ = 24_000


def hum(seconds: float, rate_hz: int = RATE_HZ) -> NDArray[np.float32]:
    """A tone in noise, which no encoder can make small."""
    frames = round(seconds * rate_hz)
    noise = np.random.default_rng(7).standard_normal(frames)
    return (0.3 * np.sin(np.arange(frames) / 20) + 0.05 * noise).astype(np.float32)


def encoded(container: str, subtype: str, seconds: float = 3.0, **options: Any) -> bytes:
    """A mono file as libsndfile writes it."""
    file = io.BytesIO()
    sf.write(file, hum(seconds), RATE_HZ, format=container, subtype=subtype, **options)
    return file.getvalue()


def decoded(file: bytes) -> NDArray[np.float32]:
    samples, _ = sf.read(io.BytesIO(file), dtype="float32")
    return np.asarray(samples)


def picture(*, noise_bytes: int = 0) -> Cover:
    """A cover of 40 to 30 pixels, large where it is to hold noise."""
    return Cover.of(png(40, 30, noise_bytes=noise_bytes))


def png(width: int, height: int, *, noise_bytes: int = 0) -> bytes:
    """A grey picture, with a chunk of noise in it."""
    rows = (b"\0" + bytes(width)) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    noise = np.random.default_rng(3).bytes(noise_bytes)
    chunks = [(b"IHDR", header), (b"noIs", noise), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    made = [
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(made)


def many(count: int) -> tuple[Chapter, ...]:
    """Chapters of a hundredth of a second each."""
    return tuple(Chapter(title=f"Teil {n}: Öl", start_ms=n * 10, end_ms=n * 10 + 10) for n in range(count))


def probed(path: Path, level: str = "warning") -> dict[str, Any]:
    """What ffprobe reads in a file: its format, streams, chapters and packets; it must not complain at that level.

    Of every MP4 with chapters or a cover it says that it cannot decode the one and knows no time scale of the other.
    """
    if shutil.which("ffprobe") is None:
        pytest.skip("ffprobe is not installed")
    level = "error" if path.suffix in {".m4a", ".m4b"} else level
    asked = ["-show_format", "-show_streams", "-show_chapters", "-show_packets", "-of", "json"]
    done = subprocess.run(["ffprobe", "-v", level, *asked, str(path)], capture_output=True, check=True, text=True)
    assert done.stderr == ""
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def chapters_seen(found: dict[str, Any]) -> list[tuple[int, str]]:
    """Start in milliseconds and title of each chapter that ffprobe found."""
    return [(round(float(each["start_time"]) * 1000), each["tags"]["title"]) for each in found["chapters"]]
