"""The sender over HTTP: adds the key, reads headers as they arrive, and names what went wrong."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version

import httpx

from tts_async.core import expectation, headers
from tts_async.core.exchange import SpeechRequest, SpeechResponse
from tts_async.engine.sender import OnHeaders
from tts_async.errors import AudioError, ConfigError, Unavailable
from tts_async.providers.base import HttpProvider, ScriptedProvider
from tts_async.settings import Settings

MAX_IN_FLIGHT = 100
"""The pool must never be what limits: it is larger than any number of slots (`Settings.workers`)."""
MAX_BODY_BYTES = 256_000_000
MAX_REASON_BYTES = 64_000
WRITE_TIMEOUT_S = 30.0
EXPECTED = 6
"""A server that is silent for so many times as long as the whole answer was expected to take is given up."""
SILENCES = 10
"""An attempt may take so many times as long as one silence."""

UNREACHABLE: dict[type[httpx.RequestError], str] = {
    httpx.ConnectError: "nothing answers at {url}: is the server running?",
    httpx.ConnectTimeout: "{url} did not take a connection in time",
    httpx.ProxyError: "the proxy on the way to {url} refused",
}
BROKEN_OFF: dict[type[httpx.RequestError], str] = {
    httpx.ReadTimeout: "{url} fell silent before the audio was complete",
    httpx.WriteTimeout: "{url} did not take the request in time",
    httpx.ReadError: "the connection to {url} broke while the audio came",
    httpx.WriteError: "the connection to {url} broke while the request was sent",
    httpx.CloseError: "the connection to {url} did not close as it should",
    httpx.RemoteProtocolError: "{url} broke off in the middle of its answer",
    httpx.DecodingError: "{url} sent an answer that is not compressed as it says",
}


class HttpSender:
    """Sends to one server with one key; the client is borrowed and stays open."""

    def __init__(
        self, provider: HttpProvider, client: httpx.AsyncClient, *, key: str | None = None, settings: Settings
    ) -> None:
        """Raise `ConfigError` for an address or a key that cannot be one."""
        _check_address(provider.base_url)
        self._provider = provider
        self._client = client
        self._connect_s, self._read_s = settings.connect_timeout_s, settings.read_timeout_s
        self._s_per_char: float | None = None
        self._headers = {"user-agent": f"tts-async/{version('tts-async')}"}
        if provider.auth and key:
            self._headers[provider.auth.header] = provider.auth.prefix + _sendable(key, provider.name)

    def __repr__(self) -> str:
        return f"<HttpSender to {self._provider.base_url}>"

    async def warm_up(self) -> None:
        """Nothing to load: the first request opens the connection."""

    async def send(self, request: SpeechRequest, on_headers: OnHeaders) -> SpeechResponse:
        """Send a request and read its whole answer; raises what the provider's table says of a refusal."""
        began_s, silence_s = _now_s(), self._silence_s(request.chars)
        try:
            async with asyncio.timeout(SILENCES * silence_s):
                response = await self._answer(request, on_headers, silence_s)
        except TimeoutError:
            url = self._provider.base_url
            raise Unavailable(f"{url} was not done after {SILENCES * silence_s:.0f} s") from None
        self._s_per_char = expectation.learned(self._s_per_char, chars=request.chars, took_s=_now_s() - began_s)
        return response

    def _silence_s(self, chars: int) -> float:
        """How long the server may say nothing, which most do until the audio is made."""
        s_per_char = self._s_per_char or expectation.S_PER_CHAR
        return max(self._read_s, EXPECTED * expectation.expected_s(chars, s_per_char))

    async def _answer(self, request: SpeechRequest, on_headers: OnHeaders, silence_s: float) -> SpeechResponse:
        provider = self._provider
        with _named(provider.base_url):
            async with self._client.stream(
                "POST",
                provider.base_url + request.path,
                params=dict(request.query) or None,
                json=dict(request.body),
                headers=self._headers,
                # Ours whoever made the client: httpx's own give up on a synthesis after 5 s.
                timeout=httpx.Timeout(connect=self._connect_s, read=silence_s, write=WRITE_TIMEOUT_S, pool=None),
                follow_redirects=False,  # httpx takes only `authorization` off before it goes elsewhere.
            ) as answer:
                spoken = answer.status_code == httpx.codes.OK
                told = dict(answer.headers.items())
                signals = headers.read(told, now_s=time.time(), oddities=provider.oddities)
                if spoken:
                    on_headers(signals)
                body = await (_body(answer, provider.base_url) if spoken else _reason(answer))
        response = SpeechResponse(status=answer.status_code, headers=told, body=body)
        if not spoken:
            raise provider.error(response, signals)
        return response


