"""The sender over HTTP: every error of httpx has a name of ours, and the key stays where it belongs."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import httpx
import pytest
import respx

from tests.engine.fakes import Heard, KeyedTones, Server, buying_of, means_of, now, patient
from tts_async.core.exchange import SpeechRequest, SpeechResponse
from tts_async.core.headers import Signals
from tts_async.engine import client as client_module
from tts_async.engine.client import HttpSender, new_client
from tts_async.engine.failures import BROKEN_OFF, UNREACHABLE
from tts_async.errors import AudioError, Busy, ConfigError, ProviderError, Rejected, Unavailable
from tts_async.providers.base import HttpProvider
from tts_async.providers.elevenlabs import ElevenLabsProvider
from tts_async.providers.tone import ToneProvider

KEY = "sk-very-secret-123"
REQUEST = SpeechRequest(origin="o", path="/speak", body={"lines": []}, query={"format": "pcm"}, chars=3)
Handler = Callable[[httpx.Request], Any]


async def send(handler: Handler, *, key: str | None = KEY, heard: list[Signals] | None = None) -> SpeechResponse:
    """Send one request to a handler."""
    async with httpx.AsyncClient(transport=httpx.MockTransport(handler)) as client:
        sender = HttpSender(KeyedTones(), client, key=key, settings=patient())
        return await sender.send(REQUEST, (heard if heard is not None else []).append)


def raising(error: Exception) -> Handler:
    def handler(request: httpx.Request) -> httpx.Response:
        raise error

    return handler


Kind = type[httpx.RequestError]


def subclasses(cls: Kind) -> set[Kind]:
    return {cls}.union(*(subclasses(each) for each in cls.__subclasses__()))


BASES: set[Kind] = {
    httpx.RequestError,
    httpx.TransportError,
    httpx.TimeoutException,
    httpx.NetworkError,
    httpx.ProtocolError,
}
OURS: dict[Kind, type[Exception]] = {httpx.UnsupportedProtocol: ConfigError}
THROUGH: dict[Kind, str] = {
    httpx.PoolTimeout: "the pool is larger than any number of slots",
    httpx.LocalProtocolError: "we sent what HTTP forbids",
    httpx.TooManyRedirects: "no redirect is followed",
}
"""What is a bug of ours when it happens, and why."""


async def test_the_table_of_errors_is_complete() -> None:
    """Every error of httpx's requests is in exactly one place: unreachable, broken off, ours, or a bug."""
    known = subclasses(httpx.RequestError) - BASES
    placed: list[Kind] = [*UNREACHABLE, *BROKEN_OFF, *OURS, *THROUGH]
    assert set(placed) == known
    assert len(placed) == len(known)


@pytest.mark.parametrize("kind", [*UNREACHABLE, *BROKEN_OFF], ids=lambda kind: kind.__name__)
async def test_transport_errors_are_named(kind: Kind) -> None:
    """A failed connection is `Unavailable`, says where, and whether anything can have been billed."""
    with pytest.raises(Unavailable, match=r"https://speech\.test") as caught:
        await send(raising(kind("boom")))
    assert caught.value.unreachable is (kind in UNREACHABLE)
    assert caught.value.billed is (kind not in UNREACHABLE)
    assert caught.value.status is None


async def test_what_httpx_cannot_reach_by_its_scheme_is_a_setting() -> None:
    """A protocol that httpx does not speak is a `ConfigError`, also where it shows only then."""
    with pytest.raises(ConfigError, match="is no address"):
        await send(raising(httpx.UnsupportedProtocol("boom")))


@pytest.mark.parametrize("kind", THROUGH, ids=lambda kind: kind.__name__)
async def test_bugs_go_through(kind: Kind) -> None:
    """What only a bug of ours can cause is not dressed up as a failure of the server."""
    with pytest.raises(kind):
        await send(raising(kind("boom")))


@pytest.mark.parametrize(
    "base_url", ["ftp://speech.test", "speech.test", "", "http://", "http://[::1", "http://x:99999"]
)
async def test_wrong_addresses(base_url: str) -> None:
    """What is no address of an HTTP server is a `ConfigError` that quotes it."""

    class Wrong(KeyedTones):
        pass

    Wrong.base_url = base_url
    async with httpx.AsyncClient() as client:
        with pytest.raises(ConfigError, match="is no address"):
            HttpSender(Wrong(), client, settings=patient())


async def test_a_request_is_sent_as_the_provider_wrote_it() -> None:
    """Path, query and body are the provider's; key and name of the program are added."""
    with respx.mock(assert_all_called=True) as router:
        route = router.post("https://speech.test/speak", params={"format": "pcm"}, json={"lines": []})
        route.respond(200, content=b"sound", headers={"X-Thing": "1"})
        response = await send(router.async_handler)
    assert response.status == 200
    assert response.body == b"sound"
    assert response.headers["x-thing"] == "1"
    sent = route.calls.last.request.headers
    assert sent["x-key"] == f"Key {KEY}"
    assert sent["user-agent"].startswith("tts-async/")


