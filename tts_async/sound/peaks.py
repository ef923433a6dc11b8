"""Peaks: the outline of a waveform, gathered as it streams by, and its picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tts_async.sound.level import highest

Samples = NDArray[np.float32]

_BUCKETS_PER_COLUMN = 4
_STEPS = 100
"""Half the height of the picture's own grid."""


class Peaks:
    """The least and the highest sample of each column of a stream that is as long as it turns out to be.

    Buckets begin with one frame each; when they are all taken, pairs of them become one. How the stream was cut
    changes nothing.
    """

    def __init__(self, rate_hz: int, columns: int = 800) -> None:
        self._rate_hz = rate_hz
        self.most_columns = columns
        self._most = columns * _BUCKETS_PER_COLUMN
        self._low = np.full(self._most, np.inf, np.float32)
        self._high = np.full(self._most, -np.inf, np.float32)
        self._bucket_frames = 1
        self._frames = 0

    def add(self, block: Samples) -> None:
        """Hear mono samples; raises `AudioError` where they are no numbers."""
        if not block.size:
            return
        highest(block)
        while self._frames + len(block) > self._most * self._bucket_frames:
            self._low = _paired(self._low, np.minimum, np.inf)
            self._high = _paired(self._high, np.maximum, -np.inf)
            self._bucket_frames *= 2
        first, used = divmod(self._frames, self._bucket_frames)
        starts = np.arange(-used, len(block), self._bucket_frames)
        starts[0] = 0
        here = slice(first, first + len(starts))
        self._low[here] = np.minimum(self._low[here], np.minimum.reduceat(block, starts))
        self._high[here] = np.maximum(self._high[here], np.maximum.reduceat(block, starts))
        self._frames += len(block)

    @property
    def duration_s(self) -> float:
        """How long the stream is so far."""
        return self._frames / self._rate_hz

    def columns(self, count: int) -> tuple[Samples, Samples]:
        """Return the least and the highest sample of each of ``count`` columns, float32 of shape (count,).

        Columns of a stream that has fewer buckets than them repeat; silence stands for a stream without samples.
        """
        if not self._frames:
            return np.zeros(count, np.float32), np.zeros(count, np.float32)
        taken = -(-self._frames // self._bucket_frames)
        edges = np.arange(count + 1) * (self._frames / self._bucket_frames / count)
        starts = np.minimum(edges[:-1].astype(np.int64), taken - 1)
        ends = np.clip(np.ceil(edges[1:]).astype(np.int64), starts + 1, taken)
        pairs = np.stack((starts, ends), axis=1).ravel()
        # One more bucket, so that the last end is a place; every second answer lies between two columns.
        low = np.minimum.reduceat(np.append(self._low[:taken], np.float32(np.inf)), pairs)[::2]
        high = np.maximum.reduceat(np.append(self._high[:taken], np.float32(-np.inf)), pairs)[::2]
        return low, high


def _paired(buckets: Samples, of_two: np.ufunc, empty: float) -> Samples:
    merged: Samples = of_two.reduce(buckets.reshape(-1, 2), axis=1)
    return np.concatenate((merged, np.full_like(merged, empty)))


def svg(peaks: Peaks, width: int = 800, height: int = 120) -> str:
    """Draw a waveform as an SVG element, one stroke a column, in the text's colour; full scale fills the height.

    The width is in pixels, and a column is at least one of them wide; 800 columns are at most 15 kB.
    """
    columns = max(1, min(width, peaks.most_columns))
    low, high = (np.rint(np.clip(level, -1, 1) * _STEPS).astype(int) for level in peaks.columns(columns))
    strokes = "".join(
        f"M{x} {_STEPS - top}v{max(1, top - bottom)}"
        for x, (bottom, top) in enumerate(zip(low.tolist(), high.tolist(), strict=True))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="-0.5 -0.5 {columns} {2 * _STEPS + 1}" preserveAspectRatio="none" role="img" aria-label="Waveform">'
        f'<path d="{strokes}" stroke="currentColor" fill="none"/></svg>'
    )
