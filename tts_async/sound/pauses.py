"""Where a clip is silent between words: its sentences may end there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FRAME_S = 0.01
PAUSE_S = 0.12
"""Shorter than the pause behind nearly any sentence, longer than the closure of a p, t or k (0.05 to 0.1 s)."""

QUIET = 1e-4
"""How much of the power of the speech is left in a pause: it is 40 dB down."""

LOUD = 1e-2
"""Within 20 dB of the loudest twentieth a frame is speech, and its level does not depend on how long the pauses are."""


def pauses(samples: NDArray[np.float32], rate_hz: int) -> list[tuple[int, int]]:
    """Find the pauses inside mono samples: the first frame of each and the frame after it, in order.

    The silence before the first sound and behind the last one is none. A clip of 40 s takes about a millisecond.
    """
    size = max(1, round(FRAME_S * rate_hz))
    whole = samples[: len(samples) // size * size].reshape(-1, size)
    if not len(whole):
        return []
    power = np.einsum("ij,ij->i", whole, whole)
    speech = float(power[power >= LOUD * np.percentile(power, 95)].mean())
    sounding = np.flatnonzero(power > QUIET * speech)
    long = np.flatnonzero(np.diff(sounding) > PAUSE_S / FRAME_S)
    return [(int(sounding[at] + 1) * size, int(sounding[at + 1]) * size) for at in long]
