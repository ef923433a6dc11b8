"""Asynchronous text to speech: as fast as the provider lets you, complete or an error, never paid twice."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tts_async.api.catalogue import fetch_models as fetch_models
    from tts_async.api.catalogue import fetch_subscription as fetch_subscription
    from tts_async.api.catalogue import fetch_voices as fetch_voices
    from tts_async.api.catalogue import find_provider as find_provider
    from tts_async.api.catalogue import list_models as list_models
    from tts_async.api.catalogue import list_providers as list_providers
    from tts_async.api.catalogue import list_voices as list_voices
    from tts_async.api.generate import generate_digest as generate_digest
    from tts_async.api.generate import generate_digest_sync as generate_digest_sync
    from tts_async.api.render import Renderer as Renderer
    from tts_async.api.result import RenderResult as RenderResult
    from tts_async.api.settings import SettingsSources as SettingsSources
    from tts_async.api.streams import EncodedSpeech as EncodedSpeech
    from tts_async.api.streams import Speech as Speech
    from tts_async.core.cues import Cue as Cue
    from tts_async.core.digest import Digest as Digest
    from tts_async.core.event import Event as Event
    from tts_async.core.event import tee as tee
    from tts_async.core.plan import Plan as Plan
    from tts_async.core.receipt import Receipt as Receipt
    from tts_async.core.report import Report as Report
    from tts_async.errors import AudioError as AudioError
    from tts_async.errors import BudgetError as BudgetError
    from tts_async.errors import Busy as Busy
    from tts_async.errors import ConfigError as ConfigError
    from tts_async.errors import Correction as Correction
    from tts_async.errors import DigestError as DigestError
    from tts_async.errors import OutputError as OutputError
    from tts_async.errors import ProviderError as ProviderError
    from tts_async.errors import Rejected as Rejected
    from tts_async.errors import RenderFailed as RenderFailed
    from tts_async.errors import TTSError as TTSError
    from tts_async.errors import Unavailable as Unavailable
    from tts_async.settings import MergedSettings as MergedSettings
    from tts_async.settings import Pauses as Pauses
    from tts_async.settings import Settings as Settings

_HOMES = {
    "AudioError": "errors",
    "BudgetError": "errors",
    "Busy": "errors",
    "ConfigError": "errors",
    "Correction": "errors",
    "Cue": "core.cues",
    "Digest": "core.digest",
    "DigestError": "errors",
    "EncodedSpeech": "api.streams",
    "Event": "core.event",
    "MergedSettings": "settings",
    "OutputError": "errors",
    "Pauses": "settings",
    "Plan": "core.plan",
    "ProviderError": "errors",
    "Receipt": "core.receipt",
    "Rejected": "errors",
    "RenderFailed": "errors",
    "RenderResult": "api.result",
    "Renderer": "api.render",
    "Report": "core.report",
    "Settings": "settings",
    "SettingsSources": "api.settings",
    "Speech": "api.streams",
    "TTSError": "errors",
    "Unavailable": "errors",
    "fetch_models": "api.catalogue",
    "fetch_subscription": "api.catalogue",
    "fetch_voices": "api.catalogue",
    "find_provider": "api.catalogue",
    "generate_digest": "api.generate",
    "generate_digest_sync": "api.generate",
    "list_models": "api.catalogue",
    "list_providers": "api.catalogue",
    "list_voices": "api.catalogue",
    "tee": "core.event",
}

__all__ = [
    "AudioError",
    "BudgetError",
    "Busy",
    "ConfigError",
    "Correction",
    "Cue",
    "Digest",
    "DigestError",
    "EncodedSpeech",
    "Event",
    "MergedSettings",
    "OutputError",
    "Pauses",
    "Plan",
    "ProviderError",
    "Receipt",
    "Rejected",
    "RenderFailed",
    "RenderResult",
    "Renderer",
    "Report",
    "Settings",
    "SettingsSources",
    "Speech",
    "TTSError",
    "Unavailable",
    "fetch_models",
    "fetch_subscription",
    "fetch_voices",
    "find_provider",
    "generate_digest",
    "generate_digest_sync",
    "list_models",
    "list_providers",
    "list_voices",
    "tee",
]


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for, so that importing the package costs next to nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
