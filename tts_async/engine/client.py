"""The sender over HTTP: adds the key, reads headers as they arrive, and names what went wrong."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from copy import copy
from importlib.metadata import version
from importlib.util import find_spec
from typing import TypeVar, cast

import httpx

from tts_async.core import expectation, headers
from tts_async.core.exchange import Query, SpeechRequest, SpeechResponse, Talk
from tts_async.engine.failures import BROKEN_OFF, check_address, named
from tts_async.engine.keys import without_key
from tts_async.engine.pacing import Pacing
from tts_async.engine.sender import OnHeaders
from tts_async.errors import AudioError, ConfigError, Unavailable
from tts_async.providers.base import HttpProvider, Provider, ScriptedProvider
from tts_async.settings import Settings

T = TypeVar("T")

MAX_IN_FLIGHT = 100
"""The pool must never be what limits: it is larger than any number of slots (`Settings.workers`)."""
MAX_BODY_BYTES = 256_000_000
MAX_REASON_BYTES = 64_000
WRITE_TIMEOUT_S = 30.0
EXPECTED = 6
"""A server that is silent for so many times as long as the whole answer was expected to take is given up."""
SILENCES = 10
"""An attempt may take so many times as long as one silence."""


class HttpSender:
    """Sends to one server with one key; the client is borrowed and stays open."""

    def __init__(
        self,
        provider: HttpProvider,
        client: httpx.AsyncClient,
        *,
        key: str | None = None,
        settings: Settings,
        pacing: Pacing | None = None,
    ) -> None:
        """Raise `ConfigError` for an address that cannot be one; the key is one of `keys.key_for`."""
        check_address(provider.base_url)
        self._provider = provider
        self._client = client
        self._pacing = pacing or Pacing(settings=settings)
        self._s_per_char: float | None = None
        self._headers = {"user-agent": f"tts-async/{version('tts-async')}"}
        self._key = key if provider.auth else None
        if provider.auth and key:
            self._headers[provider.auth.header] = provider.auth.prefix + key

    def __repr__(self) -> str:
        return f"<HttpSender to {self._provider.base_url}>"

    def speaking_for(self, provider: Provider) -> HttpSender:
        """Return the sender to the same server whose errors are named by that provider."""
        other = copy(self)
        other._provider = cast(HttpProvider, provider)  # noqa: SLF001  # It is a copy of this one.
        return other

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
        return max(self._pacing.settings.read_timeout_s, EXPECTED * expectation.expected_s(chars, s_per_char))

    async def _answer(self, request: SpeechRequest, on_headers: OnHeaders, silence_s: float) -> SpeechResponse:
        provider = self._provider
        async with self._asking("POST", request.path, request.query, dict(request.body), silence_s) as answer:
            spoken = answer.status_code == httpx.codes.OK
            signals = headers.read(_told(answer), now_s=time.time(), oddities=provider.oddities)
            if spoken:
                on_headers(signals)
            body = await (_body(answer, provider.base_url) if spoken else _reason(answer))
        response = self._response(answer, body)
        if not spoken:
            raise provider.error(response, signals)
        return response

    async def converse(self, talk: Talk[T]) -> T:
        """Ask the server what a talk wants to know, and return what it learned; raises `ProviderError`."""
        try:
            query = next(talk)
            while True:
                query = talk.send(await self._ask(query))
        except StopIteration as over:
            return cast(T, over.value)
        finally:
            talk.close()

    async def _ask(self, query: Query) -> SpeechResponse:
        silence_s = self._pacing.settings.read_timeout_s
        try:
            async with (
                asyncio.timeout(SILENCES * silence_s),
                self._asking("GET", query.path, query.query, None, silence_s) as answer,
            ):
                return self._response(answer, await _body(answer, self._provider.base_url))
        except TimeoutError:
            raise Unavailable(f"{self._provider.base_url}{query.path} did not answer in time") from None

    @asynccontextmanager
    async def _asking(
        self, method: str, path: str, query: Mapping[str, str], body: Mapping[str, object] | None, silence_s: float
    ) -> AsyncIterator[httpx.Response]:
        url, connect_s = self._provider.base_url, self._pacing.settings.connect_timeout_s
        with named(url):
            async with self._client.stream(
                method,
                url + path,
                params=dict(query) or None,
                json=body,
                headers=self._headers,
                # Ours whoever made the client: httpx's own give up on a synthesis after 5 s.
                timeout=httpx.Timeout(connect=connect_s, read=silence_s, write=WRITE_TIMEOUT_S, pool=None),
                follow_redirects=False,  # httpx takes only `authorization` off before it goes elsewhere.
            ) as answer:
                yield answer

    def _response(self, answer: httpx.Response, body: bytes) -> SpeechResponse:
        """The answer as it came, but for a key that it quotes."""
        told = {name: without_key(value.encode(), self._key).decode() for name, value in _told(answer).items()}
        return SpeechResponse(status=answer.status_code, headers=told, body=without_key(body, self._key))


def _told(answer: httpx.Response) -> dict[str, str]:
    return dict(answer.headers.items())


def _now_s() -> float:
    return asyncio.get_running_loop().time()


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


def new_client(provider: HttpProvider, *, http2: bool = False) -> httpx.AsyncClient:
    """Make the client of one provider and key: no limit of its own on how many requests are under way.

    :raises ConfigError: HTTP/2 is wanted, and its package is not installed.
    """
    if http2 and not find_spec("h2"):
        raise ConfigError("HTTP/2 needs the package h2: pip install 'tts-async[http2]', or leave http2 off.")
    limits = httpx.Limits(max_connections=MAX_IN_FLIGHT + 2, max_keepalive_connections=MAX_IN_FLIGHT + 2)
    transport = httpx.MockTransport(_answering(provider)) if isinstance(provider, ScriptedProvider) else None
    return httpx.AsyncClient(timeout=None, limits=limits, transport=transport, http2=http2)  # noqa: S113  # HttpSender has them


def _answering(provider: ScriptedProvider) -> Callable[[httpx.Request], httpx.Response]:
    def handler(request: httpx.Request) -> httpx.Response:
        answer = provider.answer(request.url.path, json.loads(request.content))
        return httpx.Response(answer.status, headers=dict(answer.headers), content=answer.body)

    return handler
