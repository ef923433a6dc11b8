"""The official Python SDK of ElevenLabs works against the fake as it is: it is the judge of the dialect."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.testing.asking import GEORGE, RACHEL, decoded, is_heard
from tts_async.testing.fake import Behaviour, FakeSpeech, Fault, Latency
from tts_async.testing.fake.elevenlabs_catalogue import MODELS, VOICES
from tts_async.testing.fake.formats import ELEVENLABS
from tts_async.testing.fake.serve import serving

pytestmark = pytest.mark.real_time
if TYPE_CHECKING:
    import elevenlabs
    from elevenlabs.client import AsyncElevenLabs
    from elevenlabs.core.api_error import ApiError
else:
    elevenlabs = pytest.importorskip("elevenlabs", reason="the SDK of ElevenLabs is not installed")
    AsyncElevenLabs = pytest.importorskip("elevenlabs.client").AsyncElevenLabs
    ApiError = pytest.importorskip("elevenlabs.core.api_error").ApiError

TEXT = "A sentence that lasts a while."
LINES = ((RACHEL, "Good morning to you."), (GEORGE, "And a good morning to you."))


@pytest.fixture
async def url(fake_elevenlabs: FakeSpeech) -> AsyncIterator[str]:
    async with serving(fake_elevenlabs) as url:
        yield url


@pytest.fixture
async def client(url: str) -> AsyncIterator[AsyncElevenLabs]:
    """A client; the SDK reads the environment's key when it is imported, which is too early."""
    async with httpx.AsyncClient() as http:
        yield AsyncElevenLabs(api_key=os.environ["ELEVENLABS_API_KEY"], base_url=url, httpx_client=http)


async def joined(pieces: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in pieces])


@pytest.mark.parametrize("output", ["mp3_44100_128", "pcm_24000", "opus_48000_64", "ulaw_8000"])
@pytest.mark.parametrize("how", ["convert", "stream"])
async def test_speech(client: AsyncElevenLabs, how: str, output: str) -> None:
    """Bytes that decode to the tone of the text."""
    ask = getattr(client.text_to_speech, how)
    audio = await joined(ask(RACHEL, text=TEXT, output_format=output, model_id="eleven_flash_v2_5"))
    assert is_heard(TEXT, decoded(audio, ELEVENLABS[output]), ELEVENLABS[output].rate_hz)


async def test_the_headers_of_speech(client: AsyncElevenLabs) -> None:
    """The SDK hands them over."""
    async with client.text_to_speech.with_raw_response.convert(RACHEL, text=TEXT) as answer:
        audio = await joined(answer.data)
    assert answer.headers["character-cost"] == str(len(TEXT))
    assert len(audio) == int(answer.headers["content-length"])


async def test_speech_with_timestamps(client: AsyncElevenLabs, fake_elevenlabs: FakeSpeech) -> None:
    """The model of the answer is filled."""
    answer = await client.text_to_speech.convert_with_timestamps(RACHEL, text=TEXT, output_format="pcm_16000")
    [item] = fake_elevenlabs.history.values()
    assert base64.b64decode(answer.audio_base_64) == item.audio
    assert answer.alignment
    assert "".join(answer.alignment.characters) == TEXT
    assert answer.alignment.character_end_times_seconds[-1] == pytest.approx(len(item.audio) / 32_000)


async def test_streamed_speech_with_timestamps(client: AsyncElevenLabs, fake_elevenlabs: FakeSpeech) -> None:
    """Every line is understood: the SDK would pass over one that is not."""
    pieces = [piece async for piece in client.text_to_speech.stream_with_timestamps(RACHEL, text=TEXT)]
    [item] = fake_elevenlabs.history.values()
    assert len(pieces) > 1
    assert b"".join(base64.b64decode(piece.audio_base_64) for piece in pieces) == item.audio
    assert "".join("".join(piece.alignment.characters) for piece in pieces if piece.alignment) == TEXT


@pytest.mark.parametrize("how", ["convert", "stream"])
async def test_dialogue(client: AsyncElevenLabs, fake_elevenlabs: FakeSpeech, how: str) -> None:
    """Inputs are the SDK's own values."""
    inputs = [elevenlabs.DialogueInput(text=text, voice_id=voice) for voice, text in LINES]
    audio = await joined(getattr(client.text_to_dialogue, how)(inputs=inputs))
    [item] = fake_elevenlabs.history.values()
    assert audio == item.audio
    assert item.order.texts == tuple(text for _, text in LINES)


async def test_dialogue_with_timestamps(client: AsyncElevenLabs) -> None:
    """Whole and streamed, the segments say who speaks."""
    inputs = [elevenlabs.DialogueInput(text=text, voice_id=voice) for voice, text in LINES]
    whole = await client.text_to_dialogue.convert_with_timestamps(inputs=inputs)
    pieces = [piece async for piece in client.text_to_dialogue.stream_with_timestamps(inputs=inputs)]
    assert [segment.voice_id for segment in whole.voice_segments] == [RACHEL, GEORGE]
    segments = [segment for piece in pieces for segment in piece.voice_segments]
    assert {segment.voice_id for segment in segments} == {RACHEL, GEORGE}
    assert segments[-1].end_time_seconds == whole.voice_segments[-1].end_time_seconds


