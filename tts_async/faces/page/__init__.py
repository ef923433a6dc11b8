"""The report as a page: one file, without a network, for a browser."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from tts_async.faces.page import scatter, tables, timeline, transcript
from tts_async.faces.page.sound import Sound, sound_of
from tts_async.faces.page.story import Story


def page(stories: Sequence[Story], *, page_path: Path, folder: Path) -> str:
    """The page of some renders, for a place of its own; reads their audio, whose paths begin at ``folder``."""
    environment = Environment(
        loader=PackageLoader("tts_async.faces.page", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    loader = environment.loader
    assert loader is not None
    script, style = (loader.get_source(environment, name)[0] for name in ("page.js", "page.css"))
    sounds = [sound_of(folder / each.audio, page_path) if each.audio else Sound() for each in stories]
    return environment.get_template("page.html").render(
        stories=list(zip(stories, sounds, strict=True)),
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        style=style,
        scatter=scatter,
        tables=tables,
        timeline=timeline,
        transcript=transcript,
        mask=_mask,
        as_json=_as_json,
    )


def _mask(picture: str) -> str:
    """A picture as an address. As a mask it is only a shape: nothing that is written in it can run."""
    return f"data:image/svg+xml;base64,{base64.b64encode(picture.encode()).decode()}"


def _as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
