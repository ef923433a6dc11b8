"""Bytes to samples, in a worker thread: all that was promised, or an `AudioError`."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import soundfile as sf
from anyio import to_thread
from numpy.typing import NDArray

from tts_async.core.exchange import Clip
from tts_async.errors import AudioError
from tts_async.sound import flac_length, ogg_check, wav
from tts_async.sound.companding import ALAW, ULAW
from tts_async.sound.frames import past_tags, tagged

Samples = NDArray[np.float32]

LONGEST_S = 3600.0
"""The longest clip that is believed where nobody knows better."""

MOST_CHANNELS, MOST_HZ = 2, 192_000
"""With the length they bound the memory that a few bytes of an answer can ask for."""

PCM_BYTES = 2
"""A sample of ``pcm_s16le``; every value of it is a sound."""


async def decode(clip: Clip, *, longest_s: float = LONGEST_S) -> tuple[Samples, int]:
    """Decode a clip to mono float32 of shape (frames,), and its rate in Hz; raises `AudioError`.

    Nothing of a clip that claims to be longer than ``longest_s`` is decoded.
    """
    return await to_thread.run_sync(lambda: decoded(clip, longest_s=longest_s))


def decoded(clip: Clip, *, longest_s: float = LONGEST_S) -> tuple[Samples, int]:
    """Do what `decode` does, in the thread that asks."""
    if clip.encoding == "file":
        samples, rate_hz = _from_file(clip.audio, longest_s)
    else:
        rate_hz = clip.rate_hz
        _check_length(len(clip.audio) // SAMPLE_BYTES[clip.encoding], rate_hz, longest_s)
        samples = RAW[clip.encoding](clip.audio)
    if not len(samples):
        raise AudioError("the audio is empty")
    if not np.isfinite(samples).all():
        raise AudioError("the audio holds values that are not numbers")
    return samples, rate_hz


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """A container that libsndfile reads whole, and how many frames were promised where it cannot tell."""

    audio: bytes
    frames: int | None = None


def _mp3(body: bytes) -> _File:
    found = tagged(body)
    return _File(audio=found.audio, frames=found.frames)


def _wav(body: bytes) -> _File:
    return _File(audio=wav.repaired(body), frames=wav.claimed_frames(body))


def _flac(body: bytes) -> _File:
    return _File(audio=flac_length.counted(body))


def _ogg(body: bytes) -> _File:
    ogg_check.check_whole(body)
    return _File(audio=body)


def _as_it_is(body: bytes) -> _File:
    return _File(audio=body)


FILES: Mapping[bytes, Callable[[bytes], _File]] = {
    b"RIFF": _wav,
    b"RF64": _wav,
    b"fLaC": _flac,
    b"OggS": _ogg,
    **dict.fromkeys((b"RIFX", b"riff", b"FORM", b".snd", b"caff"), _as_it_is),
}
"""By how a body begins; an MP3 begins in many ways."""


def _from_file(body: bytes, longest_s: float) -> tuple[Samples, int]:
    body = body[past_tags(body) :]
    if not body:
        raise AudioError("the audio is empty")
    file = FILES.get(body[:4], _mp3)(body)
    if file.frames == 0:
        raise AudioError("the audio is empty")
    try:
        # One read: soundfile seeks after each, and a seek in an MP3 costs as much as decoding it.
        with sf.SoundFile(_Body(file.audio)) as opened:
            promised = opened.frames if file.frames is None else file.frames
            _check_size(opened, promised, longest_s)
            samples = opened.read(opened.frames, dtype="float32", always_2d=True)
            rate_hz = opened.samplerate
    except sf.LibsndfileError as error:
        reason = error.error_string or "it holds less than it promises"
        raise AudioError(f"the audio cannot be decoded: {reason}") from error
    if len(samples) != promised:
        raise AudioError(f"the audio was cut off: {promised} frames were promised, and {len(samples)} are there")
    return _mono(samples), rate_hz


class _Body(io.BytesIO):
    """Bytes to read; libsndfile is told of a place before their start, which damaged headers name, by a number."""

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return -1 if offset < 0 and whence == io.SEEK_SET else super().seek(offset, whence)


def _check_size(opened: sf.SoundFile, frames: int, longest_s: float) -> None:
    if opened.channels > MOST_CHANNELS or opened.samplerate > MOST_HZ:
        form = f"{opened.channels} channels at {opened.samplerate} Hz"
        raise AudioError(f"the audio has {form}; speech has at most {MOST_CHANNELS} at {MOST_HZ} Hz")
    _check_length(frames, opened.samplerate, longest_s)


def _check_length(frames: int, rate_hz: int, longest_s: float) -> None:
    if frames > longest_s * rate_hz:
        raise AudioError(f"the audio claims to be {frames / rate_hz:g} s long; at most {longest_s:g} s are believed")


def _mono(samples: Samples) -> Samples:
    if samples.shape[1] == 1:
        return samples.ravel()
    with np.errstate(over="ignore", invalid="ignore"):  # What is no number is found later.
        mono: Samples = samples.mean(axis=1, dtype=np.float32)
    return mono


def _pcm(audio: bytes) -> Samples:
    return np.frombuffer(audio, "<i2", len(audio) // PCM_BYTES).astype(np.float32) / np.float32(32768)


def _companded(table: Samples) -> Callable[[bytes], Samples]:
    return lambda audio: table[np.frombuffer(audio, np.uint8)]


RAW: Mapping[str, Callable[[bytes], Samples]] = {
    "pcm_s16le": _pcm,
    "ulaw": _companded(ULAW),
    "alaw": _companded(ALAW),
}
SAMPLE_BYTES: Mapping[str, int] = {"pcm_s16le": PCM_BYTES, "ulaw": 1, "alaw": 1}
