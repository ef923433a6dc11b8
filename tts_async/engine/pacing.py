"""What of a Renderer's settings moves while it is open."""

from __future__ import annotations

from dataclasses import dataclass

from tts_async.settings import Settings


@dataclass(slots=True, kw_only=True, eq=False)
class Pacing:
    """The settings that a Renderer paces by at this moment; whatever it borrowed looks here each time."""

    settings: Settings
