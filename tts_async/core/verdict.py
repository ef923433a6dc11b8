"""What was said of a clip when it was heard; it is kept with the clip, so that it is said once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How long a clip sounds, how long the silence at its end is, and what is wrong with it; "" where nothing is."""

    speech_s: float
    trail_s: float
    flaw: str = ""

    def written(self) -> str:
        """The verdict as a line of JSON."""
        return json.dumps([self.speech_s, self.trail_s, self.flaw])


def usable(here: Mapping[str, Verdict | None], *, mode: str) -> set[str]:
    """Which clips are not to be bought again, as far as they are judged; ``mode`` as in the setting ``verdict``."""
    return {name for name, verdict in here.items() if mode != "retake" or not (verdict and verdict.flaw)}


def read(line: str) -> Verdict | None:
    """Read a written verdict; ``None`` where there is none."""
    try:
        speech_s, trail_s, flaw = json.loads(line)
        return Verdict(speech_s=float(speech_s), trail_s=float(trail_s), flaw=str(flaw))
    except (TypeError, ValueError):
        return None
