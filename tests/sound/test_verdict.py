"""What is heard of a clip whatever its text, and what of that is wrong."""

from __future__ import annotations

import random
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from tests.core.plans import chunk_of
from tts_async.core.exchange import PLANNED, Clip, Encoding
from tts_async.engine.decode import decode
from tts_async.errors import AudioError
from tts_async.providers.local import LocalProvider
from tts_async.providers.tone import ToneProvider
from tts_async.sound.level import limit_peaks
from tts_async.sound.verdict import FLOOR_DB, Heard, flaw, hear
from tts_async.testing.fake.formats import ELEVENLABS, OPENAI, Format
from tts_async.testing.fake.tones import speak

Samples = NDArray[np.float32]

RATE_HZ = 24_000
FORMATS = {**ELEVENLABS, **OPENAI}
HEADERLESS: Mapping[str, Encoding] = {"pcm": "pcm_s16le", "ulaw": "ulaw", "alaw": "alaw"}
FULL_VOICE = "ends in full voice, as if it had been cut"


def tone(seconds: float, *, peak: float = 0.3) -> Samples:
    """A tone of the fake's, which rises and falls within 10 ms."""
    sound = speak(["It rains."], rate_hz=RATE_HZ, s_per_char=seconds / 9, dice=random.Random(1))
    return (sound.samples * np.float32(peak / 0.3)).astype(np.float32)


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE_HZ), np.float32)


def noise(seconds: float) -> Samples:
    samples = np.random.default_rng(1).normal(0, 0.05, round(seconds * RATE_HZ))
    samples[-1200:] *= np.linspace(1, 0, 1200)
    return samples.astype(np.float32)


def around(*parts: Samples) -> Samples:
    return np.concatenate(parts)


def test_the_facts_of_a_tone() -> None:
    """Length, sound without its pause, level of a sine, and the silence behind it."""
    heard = hear(around(silence(0.5), tone(1), silence(0.3), tone(1), silence(0.25)), RATE_HZ)
    assert heard.duration_s == pytest.approx(3.05)
    assert heard.speech_s == pytest.approx(2.0, abs=0.04)
    assert heard.level_db == pytest.approx(20 * np.log10(0.3 / np.sqrt(2)), abs=0.2)
    assert heard.trail_s == pytest.approx(0.25, abs=0.015)
    assert heard.silent_share == 0
    assert heard.tonal_share > 0.99


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 44_100, 48_000])
def test_times_are_right_at_every_rate(rate_hz: int) -> None:
    """Where 10 ms are no whole number of samples, too."""
    sound = speak(["a" * 500], rate_hz=rate_hz, s_per_char=0.06, dice=random.Random(1))
    heard = hear(sound.samples, rate_hz)
    assert heard.duration_s == pytest.approx(30, abs=0.001)
    assert heard.speech_s == pytest.approx(30, abs=0.03)


@pytest.mark.parametrize("gain", [0.1, 0.5, 3.0])
def test_loudness_changes_nothing_but_the_level(gain: float) -> None:
    """A quiet voice is heard as a loud one is."""
    samples = around(tone(1), silence(3), tone(0.5, peak=0.1))
    usual, other = hear(samples, RATE_HZ), hear(samples * np.float32(gain), RATE_HZ)
    assert other.level_db - usual.level_db == pytest.approx(20 * np.log10(gain), abs=0.01)
    assert (other.speech_s, other.silent_share, other.trail_s) == (usual.speech_s, usual.silent_share, usual.trail_s)
    assert other.tail_db == pytest.approx(usual.tail_db, abs=0.01)


def test_the_level_is_that_of_all_speech() -> None:
    """Soft syllables count, as far as 20 dB down; pauses do not."""
    heard = hear(around(tone(1), silence(1), tone(1, peak=0.1)), RATE_HZ)
    assert heard.level_db == pytest.approx(10 * np.log10((0.3**2 + 0.1**2) / 4), abs=0.2)


def test_hiss_behind_a_voice_is_no_speech() -> None:
    """What is 30 dB softer than the voice is silence beside it."""
    heard = hear(around(tone(1), noise(3) * np.float32(0.06)), RATE_HZ)
    assert heard.level_db > -20
    assert heard.speech_s == pytest.approx(1, abs=0.02)
    assert heard.silent_share == pytest.approx(0.75, abs=0.01)


GOOD = {
    "a tone": tone(4),
    "a tenth of a second": tone(0.1),
    "a pause": around(tone(1), silence(1.9), tone(1)),
    "a long pause, but not most of it": around(tone(4), silence(3), tone(1)),
    "silence before and after": around(silence(1.5), tone(0.4), silence(1.9)),
    "a short hiss": noise(1.0),
    "quiet": tone(3, peak=0.01),
    "far over full scale": tone(3, peak=50),
}


@pytest.mark.parametrize("samples", GOOD.values(), ids=GOOD)
def test_nothing_is_wrong(samples: Samples) -> None:
    """What could be speech is not complained about."""
    assert flaw(hear(samples, RATE_HZ)) == ""


