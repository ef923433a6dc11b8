"""OpenAI and the servers that imitate it: what they are asked, how much at once, and what their answers mean."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.providers.samples import encoded
from tts_async import providers
from tts_async.core.digest import Digest
from tts_async.core.exchange import PLANNED, SpeechRequest, SpeechResponse, Take
from tts_async.core.headers import Signals
from tts_async.core.plan import Chunk, Line, Voice
from tts_async.core.planner import make_plan
from tts_async.errors import AudioError, Busy, ConfigError, DigestError, ProviderError, Rejected, Unavailable
from tts_async.providers.openai import VOICES, OpenAIProvider
from tts_async.settings import Settings

NOTHING: Mapping[str, Any] = {}
OWN = "openai+http://127.0.0.1:8880"
SENTENCE = "The server has\x1b[31m its reasons."
SHOWN = "The server has [31m its reasons."


def said(*voices: str, settings: Mapping[str, object] = NOTHING) -> Chunk:
    lines = tuple(
        Line(speaker=voice, voice=Voice(id=voice, settings=settings), text="Yes.", written="Yes.") for voice in voices
    )
    return Chunk(index=3, section=0, lines=lines, language="en", pause_ms=0, start=0, end=4 * len(lines))


def made(spec: str, **options: object) -> OpenAIProvider:
    provider = providers.find(spec, options)
    assert isinstance(provider, OpenAIProvider)
    return provider


def asked(spec: str, *voices: str, settings: Mapping[str, object] = NOTHING, **options: object) -> SpeechRequest:
    return made(spec, **options).request(said(*(voices or ("coral",)), settings=settings), PLANNED)


# Voices


@pytest.mark.parametrize(
    ("spec", "voice", "sent"),
    [
        *(("openai", each, each) for each in VOICES),
        ("openai", "voice_68ab", {"id": "voice_68ab"}),
        (OWN, "af_bella(2)+af_sky", "af_bella(2)+af_sky"),
        (OWN, "voice_68ab", "voice_68ab"),
        (OWN, "coral", "coral"),
    ],
)
def test_a_voice(spec: str, voice: str, sent: object) -> None:
    """OpenAI's go by name, one's own by an object with the id, those of other servers as they are."""
    assert asked(spec, voice).body["voice"] == sent


@pytest.mark.parametrize("voice", ["af_heart", "Coral", "", "voice"])
def test_a_voice_that_openai_does_not_have(voice: str) -> None:
    """The sentence lists those that it has."""
    with pytest.raises(ConfigError, match=f"OpenAI has no voice '{voice}'; it has alloy, ash, .*, cedar, and your own"):
        asked("openai", voice)


def test_one_voice_a_request() -> None:
    """What was planned for one voice is never spoken in another."""
    with pytest.raises(DigestError, match="chunk 3: OpenAI speaks with one voice"):
        asked("openai", "coral", "onyx")
    assert asked("openai", "coral", "coral").body["input"] == "Yes.\nYes."


# Settings and options


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"pitch": 1}, "openai knows no option 'pitch'; it knows extra_body, instructions, response_format, speed"),
        ({"response_format": "ogg"}, "is 'ogg'; it takes one of mp3, opus, aac, flac, wav, pcm"),
        ({"speed": 0.24}, r"a number from 0\.25 to 4\.0"),
        ({"speed": 4.01}, r"a number from 0\.25 to 4\.0"),
        ({"speed": True}, "a number from"),
        ({"instructions": ""}, "1 to 4096 characters"),
        ({"instructions": "x" * 4_097}, "1 to 4096 characters"),
        ({"extra_body": {"lang_code": "a"}}, "OpenAI takes no fields beyond its own; extra_body is for servers"),
        ({"extra_body": "lang_code=a"}, "an object of fields"),
    ],
    ids=lambda each: "-".join(each) if isinstance(each, dict) else "",
)
def test_an_option_that_cannot_be(options: dict[str, object], says: str) -> None:
    """Refused when the provider is made, and when a digest sets it."""
    with pytest.raises(ConfigError, match=says):
        made("openai", **options)
    with pytest.raises(ConfigError, match=says):
        OpenAIProvider().configured(options)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"speed": 5}, "The voice setting speed of openai is 5; it takes"),
        ({"instructions": 5}, "The voice setting instructions"),
        ({"extra_body": {}}, "openai knows no voice setting 'extra_body'; it knows instructions, speed"),
    ],
)
def test_a_voice_setting_that_cannot_be(settings: dict[str, object], says: str) -> None:
    """Before anything is sent, at every server."""
    for spec in ("openai", OWN):
        with pytest.raises(ConfigError, match=says):
            asked(spec, settings=settings)


@pytest.mark.parametrize(
    ("spec", "follows"),
    [
        ("openai", True),
        ("openai:gpt-4o-mini-tts-2025-12-15", True),
        ("openai:tts-1", False),
        ("openai:tts-1-hd", False),
        (OWN, True),
    ],
)
def test_instructions(spec: str, follows: bool) -> None:
    """They are sent to who follows them; where not, it is said before anything is bought."""
    of_all, of_one = made(spec, instructions="Calmly.", speed=1.5), {"instructions": "Gladly.", "speed": 2}
    wanted = [{"instructions": each, "speed": speed} for each, speed in (("Calmly.", 1.5), ("Gladly.", 2))]
    for settings, what in zip((NOTHING, of_one), wanted, strict=True):
        body = of_all.request(said("coral", settings=settings), PLANNED).body
        told = {name: body[name] for name in ("instructions", "speed") if name in body}
        assert told == (what if follows else {"speed": what["speed"]})
    remarks = [] if follows else [f"{of_all.model} follows no instructions"]
    plain = made(spec)
    assert of_all.remarks([said("coral")]) == remarks
    assert plain.remarks([said("coral"), said("ash", settings=of_one)]) == remarks
    assert plain.remarks([said("coral", settings={"speed": 2})]) == []


def test_a_take_changes_nothing() -> None:
    """There are no seeds, and no neighbours."""
    take = Take(number=2, seed=5, previous_ids=("a",), next_ids=("b",))
    provider = OpenAIProvider()
    assert provider.request(said("ash"), take) == provider.request(said("ash"), PLANNED)


# Servers


@pytest.mark.parametrize(
    ("spec", "base_url", "origin", "model"),
    [
        ("openai", "https://api.openai.com/v1", "openai/api", "gpt-4o-mini-tts"),
        ("openai+https://api.openai.com/v1", "https://api.openai.com/v1", "openai/api", "gpt-4o-mini-tts"),
        ("openai+https://api.openai.com/v1/", "https://api.openai.com/v1", "openai/api", "gpt-4o-mini-tts"),
        ("openai+https://api.openai.com", "https://api.openai.com/v1", "openai/api", "gpt-4o-mini-tts"),
        (OWN, "http://127.0.0.1:8880/v1", "openai/http://127.0.0.1:8880/v1", "tts-1"),
        (OWN + "/", "http://127.0.0.1:8880/v1", "openai/http://127.0.0.1:8880/v1", "tts-1"),
        (OWN + "/v1", "http://127.0.0.1:8880/v1", "openai/http://127.0.0.1:8880/v1", "tts-1"),
        (OWN + "/speech/v2", "http://127.0.0.1:8880/speech/v2", "openai/http://127.0.0.1:8880/speech/v2", "tts-1"),
    ],
)
def test_where_it_is_asked(spec: str, base_url: str, origin: str, model: str) -> None:
    """With the version and without it is the same server; only OpenAI itself needs a key and is asked for samples."""
    provider, official = made(spec), origin == "openai/api"
    request = provider.request(said("ash"), PLANNED)
    assert (provider.base_url, request.origin, request.path) == (base_url, origin, "/audio/speech")
    assert (provider.model, request.body["model"]) == (model, model)
    assert request.body["response_format"] == ("pcm" if official else "wav")
    assert (provider.auth.header, provider.auth.prefix, provider.auth.required) == (
        "authorization",
        "Bearer ",
        official,
    )
    assert repr(provider) == f"<OpenAIProvider {model} at {base_url}>"
    again = provider.configured({"speed": 2.0})
    assert (again.base_url, again.auth) == (base_url, provider.auth)
    assert again.request(said("ash"), PLANNED).body == {**request.body, "speed": 2.0}


def test_made_in_a_program() -> None:
    """An address with its last slash is the same one."""
    assert OpenAIProvider(base_url="http://h:1/v1/").base_url == "http://h:1/v1"
    assert OpenAIProvider(base_url="http://h:1/").base_url == "http://h:1/v1"


def test_fields_of_other_servers() -> None:
    """They are added as they are, for servers that know them."""
    extra = {"lang_code": "a", "response_format": "flac"}
    body = asked(OWN, "af_sky", extra_body=extra).body
    assert body == {"model": "tts-1", "input": "Yes.", "voice": "af_sky", **extra}
    assert made(OWN).configured({"extra_body": extra}).request(said("af_sky"), PLANNED).body == body


@pytest.mark.parametrize(("spec", "models"), [("openai", {"gpt-4o-mini-tts", "tts-1", "tts-1-hd"}), (OWN, {"tts-1"})])
def test_the_models_that_are_known(spec: str, models: set[str]) -> None:
    """OpenAI's own with their limits; what a server lists says nothing to plan with."""
    provider = made(spec)
    assert set(provider.models) == models
    assert all(each["max_chars"] == 4_096 for each in provider.models.values())
    assert provider.informed({"tts-1": {"max_chars": 5}}) is provider


