"""The embedded voices are understood by a speech recogniser that knows nothing of them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from tts_async.core.exchange import PLANNED
from tts_async.core.plan import Chunk, Line, Voice
from tts_async.providers.local import PITCHES, RATE_HZ, LocalProvider
from tts_async.sound.level import limit_peaks

pytest.importorskip("hibari", reason="the extra 'local' is not installed")
pocketsphinx = pytest.importorskip("pocketsphinx", reason="pocketsphinx has no wheel for this Python")
soxr = pytest.importorskip("soxr")

HEARING_HZ = 16_000
SENTENCES = (
    "The government will announce a new plan for the national health service next week.",
    "The company said it expects profits to rise during the second half of the year.",
)


def hear(samples: NDArray[np.float32]) -> list[str]:
    """Return the words that pocketsphinx understands in speech at 24 kHz."""
    resampled = soxr.resample(samples, RATE_HZ, HEARING_HZ)
    decoder = pocketsphinx.Decoder(samprate=HEARING_HZ, loglevel="FATAL")
    decoder.start_utt()
    decoder.process_raw((np.clip(resampled, -1, 1) * 32767).astype("<i2").tobytes(), full_utt=True)
    decoder.end_utt()
    heard = decoder.hyp()
    return words(heard.hypstr) if heard else []


def words(text: str) -> list[str]:
    """Return a text's words in lower case."""
    return re.findall(r"[a-z']+", text.lower())


def word_error_rate(said: Sequence[str], heard: Sequence[str]) -> float:
    """Return the least number of words to change, add and drop, as a share of those said."""
    row = list(range(len(heard) + 1))
    for number, word in enumerate(said, 1):
        before, row[0] = row[0], number
        for place, other in enumerate(heard, 1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (word != other))
    return row[-1] / len(said)


def speak(text: str, voice: str) -> NDArray[np.float32]:
    """Speak one sentence as the embedded sender does."""
    provider = LocalProvider()
    line = Line(speaker="narrator", voice=Voice(id=voice), text=text, written=text)
    chunk = Chunk(index=0, section=0, lines=(line,), language="en", pause_ms=0, start=0, end=len(text))
    return limit_peaks(provider.say(provider.request(chunk, PLANNED), 0, text), RATE_HZ)


@pytest.mark.parametrize(
    ("heard", "rate"),
    [("the cat sat", 0.0), ("the cat", 1 / 3), ("a cat sat", 1 / 3), ("the big cat sat", 1 / 3), ("", 1.0)],
    ids=["all", "dropped", "changed", "added", "nothing"],
)
def test_the_measure(heard: str, rate: float) -> None:
    """The word error rate counts changes, additions and losses alike."""
    assert word_error_rate(words("The cat sat."), words(heard)) == pytest.approx(rate)


@pytest.mark.parametrize("voice", PITCHES)
@pytest.mark.parametrize("sentence", SENTENCES, ids=["first", "second"])
def test_a_voice_is_understood(voice: str, sentence: str) -> None:
    """Each voice is understood with less than one word in five wrong."""
    heard = hear(speak(sentence, voice))
    assert word_error_rate(words(sentence), heard) < 0.2, " ".join(heard)


def test_noise_is_not_understood() -> None:
    """As loud as speech and as long, noise gives no word that was said."""
    noise = np.random.default_rng(1).normal(0, 0.05, 5 * RATE_HZ).astype(np.float32)
    assert word_error_rate(words(SENTENCES[0]), hear(noise)) >= 1.0
