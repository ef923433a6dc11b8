"""Draws a joint before and after: the same two clips laid end to end, and by the stitcher."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tts_async.sound.edges import edges
from tts_async.sound.stitch import Stitcher

RATE_HZ = 24_000
WIDTH, HEIGHT, GAP = 800, 150, 34
SHOWN = 1_200
Samples = NDArray[np.float32]


def vowels() -> tuple[Samples, Samples]:
    """Two clips that end and begin in full voice, at places that do not fit."""
    at_s = np.arange(RATE_HZ) / RATE_HZ

    def vowel(hz: float, phase: float) -> Samples:
        wave = sum(np.sin(2 * np.pi * hz * n * at_s + phase * n) / n for n in range(1, 9))
        return (0.22 * np.asarray(wave)).astype(np.float32)

    return vowel(130, 1.0)[: RATE_HZ // 2], vowel(118, 2.6)[: RATE_HZ // 2]


def curve(samples: Samples, top: int, title: str) -> str:
    """One panel: the waveform, and what it shows."""
    middle = top + HEIGHT / 2
    points = " ".join(
        f"{x * WIDTH / len(samples):.1f},{middle - float(y) * HEIGHT / 1.4:.1f}" for x, y in enumerate(samples)
    )
    return (
        f'<text x="4" y="{top - 8}" font-size="14" font-family="sans-serif" fill="#555">{title}</text>'
        f'<line x1="{WIDTH / 2}" x2="{WIDTH / 2}" y1="{top}" y2="{top + HEIGHT}" stroke="#c33" stroke-dasharray="3 4"/>'
        f'<polyline points="{points}" fill="none" stroke="#246" stroke-width="1.2"/>'
    )


def picture() -> str:
    """50 ms around the joint, twice, as SVG."""
    left, right = vowels()
    stitcher = Stitcher(RATE_HZ)
    made = [stitcher.add(clip, edges(clip, RATE_HZ), pause_ms=0) for clip in (left, right)]
    joined = np.concatenate([block for each in made for block in each.blocks])
    butt = np.concatenate([left, right])
    panels = []
    for number, (samples, title) in enumerate(
        [(butt, "End to end: a step, which is heard as a click"), (joined, "Joined here: 8 ms of a raised cosine each")]
    ):
        around = samples[len(left) - SHOWN // 2 : len(left) + SHOWN // 2]
        panels.append(curve(around, GAP + number * (HEIGHT + GAP), title))
    height = 2 * (HEIGHT + GAP) + 8
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">'
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>{"".join(panels)}</svg>\n'
    )
