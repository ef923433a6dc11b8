"""A talk with a server: each question is asked in turn, and whatever goes wrong has a name and no key in it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest
import respx

from tests.engine.fakes import KeyedTones, now, patient
from tts_async.core.exchange import Query, SpeechRequest, SpeechResponse, Talk
from tts_async.core.headers import Signals
from tts_async.engine import client as client_module
from tts_async.engine.client import HttpSender
from tts_async.errors import AudioError, ConfigError, ProviderError, Rejected, Unavailable
from tts_async.providers import find
from tts_async.providers.base import HttpProvider, ListsModels, ListsVoices

Handler = Callable[[httpx.Request], Any]

KEY = "k-secret-key-1"
URL = "https://speech.test"


class Talking:
    """A talk of some questions, which notes what it is sent and that it is over."""

    def __init__(self, *paths: str) -> None:
        self.paths = paths
        self.heard: list[SpeechResponse] = []
        self.closed = False

    def __call__(self) -> Talk[list[int]]:
        try:
            for path in self.paths:
                self.heard.append((yield Query(path=path, query={"n": str(len(self.heard))})))
        finally:
            self.closed = True
        return [answer.status for answer in self.heard]


async def converse(talk: Talk[list[int]], handler: Handler, *, provider: HttpProvider | None = None) -> list[int]:
    """Lead a talk with a server that is a function."""
    transport = httpx.MockTransport(handler)
    async with httpx.AsyncClient(transport=transport) as client:
        return await HttpSender(provider or KeyedTones(), client, key=KEY, settings=patient()).converse(talk)


async def test_questions_are_asked_in_turn() -> None:
    """Each with path, query and key; the talk hears every answer, whatever its status, and says what it learned."""
    router, talking = respx.Router(), Talking("/a", "/b", "/a")
    first = router.get(f"{URL}/a")
    first.side_effect = [httpx.Response(200, content=b"yes", headers={"X-Thing": "1"}), httpx.Response(302)]
    second = router.get(f"{URL}/b", params={"n": "1"})
    second.respond(500, content=b"no")
    assert await converse(talking(), router.async_handler) == [200, 500, 302]
    assert [answer.body for answer in talking.heard] == [b"yes", b"no", b""]
    assert talking.heard[0].headers["x-thing"] == "1"
    assert [str(call.request.url) for call in router.calls] == [f"{URL}/a?n=0", f"{URL}/b?n=1", f"{URL}/a?n=2"]
    for call in router.calls:
        assert call.request.headers["x-key"] == f"Key {KEY}"
        assert call.request.content == b""


async def test_a_talk_without_a_question() -> None:
    """What is known needs no server."""
    router = respx.Router()
    assert await converse(Talking()(), router.async_handler) == []
    assert len(router.calls) == 0


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (httpx.ConnectError("refused"), r"nothing answers at https://speech\.test"),
        (httpx.ReadTimeout("silent"), "fell silent"),
        (httpx.ReadError("reset"), "broke while"),
        (httpx.RemoteProtocolError("eh"), "broke off in the middle"),
    ],
)
async def test_a_connection_that_breaks_in_the_middle(broken: httpx.RequestError, says: str) -> None:
    """It is a failure with a name; the talk is ended, and no further question asked."""
    router, talking = respx.Router(), Talking("/a", "/b", "/c")
    router.get(f"{URL}/a").respond(200)
    router.get(f"{URL}/b").mock(side_effect=broken)
    with pytest.raises(Unavailable, match=says):
        await converse(talking(), router.async_handler)
    assert (len(talking.heard), talking.closed) == (1, True)
    assert router.calls.call_count == 2


async def test_an_answer_that_is_cut_short() -> None:
    """A page that is shorter than announced is none."""

    async def body() -> AsyncIterator[bytes]:
        yield b'{"voices": []'

    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-length": "15"}, content=body())

    talking = Talking("/a")
    with pytest.raises(Unavailable, match="announced 15 bytes and sent 13"):
        await converse(talking(), handler)
    assert talking.closed


async def test_an_endless_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not read for ever."""
    monkeypatch.setattr(client_module, "MAX_BODY_BYTES", 10)
    with pytest.raises(AudioError, match="more than 10 bytes"):
        await converse(Talking("/a")(), lambda request: httpx.Response(200, content=b"x" * 11))


@pytest.mark.parametrize("after_s", [0.0, 590.0])
async def test_a_server_that_hangs_is_given_up(after_s: float) -> None:
    """Each question is answered in ten silences, or there is no answer to it."""
    asked: list[str] = []

    async def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        await asyncio.sleep(after_s if len(asked) == 1 else 10_000)
        return httpx.Response(200)

    talking = Talking("/a", "/b")
    with pytest.raises(Unavailable, match=r"^https://speech\.test/b did not answer in time$") as caught:
        await converse(talking(), handler)
    assert now() == pytest.approx(after_s + 600)
    assert caught.value.__cause__ is None
    assert (asked, talking.closed) == (["/a", "/b"], True)


