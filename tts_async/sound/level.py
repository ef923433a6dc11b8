"""Level: how high samples are, and peaks kept under a ceiling without audible steps in the gain."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tts_async.errors import AudioError

CEILING_DB = -1.8
"""Highest sample, in dBFS, that keeps the peaks *between* samples under -1 dBTP (measured: -1.3 did not)."""

LOOK_AHEAD_S = 0.005
ABSURD = 1e6
"""No sound is 120 dB over full scale; squares of what is below fit into a float32."""


SILENCE_DB = -120.0


def decibels(power: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return mean squares as levels in dBFS; -120 for silence."""
    levels: NDArray[np.float64] = 10 * np.log10(np.clip(power, 10 ** (SILENCE_DB / 10), 1e12))
    return levels


def speech_level_db(levels_db: NDArray[np.floating[Any]]) -> float:
    """Return the mean level of speech from those of its frames, in dBFS: of what is within 20 dB of the loudest.

    Of the loudest frames, or a word in a long silence would be measured by the silence; -120 where there is none.
    """
    if not levels_db.size:
        return SILENCE_DB
    levels_db = levels_db[levels_db >= levels_db.max() - 60]
    loud = levels_db[levels_db > float(np.percentile(levels_db, 95)) - 20]
    return float(decibels(np.array([np.mean(10 ** (loud.astype(np.float64) / 10))]))[0])


def highest(samples: NDArray[np.float32]) -> float:
    """Return the highest absolute sample, 0 where there is none.

    Raises `AudioError` where that is no number, or an absurd one.
    """
    if not samples.size:
        return 0.0
    height = max(float(samples.max()), -float(samples.min()))
    if not height <= ABSURD:
        raise AudioError(f"A sample of the audio is {height}, where full scale is 1; have it made again.")
    return height


def limit_peaks(samples: NDArray[np.float32], rate_hz: int, *, ceiling_db: float = CEILING_DB) -> NDArray[np.float32]:
    """Turn mono samples down around each peak over the ceiling; what is not over comes back as it is.

    The gain starts to fall two look-aheads before a peak and is back two look-aheads after it.
    """
    ceiling = np.float32(10 ** (ceiling_db / 20))
    level = np.abs(samples)
    if not level.size or level.max() <= ceiling:
        return samples
    reach = max(1, round(LOOK_AHEAD_S * rate_hz))
    needed = (ceiling / np.maximum(level, ceiling)).astype(np.float32, copy=False)
    gain = mean_within(least_within(needed, reach), reach)
    # Rounding can leave a sample one step over the ceiling; the clip takes that step back.
    limited: NDArray[np.float32] = np.clip(samples * gain, -ceiling, ceiling).astype(np.float32)
    return limited


def least_within(values: NDArray[np.float32], reach: int) -> NDArray[np.float32]:
    """Return the least value within ``reach`` of each place.

    Van Herk's method: in blocks as long as the window, every window is the tail of one and the head of
    the next, so two running minima answer them all.
    """
    window = 2 * reach + 1
    blocks = -(-(values.size + 2 * reach) // window)
    padded = np.ones(blocks * window, dtype=values.dtype)
    padded[reach : reach + values.size] = values
    rows = padded.reshape(blocks, window)
    heads = np.minimum.accumulate(rows, axis=1).ravel()
    tails = np.minimum.accumulate(rows[:, ::-1], axis=1)[:, ::-1].ravel()
    return np.minimum(tails[: values.size], heads[2 * reach : 2 * reach + values.size])


def mean_within(values: NDArray[np.float32], reach: int) -> NDArray[np.float32]:
    """Return the mean within ``reach`` of each place, the ends drawn out.

    Every least value in that reach is at most what its middle needs, and so is their mean.
    """
    drawn = np.pad(values.astype(np.float64), (reach + 1, reach), mode="edge")
    sums = np.cumsum(drawn)
    width = 2 * reach + 1
    mean: NDArray[np.float32] = ((sums[width:] - sums[:-width]) / width).astype(np.float32)
    return mean
