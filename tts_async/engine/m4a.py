"""AAC in MP4, as players of audiobooks want it, by the extra ``m4b``. All of it blocks."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tts_async.core.cover import Cover
from tts_async.core.languages import three_letters
from tts_async.core.tags import Tags

if TYPE_CHECKING:
    from av import AudioFrame
    from av.container import OutputContainer
    from av.container.core import Chapter
    from av.packet import Packet
    from av.stream import Stream

AAC_RATES_HZ = frozenset(
    {7_350, 8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 64_000, 88_200, 96_000}
)
KBPS_FROM_HZ = ((32_000, 96), (16_000, 64), (0, 32))
"""The bitrate of a voice, by the lowest rate that has it; AAC's own limit is 6 bits a sample."""
BRANDS = {".m4a": "M4A ", ".m4b": "M4B "}
MEDIA_TYPES = {".m4a": "1", ".m4b": "2"}
"""What iTunes calls music and audiobooks (the atom stik)."""
CODECS = {"image/png": "png", "image/jpeg": "mjpeg"}
MOST_TITLE_BYTES = 255
"""Longer titles of chapters are cut by FFmpeg, in the middle of a character if need be."""


def av_lacks() -> str:
    """A sentence where PyAV is not there."""
    try:
        import av  # noqa: F401
    except ImportError:
        return (
            ".m4a and .m4b files need PyAV, which is not installed. Either run: pip install 'tts-async[m4b]' "
            "or choose another format, such as .mp3."
        )
    return ""


class AacFile:
    """An MP4 of sound alone, to which `tag_m4a` adds what the file says of itself. Raises OSError."""

    def __init__(self, path: Path, rate_hz: int) -> None:
        self._file = _opened(path, path.suffix, rate_hz)
        kbps = next(kbps for from_hz, kbps in KBPS_FROM_HZ if rate_hz >= from_hz)
        # Without this flag the encoder's version is in the first frame.
        self._stream = self._file.add_stream("aac", rate=rate_hz, layout="mono", options={"flags": "+bitexact"})
        self._stream.bit_rate = 1_000 * kbps
        self._rate_hz = rate_hz
        self._frames = 0
        self._ready = self._open = True

    def write(self, samples: NDArray[np.float32], /) -> None:
        """Append mono samples."""
        from av import AudioFrame

        frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples[None]), format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = self._rate_hz, self._frames, Fraction(1, self._rate_hz)
        self._mux(frame)
        self._frames += len(samples)

    def close(self) -> None:
        """Write what is left, unless writing has failed."""
        if not self._open:
            return
        self._open = False
        with _as_os_errors(), self._file:
            if self._ready:
                self._mux(None)

    def _mux(self, frame: AudioFrame | None) -> None:
        self._ready, ready = False, self._ready
        if not ready:  # PyAV ends the process where its header could not be written.
            raise OSError(errno.EIO, "Writing has failed before.")
        with _as_os_errors():
            self._file.mux(self._stream.encode(frame))
        self._ready = True


def tag_m4a(written: Path, again: Path, tags: Tags) -> None:
    """Copy the sound of a finished file into another, with tags, chapters and cover, and its index in front."""
    import av

    with _as_os_errors(), av.open(str(written)) as old:
        sound = old.streams.audio[0]
        with _opened(again, written.suffix, sound.rate, index_first=True) as new:
            new.metadata.update(_told(tags, written.suffix))
            new.set_chapters(_chapters(tags))
            copied = new.add_stream_from_template(sound)
            copied.metadata["language"] = three_letters(tags.language) or "und"
            if tags.cover:
                new.mux_one(_picture(new, tags.cover))  # First, or all sound would wait in memory for it.
            for packet in old.demux(sound):
                if packet.dts is not None:
                    packet.stream = copied
                    new.mux_one(packet)


def read_m4a(path: Path) -> NDArray[np.float32]:
    """All samples of a mono file, no more than it says it has: decoders leave up to 1,023 behind them."""
    import av

    with _as_os_errors(), av.open(str(path)) as file:
        sound = file.streams.audio[0]
        samples = np.concatenate([frame.to_ndarray()[0] for frame in file.decode(sound)])
        return np.asarray(samples[: sound.duration], np.float32)


def _opened(path: Path, suffix: str, rate_hz: int, *, index_first: bool = False) -> OutputContainer:
    """Open a file in which nothing depends on the clock, and whose times are in samples, not in milliseconds."""
    import av

    options = {"fflags": "+bitexact", "brand": BRANDS[suffix.lower()], "movie_timescale": str(rate_hz)}
    if index_first:
        options["movflags"] = "+faststart"
    return av.open(str(path), "w", format="mp4", options=options)


def _told(tags: Tags, suffix: str) -> dict[str, str]:
    told = {
        "title": tags.title,
        "artist": tags.author,
        "album": tags.album,
        "date": tags.date,
        "comment": tags.description,
        "description": tags.description,
        "media_type": MEDIA_TYPES[suffix.lower()],
    }
    return {name: value for name, value in told.items() if value}


def _chapters(tags: Tags) -> list[Chapter]:
    return [
        {
            "id": number,
            "start": chapter.start_ms,
            "end": chapter.end_ms,
            "time_base": Fraction(1, 1_000),
            "metadata": {"title": chapter.title.encode()[:MOST_TITLE_BYTES].decode(errors="ignore")},
        }
        for number, chapter in enumerate(tags.chapters)
    ]


def _picture(file: OutputContainer, cover: Cover) -> Packet[Stream]:
    """A stream of one packet, which becomes the atom covr."""
    from av import Packet
    from av.stream import Disposition

    packet = Packet(cover.data)
    packet.stream = file.add_mux_stream(CODECS[cover.mime], width=cover.width, height=cover.height)
    packet.stream.disposition = Disposition.attached_pic
    packet.pts = packet.dts = 0
    return packet


@contextmanager
def _as_os_errors() -> Iterator[None]:
    """Not all errors of PyAV are OSErrors, "disk full" is none."""
    from av.error import FFmpegError

    try:
        yield
    except FFmpegError as error:
        raise OSError(error.errno, error.strerror) from error
