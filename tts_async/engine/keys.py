"""Where a key comes from, and where it may go."""

from __future__ import annotations

import ipaddress
import os
from urllib.parse import urlsplit

from tts_async.errors import ConfigError
from tts_async.providers.base import HttpProvider, Provider

PRIVATE_ENDINGS = (".localhost", ".local", ".internal", ".lan", ".home.arpa", ".test", ".invalid")
"""Names that lead nowhere outside of somebody's own network."""

HIDDEN = "***"
SECRET_CHARS = 8


def key_in_use(provider: Provider, given: str | None) -> str | None:
    """Return the given key or the environment's; ``None`` where there is none, or the provider takes none."""
    auth = provider.auth if isinstance(provider, HttpProvider) else None
    return (given or os.environ.get(auth.variable) or None) if auth else None


def key_for(provider: Provider, given: str | None, *, over_http: bool = False) -> str | None:
    """Return the key to send, the given one or the environment's; ``None`` where the provider takes none.

    :raises ConfigError: it is missing, is none, or would cross the Internet in the clear (unless ``over_http``).
    """
    if not isinstance(provider, HttpProvider) or (auth := provider.auth) is None:
        return None
    key = key_in_use(provider, given)
    if not key and auth.required:
        raise ConfigError(
            f"{provider.name} needs a key: set {auth.variable}, or pass it as key=…; the embedded engine"
            " (--provider local) needs none."
        )
    if not key:
        return None
    if not key.isascii() or not key.isprintable() or key != key.strip():
        raise ConfigError(f"The key for {provider.name} holds a line break, a space or a letter that no key has.")
    if not over_http and not is_safe(provider.base_url):
        raise ConfigError(
            f"The key for {provider.name} would cross the Internet unencrypted on its way to {provider.base_url};"
            " write https://, or set key_over_http if you mean it."
        )
    return key


def is_safe(url: str) -> bool:
    """Whether a key sent there is encrypted, or stays on this machine or in a private network."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme == "https":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith(PRIVATE_ENDINGS)
    return address.is_private or address.is_loopback or address.is_link_local


def without_key(text: bytes, key: str | None) -> bytes:
    """What a server said, without the key that it quotes; so short a key that audio may hold it by chance is no secret."""
    secret = (key or "").encode()
    return text.replace(secret, HIDDEN.encode()) if len(secret) >= SECRET_CHARS and secret in text else text
