"""Says in our own words what the HTTP library raises."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tts_async.errors import ConfigError, Unavailable

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


def check_address(url: str) -> None:
    """Raise `ConfigError` for an address that is none of an HTTP server."""
    with named(url):
        address = httpx.URL(url)
        if address.scheme not in {"http", "https"} or not address.host or not 0 < (address.port or 80) < 65_536:
            raise httpx.UnsupportedProtocol(url)


@contextmanager
def named(url: str) -> Iterator[None]:
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
