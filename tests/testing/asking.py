"""What the tests of the fake share: how to ask it, and how to listen to what it says."""

from __future__ import annotations

import io
from collections.abc import Mapping

import httpx
import numpy as np
import soundfile

from tests.engine.fakes import heard_hz
from tts_async.providers.tone import frequency_hz
from tts_async.testing.fake import FakeSpeech
from tts_async.testing.fake.formats import Format

RACHEL, SARAH, GEORGE = "21m00Tcm4TlvDq8ikWAM", "EXAVITQu4vr4xnSDxMaL", "JBFqnCBsd6RMkjVDRZzb"
SPEECH = f"/v1/text-to-speech/{RACHEL}"
KEY = {"xi-api-key": "secret"}
BEARER = {"authorization": "Bearer secret"}
PCM = "pcm_16000"


async def speak(
    fake: FakeSpeech,
    text: str = "Hello there.",
    *,
    path: str = SPEECH,
    output: str = PCM,
    key: str = "secret",
    **body: object,
) -> httpx.Response:
    """Ask ElevenLabs for one text and read all of the answer."""
    async with fake.client("http://fake") as client:
        params = {"output_format": output}
        return await client.post(path, params=params, headers={"xi-api-key": key}, json={"text": text, **body})


async def dialogue(
    fake: FakeSpeech, *lines: tuple[str, str], path: str = "/v1/text-to-dialogue", output: str = PCM, **body: object
) -> httpx.Response:
    """Ask ElevenLabs for lines of voice and text."""
    inputs = [{"voice_id": voice, "text": text} for voice, text in lines]
    async with fake.client("http://fake") as client:
        return await client.post(path, params={"output_format": output}, headers=KEY, json={"inputs": inputs, **body})


async def say(fake: FakeSpeech, text: str = "Hello there.", **body: object) -> httpx.Response:
    """Ask OpenAI for one text."""
    asked = {"model": "gpt-4o-mini-tts", "voice": "alloy", "response_format": "pcm", "input": text, **body}
    async with fake.client("http://fake") as client:
        return await client.post("/v1/audio/speech", headers=BEARER, json=asked)


async def get(fake: FakeSpeech, path: str, headers: Mapping[str, str] = KEY, /, **params: str) -> httpx.Response:
    """Ask for something that is no speech."""
    async with fake.client("http://fake") as client:
        return await client.get(path, headers=headers, params=params)


HEADERLESS = {"pcm": "PCM_16", "ulaw": "ULAW", "alaw": "ALAW"}


def decoded(audio: bytes, asked: Format) -> np.ndarray:
    """Samples of what came, by libsndfile."""
    file = io.BytesIO(audio)
    if subtype := HEADERLESS.get(asked.container):
        samples, _ = soundfile.read(file, samplerate=asked.rate_hz, channels=1, format="RAW", subtype=subtype)
    else:
        samples, rate_hz = soundfile.read(file)
        assert rate_hz == asked.rate_hz
    assert isinstance(samples, np.ndarray)
    return samples


def is_heard(text: str, samples: np.ndarray, rate_hz: int) -> bool:
    """Whether the tone of a text is what sounds strongest."""
    return abs(heard_hz(samples, rate_hz) - frequency_hz(text)) < 4
