"""Sound as the bytes of a file while it is spoken, for those who hand it on before it is over. All of it blocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from tts_async.core.tags import NO_TAGS, Tags, vorbis_comments
from tts_async.engine.formats import check_format
from tts_async.engine.lame import Lame, lame_here
from tts_async.engine.sndfile import SndfileBytes
from tts_async.errors import ConfigError
from tts_async.sound.flac import FlacRewriter
from tts_async.sound.id3 import tag
from tts_async.sound.mpeg import HEADER_BYTES, header, word_at
from tts_async.sound.ogg import OggRewriter
from tts_async.sound.riff import pcm_16, stream_header

Samples = NDArray[np.float32]

STREAMED: Mapping[str, str] = {
    "wav": "audio/wav",
    "pcm": "audio/pcm",
    "flac": "audio/flac",
    "ogg": "audio/ogg; codecs=vorbis",
    "opus": "audio/ogg; codecs=opus",
    "mp3": "audio/mpeg",
}
"""The name of each format that can be handed on while it grows -> its media type; ``pcm`` is 16 bits, little-endian."""


def check_streamed(format: str, rate_hz: int) -> None:  # noqa: A002 (callers name it so)
    """Raise `ConfigError` where sound of that rate cannot be handed on in the format of that name."""
    if format not in STREAMED:
        raise ConfigError(f"{format!r} is no format that can be streamed; choose one of {', '.join(STREAMED)}.")
    if format != "pcm":
        check_format(f"speech.{format}", f".{format}", rate_hz)


class StreamEncoder:
    """Turns blocks of mono samples into the bytes of one file, piece by piece; a context manager.

    The same samples give the same bytes, however they are cut into blocks. As nothing can be written later at the
    start, no header says how long the sound is, and an MP3 has no Info frame. What was handed on is forgotten.
    """

    def __init__(self, format: str, rate_hz: int, *, serial: int = 0, tags: Tags = NO_TAGS) -> None:  # noqa: A002 (the same)
        """``format`` is one of `STREAMED`, ``serial`` that of an Ogg; ``wav`` and ``pcm`` hold no tags.

        Raises `ConfigError` as `check_streamed` does.
        """
        check_streamed(format, rate_hz)
        self.media_type: str = STREAMED[format]
        self._samples, self._bytes = _STAGES[format](rate_hz, serial, tags)
        self._begun = self._over = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._over:
            self._over = True
            self._samples.finish()

    def feed(self, block: Samples) -> bytes:
        """Take samples, any number of them, and return what is finished by them: perhaps nothing."""
        self._check_open()
        self._begun = self._begun or len(block) > 0
        return self._bytes.feed(self._samples.feed(block))

    def finish(self) -> bytes:
        """Return what is left, nothing where no samples came; nothing can be fed any more."""
        self._check_open()
        self._over = True
        rest = self._samples.finish()
        return self._bytes.feed(rest) + self._bytes.finish() if self._begun else b""

    def _check_open(self) -> None:
        if self._over:
            raise RuntimeError("A StreamEncoder takes nothing after `finish` or its block; make another.")


class _OfSamples(Protocol):
    def feed(self, samples: Samples, /) -> bytes: ...

    def finish(self) -> bytes: ...


class _OfBytes(Protocol):
    def feed(self, piece: bytes, /) -> bytes: ...

    def finish(self) -> bytes: ...


class _Pcm:
    """Samples as they are, in 16 bits."""

    def feed(self, samples: Samples, /) -> bytes:
        return pcm_16(samples)

    def finish(self) -> bytes:
        return b""


class _Behind:
    """Puts a head before the first bytes, in the place of the MP3 frame there if told so."""

    def __init__(self, head: bytes, *, drop_frame: bool = False) -> None:
        self._head = head
        self._drop_frame = drop_frame
        self._waiting = b""

    def feed(self, piece: bytes, /) -> bytes:
        piece, self._waiting = self._waiting + piece, b""
        if self._drop_frame:
            first = header(word_at(piece, 0)) if len(piece) >= HEADER_BYTES else None
            if first is None or len(piece) < first.frame_bytes:
                self._waiting = piece
                return b""
            piece, self._drop_frame = piece[first.frame_bytes :], False
        if piece:
            piece, self._head = self._head + piece, b""
        return piece

    def finish(self) -> bytes:
        return b""


_Stages = tuple[_OfSamples, _OfBytes]


def _flac(rate_hz: int, _serial: int, tags: Tags) -> _Stages:
    return SndfileBytes("flac", rate_hz), FlacRewriter(vorbis_comments(tags), tags.cover)


def _ogg(name: str) -> Callable[[int, int, Tags], _Stages]:
    def made(rate_hz: int, serial: int, tags: Tags) -> _Stages:
        return SndfileBytes(name, rate_hz), OggRewriter(serial, vorbis_comments(tags) or None, tags.cover)

    return made


def _mp3(rate_hz: int, _serial: int, tags: Tags) -> _Stages:
    """libsndfile begins with an Info frame that says nothing before it is written again; a decoder would believe it."""
    if lame_here():
        return Lame(rate_hz), _Behind(tag(tags))
    return SndfileBytes("mp3", rate_hz), _Behind(tag(tags), drop_frame=True)


_STAGES: Mapping[str, Callable[[int, int, Tags], _Stages]] = {
    "wav": lambda rate_hz, _serial, _tags: (_Pcm(), _Behind(stream_header(rate_hz))),
    "pcm": lambda _rate_hz, _serial, _tags: (_Pcm(), _Behind(b"")),
    "flac": _flac,
    "ogg": _ogg("ogg"),
    "opus": _ogg("opus"),
    "mp3": _mp3,
}
