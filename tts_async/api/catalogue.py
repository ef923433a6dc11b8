"""What there is to choose from: providers and their voices."""

from __future__ import annotations

from dataclasses import dataclass

from tts_async import providers
from tts_async.providers.base import EmbeddedProvider, HttpProvider, Provider


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderEntry:
    """A provider in a list; ``key_variable`` is where its key is looked for, "" where none is needed."""

    name: str
    kind: str
    languages: str
    max_size: int
    key_variable: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceEntry:
    """A voice in a list."""

    provider: str
    voice: str
    description: str


def list_providers() -> list[ProviderEntry]:
    """Every provider by name, the default first."""
    return [_entry(providers.find(name)) for name in providers.names()]


def list_voices(provider: str = providers.DEFAULT) -> list[VoiceEntry]:
    """The voices that a provider is known to have; raises `ConfigError` for an unknown provider."""
    known = providers.find(provider).capabilities.voices
    return [VoiceEntry(provider=provider, voice=voice, description=said) for voice, said in known.items()]


def _entry(provider: Provider) -> ProviderEntry:
    can = provider.capabilities
    auth = provider.auth if isinstance(provider, HttpProvider) else None
    return ProviderEntry(
        name=provider.name,
        kind="embedded" if isinstance(provider, EmbeddedProvider) else "http",
        languages=", ".join(sorted(can.languages)) if can.languages is not None else "any",
        max_size=can.max_size,
        key_variable=auth.variable if auth else "",
    )
