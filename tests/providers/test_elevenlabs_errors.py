"""What each of ElevenLabs' errors becomes, whichever shape it comes in."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tts_async import providers
from tts_async.core.exchange import SpeechResponse
from tts_async.core.headers import Kind, Signals
from tts_async.errors import Busy, Correction, ProviderError, Rejected, Unavailable
from tts_async.providers.elevenlabs import ElevenLabsProvider
from tts_async.providers.elevenlabs_errors import CODES

TRACE = "332f31193d4ee91902a0cd173439968d"
SENTENCE = "The server has\x1b[31m its reasons."
SHOWN = "The server has [31m its reasons."
NOTHING: Mapping[str, str] = {}

TOO_MANY = (
    "Too many concurrent requests. Your current subscription is associated with a maximum of 4 concurrent requests"
    " (running in parallel). This is done such that a single user does not overwhelm our systems and affect other users"
    " negatively. Please upgrade your subscription or contact sales if you want to increase this limit."
)
HEAVY = "We are sorry, the system is experiencing heavy traffic, please try again. Higher subscriptions have higher priority."
TOO_LONG = "Request text length (5501) exceeds the maximum text length of 5000 characters"

STOPS, REFUSED, LATER, FAILED = (Rejected, True), (Rejected, False), (Busy, False), (Unavailable, False)
Row = tuple[int, tuple[type[ProviderError], bool], Kind]

ROWS: Mapping[str, Row] = {
    "text_too_long": (400, REFUSED, "unknown"),
    "max_character_limit_exceeded": (400, REFUSED, "unknown"),
    "empty_text": (400, REFUSED, "unknown"),
    "invalid_parameters": (400, REFUSED, "unknown"),
    "input_text_empty": (400, REFUSED, "unknown"),
    "invalid_voice_settings": (400, REFUSED, "unknown"),
    "invalid_ttd_stability": (400, REFUSED, "unknown"),
    "unsupported_model": (400, REFUSED, "unknown"),
    "model_not_found": (400, REFUSED, "unknown"),
    "malformed_json": (400, REFUSED, "unknown"),
    "missing_required_field": (400, REFUSED, "unknown"),
    "unauthorized": (401, STOPS, "unknown"),
    "invalid_api_key": (401, STOPS, "unknown"),
    "missing_api_key": (401, STOPS, "unknown"),
    "missing_permissions": (401, STOPS, "unknown"),
    "quota_exceeded": (401, STOPS, "unknown"),
    "detected_unusual_activity": (401, STOPS, "unknown"),
    "insufficient_credits": (402, STOPS, "unknown"),
    "paid_plan_required": (402, STOPS, "unknown"),
    "invalid_output_format": (403, STOPS, "unknown"),
    "feature_not_available": (403, STOPS, "unknown"),
    "subscription_required": (403, STOPS, "unknown"),
    "voice_access_denied": (403, STOPS, "unknown"),
    "model_access_denied": (403, STOPS, "unknown"),
    "only_for_creator+": (403, STOPS, "unknown"),
    "voice_not_found": (404, REFUSED, "unknown"),
    "already_running": (409, LATER, "busy"),
    "already_processing": (409, LATER, "busy"),
    "concurrent_modification": (409, LATER, "busy"),
    "concurrent_limit_exceeded": (429, LATER, "concurrency"),
    "too_many_concurrent_requests": (429, LATER, "concurrency"),
    "rate_limit_exceeded": (429, LATER, "rate"),
    "system_busy": (429, LATER, "busy"),
    "internal_error": (500, FAILED, "unknown"),
    "service_unavailable": (503, LATER, "busy"),
    "maintenance": (503, LATER, "busy"),
}
"""The table of errors in ElevenLabs' protocol: HTTP status, what it becomes and whether it stops the job, and why."""

Shape = Callable[[str, str], object]
SHAPES: Mapping[str, Shape] = {
    "structured": lambda code, said: {
        "detail": {
            "type": "some_error",
            "code": code,
            "message": said,
            "request_id": TRACE,
            "docs_url": "https://x.test",
        }
    },
    "only the status says it": lambda code, said: {
        "detail": {"code": "unauthorized", "status": code, "message": said, "request_id": TRACE}
    },
    "with a code of tomorrow": lambda code, said: {"detail": {"code": "unheard_of", "status": code, "message": said}},
    "legacy": lambda code, said: {"detail": {"status": code, "message": said}},
}


