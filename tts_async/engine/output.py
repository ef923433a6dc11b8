"""The finished file: written aside, block by block, and renamed when it is whole."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar, TypeVarTuple

import numpy as np
import soundfile as sf
from anyio import CancelScope, to_thread
from numpy.typing import NDArray

from tts_async.core.gain import CODECS, Codec
from tts_async.core.tags import NO_TAGS, Tags
from tts_async.engine.aside import aside_of, clear_left
from tts_async.engine.encoder import Encoder
from tts_async.engine.finish import finish
from tts_async.engine.formats import check_format, encoder
from tts_async.engine.manifests import is_of
from tts_async.engine.shield import finished
from tts_async.errors import ConfigError, OutputError
from tts_async.sound.stitch import blocks

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


def check_output(path: Path, rate_hz: int, *, overwrite: bool, digest_id: str = "") -> None:
    """Raise `ConfigError` where a file could not be written in the end, before anything is bought; blocks.

    What is there already is replaced where it is an earlier output of that digest, untouched, as its manifest says.
    """
    check_format(path.name, path.suffix, rate_hz)
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
        self._aside = aside_of(path)
        self._file: Encoder | None = None
        self.frames: int = 0
        self.codec: Codec = CODECS[path.suffix.lower()]

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
        with self._named():
            for piece in blocks(block):
                await _in_thread(self._file.write, piece)
        self.frames += len(block)

    async def keep(self, tags: Tags = NO_TAGS) -> None:
        """Close, tag, sync and rename: from now on the whole file is there. A WAV file holds no tags."""
        with self._named():
            await _in_thread(self._keep, tags)

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
        clear_left(self._path)
        # Made by us first: libsndfile says "System error." for every reason there is.
        try:
            self._aside.touch(exist_ok=False)
        except OSError as error:
            raise ConfigError(f"Nothing can be written to {str(self._path.parent)!r}: {_why(error)}.") from error
        self._file = encoder(self._aside, self._rate_hz)

    def _keep(self, tags: Tags) -> None:
        assert self._file is not None
        self._file.close()
        finish(self._aside, self._serial, tags)
        with self._aside.open("rb+") as written:
            os.fsync(written.fileno())
        _check_place(self._path, overwrite=self._overwrite, digest_id=self._digest_id)
        self._aside.replace(self._path)

    def _discard(self) -> None:
        try:
            if self._file is not None:
                # It is thrown away, and the first failure is the one to tell.
                with suppress(OSError, sf.LibsndfileError):
                    self._file.close()
        finally:
            with suppress(OSError):  # Where nothing may be written nothing was; else the next run removes it.
                self._aside.unlink()
