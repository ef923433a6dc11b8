"""What can be set for ElevenLabs beyond model and voice: by the API's own names, where it has one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tts_async.providers.options import Option, flag, one_of, whole, words

REGIONS: Mapping[str, str] = {
    "global": "https://api.elevenlabs.io",
    "us": "https://api.us.elevenlabs.io",
    "eu": "https://api.eu.residency.elevenlabs.io",
    "in": "https://api.in.residency.elevenlabs.io",
    "sg": "https://api.sg.residency.elevenlabs.io",
}

FORMATS = (
    *(f"mp3_{each}" for each in ("22050_32", "24000_48", "44100_32", "44100_64", "44100_96", "44100_128", "44100_192")),
    *(f"{kind}_{rate}" for kind in ("pcm", "wav") for rate in (8000, 16000, 22050, 24000, 32000, 44100, 48000)),
    "ulaw_8000",
    "alaw_8000",
    *(f"opus_48000_{rate}" for rate in (32, 64, 96, 128, 192)),
)
"""Every ``output_format`` of the published OpenAPI file."""

MOST_DICTIONARIES = 3


def _are_dictionaries(value: Any) -> bool:
    return isinstance(value, list) and 0 < len(value) <= MOST_DICTIONARIES and all(map(_is_dictionary, value))


def _is_dictionary(value: object) -> bool:
    names = {"pronunciation_dictionary_id", "version_id"}
    return (
        isinstance(value, dict)
        and value.keys() <= names
        and "pronunciation_dictionary_id" in value
        and all(isinstance(each, str) and each for each in value.values())
    )


OPTIONS: Mapping[str, Option] = {
    "output_format": one_of(*FORMATS),
    "seed": whole(0, 2**32 - 1),
    "language_code": words(8),
    "apply_text_normalization": one_of("auto", "on", "off"),
    "apply_language_text_normalization": flag(),
    "pronunciation_dictionary_locators": Option(
        fits=_are_dictionaries,
        takes=f"1 to {MOST_DICTIONARIES} objects with pronunciation_dictionary_id and version_id",
    ),
    "enable_logging": flag(),
    "region": one_of(*REGIONS),
    "dialogue_model": words(100),
    "dialogue_context": flag(),
    "check_stability": flag(),
    "check_voices": flag(),
    "max_chars": whole(1, 1_000_000),
}
