"""Translates: a provider turns chunks into requests and responses into clips. One file a provider."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from tts_async.errors import ConfigError
from tts_async.providers.base import Configurable, Provider
from tts_async.providers.spec import Spec, read_spec

BUILT_IN = {
    "local": "tts_async.providers.local:LocalProvider",
    "elevenlabs": "tts_async.providers.elevenlabs:ElevenLabsProvider",
    "openai": "tts_async.providers.openai:OpenAIProvider",
    "tone": "tts_async.providers.tone:ToneProvider",
}
DEFAULT = "local"
GROUP = "tts_async.providers"
"""The entry points under which other packages add theirs."""

NO_OPTIONS: Mapping[str, object] = {}

LACKS = {
    "model": "{name} has no models to choose from; leave out {value!r}.",
    "base_url": "{name} has no server whose address could be {value!r}.",
}


def names() -> list[str]:
    """The names of all providers, the default first."""
    return [*BUILT_IN, *sorted(_added().keys() - BUILT_IN.keys())]


def find(spec: str, options: Mapping[str, object] = NO_OPTIONS) -> Provider:
    """Make the provider that a spec names, with options of its own.

    :raises ConfigError: a name that nobody has, a model or an address that it does not take, an unknown option.
    """
    wanted = read_spec(spec)
    make = _factory(wanted.name)
    return make(**_arguments(make, wanted), **_options(make, wanted.name, options))


def configured(provider: Provider, options: Mapping[str, object]) -> Provider:
    """Return a provider with options over its own; raises `ConfigError` where it has none."""
    if not options:
        return provider
    if not isinstance(provider, Configurable):
        raise ConfigError(f"{provider.name} has no options, and the digest sets {', '.join(sorted(options))}.")
    return provider.configured(options)


@cache
def _added() -> dict[str, EntryPoint]:
    return {each.name: each for each in entry_points(group=GROUP)}


def _factory(name: str) -> Callable[..., Provider]:
    """What makes a provider: a class mostly."""
    made: Callable[..., Provider]
    if name in BUILT_IN:
        module, _, attribute = BUILT_IN[name].partition(":")
        made = getattr(import_module(module), attribute)
        return made
    if name not in _added():
        raise ConfigError(f"There is no provider {name!r}; there are {', '.join(names())}.")
    try:
        made = _added()[name].load()
    except (ImportError, AttributeError) as broken:
        raise ConfigError(f"The provider {name!r} of another package cannot be loaded: {broken}") from broken
    return made


def _arguments(make: Callable[..., Provider], spec: Spec) -> dict[str, str]:
    """Model and address, where they are named."""
    given = {name: value for name in LACKS if (value := getattr(spec, name))}
    for name, value in given.items():
        if not _takes(make, name):
            raise ConfigError(LACKS[name].format(name=spec.name, value=value))
    return given


def _options(make: Callable[..., Provider], name: str, options: Mapping[str, object]) -> Mapping[str, object]:
    for option in options:
        if option in LACKS or not _takes(make, option):
            raise ConfigError(f"{name} knows no option {option!r}.")
    return options


def _takes(make: Callable[..., Provider], name: str) -> bool:
    parameters = inspect.signature(make).parameters
    return name in parameters or any(each.kind is each.VAR_KEYWORD for each in parameters.values())