async def test_what_there_is(client: AsyncElevenLabs) -> None:
    """Models, voices and the plan, as the SDK's own values."""
    models = await client.models.list()
    assert {model.model_id: model.maximum_text_length_per_request for model in models} == {
        name: model.max_chars for name, model in MODELS.items()
    }
    found = await client.voices.search(search="george")
    assert ([voice.name for voice in found.voices], found.has_more, found.total_count) == (["George"], False, 1)
    page = await client.voices.search(page_size=20)
    rest = await client.voices.search(page_size=20, next_page_token=page.next_page_token)
    assert [voice.voice_id for voice in [*page.voices, *rest.voices]] == list(VOICES)
    assert (await client.voices.get(GEORGE)).labels["accent"] == "british"
    assert (await client.user.subscription.get()).status == "active"
    assert (await client.user.get()).subscription.character_count == 0


async def test_the_history(client: AsyncElevenLabs) -> None:
    """What was said can be found and heard again."""
    audio = await joined(client.text_to_speech.convert(RACHEL, text=TEXT))
    told = await client.history.list(page_size=10, voice_id=RACHEL)
    [item] = told.history
    assert (item.text, item.voice_name, told.has_more) == (TEXT, "Rachel", False)
    assert await joined(client.history.get_audio(item.history_item_id)) == audio
    assert (await client.history.get(item.history_item_id)).request_id == item.request_id


MISTAKES: dict[str, tuple[dict[str, object], int, str]] = {
    "voice": ({"voice_id": "nobody"}, 404, "voice_not_found"),
    "model": ({"model_id": "eleven_v9"}, 400, "model_not_found"),
    "context": ({"model_id": "eleven_v3", "previous_text": "Well."}, 400, "unsupported_model"),
    "format": ({"output_format": "mp3_1_1"}, 422, "enum"),
}


@pytest.mark.parametrize(("asked", "status", "code"), MISTAKES.values(), ids=MISTAKES)
async def test_mistakes(client: AsyncElevenLabs, asked: dict[str, object], status: int, code: str) -> None:
    """The SDK raises its error, of a class of its own for 422, with the body in it."""
    with pytest.raises(ApiError) as raised:
        await joined(client.text_to_speech.convert(**{"voice_id": RACHEL, "text": TEXT, **asked}))
    assert raised.value.status_code == status
    assert isinstance(raised.value, elevenlabs.UnprocessableEntityError) == (status == 422)
    assert code in str(raised.value.body)


KINDS = {
    "invalid_api_key": 401,
    "quota_exceeded": 401,
    "feature_not_available": 403,
    "already_running": 409,
    "concurrent_limit_exceeded": 429,
    "rate_limit_exceeded": 429,
    "system_busy": 429,
    "internal_error": 500,
}


@pytest.mark.parametrize(("kind", "status"), KINDS.items(), ids=KINDS)
async def test_faults(client: AsyncElevenLabs, fake_elevenlabs: FakeSpeech, kind: str, status: int) -> None:
    """The SDK does not repeat a request for speech, so one fault is one error."""
    fake_elevenlabs.behaviour = Behaviour(faults=(Fault(kind=kind),))
    with pytest.raises(ApiError) as raised:
        await joined(client.text_to_speech.convert(RACHEL, text=TEXT))
    assert raised.value.status_code == status
    detail = raised.value.body["detail"]
    assert kind in {detail.get("code"), detail["status"]}
    assert len(fake_elevenlabs.requests) == 1


async def test_faults_are_for_speech_only(client: AsyncElevenLabs, fake_elevenlabs: FakeSpeech) -> None:
    """What is no speech is answered all the same."""
    fake_elevenlabs.behaviour = Behaviour(faults=(Fault(kind="internal_error"),))
    assert (await client.user.subscription.get()).character_count == 0


async def test_one_too_many(client: AsyncElevenLabs, fake_elevenlabs: FakeSpeech) -> None:
    """Of three at once, where two may be, one is refused, with the number in the words."""
    fake_elevenlabs.behaviour = Behaviour(concurrency=2, latency=Latency(first_s=0.3))
    asked = (joined(client.text_to_speech.convert(RACHEL, text=f"{TEXT} {number}")) for number in range(3))
    answers = await asyncio.gather(*asked, return_exceptions=True)
    [refused] = [answer for answer in answers if isinstance(answer, BaseException)]
    assert isinstance(refused, ApiError)
    assert "maximum of 2 concurrent requests" in refused.body["detail"]["message"]
    assert (fake_elevenlabs.most_in_flight, fake_elevenlabs.bill.requests) == (2, 2)


async def test_a_body_that_is_cut(client: AsyncElevenLabs, fake_elevenlabs: FakeSpeech) -> None:
    """The SDK says so."""
    fake_elevenlabs.behaviour = Behaviour(faults=(Fault(kind="cut"),))
    with pytest.raises(httpx.RemoteProtocolError):
        await joined(client.text_to_speech.convert(RACHEL, text=TEXT))