# How much at once

DIGEST = Digest.read({"chunks": None, "script": "Привет, мир. Hello, world! 你好。 " * 200})


@pytest.mark.parametrize("model", ["gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-12-15"])
@given(
    instructions=st.text(st.sampled_from("ab ü你😀"), min_size=1, max_size=1_800).filter(
        lambda t: len(t.encode()) <= 1_800
    )
)
def test_never_more_tokens_than_are_taken(model: str, instructions: str) -> None:
    """A token is a byte or more: text and instructions have at most 2,000 bytes, in whatever script they are."""
    provider = OpenAIProvider(model=model, instructions=instructions)
    able = provider.capabilities
    assert able.max_size + len(instructions.encode()) == 2_000
    assert able.measure("ü你😀") == 9


@pytest.mark.parametrize("instructions", ["", "Ruhig, bitte, und ohne Eile. " * 60, "平静地。" * 140])
def test_a_plan_keeps_to_the_tokens(instructions: str) -> None:
    """No chunk of a plan, in three scripts, is more than the model takes with its instructions."""
    provider = made("openai", **({"instructions": instructions} if instructions else {}))
    settings = Settings(chunk_chars=4_000)
    plan = make_plan(DIGEST, provider="openai", capabilities=provider.capabilities, settings=settings)
    sizes = [len(chunk.text.encode()) + len(instructions.encode()) for chunk in plan.chunks]
    assert max(sizes) <= 2_000
    assert max(sizes) > 1_850


