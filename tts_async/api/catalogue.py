"""What there is to choose from: providers, their voices and models, and what is left of an account."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from anyio import to_thread

from tts_async import providers
from tts_async.engine.account import borrow
from tts_async.engine.client import HttpSender
from tts_async.engine.keys import key_for, key_in_use
from tts_async.engine.known import as_known, note_models
from tts_async.errors import ConfigError
from tts_async.providers.base import (
    EmbeddedProvider,
    HasSubscription,
    HttpProvider,
    ListsModels,
    ListsVoices,
    Provider,
)
from tts_async.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderEntry:
    """A provider in a list; ``key_variable`` is where its key is looked for, "" where none is needed."""

    name: str
    kind: str
    languages: str
    max_size: int
    dialogue: bool
    key_variable: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceEntry:
    """A voice in a list."""

    provider: str
    voice: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry:
    """A model in a list, and what is known of it, by the provider's own terms."""

    provider: str
    model: str
    facts: Mapping[str, object]


def find_provider(spec: str, **options: object) -> Provider:
    """Make the provider that a spec names, with options of its own; raises `ConfigError`.

    A spec is ``NAME[:MODEL][+ADDRESS]``, such as ``elevenlabs:eleven_v3`` or ``openai+http://127.0.0.1:8880/v1``.
    """
    return providers.find(spec, options)


def list_providers() -> list[ProviderEntry]:
    """Every provider by name, the default first."""
    return [_entry(providers.find(name)) for name in providers.names()]


def list_voices(provider: str | Provider = providers.DEFAULT) -> list[VoiceEntry]:
    """The voices that a provider is known to have, without asking it; raises `ConfigError` for an unknown provider."""
    found = _found(provider)
    return [
        VoiceEntry(provider=found.name, voice=voice, description=said)
        for voice, said in found.capabilities.voices.items()
    ]


async def fetch_voices(
    provider: str | Provider, *, key: str | None = None, client: httpx.AsyncClient | None = None
) -> list[VoiceEntry]:
    """All voices that the account has, as its server lists them; those that are known where no server lists any.

    :raises ConfigError: an unknown provider, or a missing key.
    :raises ProviderError: the server answered, and not with voices.
    """
    found = _found(provider)
    if not isinstance(found, ListsVoices):
        return list_voices(found)
    async with _talking(found, key, client) as (sender, _):
        listed = await sender.converse(found.list_voices())
    return [VoiceEntry(provider=found.name, voice=each.id, description=each.description) for each in listed]


def list_models(provider: str | Provider, *, key: str | None = None) -> list[ModelEntry]:
    """The models that a provider is known to have, with what its server has said of them when it was last asked."""
    found = as_known(_found(provider), key_in_use(_found(provider), key))
    known = found.models if isinstance(found, ListsModels) else {}
    return [ModelEntry(provider=found.name, model=model, facts=facts) for model, facts in known.items()]


async def fetch_models(
    provider: str | Provider, *, key: str | None = None, client: httpx.AsyncClient | None = None
) -> list[ModelEntry]:
    """Ask the server what its models take, and keep the answer for later plans; raises as `fetch_voices` does."""
    found = _found(provider)
    if not isinstance(found, ListsModels):
        raise ConfigError(f"{found.name} has no server that lists models.")
    async with _talking(found, key, client) as (sender, used):
        models = await sender.converse(found.list_models())
    await to_thread.run_sync(note_models, found, used, models)
    told = found.informed(models).models
    return [ModelEntry(provider=found.name, model=model, facts=told.get(model, {})) for model in models]


async def fetch_subscription(
    provider: str | Provider, *, key: str | None = None, client: httpx.AsyncClient | None = None
) -> dict[str, object]:
    """What is left of the account, by the provider's own names; raises as `fetch_voices` does."""
    found = _found(provider)
    if not isinstance(found, HasSubscription):
        raise ConfigError(f"{found.name} has no subscription that could be asked for.")
    async with _talking(found, key, client) as (sender, _):
        return await sender.converse(found.subscription())


@asynccontextmanager
async def _talking(
    provider: HttpProvider, key: str | None, client: httpx.AsyncClient | None
) -> AsyncIterator[tuple[HttpSender, str | None]]:
    """A sender for questions, and the key that it uses."""
    settings, used = Settings(), key_for(provider, key)
    async with borrow(provider, key=used, settings=settings, client=client) as (_, sender):
        assert isinstance(sender, HttpSender)
        yield sender, used


def _found(provider: str | Provider) -> Provider:
    return providers.find(provider) if isinstance(provider, str) else provider


def _entry(provider: Provider) -> ProviderEntry:
    can = provider.capabilities
    auth = provider.auth if isinstance(provider, HttpProvider) else None
    return ProviderEntry(
        name=provider.name,
        kind="embedded" if isinstance(provider, EmbeddedProvider) else "http",
        languages=", ".join(sorted(can.languages)) if can.languages is not None else "any",
        max_size=can.max_size,
        dialogue=(can.in_dialogue or can).dialogue,
        key_variable=auth.variable if auth else "",
    )