def refused(
    status: int,
    body: object,
    *,
    provider: ElevenLabsProvider | None = None,
    said: Mapping[str, str] = NOTHING,
    signals: Signals | None = None,
) -> ProviderError:
    """What becomes of an answer; the provider's format is one that every plan has, unless another is given."""
    provider = provider or ElevenLabsProvider(output_format="mp3_44100_128")
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return provider.error(SpeechResponse(status=status, headers=said, body=raw), signals or Signals())


def detail(code: str, message: str = SENTENCE, status: str = "") -> object:
    return {"detail": {"code": code, "status": status, "message": message}}


def test_no_code_is_forgotten() -> None:
    """The table of the provider and the table here have the same codes."""
    assert set(CODES) == set(ROWS)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("code", ROWS)
def test_a_known_code(code: str, shape: str) -> None:
    """In each shape a code becomes the same error, in one sentence with status, code and reason."""
    status, (kind, stops), why = ROWS[code]
    error = refused(status, SHAPES[shape](code, SENTENCE), said={"x-trace-id": TRACE})
    assert (type(error), error.stops_job, error.status, error.code) == (kind, stops, status, code)
    assert error.retryable is (kind is not Rejected)
    assert error.request_id == TRACE
    assert str(error).startswith(f"ElevenLabs answered {status} ({code}): {SHOWN}")
    if kind is Busy:
        assert error.signals == Signals(kind=why)


@pytest.mark.parametrize(
    ("code", "status", "known"),
    [
        ("unauthorized", "missing_permissions", "missing_permissions"),
        ("unauthorized", "invalid_api_key", "invalid_api_key"),
        ("unauthorized", "needs_something_new", "unauthorized"),
        ("quota_exceeded", "unauthorized", "quota_exceeded"),
        ("text_too_long", "max_character_limit_exceeded", "text_too_long"),
        ("concurrent_limit_exceeded", "too_many_concurrent_requests", "concurrent_limit_exceeded"),
    ],
)
def test_code_and_status_together(code: str, status: str, known: str) -> None:
    """Of both fields the one counts that says more, and the code where both do."""
    assert refused(401, detail(code, status=status)).code == known


@pytest.mark.parametrize(
    ("code", "helps"),
    [
        ("invalid_api_key", "check the key in ELEVENLABS_API_KEY"),
        ("missing_permissions", "give the key the permission for text to speech"),
        ("quota_exceeded", "`tts-async subscription` says when"),
        ("detected_unusual_activity", "use a paid plan"),
        ("voice_access_denied", "or upgrade it"),
        ("invalid_output_format", "choose another output_format"),
        ("text_too_long", "lower chunk_chars or dialogue_chars"),
        ("model_not_found", "`tts-async models --provider elevenlabs`"),
        ("voice_not_found", "`tts-async voices --provider elevenlabs`"),
    ],
)
def test_what_helps_is_said(code: str, helps: str) -> None:
    """The sentence ends with the way out."""
    assert str(refused(ROWS[code][0], detail(code))).endswith("]")
    assert helps in str(refused(ROWS[code][0], detail(code)))


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"detail": [{"loc": ["body", "inputs", 0], "msg": SENTENCE, "type": "missing"}]}, f"body.inputs.0: {SHOWN}"),
        ({"detail": [{"loc": ["body"]}, {"msg": "another"}]}, "body: it is not valid"),
        ({"detail": [{"loc": [], "msg": SENTENCE}]}, SHOWN),
        ({"detail": [{"loc": "body", "msg": SENTENCE}]}, SHOWN),
        ({"detail": SENTENCE}, SHOWN),
        ({"detail": {"message": SENTENCE, "code": "unheard_of"}}, SHOWN),
        (b"upstream\ntimed out", "upstream timed out"),
        (b"", "no reason given"),
    ],
    ids=[
        "validation",
        "validation without words",
        "of nothing",
        "of a word",
        "a sentence",
        "an unknown code",
        "no JSON",
        "nothing",
    ],
)
@pytest.mark.parametrize(
    ("status", "kind"), [(404, Rejected), (422, Rejected), (429, Busy), (500, Unavailable), (503, Busy)]
)
def test_what_has_no_known_code_goes_by_its_status(
    status: int, kind: type[ProviderError], body: object, says: str
) -> None:
    """The sentence is the server's own, without the JSON around it."""
    error = refused(status, body)
    assert type(error) is kind
    assert str(error) == f"ElevenLabs answered {status}: {says}"
    assert not error.stops_job