def test_instructions_leave_room_to_speak() -> None:
    """However long they are, a request says a sentence or two."""
    assert OpenAIProvider(instructions="x" * 4_096).capabilities.max_size == 200


@pytest.mark.parametrize("spec", ["openai:tts-1", "openai:tts-1-hd", OWN, OWN.replace("+", ":kokoro+")])
def test_other_models_count_characters(spec: str) -> None:
    """As many as OpenAI documents, whatever the instructions."""
    able = made(spec, instructions="Calmly.").capabilities
    assert (able.max_size, able.measure("ü你😀"), able.family) == (4_096, 3, made(spec).model)
    assert (able.any_voice, able.dialogue, able.in_dialogue) == (True, False, None)


# Answers


def clip_of(provider: OpenAIProvider, body: bytes, kind: str = "", **more: str) -> Any:
    headers = {"content-type": kind, **more} if kind else more
    return provider.clip(said("ash"), SpeechResponse(status=200, headers=headers, body=body))


@pytest.mark.parametrize("asked_for", ["mp3", "opus", "aac", "flac", "wav", "pcm"])
@pytest.mark.parametrize("sent", ["wav", "flac", "ogg", "mp3"])
def test_a_file_is_heard_as_what_it_is(sent: str, asked_for: str) -> None:
    """Servers send what they have, whatever they were asked for."""
    audio = encoded(sent)
    clip = clip_of(made(OWN, response_format=asked_for), audio, "audio/mpeg")
    assert clip.encoding == "file"
    assert clip.audio is audio


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"error": {"message": "busy"}}', "application/json"),
        (b'{"detail": "busy"}', "audio/wav"),
        (b"<html>busy</html>", ""),
        (b"busy", "text/plain"),
        (b"", "audio/wav"),
    ],
    ids=["json", "json as audio", "page", "text", "empty"],
)
def test_an_answer_that_is_no_audio(body: bytes, kind: str) -> None:
    """With status 200 it was paid for, and is asked for once more."""
    for provider in (made("openai"), made(OWN)):
        with pytest.raises(AudioError, match=r"busy|empty") as caught:
            clip_of(provider, body, kind)
        assert caught.value.retryable


