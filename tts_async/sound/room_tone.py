"""Room tone: the noise that is heard where nobody speaks, made to any length."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

_LOOP_FRAMES = 32_768


class RoomTone:
    """Endless noise with the level and the spectrum of a quiet stretch of mono samples; silence where that is silent.

    It repeats after 32,768 frames, and its ends meet: it is made from a spectrum as long as itself. The phases are
    always the same, so that what is made twice is equal.
    """

    def __init__(self, quiet: Samples) -> None:
        self._loop = _loop(quiet) if quiet.any() else np.zeros(1, np.float32)
        self._at = 0

    def take(self, frames: int) -> Samples:
        """Go on with so many frames."""
        places = (self._at + np.arange(frames)) % len(self._loop)
        self._at = (self._at + frames) % len(self._loop)
        return self._loop[places]


def _loop(quiet: Samples) -> Samples:
    heights = np.abs(np.fft.rfft(quiet * np.hanning(len(quiet))))
    places = np.linspace(0, len(heights) - 1, _LOOP_FRAMES // 2 + 1)
    spectrum = np.interp(places, np.arange(len(heights)), heights) * _phases()
    noise = np.fft.irfft(spectrum, _LOOP_FRAMES)
    level = np.sqrt(np.mean(np.square(quiet, dtype=np.float64)) / max(float(np.mean(noise**2)), 1e-30))
    loop: Samples = (noise * level).astype(np.float32)
    return loop


@lru_cache(maxsize=1)
def _phases() -> NDArray[np.complex128]:
    turns = np.random.Generator(np.random.PCG64(0)).random(_LOOP_FRAMES // 2 + 1)
    phases: NDArray[np.complex128] = np.exp(2j * np.pi * turns)
    phases[0] = 0  # No constant: it would be a step where the tone begins.
    return phases
