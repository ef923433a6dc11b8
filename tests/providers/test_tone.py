"""Tones instead of speech, and a server that is a function."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.plans import chunk_of
from tts_async.core.exchange import PLANNED, SpeechResponse
from tts_async.errors import AudioError, ConfigError
from tts_async.providers.base import EmbeddedProvider, ScriptedProvider
from tts_async.providers.tone import AMPLITUDE, MAX_CHARS, RATE_HZ, VOICES, ToneProvider, frequency_hz

PROVIDER = ToneProvider()
LINE = {"text": "Hi.", "voice": "tone"}


def samples_of(body: bytes) -> np.typing.NDArray[np.float64]:
    return np.frombuffer(body, "<i2") / 32768


def heard_hz(body: bytes) -> float:
    """The strongest frequency of a tone, to the hertz."""
    spectrum = np.abs(np.fft.rfft(samples_of(body), RATE_HZ))
    return float(np.argmax(spectrum))


def ask(text: str, voice: str = "tone", provider: ToneProvider = PROVIDER) -> SpeechResponse:
    request = provider.request(chunk_of((text, text), voice=voice), PLANNED)
    return provider.answer(request.path, request.body)


def test_it_is_a_provider_whose_server_is_a_function() -> None:
    """The account may put the function in the place of a network."""
    assert isinstance(PROVIDER, ScriptedProvider)
    assert not isinstance(PROVIDER, EmbeddedProvider)
    assert set(PROVIDER.capabilities.voices) == set(VOICES)


@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize("text", ["It rains.", "It rained all night.", "今天天气很好。" * 9])
def test_the_tone_says_which_text_it_was(text: str, voice: str) -> None:
    """Its frequency is the text's, times the voice's."""
    assert heard_hz(ask(text, voice).body) == pytest.approx(frequency_hz(text, voice), abs=1)


@given(st.text())
def test_frequencies_are_audible(text: str) -> None:
    """From 150 Hz to 6.6 kHz, in steps that a spectrum can tell apart."""
    assert 300 <= frequency_hz(text) <= 3_295
    assert frequency_hz(text) % 5 == 0
    assert all(150 <= frequency_hz(text, voice) <= 6_590 for voice in VOICES)


@settings(max_examples=30)
@given(st.text(min_size=1, max_size=80), st.floats(1e-3, 1))
def test_a_tone_is_as_long_as_its_text(text: str, s_per_char: float) -> None:
    """Every character sounds for the same time, at the same level, and is billed."""
    answer = ask(text, provider=ToneProvider(s_per_char=s_per_char))
    assert answer.status == 200
    samples = samples_of(answer.body)
    assert abs(len(samples) - len(text) * s_per_char * RATE_HZ) <= 0.5 + 1e-6
    assert np.abs(samples).max(initial=0) <= AMPLITUDE
    assert answer.headers["character-cost"] == str(len(text))


def test_a_dialogue_is_a_tone_a_line() -> None:
    """One behind the other, each in its speaker's voice."""
    lines = [{"text": "a" * 20, "voice": "tone"}, {"text": "b" * 20, "voice": "tone-high"}]
    answer = PROVIDER.answer("/speak", {"lines": lines, "s_per_char": 0.05})
    half = len(answer.body) // 2
    assert heard_hz(answer.body[:half]) == pytest.approx(frequency_hz("a" * 20), abs=1)
    assert heard_hz(answer.body[half:]) == pytest.approx(frequency_hz("b" * 20, "tone-high"), abs=1)
    assert answer.headers["character-cost"] == "40"


BAD: Mapping[str, tuple[str, Mapping[str, object], str]] = {
    "another path": ("/v1/speak", {"lines": [LINE], "s_per_char": 0.1}, "send lines to /speak"),
    "nothing": ("/speak", {}, "send lines to /speak"),
    "no lines": ("/speak", {"lines": [], "s_per_char": 0.1}, "send lines to /speak"),
    "lines are text": ("/speak", {"lines": "Hi.", "s_per_char": 0.1}, "send lines to /speak"),
    "a line is text": ("/speak", {"lines": ["Hi."], "s_per_char": 0.1}, "a line is a text and a voice"),
    "no text": ("/speak", {"lines": [{"voice": "tone"}], "s_per_char": 0.1}, "a line is a text and a voice"),
    "empty text": ("/speak", {"lines": [LINE | {"text": ""}], "s_per_char": 0.1}, "a line is a text and a voice"),
    "number as text": ("/speak", {"lines": [LINE | {"text": 5}], "s_per_char": 0.1}, "a line is a text and a voice"),
    "unknown voice": ("/speak", {"lines": [LINE | {"voice": "x"}], "s_per_char": 0.1}, "tone, tone-low, tone-high"),
    "list as voice": ("/speak", {"lines": [LINE | {"voice": []}], "s_per_char": 0.1}, "a line is a text and a voice"),
    "too much text": (
        "/speak",
        {"lines": [LINE | {"text": "a" * MAX_CHARS}, LINE], "s_per_char": 0.1},
        "send at most 5000 characters",
    ),
    **{
        f"{value!r} seconds a character": ("/speak", {"lines": [LINE], "s_per_char": value}, "s_per_char is over 0")
        for value in (None, "0.1", True, 0, -1, 1.1, 1e9, 10**400, math.inf, math.nan)
    },
}


@pytest.mark.parametrize(("path", "body", "detail"), BAD.values(), ids=[name[:40] for name in BAD])
def test_a_bad_request_is_refused(path: str, body: Mapping[str, object], detail: str) -> None:
    """The server says what is wrong with it, and makes no sound, however much was asked for."""
    answer = PROVIDER.answer(path, body)
    assert answer.status == 422
    assert detail in json.loads(answer.body)["detail"]


@pytest.mark.parametrize("s_per_char", [0, -0.1, 1.01, 1e9, math.inf, math.nan])
def test_no_request_can_ask_for_an_endless_tone(s_per_char: float) -> None:
    """A provider that would is not made."""
    with pytest.raises(ConfigError, match="s_per_char cannot be"):
        ToneProvider(s_per_char=s_per_char)


@pytest.mark.parametrize(
    ("cost", "billed"),
    [("12", 12), ("", None), ("-3", None), ("1.5", None), ("9" * 9_000, None), ("²", None)],
    ids=repr,
)
def test_what_is_billed_is_read_carefully(cost: str, billed: int | None) -> None:
    """A header that is no number of characters is as if it were not there."""
    headers = {"character-cost": cost[:10_000], "request-id": "r1"}
    clip = PROVIDER.clip(chunk_of(("Hi.", "Hi.")), SpeechResponse(status=200, headers=headers, body=b"\0\0"))
    assert (clip.billed_chars, clip.request_id, clip.rate_hz) == (billed, "r1", RATE_HZ)


def test_an_empty_tone_is_no_audio() -> None:
    """It was paid for, and is asked for again."""
    with pytest.raises(AudioError, match="empty"):
        PROVIDER.clip(chunk_of(("Hi.", "Hi.")), SpeechResponse(status=200, headers={}, body=b""))
