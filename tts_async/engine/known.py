"""What earlier runs have learned of a provider's server, brought into the plan of this one."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from tts_async.engine import memory
from tts_async.errors import ConfigError
from tts_async.providers.base import Correctable, HttpProvider, ListsModels, Provider


def as_known(provider: Provider, key: str | None) -> Provider:
    """Return the provider that plans with what is known of its models and of this key; blocks."""
    if isinstance(provider, ListsModels) and (models := memory.MODELS.recall(_account(provider, key))):
        provider = provider.informed(models)
    if isinstance(provider, Correctable) and (change := memory.CORRECTIONS.recall(_account(provider, key))):
        # An option that this version does not know any more is none.
        with suppress(ConfigError):
            provider = provider.corrected(change)
    return provider


def note_correction(provider: HttpProvider, key: str | None, change: Mapping[str, object]) -> None:
    """Remember with which options this key has to be planned for; blocks."""
    before = memory.CORRECTIONS.recall(_account(provider, key)) or {}
    memory.CORRECTIONS.keep(_account(provider, key), {**before, **change})


def note_models(provider: HttpProvider, key: str | None, models: Mapping[str, Mapping[str, object]]) -> None:
    """Remember what a server said of its models; blocks."""
    memory.MODELS.keep(_account(provider, key), models)


def _account(provider: HttpProvider, key: str | None) -> str:
    return memory.account_id((provider.name, provider.base_url, key))