# Answers


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, Rejected), (404, Rejected), (429, Busy), (503, Busy), (500, Unavailable), (302, ProviderError)],
)
async def test_refusals_are_the_providers_to_name(status: int, kind: type[ProviderError]) -> None:
    """An answer that is not speech is raised as the provider's table says, and is no admission."""
    heard: list[Signals] = []
    with pytest.raises(kind) as caught:
        await send(lambda request: httpx.Response(status, json={"detail": "why"}), heard=heard)
    assert caught.value.status == status
    assert "why" in str(caught.value)
    assert heard == []


class Breaking(httpx.AsyncByteStream):
    """A body that breaks off, or never ends."""

    def __init__(self, *pieces: bytes, endless: bool = False) -> None:
        self.pieces = pieces
        self.endless = endless
        self.given = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            for piece in self.pieces:
                self.given += len(piece)
                yield piece
            if not self.endless:
                raise httpx.ReadError("broken")


@pytest.mark.parametrize("status", [401, 429])
async def test_a_refusal_counts_though_its_reason_breaks_off(status: int) -> None:
    """A status is not lost to a connection that breaks while the reason is read."""
    with pytest.raises(ProviderError, match="half a rea") as caught:
        await send(lambda request: httpx.Response(status, stream=Breaking(b"half a rea")))
    assert caught.value.status == status


async def test_an_endless_reason_is_not_read_to_its_end() -> None:
    """A refusal without end is read for its start."""
    stream = Breaking(b"no " * 10_000, endless=True)
    with pytest.raises(Rejected):
        await send(lambda request: httpx.Response(403, stream=stream))
    assert stream.given < 200_000


async def test_an_endless_body_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer may be larger than a chunk can be."""
    monkeypatch.setattr(client_module, "MAX_BODY_BYTES", 100_000)
    with pytest.raises(AudioError, match="more than 100,000 bytes"):
        await send(lambda request: httpx.Response(200, stream=Breaking(b"x" * 30_000, endless=True)))


@pytest.mark.parametrize(
    ("announced", "sent", "ok"),
    [("10", b"123456789", False), ("10", b"1234567890", True), ("0", b"", True), ("nonsense", b"1", True)],
)
async def test_a_body_is_as_long_as_announced(announced: str, sent: bytes, ok: bool) -> None:
    """A body shorter than its Content-Length is `Unavailable`, never half a sentence."""

    async def body() -> AsyncIterator[bytes]:
        yield sent

    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-length": announced}, content=body())

    if ok:
        assert (await send(handler)).body == sent
    else:
        with pytest.raises(Unavailable, match="announced 10 bytes and sent 9"):
            await send(handler)


async def test_a_compressed_body_is_measured_as_it_was_sent() -> None:
    """The announced length is that of the compressed body."""
    packed = gzip.compress(b"sound" * 1000)
    headers = {"content-encoding": "gzip", "content-length": str(len(packed))}
    assert (await send(lambda request: httpx.Response(200, headers=headers, content=packed))).body == b"sound" * 1000


async def test_a_body_that_is_not_compressed_as_it_says() -> None:
    """What cannot be decompressed is worth another attempt."""

    async def body() -> AsyncIterator[bytes]:
        yield b"not gzip at all"

    with pytest.raises(Unavailable, match="not compressed as it says"):
        await send(lambda request: httpx.Response(200, headers={"content-encoding": "gzip"}, content=body()))


async def test_admission_is_heard_before_the_body() -> None:
    """The gate hears of an answer, and of its waits, while the body is still to come."""
    heard: list[Signals] = []
    at_body: list[int] = []

    async def body() -> AsyncIterator[bytes]:
        at_body.append(len(heard))
        yield b"sound"

    await send(lambda request: httpx.Response(200, headers={"Retry-After": "3"}, content=body()), heard=heard)
    assert heard == [Signals(retry_after_s=3.0)]
    assert at_body == [1]


@pytest.mark.real_time
@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf", "broke off"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n", "broke off"),
        (b"", "broke off"),
        (b"I speak no HTTP\r\n\r\n", "broke off"),
    ],
    ids=["short", "unfinished chunks", "hung up", "another protocol"],
)
async def test_a_real_connection_that_breaks(answer: bytes, says: str) -> None:
    """With a real socket, an answer that is cut off anywhere is `Unavailable`."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)

    class Here(KeyedTones):
        base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    async with server, httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(Unavailable, match=says):
            await HttpSender(Here(), client, settings=patient()).send(REQUEST, lambda signals: None)


