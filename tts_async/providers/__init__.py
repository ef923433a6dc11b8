"""Translates: a provider turns chunks into requests and responses into clips. One file a provider."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from tts_async.errors import ConfigError
from tts_async.providers.base import Provider

BUILT_IN = {
    "local": "tts_async.providers.local:LocalProvider",
    "tone": "tts_async.providers.tone:ToneProvider",
}
DEFAULT = "local"


def names() -> list[str]:
    """The names of all providers, the default first."""
    return list(BUILT_IN)


def find(name: str) -> Provider:
    """Make the provider of that name; raises `ConfigError` for a name that nobody has."""
    if name not in BUILT_IN:
        raise ConfigError(f"There is no provider {name!r}; there are {', '.join(names())}.")
    module, _, attribute = BUILT_IN[name].partition(":")
    make: Callable[[], Provider] = getattr(import_module(module), attribute)
    return make()
