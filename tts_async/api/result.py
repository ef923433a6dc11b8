"""What a render returns."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from tts_async.core.advice import faster
from tts_async.core.captions import srt, vtt
from tts_async.core.cues import Cue
from tts_async.core.report import Report
from tts_async.core.tags import Tags, chapters_json
from tts_async.engine.m4a import BRANDS, read_m4a
from tts_async.engine.manifests import write_whole
from tts_async.errors import ConfigError, OutputError, RenderFailed, TTSError
from tts_async.sound.peaks import Peaks, svg

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class TemporaryFolder:
    """A folder that is removed with this object, with the process, or by `remove`, whichever is first."""

    def __init__(self) -> None:
        self.path: Path = Path(tempfile.mkdtemp(prefix="tts-async-"))
        # Not tempfile's own class: that warns of every result that nobody closed.
        self.remove: Callable[[], object] = weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderResult:
    """A finished file and its story; ``rate_hz`` is the file's, ``manifest`` the file that says what is in it.

    ``tags`` are what the file says of itself, and its chapters; a WAV file holds neither.
    """

    path: Path
    duration_s: float
    rate_hz: int
    report: Report
    cues: tuple[Cue, ...]
    manifest: Path
    tags: Tags = field(default=Tags(), repr=False)
    _folder: TemporaryFolder | None = field(default=None, repr=False, compare=False)
    _peaks: Peaks | None = field(default=None, repr=False, compare=False)

    def read(self) -> NDArray[np.float32]:
        """The whole audio, mono float32 of shape (frames,); blocks."""
        if self.path.suffix.lower() in BRANDS:
            return read_m4a(self.path)
        # Opened by us: soundfile refuses names that are no UTF-8.
        with self.path.open("rb") as file:
            samples, _ = sf.read(file, dtype="float32")
        return np.asarray(samples, dtype=np.float32)

    def waveform_svg(self, width: int = 800, height: int = 120) -> str:
        """The outline of the audio as an SVG element in the colour of the text; it was heard as the file was written."""
        return svg(self._peaks or Peaks(self.rate_hz), width, height)

    def plot_timeline(self) -> Figure:
        """Draw every request by what came of it, and the limit over them; raises `ConfigError` without matplotlib."""
        from tts_async.faces import notebook

        figure: Figure = notebook.plots().timeline(self.report)
        return figure

    def plot_waveform(self, columns: int = 800) -> Figure:
        """Draw the outline of the audio, as it was heard when the file was written; raises as `plot_timeline`."""
        from tts_async.faces import notebook

        low, high = (self._peaks or Peaks(self.rate_hz)).columns(columns)
        chapters_s = [chapter.start_ms / 1_000 for chapter in self.tags.chapters]
        figure: Figure = notebook.plots().waveform(low, high, self.duration_s, chapters_s)
        return figure

    def _repr_html_(self) -> str:
        """Show a player, the figures and the chunks in a notebook; blocks while a small file is read."""
        from tts_async.faces import notebook

        return notebook.card(self)

    def save(self, path: str | PathLike[str]) -> Path:
        """Copy the file to where it stays, over what is there; blocks.

        A render without ``output`` is gone with its result. Raises `ConfigError` for another format's suffix.
        """
        kept = Path(path)
        if kept.suffix.lower() != self.path.suffix.lower():
            raise ConfigError(
                f"{kept.name!r} would hold a {self.path.suffix} file; save it under that suffix,"
                " or name the file as the output of the render to have it in its format."
            )
        return Path(shutil.copyfile(self.path, kept))

    def save_captions(self, path: str | PathLike[str], *, words: bool = False) -> Path:
        """Write what is said, and when, as ``.srt`` or ``.vtt``, over what is there; blocks.

        With ``words`` a ``.vtt`` also says when each word begins, where the provider told it (``settings.timestamps``).
        Raises `ConfigError` for another suffix, and for ``words`` in a ``.srt``, which has no room for them.
        """
        path, language = Path(path), self.tags.language or "en"
        match path.suffix.lower():
            case ".vtt":
                return _saved(path, vtt(self.cues, words=words, language=language))
            case ".srt" if not words:
                return _saved(path, srt(self.cues, language=language))
            case ".srt":
                raise ConfigError(f"{path.name!r} cannot time single words; save them as .vtt.")
            case _:
                raise ConfigError(f"{path.name!r} does not end in a format of captions; choose .srt or .vtt.")

    def save_chapters(self, path: str | PathLike[str]) -> Path:
        """Write the chapters as podcast players load them, over what is there; blocks.

        It is Podcasting 2.0's JSON. Without headings in the digest it has none.
        """
        return _saved(Path(path), chapters_json(self.tags, file_name=self.path.name))


def _saved(path: Path, text: str) -> Path:
    try:
        return write_whole(path, [text])
    except OSError as error:
        raise OutputError(f"{str(path)!r} cannot be written: {error.strerror}.") from error


def report_dict(report: Report) -> dict[str, object]:
    """A report as plain values for JSON, with what follows from its figures."""
    follows = {name: getattr(report, name) for name in ("speedup", "of_possible", "mean_chunk_s")}
    return {**asdict(report), **follows, "advice": faster(report)}


def cue_dict(cue: Cue) -> dict[str, object]:
    """A cue as plain values for JSON, its times in seconds."""
    return {
        "start_s": cue.start_s,
        "end_s": cue.end_s,
        "speaker": cue.speaker,
        "text": cue.text,
        "chunk": cue.chunk,
        "section": cue.section,
        "exact": cue.exact,
    }


def as_dict(result: RenderResult | TTSError) -> dict[str, object]:
    """A result, or what came instead of one, as plain values for JSON."""
    if isinstance(result, RenderFailed):
        return {"error": str(result), "report": report_dict(result.report)}
    if isinstance(result, TTSError):
        return {"error": str(result)}
    return {
        "path": str(result.path),
        "manifest": str(result.manifest),
        "duration_s": result.duration_s,
        "rate_hz": result.rate_hz,
        "report": report_dict(result.report),
        "cues": [cue_dict(cue) for cue in result.cues],
    }