@pytest.mark.parametrize(
    ("told", "code"),
    [({"code": "unheard_of", "status": "unknown"}, "unheard_of"), ({"status": "un\x1bknown"}, "un known"), ({}, "")],
)
def test_an_unknown_code_is_kept(told: dict[str, str], code: str) -> None:
    """For the report, in printable form."""
    assert refused(418, {"detail": told}).code == code


@pytest.mark.parametrize(
    ("body", "header", "known"),
    [
        ({"detail": {"code": "system_busy", "request_id": "inside"}}, "outside", "inside"),
        ({"detail": {"code": "system_busy"}}, "outside", "outside"),
        ({"detail": {"code": "internal_error", "request_id": ""}}, "out\x1bside", "out side"),
        ({"detail": "Not Found"}, "outside", "outside"),
        ({"detail": {"code": "empty_text", "request_id": "x" * 500}}, "", "x" * 64),
        ({"detail": {"code": "empty_text"}}, "", ""),
    ],
)
def test_the_request_id(body: object, header: str, known: str) -> None:
    """It is in the body, or else in a header, and short."""
    said = {"x-trace-id": header} if header else {}
    assert refused(400, body, said=said).request_id == known


# Limits


@pytest.mark.parametrize(
    ("code", "message", "told", "kind", "ceiling"),
    [
        ("concurrent_limit_exceeded", TOO_MANY, None, "concurrency", 4),
        ("concurrent_limit_exceeded", TOO_MANY, 9, "concurrency", 4),
        ("concurrent_limit_exceeded", "Too many.", 9, "concurrency", 9),
        ("concurrent_limit_exceeded", TOO_MANY.replace("4", "0"), 9, "concurrency", 9),
        ("concurrent_limit_exceeded", TOO_MANY.replace("4", "999999"), None, "concurrency", 10_000),
        ("concurrent_limit_exceeded", TOO_MANY.replace("4", "9" * 5_000), None, "concurrency", None),
        ("rate_limit_exceeded", TOO_MANY, 9, "rate", 9),
        ("system_busy", HEAVY, None, "busy", None),
    ],
    ids=["verbatim", "before a header", "no number", "zero", "huge", "endless", "rate", "busy"],
)
def test_why_it_is_too_many(code: str, message: str, told: int | None, kind: str, ceiling: int | None) -> None:
    """Of the three 429 each has its kind; only the one for concurrency tells a ceiling in its message."""
    error = refused(429, detail(code, message), signals=Signals(retry_after_s=7.0, ceiling=told))
    assert type(error) is Busy
    assert error.signals is not None
    assert (error.signals.kind, error.signals.ceiling, error.signals.retry_after_s) == (kind, ceiling, 7.0)


# Corrections


@pytest.mark.parametrize("shape", SHAPES)
def test_a_format_that_nobody_asked_for_is_corrected(shape: str) -> None:
    """The plan goes on in the format that every plan of ElevenLabs has, and is planned so from then on."""
    provider = ElevenLabsProvider()
    error = refused(403, SHAPES[shape]("invalid_output_format", SENTENCE), provider=provider)
    assert isinstance(error, Correction)
    assert error.change == {"output_format": "mp3_44100_128"}
    assert (error.status, error.code) == (403, "invalid_output_format")
    assert (error.stops_job, error.retryable) == (True, False)
    corrected = provider.corrected(error.change)
    assert corrected.capabilities.rate_hz == 44_100
    assert type(refused(403, detail("invalid_output_format"), provider=corrected)) is Rejected


@pytest.mark.parametrize(
    "provider",
    [
        ElevenLabsProvider(output_format="pcm_44100"),
        ElevenLabsProvider(output_format="pcm_24000"),
        ElevenLabsProvider(output_format="mp3_44100_128"),
        ElevenLabsProvider().configured({"output_format": "mp3_44100_192"}),
    ],
    ids=["asked for", "asked for the usual", "refused is the last", "by the digest"],
)
def test_a_format_that_was_asked_for_is_not_corrected(provider: ElevenLabsProvider) -> None:
    """Whoever names one wants that one: all others would be refused as well."""
    error = refused(403, detail("invalid_output_format"), provider=provider)
    assert type(error) is Rejected
    assert error.stops_job


