"""The fake answers and refuses as OpenAI does."""

from __future__ import annotations

import re

import pytest

from tests.testing.asking import BEARER, KEY, get, say
from tts_async.testing.fake import Behaviour, FakeSpeech
from tts_async.testing.fake.openai import MODELS, VOICES


async def test_an_answer_tells_how_it_is_called() -> None:
    """Request id and time taken, and no length, for it is streamed."""
    answer = await say(FakeSpeech(), response_format="mp3")
    assert re.fullmatch("req_[0-9a-f]{32}", answer.headers["x-request-id"])
    assert answer.headers["content-type"] == "audio/mpeg"
    assert answer.headers["openai-processing-ms"] == "0"
    assert "content-length" not in answer.headers


@pytest.mark.parametrize("headers", [{}, KEY, {"authorization": "Basic k"}], ids=["none", "elevenlabs'", "basic"])
async def test_without_a_key_nothing_is_said(headers: dict[str, str]) -> None:
    """A bearer's key is needed; any will do."""
    async with FakeSpeech().client("http://fake") as client:
        answer = await client.post("/v1/audio/speech", headers=headers, json={})
    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "invalid_request_error"


MISTAKES: dict[str, tuple[dict[str, object], int, str | None, str | None]] = {
    "unknown model": ({"model": "tts-9"}, 404, None, "model_not_found"),
    "unknown voice": ({"voice": "rachel"}, 400, "voice", None),
    "unknown format": ({"response_format": "ogg"}, 400, "response_format", None),
    "unknown field": ({"pitch": 2}, 400, "pitch", "unknown_parameter"),
    "unknown stream": ({"stream_format": "lines"}, 400, "stream_format", None),
    "too slow": ({"speed": 0.2}, 400, "speed", None),
    "too fast": ({"speed": 4.1}, 400, "speed", None),
    "no text": ({"input": None}, 400, "input", None),
    "events of an old model": ({"model": "tts-1", "stream_format": "sse"}, 400, None, None),
}


@pytest.mark.parametrize(("body", "status", "param", "code"), MISTAKES.values(), ids=MISTAKES)
async def test_mistakes_are_refused_in_its_words(
    body: dict[str, object], status: int, param: str | None, code: str | None
) -> None:
    """The field and the name of what is wrong; nothing is billed."""
    fake = FakeSpeech()
    answer = await say(fake, **body)  # type: ignore[arg-type]
    told = answer.json()["error"]
    assert (answer.status_code, told["param"], told["code"]) == (status, param, code)
    assert told["type"] == "invalid_request_error"
    assert fake.bill.requests == 0


async def test_a_text_that_is_too_long() -> None:
    """4096 characters are spoken; one more is refused as it was captured from the real one."""
    fake = FakeSpeech(Behaviour(s_per_char=0.0001))
    most, more = [await say(fake, "a" * chars) for chars in (4096, 4097)]
    assert most.status_code == 200
    assert more.status_code == 400
    assert more.json()["error"] == {
        "message": "[{'type': 'string_too_long', 'loc': ('body', 'input'), "
        "'msg': 'String should have at most 4096 characters', 'ctx': {'max_length': 4096}}]",
        "type": "invalid_request_error",
        "param": None,
        "code": None,
    }


async def test_a_body_that_is_none() -> None:
    """A sentence, not a list."""
    async with FakeSpeech().client("http://fake") as client:
        answer = await client.post("/v1/audio/speech", headers=BEARER, content=b"{")
    assert answer.status_code == 400
    assert "could not parse" in answer.json()["error"]["message"]


async def test_aac_has_no_encoder_here() -> None:
    """And the fake says that it is the fake that has none."""
    answer = await say(FakeSpeech(), response_format="aac")
    assert answer.status_code == 400
    assert "This fake has no encoder" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "body",
    [{"voice": {"id": "voice_1234"}}, {"instructions": "Whisper.", "model": "tts-1"}, {"instructions": "Whisper."}],
    ids=["own voice", "instructions to the deaf", "instructions"],
)
async def test_what_is_taken(body: dict[str, object]) -> None:
    """Voices of one's own, and instructions, which are free."""
    fake = FakeSpeech()
    assert (await say(fake, "Hello.", **body)).status_code == 200
    assert fake.bill.characters == 6


@pytest.mark.parametrize("speed", [0.5, 2.0])
async def test_speed_changes_the_length(speed: float) -> None:
    """Twice the speed, half the length."""
    answer = await say(FakeSpeech(), "a" * 50, speed=speed)
    assert len(answer.content) / 2 / 24_000 == pytest.approx(0.06 * 50 / speed)


async def test_models_and_voices_are_listed() -> None:
    """The models in OpenAI's form, told apart from ElevenLabs' by the key's header; the voices as Kokoro-FastAPI has it."""
    fake = FakeSpeech()
    told = (await get(fake, "/v1/models", BEARER)).json()
    assert told["object"] == "list"
    assert [model["id"] for model in told["data"]] == list(MODELS)
    assert isinstance((await get(fake, "/v1/models", KEY)).json(), list)
    assert (await get(fake, "/v1/models/tts-1", BEARER)).json()["id"] == "tts-1"
    assert (await get(fake, "/v1/models/tts-9", BEARER)).status_code == 404
    assert (await get(fake, "/v1/audio/voices", BEARER)).json() == {"voices": list(VOICES)}
    assert (await get(fake, "/v1/audio/nothing", BEARER)).json()["error"]["message"].startswith("Invalid URL")
