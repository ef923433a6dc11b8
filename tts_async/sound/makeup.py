"""Makeup: what a limiter will take of the loudness, foreseen from the peaks of clips, and the gain that makes up for it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tts_async.sound.meter import Energies
from tts_async.sound.profile import Profile

LOUDER_DB = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)
"""Gains at which the loudness behind the limiter is foreseen; between them it is drawn straight. More than the last
would be heard as squeezed."""

_NOTHING = 1e-9


def limited(heard: Profile, gain_db: float, ceiling_db: float) -> Energies:
    """Return the energies of a clip as a gain, and a limiter behind it, leave them.

    The limiter's own gain is the mean, over 10 ms, of the least that is needed within 10 ms, and the peaks are those
    of 10 ms. An energy is shared among its peaks by their power of 1.5, between what a steady sound would ask for
    and what K-weighting leaves of the low sound of a vowel. The loudness of speech is foreseen to 0.07 LU where it falls by up to 1.5.
    """
    peaks = heard.peaks.astype(np.float32)
    over = np.float32(10 ** ((gain_db - ceiling_db) / 20))
    kept = _gains(1 / np.maximum(peaks.ravel() * over, 1)).reshape(peaks.shape)
    weights = peaks * np.sqrt(peaks) + np.float32(_NOTHING)
    shares = (weights * kept * kept).sum(axis=1) / weights.sum(axis=1)
    energies: Energies = (heard.energies * shares * 10 ** (gain_db / 10)).astype(np.float32)
    return energies


def _gains(needed: NDArray[np.float32]) -> NDArray[np.float32]:
    """The limiter's mean gain in each 10 ms, of which each half has one neighbour within reach."""
    around = np.pad(needed, 2, constant_values=1)
    least = np.minimum(around[1:], around[:-1])
    half = (least[1:] + least[:-1]) / 2
    gains: NDArray[np.float32] = ((half[:-2] + 2 * half[1:-1] + half[2:]) / 4).astype(np.float32)
    return gains


def makeup_db(found_lufs: Sequence[float], target_lufs: float) -> float:
    """Return how much louder than as measured all must be, by what was foreseen at each of `LOUDER_DB`; 0 for silence."""
    if not np.isfinite(found_lufs).all():
        return 0.0
    return float(np.interp(target_lufs, np.maximum.accumulate(found_lufs), LOUDER_DB))