def _now_s() -> float:
    return asyncio.get_running_loop().time()


def _check_address(url: str) -> None:
    with _named(url):
        address = httpx.URL(url)
        if address.scheme not in {"http", "https"} or not address.host or not 0 < (address.port or 80) < 65_536:
            raise httpx.UnsupportedProtocol(url)


def _sendable(key: str, provider: str) -> str:
    """Refuse a key that the HTTP library would refuse, and quote, later."""
    if not key.isascii() or not key.isprintable() or key != key.strip():
        raise ConfigError(f"The key for {provider} holds a line break, a space or a letter that no key has.")
    return key


async def _body(answer: httpx.Response, url: str) -> bytes:
    """Read a body that is neither endless nor shorter than announced."""
    body = bytearray()
    async for piece in answer.aiter_bytes():
        body += piece
        if len(body) > MAX_BODY_BYTES:
            raise AudioError(f"{url} sent more than {MAX_BODY_BYTES:,} bytes for one chunk")
    announced = answer.headers.get("content-length", "")
    # A compressed body is longer than what came; an answer that never was on a wire has downloaded nothing.
    received = answer.num_bytes_downloaded or len(body)
    if announced.isdecimal() and received < int(announced):
        raise Unavailable(f"{url} announced {announced} bytes and sent {received}")
    return bytes(body)


async def _reason(answer: httpx.Response) -> bytes:
    """Read the start of what a refusal says; its status counts even where the rest never comes."""
    body = bytearray()
    with suppress(*BROKEN_OFF):
        async for piece in answer.aiter_bytes():
            body += piece
            if len(body) >= MAX_REASON_BYTES:
                break
    return bytes(body)


@contextmanager
def _named(url: str) -> Iterator[None]:
    """Say in our own words what httpx raises; what is in no table is a bug of ours and goes through."""
    try:
        yield
    except (httpx.UnsupportedProtocol, httpx.InvalidURL):
        raise ConfigError(f"{url!r} is no address of an HTTP server; it starts with http:// or https://.") from None
    except httpx.RequestError as error:
        for table in (UNREACHABLE, BROKEN_OFF):
            if sentence := table.get(type(error)):
                why = f" ({error})" if str(error) and table is UNREACHABLE else ""
                raise Unavailable(sentence.format(url=url) + why, unreachable=table is UNREACHABLE) from error
        raise


def new_client(provider: HttpProvider) -> httpx.AsyncClient:
    """Make the client of one provider and key: no limit of its own on how many requests are under way."""
    limits = httpx.Limits(max_connections=MAX_IN_FLIGHT + 2, max_keepalive_connections=MAX_IN_FLIGHT + 2)
    transport = httpx.MockTransport(_answering(provider)) if isinstance(provider, ScriptedProvider) else None
    return httpx.AsyncClient(timeout=None, limits=limits, transport=transport)  # noqa: S113  # HttpSender has them


def _answering(provider: ScriptedProvider) -> Callable[[httpx.Request], httpx.Response]:
    def handler(request: httpx.Request) -> httpx.Response:
        answer = provider.answer(request.url.path, json.loads(request.content))
        return httpx.Response(answer.status, headers=dict(answer.headers), content=answer.body)

    return handler