BAD = {
    "nothing": (silence(0), "is silent for all of its 0.0 s"),
    "zeros": (silence(4.1), "is silent for all of its 4.1 s"),
    "dither": (noise(2) * np.float32(0.001), "is silent for all of its 2.0 s"),
    "a word and silence": (around(tone(0.5), silence(5.75)), "is silent for 92 % of its 6.2 s"),
    "silence and a word": (around(silence(5.75), tone(0.5)), "is silent for 92 % of its 6.2 s"),
    "silence with a click": (
        around(silence(3), np.ones(1, np.float32), silence(3)),
        "is silent for 100 % of its 6.0 s",
    ),
    "from the middle": (around(tone(3), silence(3.1)), "is silent for 51 % of its 6.1 s"),
    "noise": (noise(3), "is steady noise for 3.0 s"),
    "cut": (tone(4)[: 3 * RATE_HZ], FULL_VOICE),
    "cut, very short": (tone(0.2)[: RATE_HZ // 10], FULL_VOICE),
    "one sample": (np.ones(1, np.float32), FULL_VOICE),
}


@pytest.mark.parametrize(("samples", "why"), BAD.values(), ids=BAD)
def test_what_is_wrong(samples: Samples, why: str) -> None:
    """The words go on where "the audio" has begun."""
    assert flaw(hear(samples, RATE_HZ)) == why


@given(
    samples=arrays(
        np.float32, st.integers(0, 3_000), elements=st.floats(width=32, allow_nan=False, allow_infinity=False)
    ),
    rate_hz=st.sampled_from([50, 8_000, 44_100]),
)
def test_anything_can_be_heard(samples: Samples, rate_hz: int) -> None:
    """Whatever numbers came out of a decoder, the facts are numbers, and in their ranges."""
    heard = hear(samples, rate_hz)
    assert all(np.isfinite(getattr(heard, name)) for name in Heard.__slots__)
    assert 0 <= heard.silent_share <= 1
    assert 0 <= heard.speech_s <= heard.duration_s + 1e-9
    assert 0 <= heard.trail_s <= heard.duration_s
    assert 0 <= heard.tonal_share <= 1 + 1e-6
    assert (heard.level_db == FLOOR_DB) or heard.speech_s > 0
    assert isinstance(flaw(heard), str)


async def from_file(form: Format, body: bytes) -> Heard:
    clip = Clip(audio=body, encoding=HEADERLESS.get(form.container, "file"), rate_hz=form.rate_hz)
    return hear(*await decode(clip))


TEXTS = {
    "one letter": ["a"],
    "a line": ["It rains."],
    "long": ["word " * 40],
    "a dialogue": ["Hello there.", "It rains."],
}


@pytest.mark.parametrize("texts", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("name", FORMATS)
async def test_the_fake_is_heard_well(name: str, texts: list[str]) -> None:
    """What it says is good in all of its formats; half of the bytes are no audio, end in full voice, or are too short."""
    form = FORMATS[name]
    for seed in range(3):
        sound = speak(texts, rate_hz=form.rate_hz, s_per_char=0.06, dice=random.Random(seed))
        body = form.encode(sound.samples)
        whole = await from_file(form, body)
        assert flaw(whole) == ""
        assert whole.speech_s == pytest.approx(sum(sound.lengths_s), abs=0.06)
        try:
            half = await from_file(form, body[: len(body) // 2])
        except AudioError:
            continue
        assert flaw(half) or half.speech_s < 0.6 * whole.speech_s


@pytest.mark.parametrize("voice", ["tone", "tone-low", "tone-high"])
@pytest.mark.parametrize("text", ["a", "It rains.", "word " * 40])
def test_tones_end(text: str, voice: str) -> None:
    """The provider for tests is heard well, and half of what it says is not."""
    provider = ToneProvider()
    request = provider.request(chunk_of((text, text), voice=voice), PLANNED)
    body = provider.answer(request.path, request.body).body
    samples = np.frombuffer(body, "<i2").astype(np.float32) / np.float32(32768)
    assert flaw(hear(samples, RATE_HZ)) == ""
    assert flaw(hear(samples[: len(samples) // 2], RATE_HZ)) == FULL_VOICE


class TestVoices:
    """The embedded engine's voices."""

    def say(self, text: str, voice: str) -> Samples:
        """Speak one sentence as its sender does."""
        pytest.importorskip("hibari", reason="the extra 'local' is not installed")
        provider = LocalProvider()
        request = provider.request(chunk_of((text, text), voice=voice), PLANNED)
        return limit_peaks(provider.say(request, 0, text), RATE_HZ)

    @pytest.mark.parametrize("voice", ["heart", "heart-deep", "heart-bright"])
    @pytest.mark.parametrize("text", ["Hm.", "No!", "8:15", "Who would have thought it?", "A, B, C."])
    def test_a_good_clip(self, text: str, voice: str) -> None:
        """Speech is neither noise nor silence, and ends."""
        heard = hear(self.say(text, voice), RATE_HZ)
        assert flaw(heard) == ""
        assert heard.tail_db < -30

    @pytest.mark.parametrize("voice", ["heart", "heart-deep", "heart-bright"])
    def test_a_cut_in_a_vowel(self, voice: str) -> None:
        """Where the voice is loud, the cut is heard."""
        samples = self.say("You, me, them: everyone.", voice)
        loudest = int(np.argmax(np.convolve(np.square(samples), np.ones(2_400), "valid"))) + 1_200
        assert flaw(hear(samples[:loudest], RATE_HZ)) == FULL_VOICE
