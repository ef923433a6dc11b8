"""What the fake says: a tone a line, whose frequency tells which words it stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tts_async.providers.tone import AMPLITUDE, STEP_HZ, fade, frequency_hz

Samples: TypeAlias = NDArray[np.float32]

SHORTEST_S = 0.1
"""Some encoders make nothing of less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """Mono samples; ``lengths_s`` is how long each line is."""

    samples: Samples
    rate_hz: int
    lengths_s: tuple[float, ...]


def speak(texts: Sequence[str], *, rate_hz: int, s_per_char: float, dice: Random) -> Sound:
    """One tone a text, one after the other; never the same samples twice, for the phase is thrown."""
    counts = [round(max(SHORTEST_S, s_per_char * len(text)) * rate_hz) for text in texts]
    tones = [
        _tone(frequency_hz(text), count, rate_hz=rate_hz, phase=dice.random())
        for text, count in zip(texts, counts, strict=True)
    ]
    samples = tones[0] if len(tones) == 1 else np.concatenate(tones)
    return Sound(samples=samples, rate_hz=rate_hz, lengths_s=tuple(count / rate_hz for count in counts))


def silence(samples: Samples) -> Samples:
    """As long, and nothing to be heard."""
    return np.zeros_like(samples)


def loop(samples: Samples) -> Samples:
    """The same three times over."""
    return np.tile(samples, 3)


def noise(samples: Samples) -> Samples:
    """As long, and a hiss; always the same."""
    hiss = np.random.default_rng(len(samples)).standard_normal(len(samples), dtype=np.float32)
    return (AMPLITUDE / 3 * hiss).clip(-1, 1)


SPOILED: Mapping[str, Callable[[Samples], Samples]] = {"silence": silence, "loop": loop, "noise": noise}
"""Kind of fault -> what becomes of the sound."""


def _tone(tone_hz: float, count: int, *, rate_hz: int, phase: float) -> Samples:
    # All tones are multiples of STEP_HZ, so a fifth of a second says it all and is only repeated.
    at_s = np.arange(rate_hz // STEP_HZ) / rate_hz
    cycle = AMPLITUDE * np.sin(2 * np.pi * (tone_hz * at_s + phase))
    samples = np.resize(cycle.astype(np.float32), count)
    fade(samples, rate_hz)
    return samples
