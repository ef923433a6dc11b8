"""The official Python SDK of OpenAI works against the fake as it is: it is the judge of the dialect."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from tests.testing.asking import decoded, is_heard
from tts_async.testing.fake import Behaviour, FakeSpeech, Fault, Window
from tts_async.testing.fake.formats import OPENAI
from tts_async.testing.fake.openai import MODELS
from tts_async.testing.fake.serve import serving

pytestmark = pytest.mark.real_time
if TYPE_CHECKING:
    import openai
else:
    openai = pytest.importorskip("openai", reason="the SDK of OpenAI is not installed")

TEXT = "A sentence that lasts a while."
MODEL = "gpt-4o-mini-tts"


@pytest.fixture
async def client(fake_openai: FakeSpeech) -> AsyncIterator[openai.AsyncOpenAI]:
    """A client with the key of the environment, which tries once."""
    async with serving(fake_openai) as url, openai.AsyncOpenAI(base_url=f"{url}/v1", max_retries=0) as client:
        yield client


@pytest.mark.parametrize("output", ["mp3", "opus", "flac", "wav", "pcm"])
async def test_speech(client: openai.AsyncOpenAI, output: str) -> None:
    """Bytes that decode to the tone of the text."""
    answer = await client.audio.speech.create(input=TEXT, model=MODEL, voice="coral", response_format=output)  # type: ignore[arg-type]
    assert is_heard(TEXT, decoded(answer.content, OPENAI[output]), 24_000)


async def test_streamed_speech(client: openai.AsyncOpenAI, fake_openai: FakeSpeech) -> None:
    """Pieces that make the whole, and the SDK's own user agent in the books."""
    ask = client.audio.speech.with_streaming_response
    async with ask.create(input=TEXT, model=MODEL, voice="alloy", response_format="pcm", speed=2.0) as answer:
        pieces = [piece async for piece in answer.iter_bytes()]
    assert len(b"".join(pieces)) == round(0.03 * len(TEXT) * 24_000) * 2
    assert answer.headers["x-request-id"].startswith("req_")
    [request] = fake_openai.requests
    assert "OpenAI" in request.headers["user-agent"]
    assert "authorization" not in request.headers


async def test_speech_as_events(client: openai.AsyncOpenAI) -> None:
    """The events parse line by line."""
    ask = client.audio.speech.with_streaming_response
    async with ask.create(input=TEXT, model=MODEL, voice="alloy", response_format="pcm", stream_format="sse") as answer:
        lines = [line async for line in answer.iter_lines() if line]
    assert all(line.startswith("data: {") for line in lines)
    assert "speech.audio.done" in lines[-1]


async def test_models(client: openai.AsyncOpenAI) -> None:
    """As the SDK's own values."""
    models = [model async for model in client.models.list()]
    assert [model.id for model in models] == list(MODELS)
    assert (await client.models.retrieve("tts-1")).object == "model"


MISTAKES: dict[str, tuple[dict[str, object], str, int, str | None]] = {
    "voice": ({"voice": "rachel"}, "BadRequestError", 400, None),
    "model": ({"model": "tts-9"}, "NotFoundError", 404, "model_not_found"),
    "too long": ({"input": "a" * 4097}, "BadRequestError", 400, None),
    "too fast": ({"speed": 9.0}, "BadRequestError", 400, None),
}
KINDS: dict[str, tuple[str, int, str | None]] = {
    "invalid_api_key": ("AuthenticationError", 401, "invalid_api_key"),
    "quota_exceeded": ("RateLimitError", 429, "insufficient_quota"),
    "rate_limit_exceeded": ("RateLimitError", 429, "rate_limit_exceeded"),
    "feature_not_available": ("PermissionDeniedError", 403, "unsupported_model"),
    "already_running": ("ConflictError", 409, "already_running"),
    "unprocessable": ("UnprocessableEntityError", 422, None),
    "internal_error": ("InternalServerError", 500, None),
    "bad_gateway": ("InternalServerError", 502, None),
}


async def failure(client: openai.AsyncOpenAI, **asked: object) -> openai.APIStatusError:
    with pytest.raises(openai.APIStatusError) as raised:
        await client.audio.speech.create(**{"input": TEXT, "model": MODEL, "voice": "alloy", **asked})  # type: ignore[arg-type]
    return raised.value


@pytest.mark.parametrize(("asked", "name", "status", "code"), MISTAKES.values(), ids=MISTAKES)
async def test_mistakes(
    client: openai.AsyncOpenAI, asked: dict[str, object], name: str, status: int, code: str | None
) -> None:
    """The SDK raises what it has for them, with the code in it."""
    error = await failure(client, **asked)
    assert (type(error).__name__, error.status_code, error.code) == (name, status, code)
    assert error.type == "invalid_request_error"


@pytest.mark.parametrize(("kind", "raises"), KINDS.items(), ids=KINDS)
async def test_faults(
    client: openai.AsyncOpenAI, fake_openai: FakeSpeech, kind: str, raises: tuple[str, int, str | None]
) -> None:
    """Of each its own exception."""
    fake_openai.behaviour = Behaviour(faults=(Fault(kind=kind),))
    error = await failure(client)
    assert (type(error).__name__, error.status_code, error.code) == raises


async def test_the_sdk_waits_as_long_as_it_is_told(fake_openai: FakeSpeech) -> None:
    """A refusal that says when to come back is repeated then, and no sooner."""
    fake_openai.behaviour = Behaviour(windows=(Window(requests=1, per_s=0.5, dialect="retry-after-ms"),), refusal_s=0)
    async with serving(fake_openai) as url, openai.AsyncOpenAI(base_url=f"{url}/v1", max_retries=1) as client:
        for _ in range(2):
            await client.audio.speech.create(input=TEXT, model=MODEL, voice="alloy")
    assert [request.status for request in fake_openai.requests] == [200, 429, 200]
    assert fake_openai.requests[2].at_s == pytest.approx(0.5, abs=0.2)
    assert fake_openai.bill.requests == 2


async def test_a_connection_that_breaks(client: openai.AsyncOpenAI, fake_openai: FakeSpeech) -> None:
    """Is an error of the connection."""
    fake_openai.behaviour = Behaviour(faults=(Fault(kind="cut"),))
    with pytest.raises(openai.APIConnectionError):
        await client.audio.speech.create(input=TEXT, model=MODEL, voice="alloy")