def order(chars: int) -> SpeechRequest:
    body = {"lines": [{"text": "hello", "voice": "tone"}], "s_per_char": 0.01}
    return SpeechRequest(origin="t", path="/speak", body=body, chars=chars)


async def test_patience_grows_with_the_text_and_the_server() -> None:
    """Silence is borne for a minute, or six times what a text of that length is expected to take here."""
    server = Server(latency_s=lambda text: 40.0)
    async with server.client() as client:
        sender = HttpSender(KeyedTones(), client, settings=patient())
        for chars in (400, 4_000, 400):
            await sender.send(order(chars), lambda signals: None)
    waits = [request.extensions["timeout"] for request in server.requests]
    first_seen, second_seen = 40 / 480, 40 / 4_080
    assert [wait["read"] for wait in waits] == pytest.approx(
        [60, 6 * first_seen * 4_080, max(60, 6 * (0.9 * first_seen + 0.1 * second_seen) * 480)]
    )
    assert waits[0]["connect"] == 10


async def test_an_attempt_ends() -> None:
    """An answer that never stops coming is given up after ten silences, as a failure that may be tried again."""

    async def trickle(request: httpx.Request) -> httpx.Response:
        async def drops() -> AsyncIterator[bytes]:
            while True:
                await asyncio.sleep(30)
                yield b"x"

        return httpx.Response(200, content=drops())

    async with httpx.AsyncClient(transport=httpx.MockTransport(trickle)) as client:
        with pytest.raises(Unavailable, match="was not done after 600 s"):
            await HttpSender(KeyedTones(), client, settings=patient()).send(order(5), lambda signals: None)
    assert now() == pytest.approx(600, abs=0.1)


# The key


async def test_the_key_is_never_shown() -> None:
    """Not in a representation, an error, its causes, an event, or a report."""
    heard = Heard()
    answers = [httpx.Response(401, json={"detail": "bad key"})]
    async with means_of(Server(says=lambda text, nth: answers[0]), provider=KeyedTones(), key=KEY) as means:
        buying = buying_of(means, ["one", "two"], heard)
        await buying.run()
        shown = [repr(means.sender), repr(means.gate), repr(means), repr(list(heard)), repr(buying.record.report)]
        assert KEY not in str(vars(means.gate))
    errors: list[BaseException | None] = list(buying.failures.values())
    for error in errors:
        if error is not None:
            shown += [repr(error), str(error), str(vars(error))]
            errors += [each for each in (error.__cause__, error.__context__) if each not in errors]
    assert KEY not in "".join(shown)


@pytest.mark.parametrize("follows", [False, True])
async def test_the_key_does_not_follow_a_redirect(follows: bool) -> None:
    """A redirect is an answer like another: nothing is sent to where it points, even by a client that would."""
    hosts: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        hosts.append(request.url.host)
        return httpx.Response(307, headers={"location": "https://elsewhere.test/speak"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(handler), follow_redirects=follows) as client:
        with pytest.raises(ProviderError):
            await HttpSender(KeyedTones(), client, key=KEY, settings=patient()).send(REQUEST, lambda signals: None)
    assert hosts == ["speech.test"]


async def test_without_a_key_none_is_sent() -> None:
    """Neither an empty header nor the prefix alone."""
    seen: list[httpx.Headers] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers)
        return httpx.Response(200, content=b"x")

    await send(handler, key=None)
    assert "x-key" not in seen[0]


# The client of our own


async def test_the_pool_is_never_the_limit() -> None:
    """A hundred requests at once go through our own client without waiting for each other."""
    client = new_client(cast(HttpProvider, object()))
    pool = client._transport._pool  # type: ignore[attr-defined]
    assert pool._max_connections == pool._max_keepalive_connections > 100
    await client.aclose()


async def test_a_scripted_provider_answers_itself() -> None:
    """The server of a provider that is a function is asked through the same client."""
    async with new_client(ToneProvider()) as client:
        sender = HttpSender(ToneProvider(), client, settings=patient())
        await sender.warm_up()
        lines = [{"text": "hello", "voice": "tone"}]
        request = SpeechRequest(origin="tone", path="/speak", body={"lines": lines, "s_per_char": 0.01}, chars=5)
        response = await sender.send(request, lambda signals: None)
        assert len(response.body) == 2 * 1200
        with pytest.raises(Rejected):
            await sender.send(REQUEST, lambda signals: None)


async def test_http2_is_a_setting() -> None:
    """It is off unless set, and without its package a sentence says what to install."""
    sent: list[bool] = []
    for http2 in (False, True):
        async with new_client(ElevenLabsProvider(), http2=http2) as client:
            pool = client._transport._pool  # type: ignore[attr-defined]
            sent.append(pool._http2)
    assert sent == [False, True]


def test_http2_needs_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is sent."""
    monkeypatch.setattr(client_module, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"pip install 'tts-async\[http2\]'"):
        new_client(KeyedTones(), http2=True)