async def test_an_answer_that_trickles_is_given_up() -> None:
    """Also one that says something all the time."""

    async def drops() -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(30)
            yield b" "

    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=drops())

    with pytest.raises(Unavailable, match="did not answer in time"):
        await converse(Talking("/a")(), handler)
    assert now() == pytest.approx(600)


async def test_whoever_waits_may_give_up() -> None:
    """A talk that is cancelled ends with it."""

    async def handler(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(10_000)
        return httpx.Response(200)

    talking = Talking("/a")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(5):
            await converse(talking(), handler)
    assert now() == pytest.approx(5)
    assert talking.closed


async def test_a_path_that_cannot_be_asked_for() -> None:
    """It is no bug of HTTP's, and ends the talk."""
    talking = Talking("/a\nb")
    with pytest.raises(ConfigError):
        await converse(talking(), lambda request: httpx.Response(200))
    assert talking.closed


# The key


def errors_of(error: BaseException) -> Iterator[BaseException]:
    """An error, and all that led to it."""
    yield error
    for each in (error.__cause__, error.__context__):
        if each is not None:
            yield from errors_of(each)


def shown(error: BaseException) -> str:
    return "".join(f"{each!r}{each}{vars(each)}" for each in errors_of(error))


SPECS = ["elevenlabs", "elevenlabs+http://127.0.0.1:9000", "openai", "openai+http://127.0.0.1:8880"]


def quoting(request: httpx.Request) -> httpx.Response:
    """A server that quotes the key in every place that is read."""
    told = dict.fromkeys(("code", "status", "message", "type", "request_id"), f"you sent {KEY}")
    headers = {"x-request-id": KEY, "x-trace-id": KEY}
    return httpx.Response(401, headers=headers, json={"detail": told, "error": told})


@pytest.mark.parametrize("spec", SPECS)
async def test_a_key_that_is_quoted_is_hidden(spec: str) -> None:
    """In the errors of questions, of speech, and in all that led to them."""
    provider = find(spec)
    assert isinstance(provider, ListsModels)
    request = SpeechRequest(origin="o", path="/speak", body={}, chars=3)
    async with httpx.AsyncClient(transport=httpx.MockTransport(quoting)) as client:
        sender = HttpSender(provider, client, key=KEY, settings=patient())
        for asking in (sender.converse(provider.list_models()), sender.send(request, lambda signals: None)):
            with pytest.raises(Rejected) as caught:
                await asking
            assert "you sent ***" in str(caught.value)
            assert caught.value.stops_job
            assert KEY not in shown(caught.value)
            assert caught.value.request_id
        assert KEY not in repr(sender) + repr(provider) + repr(provider.auth)


@pytest.mark.parametrize("spec", SPECS)
async def test_a_key_in_an_answer_is_no_part_of_what_is_learned(spec: str) -> None:
    """A server that lists it among its voices or models lists stars."""
    body = json.dumps({"voices": [{"voice_id": KEY}], "data": [{"id": KEY}]})
    provider = find(spec)
    assert isinstance(provider, ListsVoices)
    assert isinstance(provider, ListsModels)
    async with httpx.AsyncClient(
        transport=httpx.MockTransport(lambda request: httpx.Response(200, text=body))
    ) as client:
        sender = HttpSender(provider, client, key=KEY, settings=patient())
        learned = [await sender.converse(provider.list_voices()), await sender.converse(provider.list_models())]
    assert KEY not in repr(learned)
    assert "***" in repr(learned)


@pytest.mark.parametrize("spec", SPECS)
async def test_the_key_goes_where_the_provider_says(spec: str) -> None:
    """In its header and nowhere else of a question, and not to where a redirect points."""
    sent: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(307, headers={"location": "https://elsewhere.test/v1/models"})

    provider = find(spec)
    assert isinstance(provider, ListsModels)
    assert provider.auth is not None
    async with httpx.AsyncClient(transport=httpx.MockTransport(handler), follow_redirects=True) as client:
        with pytest.raises(ProviderError):
            await HttpSender(provider, client, key=KEY, settings=patient()).converse(provider.list_models())
    (request,) = sent
    assert request.headers[provider.auth.header] == provider.auth.prefix + KEY
    assert KEY not in str(request.url)
    assert [name for name, value in request.headers.items() if KEY in value] == [provider.auth.header]


async def test_a_refusal_is_named_with_what_it_said_of_limits() -> None:
    """Speech hears the headers of a refusal; a question is not asked again, so it needs none."""
    provider = find("openai")
    assert isinstance(provider, ListsModels)

    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(429, headers={"retry-after": "7"}, json={"error": {"code": "rate_limit_exceeded"}})

    request = SpeechRequest(origin="o", path="/speak", body={}, chars=3)
    async with httpx.AsyncClient(transport=httpx.MockTransport(handler)) as client:
        sender = HttpSender(provider, client, key=KEY, settings=patient())
        told = []
        for asking in (sender.send(request, lambda signals: None), sender.converse(provider.list_models())):
            with pytest.raises(ProviderError) as caught:
                await asking
            told.append(caught.value.signals)
    assert told == [Signals(retry_after_s=7.0, kind="rate"), Signals(kind="rate")]
