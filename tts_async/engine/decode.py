"""Bytes to samples, in a worker thread."""

from __future__ import annotations

import io

import numpy as np
import soundfile as sf
from anyio import to_thread
from numpy.typing import NDArray

from tts_async.core.exchange import Clip
from tts_async.errors import AudioError

PCM_BYTES = 2
"""A sample of ``pcm_s16le``; every value of it is a sound."""


async def decode(clip: Clip) -> tuple[NDArray[np.float32], int]:
    """Decode a clip to mono float32 of shape (frames,), and its rate in Hz; raises `AudioError`."""
    return await to_thread.run_sync(decoded, clip)


def decoded(clip: Clip) -> tuple[NDArray[np.float32], int]:
    """As `decode`, in this thread."""
    if clip.encoding == "pcm_s16le":
        whole = len(clip.audio) // PCM_BYTES * PCM_BYTES
        samples = np.frombuffer(clip.audio[:whole], "<i2").astype(np.float32) / np.float32(32768)
        rate_hz = clip.rate_hz
    else:
        samples, rate_hz = _read(clip)
    if not len(samples):
        raise AudioError("the audio is empty")
    if not np.isfinite(samples).all():
        raise AudioError("the audio holds values that are not numbers")
    return samples, rate_hz


def _read(clip: Clip) -> tuple[NDArray[np.float32], int]:
    raw = {"format": "RAW", "subtype": clip.encoding.upper(), "channels": 1, "samplerate": clip.rate_hz}
    try:
        told = {} if clip.encoding == "file" else raw
        samples, rate_hz = sf.read(io.BytesIO(clip.audio), dtype="float32", always_2d=True, **told)
    except sf.LibsndfileError as error:
        raise AudioError(f"the audio cannot be decoded: {error.error_string}") from error
    return samples.mean(axis=1, dtype=np.float32), rate_hz