@pytest.mark.parametrize(
    ("spec", "code", "message", "change"),
    [
        ("elevenlabs", "text_too_long", TOO_LONG, {"max_chars": 5_000}),
        ("elevenlabs", "max_character_limit_exceeded", TOO_LONG, {"max_chars": 5_000}),
        ("elevenlabs:eleven_v3", "text_too_long", TOO_LONG, None),
        ("elevenlabs:eleven_v3", "text_too_long", TOO_LONG.replace("5000", "4999"), {"max_chars": 4_999}),
        ("elevenlabs", "text_too_long", TOO_LONG.replace("5000", "10000"), None),
        ("elevenlabs", "text_too_long", TOO_LONG.replace("5000", "0"), None),
        ("elevenlabs", "text_too_long", "It is too long.", None),
        ("elevenlabs", "invalid_parameters", TOO_LONG, None),
        ("elevenlabs:eleven_flash_v2_5", "text_too_long", TOO_LONG, {"max_chars": 5_000}),
    ],
    ids=[
        "smaller",
        "by its status",
        "as planned",
        "just smaller",
        "larger",
        "none",
        "no number",
        "another error",
        "no dialogues",
    ],
)
def test_a_limit_is_corrected_where_it_is_smaller(
    spec: str, code: str, message: str, change: Mapping[str, object] | None
) -> None:
    """A limit that was known all the time is no news, and must not be planned with for ever."""
    provider = providers.find(spec)
    assert isinstance(provider, ElevenLabsProvider)
    error = refused(400, {"detail": {"status": code, "message": message}}, provider=provider)
    if change is None:
        assert type(error) is Rejected
        assert not error.stops_job
        return
    assert isinstance(error, Correction)
    assert (error.change, error.stops_job) == (change, True)
    corrected = provider.corrected(error.change)
    together = corrected.capabilities.in_dialogue or corrected.capabilities
    assert corrected.capabilities.max_size == together.max_size == change["max_chars"]
    assert type(refused(400, detail(code, message), provider=corrected)) is Rejected


def test_a_limit_of_the_model_for_dialogues() -> None:
    """It is corrected also where narratives are planned with less."""
    provider = ElevenLabsProvider().informed({"eleven_multilingual_v2": {"max_chars": 1_000}})
    error = refused(400, detail("text_too_long", TOO_LONG.replace("5000", "4000")), provider=provider)
    assert isinstance(error, Correction)
    corrected = provider.corrected(error.change).capabilities
    assert corrected.in_dialogue is not None
    assert (corrected.max_size, corrected.in_dialogue.max_size) == (1_000, 4_000)


# Whatever the server says

Json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
Said = st.text() | st.sampled_from([TOO_MANY, TOO_LONG, "\x1b]0;title\x07", "a\r\nb\u202e", "\ud800"]) | Json
Details = st.fixed_dictionaries(
    {},
    optional={
        "code": st.sampled_from(sorted(CODES)) | Said,
        "status": st.sampled_from(sorted(CODES)) | Said,
        "message": Said,
        "request_id": Said,
    },
)
Items = st.lists(st.fixed_dictionaries({}, optional={"loc": Said | st.lists(Json), "msg": Said}), max_size=2)
Bodies = st.binary() | st.one_of(Details, Items, Said).map(lambda said: json.dumps({"detail": said}).encode())
Provided = st.sampled_from(
    [ElevenLabsProvider(), ElevenLabsProvider(model="eleven_flash_v2"), ElevenLabsProvider(output_format="wav_8000")]
)


@given(status=st.integers(201, 599), body=Bodies, trace=st.text(), provider=Provided)
@example(status=429, body=b'{"detail":' + b"[" * 100_000, trace="", provider=ElevenLabsProvider())
@example(
    status=400,
    body=b'{"detail":{"code":"empty_text","message":' + b"[" * 900 + b"]" * 900 + b"}}",
    trace="",
    provider=ElevenLabsProvider(),
)
@example(
    status=400, body=json.dumps(detail("empty_text", "x" * 99_999)).encode(), trace="", provider=ElevenLabsProvider()
)
def test_any_answer_is_one_error(status: int, body: bytes, trace: str, provider: ElevenLabsProvider) -> None:
    """Nothing that a server says raises, or reaches a terminal as more than one printable line."""
    error: Any = refused(status, body, provider=provider, said={"x-trace-id": trace})
    assert isinstance(error, ProviderError)
    assert error.status == status
    assert str(error).isprintable()
    assert len(str(error)) < 500
    assert len(error.code) <= 64
    assert len(error.request_id) <= 64
    assert (error.code + error.request_id).isprintable()
