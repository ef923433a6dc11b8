"""The finished file: written aside, block by block, and renamed when it is whole."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, TypeVarTuple

import numpy as np
import soundfile as sf
from anyio import CancelScope, to_thread
from numpy.typing import NDArray

from tts_async.engine.finish import finish
from tts_async.engine.manifests import is_of
from tts_async.engine.shield import finished
from tts_async.errors import ConfigError, OutputError

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

MP3_RATES_HZ = frozenset({8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000})
MPEG1_FROM_HZ = 32_000
MOST_WAV_BYTES = 4_294_967_295 - 1_000
"""The sizes in a WAV file have 32 bits; libsndfile goes on writing, and nobody can read what is behind that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """How libsndfile is asked for a format; ``options`` depend on the rate in Hz, ``rates_hz`` ``None`` is any."""

    container: str
    subtype: str
    rates_hz: frozenset[int] | None = None
    options: Callable[[int], dict[str, Any]] = lambda _rate_hz: {}


def _constant_bitrate(kbps: int) -> Callable[[int], dict[str, Any]]:
    """libsndfile wants a share of the way down from the highest bitrate: 320 to 32, or 160 to 8 below 32 kHz."""

    def options(rate_hz: int) -> dict[str, Any]:
        low, high = (32, 320) if rate_hz >= MPEG1_FROM_HZ else (8, 160)
        return {"bitrate_mode": "CONSTANT", "compression_level": (high - kbps) / (high - low)}

    return options


FORMATS = {
    ".wav": Format(container="WAV", subtype="PCM_16"),
    ".flac": Format(container="FLAC", subtype="PCM_16"),
    ".ogg": Format(container="OGG", subtype="VORBIS"),
    ".mp3": Format(container="MP3", subtype="MPEG_LAYER_III", rates_hz=MP3_RATES_HZ, options=_constant_bitrate(128)),
}


def check_output(path: Path, rate_hz: int, *, overwrite: bool, digest_id: str = "") -> None:
    """Raise `ConfigError` where a file could not be written in the end, before anything is bought; blocks.

    What is there already is replaced where it is an earlier output of that digest, untouched, as its manifest says.
    """
    form = FORMATS.get(path.suffix.lower())
    if form is None:
        known = ", ".join(FORMATS)
        raise ConfigError(f"{path.name!r} does not end in a format that can be written; choose one of {known}.")
    if not sf.check_format(form.container, form.subtype):
        raise ConfigError(f"The libsndfile on this machine does not write {path.suffix} files; choose .wav.")
    if form.rates_hz is not None and rate_hz not in form.rates_hz:
        known = ", ".join(map(str, sorted(form.rates_hz)))
        raise ConfigError(f"{path.suffix} files cannot hold {rate_hz} Hz; choose an output rate of {known} Hz.")
    try:
        _check_place(path, overwrite=overwrite, digest_id=digest_id)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{str(path)!r} cannot be the name of a file: {_why(error)}.") from None


def _check_place(path: Path, *, overwrite: bool, digest_id: str) -> None:
    if not path.parent.is_dir():
        raise ConfigError(f"The folder {str(path.parent)!r} for the output does not exist; make it first.")
    with suppress(FileNotFoundError):
        path.lstat()  # Unlike `exists`, it says so where no file can have that name.
    if path.is_dir():
        raise ConfigError(f"The output {str(path)!r} is a folder; name a file in it.")
    if path.exists() and not overwrite and not is_of(path, digest_id):
        raise ConfigError(
            f"{str(path)!r} is there already, and no earlier output of this digest; choose another, or --overwrite it."
        )


def _why(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


async def _in_thread(work: Callable[[*Ts], T], *args: *Ts) -> T:
    """Work in a worker thread and leave it there whatever is cancelled: two threads at one file end in a crash."""
    return await finished(to_thread.run_sync(work, *args))


class OutputFile:
    """A sound file under a name of this process's own, until `keep` gives it its real one."""

    def __init__(
        self, path: Path, rate_hz: int, *, overwrite: bool = True, digest_id: str = "", serial: int = 0
    ) -> None:
        """What may be replaced is looked at again at the end; ``overwrite`` is anything. ``serial`` is that of an Ogg file."""
        self._path = path
        self._rate_hz = rate_hz
        self._overwrite = overwrite
        self._digest_id = digest_id
        self._serial = serial
        self._aside = path.with_name(f".{path.stem[:40]}.{os.getpid()}-{secrets.token_hex(4)}.part{path.suffix}")
        self._file: sf.SoundFile | None = None
        self.frames: int = 0

    async def __aenter__(self) -> Self:
        try:
            await _in_thread(self._open)
        except BaseException:
            await _in_thread(self._discard)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with CancelScope(shield=True):
            await _in_thread(self._discard)

    async def write(self, block: NDArray[np.float32]) -> None:
        """Append mono samples."""
        assert self._file is not None
        if self._path.suffix.lower() == ".wav" and 2 * (self.frames + len(block)) > MOST_WAV_BYTES:
            hours = MOST_WAV_BYTES / 2 / self._rate_hz / 3600
            raise OutputError(
                f"{str(self._path)!r} would be over 4 GB, where a WAV file ends: {hours:.1f} h at {self._rate_hz} Hz."
                " Name a .flac file instead."
            )
        with self._named():
            await _in_thread(self._file.write, block)
        self.frames += len(block)

    async def keep(self) -> None:
        """Close, sync and rename: from now on the whole file is there."""
        with self._named():
            await _in_thread(self._keep)

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sf.LibsndfileError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise OutputError(
                f"{str(self._path)!r} cannot be written to its end: {reason} Is the disk full?"
            ) from error

    def _open(self) -> None:
        form = FORMATS[self._path.suffix.lower()]
        # Made by us first: libsndfile says "System error." for every reason there is.
        try:
            self._aside.touch(exist_ok=False)
        except OSError as error:
            raise ConfigError(f"Nothing can be written to {str(self._path.parent)!r}: {_why(error)}.") from error
        # As bytes, since soundfile cannot encode what is no UTF-8; Windows has no such names.
        self._file = sf.SoundFile(
            self._aside if sys.platform == "win32" else os.fsencode(self._aside),
            "w",
            samplerate=self._rate_hz,
            channels=1,
            format=form.container,
            subtype=form.subtype,
            **form.options(self._rate_hz),
        )

    def _keep(self) -> None:
        assert self._file is not None
        self._file.close()
        finish(self._aside, self._serial)
        with self._aside.open("rb+") as written:
            os.fsync(written.fileno())
        _check_place(self._path, overwrite=self._overwrite, digest_id=self._digest_id)
        self._aside.replace(self._path)

    def _discard(self) -> None:
        try:
            if self._file is not None:
                self._file.close()
        finally:
            self._aside.unlink(missing_ok=True)
