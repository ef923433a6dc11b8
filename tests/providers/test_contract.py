"""What every provider keeps to, whoever wrote it."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from tests.core.plans import chunk_of
from tests.providers.samples import SAMPLES, response_of
from tts_async import providers
from tts_async.core import headers
from tts_async.core.exchange import PLANNED, SpeechResponse, Take, fingerprint
from tts_async.core.plan import Chunk
from tts_async.errors import AudioError, Busy, ConfigError, ProviderError, Rejected, TTSError, Unavailable
from tts_async.providers.base import EmbeddedProvider, HttpProvider, Provider, ScriptedProvider

NEEDS = {"local": "hibari"}
NOTHING: Mapping[str, str] = {}
TEXT = "Rain is moving in from the west this evening."

STATUSES: Mapping[int, tuple[type[ProviderError], bool, bool]] = {
    301: (Rejected, False, False),
    400: (Rejected, False, False),
    401: (Rejected, False, True),
    402: (Rejected, False, True),
    403: (Rejected, False, True),
    404: (Rejected, False, False),
    408: (Unavailable, True, False),
    410: (Rejected, False, False),
    413: (Rejected, False, False),
    422: (Rejected, False, False),
    429: (Busy, True, False),
    500: (Unavailable, True, False),
    502: (Unavailable, True, False),
    503: (Busy, True, False),
    504: (Unavailable, True, False),
    529: (Busy, True, False),
}
"""Status -> the error, whether the request may be sent again, whether the renders in progress end."""


@pytest.fixture(params=providers.names())
def provider(request: pytest.FixtureRequest) -> Provider:
    """Each provider in turn; those whose engine is not installed are left out."""
    if request.param in NEEDS:
        pytest.importorskip(NEEDS[request.param])
    return providers.find(request.param)


@pytest.fixture
def chunk(provider: Provider) -> Chunk:
    """One line in the provider's first voice."""
    return chunk_of((TEXT, TEXT), voice=next(iter(provider.capabilities.voices)), index=7)


def answer(provider: Provider, chunk: Chunk) -> SpeechResponse:
    """A good answer for a chunk, without a network."""
    request = provider.request(chunk, PLANNED)
    if isinstance(provider, ScriptedProvider):
        return provider.answer(request.path, request.body)
    if isinstance(provider, HttpProvider):
        return next(response_of(each) for name, each in SAMPLES.items() if name.startswith(f"{provider.name}-"))
    assert isinstance(provider, EmbeddedProvider)
    said = provider.sentences(request)
    assert "".join(said) == request.body["text"]
    return provider.response(request, said, [provider.say(request, n, each) for n, each in enumerate(said)])


def test_it_has_the_name_that_users_write(provider: Provider) -> None:
    """A provider is found under its own name."""
    assert provider.name in providers.names()
    assert type(providers.find(provider.name)) is type(provider)


def test_it_is_reached_in_one_way(provider: Provider) -> None:
    """Over HTTP, or embedded in this process."""
    assert isinstance(provider, HttpProvider) != isinstance(provider, EmbeddedProvider)
    if isinstance(provider, HttpProvider):
        assert provider.base_url.startswith(("http://", "https://"))
        assert not provider.base_url.endswith("/")
        assert provider.auth is None or provider.auth.variable.isupper()


def test_its_capabilities_are_sane(provider: Provider) -> None:
    """Sizes and rates that can be worked with, described voices, lower-case language codes."""
    able = provider.capabilities
    assert able.max_size >= 100
    assert 8_000 <= able.rate_hz <= 192_000
    assert all(able.voices.values())
    assert able.voices or able.any_voice
    assert able.measure(TEXT) >= 1
    assert able.languages is None or all(code.islower() and len(code) in {2, 3} for code in able.languages)
    assert able.at_once is None or able.at_once >= 1


def test_a_request_is_pure(provider: Provider, chunk: Chunk) -> None:
    """The same chunk and take give the same request, from another instance too."""
    for take in (PLANNED, Take(number=2, seed=5, previous_ids=("a",), next_ids=("b",))):
        once = provider.request(chunk, take)
        assert provider.request(chunk, take) == once
        assert providers.find(provider.name).request(chunk, take) == once


