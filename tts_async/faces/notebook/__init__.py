"""Renders in a notebook: a bar while they go, and a card and pictures of what came of them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tts_async.errors import ConfigError
from tts_async.faces.notebook.card import card as card
from tts_async.faces.notebook.progress import Progress as Progress

if TYPE_CHECKING:
    from types import ModuleType


def running() -> bool:
    """Whether this is a cell of a notebook; imports nothing that is not there already."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None


def plots() -> ModuleType:
    """The module that draws; raises `ConfigError` where matplotlib is not installed."""
    try:
        from tts_async.faces.notebook import drawing
    except ImportError as error:
        raise ConfigError("Plots need matplotlib. Run: pip install 'tts-async[notebook]'") from error
    return drawing
