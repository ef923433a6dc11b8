"""What ``tts-async render`` writes beside a sound file: captions and chapters."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tts_async.errors import TTSError

if TYPE_CHECKING:
    from tts_async.api.result import RenderResult

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--captions",
        multiple=True,
        type=click.Choice(["srt", "vtt"]),
        metavar="FORMAT",
        help="Write them too: srt, vtt.  [default: none]",
    ),
    click.option("--captions-words", is_flag=True, help="Time each word in the vtt; means --timestamps."),
    click.option("--chapters", is_flag=True, help="Write OUTPUT's name.chapters.json too."),
)


def beside(command: Command) -> Command:
    """Add the options of `Beside`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Which files are wanted; one that times words and is no WebVTT is a mistake in usage."""

    captions: tuple[str, ...]
    words: bool
    chapters: bool

    def __post_init__(self) -> None:
        if self.words and "vtt" not in self.captions:
            raise click.UsageError("--captions-words times the words of a vtt; add --captions vtt.")

    def of(self, output: Path) -> list[Path]:
        """The files beside one output."""
        suffixes = [*(f".{each}" for each in dict.fromkeys(self.captions)), *[".chapters.json"] * self.chapters]
        return [output.with_suffix(suffix) for suffix in suffixes if output.name]

    def check(self, outputs: Iterable[Path], digests: Iterable[Path], *, overwrite: bool) -> list[Path]:
        """All files beside these outputs; refuses, before anything is sent, to replace what is not to be replaced."""
        wanted = [path for output in outputs for path in self.of(output)]
        read = {os.path.normpath(digest.absolute()) for digest in digests}
        for path in wanted:
            if os.path.normpath(path.absolute()) in read:
                raise click.UsageError(f"{str(path)!r} would be replaced, and is a digest; name another --output.")
            try:
                there = path.is_dir() or (path.exists() and not overwrite)
            except OSError as error:
                raise click.ClickException(f"{str(path)!r} cannot be written: {error.strerror}.") from error
            if there:
                raise click.ClickException(f"{str(path)!r} is there already; name another --output, or --overwrite it.")
        return wanted

    def written(self, result: RenderResult | TTSError) -> RenderResult | TTSError:
        """Write the files of one result, and return it, or the error that comes instead of it."""
        if isinstance(result, TTSError):
            return result
        try:
            for path in self.of(result.path):
                if path.suffix == ".json":
                    result.save_chapters(path)
                else:
                    result.save_captions(path, words=self.words and path.suffix == ".vtt")
        except TTSError as error:
            return error
        return result