def test_a_request_can_be_sent(provider: Provider, chunk: Chunk) -> None:
    """Its body is JSON, its path a path, and nobody is paid more than the text has characters."""
    request = provider.request(chunk, PLANNED)
    assert request.origin.partition("/")[0] == provider.name
    assert request.path.startswith("/")
    assert json.loads(json.dumps(dict(request.body), allow_nan=False)) == request.body
    assert all(isinstance(part, str) for pair in request.query.items() for part in pair)
    assert request.chars == chunk.chars
    assert len(fingerprint(request)) == 64


def test_what_is_heard_is_in_the_request(provider: Provider, chunk: Chunk) -> None:
    """Another text and another voice are other requests."""
    first, *others = provider.capabilities.voices
    asked = [chunk, chunk_of(("Sun.", "Sun."), voice=first), *(chunk_of((TEXT, TEXT), voice=voice) for voice in others)]
    assert len({fingerprint(provider.request(each, PLANNED)) for each in asked}) == len(asked)


def test_an_answer_is_a_clip(provider: Provider, chunk: Chunk) -> None:
    """There is audio in it at the promised rate, and its marks cover the audio and the text."""
    response = answer(provider, chunk)
    clip = provider.clip(chunk, response)
    assert response.status == 200
    assert all(name == name.lower() for name in response.headers)
    assert provider.clip(chunk, response) == clip
    if clip.encoding == "pcm_s16le":
        assert clip.rate_hz == provider.capabilities.rate_hz
        assert len(clip.audio) % 2 == 0
        assert 0.5 < len(clip.audio) / 2 / clip.rate_hz < 20
    if clip.marks:
        assert sum(mark.frames for mark in clip.marks) * 2 == len(clip.audio)
        assert sum(mark.chars for mark in clip.marks) == len(chunk.text)


@pytest.mark.parametrize("body", [b"", b"\0", b"<html>busy</html>"], ids=["empty", "a byte", "a page"])
def test_a_bad_answer_is_an_error_of_ours(provider: Provider, chunk: Chunk, body: bytes) -> None:
    """Whatever the bytes are, they become a clip that decoding may judge, or an `AudioError`."""
    response = SpeechResponse(status=200, headers={}, body=body)
    try:
        clip = provider.clip(chunk, response)
    except AudioError:
        return
    assert body
    assert not isinstance(provider, EmbeddedProvider)
    assert clip.audio == body


def refusal(provider: Provider, status: int, body: bytes, said: Mapping[str, str] = NOTHING) -> ProviderError:
    """What a provider makes of an answer without speech."""
    return provider.error(SpeechResponse(status=status, headers=said, body=body), headers.read(said, now_s=0.0))


@pytest.mark.parametrize(
    ("status", "advice", "kind"),
    [
        (418, "true", Unavailable),
        (418, "false", Rejected),
        (401, "true", Rejected),
        (429, "false", Busy),
        (500, "false", Unavailable),
    ],
)
def test_advice_to_retry(provider: Provider, status: int, advice: str, kind: type[ProviderError]) -> None:
    """A server that says "retry" is believed, unless the key is what is wrong; one that says "do not" is not."""
    if isinstance(provider, EmbeddedProvider):
        pytest.skip("it has no headers")
    assert type(refusal(provider, status, b"", {"x-should-retry": advice})) is kind


@pytest.mark.parametrize("status", STATUSES)
def test_a_status_is_an_error(provider: Provider, status: int) -> None:
    """Class, whether to send again and whether to stop go by the table; the message has status and reason."""
    reason = b'{"detail": "no\nsuch luck"}'
    error = refusal(provider, status, reason, {"retry-after": "7"})
    assert isinstance(error, TTSError)
    assert error.status == status
    assert str(status) in str(error)
    if isinstance(provider, EmbeddedProvider):
        return
    kind, retryable, stops = STATUSES[status]
    assert (type(error), error.retryable, error.stops_job) == (kind, retryable, stops)
    assert "such luck" in str(error)
    assert len(str(error).splitlines()) == 1
    if kind is Busy:
        assert error.signals is not None
        assert error.signals.retry_after_s == 7


@pytest.mark.parametrize("body", [b"", b"\xff\xfe\x00", b"x" * 10_000_000], ids=["empty", "binary", "10 MB"])
def test_a_reason_is_quoted_in_bounds(provider: Provider, body: bytes) -> None:
    """An error page does not flood the screen."""
    message = str(refusal(provider, 500, body))
    assert len(message) < 300
    assert message.isprintable()


def test_an_unknown_name_names_the_known_ones() -> None:
    """The message is the list of providers."""
    with pytest.raises(ConfigError, match=r"There is no provider 'acme'; there are local, .*tone"):
        providers.find("acme")
