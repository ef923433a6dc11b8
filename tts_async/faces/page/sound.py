"""How a page comes by its audio: it holds it, or it links to it."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

MOST_EMBEDDED_BYTES = 10_000_000

TYPES = {
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".m4b": "audio/mp4",
}
"""Nothing else is put into a page, whatever a report names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """What a player loads, and ``note``: what a reader of the page should know of it."""

    src: str = ""
    note: str = ""


def sound_of(audio: Path, page: Path) -> Sound:
    """The audio for a page, inside it up to 10 MB, and by a relative link beyond; reads the file."""
    kind = TYPES.get(audio.suffix.lower())
    if kind is None:
        return Sound(note=f"{audio.name} is no audio file that a page can play.")
    try:
        size = audio.stat().st_size
        if size > MOST_EMBEDDED_BYTES:
            note = f"The audio is {size / 1e6:.0f} MB, too much for a page: it is in {audio.name}, which has to stay where it is."
            return Sound(src=_link(audio, page), note=note)
        held = base64.b64encode(audio.read_bytes()).decode()
    except OSError as error:
        return Sound(note=f"{audio.name} could not be read: {error.strerror}.")
    return Sound(src=f"data:{kind};base64,{held}", note=f"The audio is in this page, as {audio.suffix[1:].upper()}.")


def _link(audio: Path, page: Path) -> str:
    try:
        return quote(os.fsencode(Path(os.path.relpath(audio, page.parent)).as_posix()))
    except ValueError:  # On another drive of Windows.
        return audio.absolute().as_uri()
