"""Joins clips to one stream of samples, with the pauses of the plan and no click at the joints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

FADE_S = 0.008
BLOCK_FRAMES = 65_536
"""No block is longer: libvorbis dies of one write of more than 47 s, earlier on small stacks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The frames of the joined stream in which a clip is heard, its pause not included."""

    start: int
    end: int


class Stitcher:
    """Lays clips one behind the other and counts the frames."""

    def __init__(self, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self.frames: int = 0

    def add(self, clip: Samples, *, pause_ms: int) -> tuple[Span, list[Samples]]:
        """Append a clip (float32, shape (frames,)) and the pause behind it; returns where it is and the blocks."""
        span = Span(start=self.frames, end=self.frames + len(clip))
        pause = np.zeros(round(pause_ms * self.rate_hz / 1000), np.float32)
        joined = np.concatenate((faded(clip, self.rate_hz), pause))
        self.frames += len(joined)
        return span, list(blocks(joined))


def faded(clip: Samples, rate_hz: int) -> Samples:
    """Let a clip rise from silence and fall to it along a raised cosine, 8 ms each.

    The shape matters more than the length: equal power and straight lines leave 35 to 45 dB more of a
    click at a cut sine.
    """
    length = min(round(FADE_S * rate_hz), len(clip) // 2)
    rise = (0.5 - 0.5 * np.cos(np.pi * (np.arange(length) + 0.5) / max(1, length))).astype(np.float32)
    out = clip.astype(np.float32, copy=True)
    out[:length] *= rise
    out[len(out) - length :] *= rise[::-1]
    return out


def blocks(samples: Samples) -> Iterator[Samples]:
    """Cut samples into blocks of at most `BLOCK_FRAMES`."""
    for start in range(0, len(samples), BLOCK_FRAMES):
        yield samples[start : start + BLOCK_FRAMES]
