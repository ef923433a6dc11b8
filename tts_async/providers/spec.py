"""Reads how users name a provider: ``NAME[:MODEL][+ADDRESS]``."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from tts_async.errors import ConfigError

FORM = "NAME, NAME:MODEL, NAME+http://HOST:PORT or NAME:MODEL+http://HOST:PORT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """A provider's name, and the model and the server's address where they are named."""

    name: str
    model: str = ""
    base_url: str = ""


def read_spec(text: str) -> Spec:
    """Read a spec; raises `ConfigError` for what is none, and for an address that is none of an HTTP server."""
    head, plus, url = text.partition("+")
    name, colon, model = head.partition(":")
    lacks = not name or (colon and not model) or (plus and not url)
    if lacks or not text.isprintable() or any(part != part.strip() for part in (name, model, url)):
        raise ConfigError(f"{_as_shown(text)!r} names no provider; write {FORM}.")
    return Spec(name=name, model=model, base_url=checked_url(url) if url else "")


def checked_url(url: str) -> str:
    """Return an address without its last slash; raises `ConfigError` where it is none of an HTTP server."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), 0
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0 or " " in url:
        raise ConfigError(f"{_as_shown(url)!r} is no address of an HTTP server; it starts with http:// or https://.")
    if parts.username is not None or parts.password is not None:
        raise ConfigError(f"The address of {parts.hostname} holds a name or a password; give a key as a key instead.")
    if "?" in url or "#" in url:
        # What is in it is not shown: some put a key there.
        raise ConfigError(f"The address of {parts.hostname} ends with a query; give the part before the ? or #.")
    return url.rstrip("/")


def _as_shown(address: str) -> str:
    """An address without what may be a password or a key."""
    before, at, after = address.rpartition("@")
    return (f"…@{after}" if at and before else address).partition("?")[0]