@pytest.mark.parametrize(
    ("kind", "rate_hz"),
    [
        ("", 24_000),
        ("audio/pcm", 24_000),
        ("audio/pcm;rate=22050", 22_050),
        ("audio/pcm; rate=48000; channels=1", 48_000),
        ("audio/L16; rate=8000", 8_000),
        ("audio/pcm;rate=0000", 24_000),
        ("audio/pcm;rate=0", 24_000),
        ("audio/pcm;rate=12345678", 24_000),
        ("audio/pcm;rate=fast", 24_000),
    ],
)
def test_the_rate_of_raw_samples(kind: str, rate_hz: int) -> None:
    """The server names it, where it is believable; else it is OpenAI's."""
    clip = clip_of(made("openai"), b"\1\0" * 50, kind, **{"x-request-id": "req_7"})
    assert (clip.encoding, clip.rate_hz, clip.request_id) == ("pcm_s16le", rate_hz, "req_7")


# Errors


def refused(status: int, body: object, spec: str = "openai", *, request_id: str = "") -> ProviderError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"x-request-id": request_id} if request_id else {}
    signals = Signals(retry_after_s=7.0)
    return made(spec).error(SpeechResponse(status=status, headers=headers, body=raw), signals)


def wrapped(message: str, code: object = None, kind: str = "invalid_request_error") -> object:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


SHAPES: Mapping[str, object] = {
    "OpenAI": wrapped(SENTENCE),
    "wrapped, with a number": wrapped(SENTENCE, 400),
    "Kokoro-FastAPI": {"detail": {"error": "validation_error", "message": SENTENCE, "type": "invalid_request_error"}},
    "FastAPI, an error alone": {"detail": {"error": SENTENCE}},
    "Speaches": {"detail": SENTENCE},
    "FastAPI, a list": {"detail": [{"loc": ["body", "speed"], "msg": SENTENCE, "type": "value_error"}]},
    "openedai-speech": {"message": SENTENCE, "code": 400, "type": "BadRequestError", "param": "voice"},
    "an error alone": {"error": SENTENCE},
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("status", "kind", "stops"),
    [
        (400, Rejected, False),
        (401, Rejected, True),
        (404, Rejected, False),
        (422, Rejected, False),
        (429, Busy, False),
        (500, Unavailable, False),
        (503, Busy, False),
    ],
)
def test_the_errors_of_five_servers(status: int, kind: type[ProviderError], stops: bool, shape: str) -> None:
    """Whatever is around it, the reason is quoted, and without a code the status counts."""
    error = refused(status, SHAPES[shape], OWN, request_id="req_\x1b7")
    assert (type(error), error.status, error.stops_job) == (kind, status, stops)
    where = "body.speed: " if shape.endswith("list") else ""
    assert str(error) == f"openai answered {status}: {where}{SHOWN}"
    assert (error.code, error.request_id) == ("", "req_ 7")
    if kind is Busy:
        assert error.signals == Signals(retry_after_s=7.0)


