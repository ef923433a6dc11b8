"""Limiter: keeps the true peaks of a stream under a ceiling."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tts_async.sound.level import LOOK_AHEAD_S, highest, least_within, mean_within
from tts_async.sound.peak import CONTEXT, levels, overshoot

Samples = NDArray[np.float32]

_PIECE = 8_192


class Limiter:
    """Turns a stream of mono blocks down around each true peak over the ceiling; all else goes through as it is.

    What comes out, `finish` included, is exactly as long as what went in, and the same however it was cut.
    libebur128 reads at most the ceiling, as does any meter where there is no sound above 0.45 of the rate;
    noise up to half the rate reads up to 1.5 dB more on a finer one.
    """

    def __init__(self, rate_hz: int, ceiling_db: float) -> None:
        self._ceiling = np.float32(10 ** (ceiling_db / 20))
        self._quiet = float(self._ceiling) / overshoot()
        self._reach = max(1, round(LOOK_AHEAD_S * rate_hz))
        self._span = 2 * self._reach + CONTEXT
        # The span before the next sample to go out, and all that has come since.
        self._held: Samples = np.zeros(self._span, np.float32)

    def add(self, block: Samples) -> Samples:
        """Take a block and give what is ready: all but the last 25 ms, at most, of what went in.

        Raises `AudioError` where samples are no numbers.
        """
        highest(block)
        self._held = np.concatenate((self._held, block))
        ready = len(self._held) - 2 * self._span
        return self._release(ready) if ready >= self._span else np.zeros(0, np.float32)

    def finish(self) -> Samples:
        """Give what is left."""
        ready = len(self._held) - self._span
        self._held = np.pad(self._held, (0, self._span))
        return self._release(ready)

    def _release(self, ready: int) -> Samples:
        span = self._span
        out = self._held[span : span + ready].copy()
        for start in range(0, ready, _PIECE):
            piece = out[start : start + _PIECE]
            around = self._held[start : start + len(piece) + 2 * span]
            if highest(around) > self._quiet:
                self._turn_down(piece, around)
        self._held = self._held[ready:]
        return out

    def _turn_down(self, piece: Samples, around: Samples) -> None:
        """Apply the gain to a piece, which lies a span inside of what is around it."""
        level = levels(around, quiet=float(self._ceiling))
        if level.max() > self._ceiling:
            needed = (self._ceiling / np.maximum(level, self._ceiling)).astype(np.float32, copy=False)
            gain = mean_within(least_within(needed, self._reach), self._reach)
            piece *= gain[2 * self._reach : 2 * self._reach + len(piece)]
