"""The clips that the verdict is measured on: what is said, how it is spoken, and what is done to it."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tts_async.core.chunk import Budget, split
from tts_async.core.exchange import PLANNED
from tts_async.core.plan import Chunk, Line, Voice
from tts_async.providers.local import RATE_HZ, LocalProvider
from tts_async.sound.level import limit_peaks

Samples = NDArray[np.float32]
Sound = tuple[Samples, int]

EXAMPLES = Path(__file__).parents[2] / "examples"
OWN = Path(__file__).with_name("verdict_texts.txt")
PIECE_CHARS = (60, 120, 260, 420, 800)
FALL_FRAMES = RATE_HZ // 20
SCENES, SCENE_CHARS, SCENE_LINES = 30, (220, 300, 450, 700, 900), 95


def texts(half: int) -> list[str]:
    """Every second of our own lines and of the examples' sections; these also in pieces, those also put together."""
    own = OWN.read_text("utf-8").splitlines()[half::2]
    scripts = [json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))["script"] for name in ("digest", "dialogue")]
    prose = "\n\n".join([part["text"] for script in scripts for part in script][half::2])
    budgets = [Budget(target_chars=chars, limit=4_000) for chars in PIECE_CHARS]
    pieces = [piece.text.strip() for budget in budgets for piece in split(prose, budget)]
    dice = random.Random(f"scenes/{half}")
    scenes = [scene(own[:SCENE_LINES], dice) for _ in range(SCENES)]
    return list(dict.fromkeys([*own, *pieces, *scenes]))


def scene(lines: Sequence[str], dice: random.Random) -> str:
    """Short lines in a row, up to a length."""
    said, chars = "", dice.choice(SCENE_CHARS)
    while len(said) < chars:
        said += dice.choice(lines) + " "
    return said.strip()


def speak(text: str, voice: str, speed: float) -> Samples:
    """Speak a text as the embedded sender does."""
    provider = LocalProvider()
    line = Line(speaker="narrator", voice=Voice(id=voice, settings={"speed": speed}), text=text, written=text)
    chunk = Chunk(index=0, section=0, lines=(line,), language="en", pause_ms=0, start=0, end=len(text))
    request = provider.request(chunk, PLANNED)
    spoken = [provider.say(request, number, part) for number, part in enumerate(provider.sentences(request))]
    return np.concatenate([limit_peaks(samples, RATE_HZ) for samples in spoken])


def cut(samples: Samples, share: float) -> Samples:
    """Leave out the end."""
    return samples[: int(len(samples) * share)]


def silenced(samples: Samples, share: float) -> Samples:
    """Have silence for the end."""
    kept = cut(samples, 1 - share)
    return np.concatenate([kept, np.zeros(len(samples) - len(kept), np.float32)])


def white(samples: Samples) -> Samples:
    """Have noise instead, as loud as speech; it falls at its end, so as not to be found for that."""
    noise = np.random.default_rng(len(samples)).normal(0, 0.05, len(samples)).astype(np.float32)
    return falling(noise)


def brown(samples: Samples) -> Samples:
    """Have noise instead that falls by 6 dB an octave, above 50 Hz."""
    walk = np.cumsum(np.random.default_rng(len(samples)).normal(0, 1, len(samples)))
    walk -= np.convolve(walk, np.full(480, 1 / 480), "same")
    return falling((walk * 0.05 / walk.std()).astype(np.float32))


def falling(samples: Samples) -> Samples:
    """Fade the last 50 ms out."""
    frames = min(FALL_FRAMES, len(samples))
    return np.concatenate([samples[:-frames], samples[-frames:] * np.linspace(1, 0, frames, dtype=np.float32)])


SPOILED: Mapping[str, Callable[[Samples], Samples]] = {
    **{f"cut at {percent} %": partial(cut, share=percent / 100) for percent in (50, 60, 70, 80, 90, 95)},
    "its last 40 % twice": lambda samples: np.concatenate([samples, samples[len(samples) * 6 // 10 :]]),
    "twice": lambda samples: np.tile(samples, 2),
    "three times": lambda samples: np.tile(samples, 3),
    "silent": partial(silenced, share=1.0),
    "silent from the middle": partial(silenced, share=0.5),
    "the last 70 % silent": partial(silenced, share=0.7),
    "white noise": white,
    "brown noise": brown,
    "5 s of silence before it": lambda samples: np.concatenate([np.zeros(5 * RATE_HZ, np.float32), samples]),
}


def coded(samples: Samples, rate_hz: int, *, share: float = 1.0, **form: object) -> Sound:
    """Encode and decode, where told with the end of the file left out."""
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, samples, rate_hz, **form)
    whole = file.getvalue()
    raw = {"format": "RAW", "subtype": form["subtype"], "channels": 1, "samplerate": rate_hz}
    told = raw if form["format"] == "RAW" else {}
    decoded, decoded_hz = soundfile.read(io.BytesIO(whole[: int(len(whole) * share)]), dtype="float32", **told)
    return decoded, decoded_hz


def telephone(samples: Samples) -> Sound:
    """Send a clip through mu-law at 8 kHz."""
    import soxr

    return coded(soxr.resample(samples, RATE_HZ, 8_000), 8_000, format="RAW", subtype="ULAW")


MP3 = partial(coded, rate_hz=RATE_HZ, format="MP3", subtype="MPEG_LAYER_III")
CODECS: Mapping[str, Mapping[str, Callable[[Samples], Sound]]] = {
    "MP3": {"MP3": MP3, **{f"an MP3 cut at {each} %": partial(MP3, share=each / 100) for each in (50, 70, 90)}},
    "Opus": {"Opus": partial(coded, rate_hz=RATE_HZ, format="OGG", subtype="OPUS")},
    "mu-law, 8 kHz": {"mu-law, 8 kHz": telephone},
}
"""Job -> what is heard in it, the good clip first."""