def test_a_text_that_is_too_long() -> None:
    """As it was captured: a list of Python's in a string."""
    message = (
        "[{'type': 'string_too_long', 'loc': ('body', 'input'), 'msg': 'String should have at most 4096 characters',"
        " 'ctx': {'max_length': 4096}}]"
    )
    error = refused(400, wrapped(message))
    assert (type(error), str(error)) == (Rejected, f"openai answered 400: {message}")


@pytest.mark.parametrize("status", [400, 401, 403, 429])
@pytest.mark.parametrize(
    ("code", "helps"),
    [
        ("insufficient_quota", "no credit left"),
        ("billing_hard_limit_reached", "spending limit"),
        ("billing_not_active", "cannot pay"),
        ("invalid_api_key", "OPENAI_API_KEY"),
        ("account_deactivated", "is closed"),
    ],
)
def test_what_stops_the_job(code: str, helps: str, status: int) -> None:
    """A spent quota or a bad key is met by all other requests, also where it looks like too many of them."""
    for body in (wrapped(SENTENCE, code), wrapped(SENTENCE, None, code), {"message": SENTENCE, "code": code}):
        error = refused(status, body, request_id="req_7")
        assert (type(error), error.stops_job, error.retryable) == (Rejected, True, False)
        assert (error.status, error.code, error.request_id) == (status, code, "req_7")
        assert str(error).startswith(f"openai answered {status} ({code}): {SHOWN} [")
        assert helps in str(error)


@pytest.mark.parametrize(
    "body",
    [wrapped(SENTENCE, "rate_limit_exceeded", "requests"), wrapped(SENTENCE, None, "rate_limit_exceeded")],
    ids=["code", "type"],
)
def test_too_many_requests(body: object) -> None:
    """It is a rate, and the wait that the server told is kept."""
    error = refused(429, body, request_id="req_7")
    assert isinstance(error, Busy)
    assert (error.status, error.code, error.request_id) == (429, "rate_limit_exceeded", "req_7")
    assert not error.stops_job
    assert error.signals == Signals(retry_after_s=7.0, kind="rate")
    assert str(error) == f"openai answered 429 (rate_limit_exceeded): {SHOWN}"


def test_a_model_that_is_not_there() -> None:
    """Only requests for it fail, and the sentence says how to name another."""
    error = refused(404, wrapped(SENTENCE, "model_not_found"))
    assert (type(error), error.stops_job) == (Rejected, False)
    assert str(error).endswith("[name another model after the colon: openai:MODEL]")


def test_a_code_that_nobody_knows_is_kept() -> None:
    """For the report, in printable form."""
    error = refused(400, wrapped(SENTENCE, "un\x1bheard_of"))
    assert (error.code, str(error)) == ("un heard_of", f"openai answered 400: {SHOWN}")


Json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
Codes = st.sampled_from(["insufficient_quota", "rate_limit_exceeded", "model_not_found"]) | Json
Inner = st.fixed_dictionaries({}, optional={"message": Json, "error": Json, "code": Codes, "type": Codes})
Shapes = st.one_of(
    Json, Inner, st.fixed_dictionaries({"error": Inner | Json}), st.fixed_dictionaries({"detail": Inner | Json})
)


@given(
    status=st.integers(201, 599),
    body=st.binary() | Shapes.map(lambda each: json.dumps(each).encode()),
    request_id=st.text(),
    spec=st.sampled_from(["openai", OWN]),
)
def test_any_answer_is_one_error(status: int, body: bytes, request_id: str, spec: str) -> None:
    """Nothing that a server says raises, or reaches a terminal as more than one printable line."""
    error: Any = refused(status, body, spec, request_id=request_id)
    assert isinstance(error, ProviderError)
    assert error.status == status
    assert str(error).isprintable()
    assert len(str(error)) < 500
    assert len(error.code) <= 64
    assert len(error.request_id) <= 64
    assert (error.code + error.request_id).isprintable()
