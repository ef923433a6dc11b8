"""ElevenLabs' voices: the stock ones that every account has, and what a voice can be set to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from tts_async.core.plan import Chunk, Voice
from tts_async.errors import ConfigError
from tts_async.providers.elevenlabs_models import Model
from tts_async.providers.options import Option, checked, decimal, flag

NAME = "ElevenLabs"

STOCK: Mapping[str, str] = MappingProxyType(
    {
        "21m00Tcm4TlvDq8ikWAM": "Rachel",
        "JBFqnCBsd6RMkjVDRZzb": "George",
        "EXAVITQu4vr4xnSDxMaL": "Sarah",
        "IKne3meq5aSn9XLyUdCD": "Charlie",
        "FGY2WhTYpPnrIDTdsKH5": "Laura",
        "CwhRBWXzGAHq8TQ4Fs17": "Roger",
        "Xb7hH8MSUJpSbSDYk0k2": "Alice",
        "N2lVS1w4EtoT3dr4eOWO": "Callum",
        "XrExE9yKIg1WjnnlVkGX": "Matilda",
        "TX3LPaxmHKxFdv7VOQHJ": "Liam",
        "cgSgspJ2msm6clMCkdW9": "Jessica",
        "bIHbv24MWmeRgasZH58o": "Will",
        "pFZP5JQG7iQjIQuC4Bku": "Lily",
        "cjVigY5qzO86Huf0OWal": "Eric",
        "iP95p4xoKVk53GoZ742B": "Chris",
        "nPczCjzI2devNBz1zQrb": "Brian",
        "onwK4e9ZLuTAKqWW03F9": "Daniel",
        "pqHfZKP75CvOlQylNhV4": "Bill",
        "SAz9YHcvj6GT2YYXdXww": "River",
    }
)
"""Public ids of premade voices, and their names."""

IDS_BY_NAME = {name.lower(): voice for voice, name in STOCK.items()}

SETTINGS: Mapping[str, Option] = {
    "stability": decimal(0, 1),
    "similarity_boost": decimal(0, 1),
    "style": decimal(0, 1),
    "use_speaker_boost": flag(),
    "speed": decimal(0.7, 1.2),
}
"""The speeds are the server's own bounds."""

IN_DIALOGUE = frozenset({"stability"})

_OWN_ID = re.compile(r"[A-Za-z0-9]{20}")
_ANY_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def voice_id(voice: Voice, *, any_form: bool) -> str:
    """The id that is sent for a voice; a stock voice goes by its name, too.

    :raises ConfigError: it can be no id, unless ids have ``any_form``, as on some servers that imitate ElevenLabs.
    """
    known = IDS_BY_NAME.get(voice.id.lower(), voice.id)
    if (_ANY_ID if any_form else _OWN_ID).fullmatch(known):
        return known
    raise ConfigError(
        f"{NAME} has no voice {voice.id!r}: an id is 20 letters and digits, or the name of a stock voice;"
        " `tts-async voices --provider elevenlabs` lists yours (check_voices=false takes any)."
    )


def settings_of(voice: Voice, model: Model, *, steps: bool) -> dict[str, object]:
    """What a voice is set to, without what its model does not know; raises `ConfigError` for what cannot be.

    ``steps``: a model that takes only certain stabilities is believed to.
    """
    checked(voice.settings, SETTINGS, NAME, "voice setting")
    stability = voice.settings.get("stability")
    if steps and model.stability_steps and stability is not None and stability not in model.stability_steps:
        takes = ", ".join(map(str, model.stability_steps))
        raise ConfigError(f"The stability of {voice.id} is {stability}; {model.id} takes {takes}.")
    return {name: value for name, value in voice.settings.items() if name not in _ignored(model)}


def dialogue_settings_of(voices: Iterable[Voice], model: Model, *, steps: bool) -> dict[str, object]:
    """What a dialogue request is set to: it has one stability, for all who speak in it.

    :raises ConfigError: they are meant to have several.
    """
    found = [settings_of(voice, model, steps=steps) for voice in voices]
    stabilities = {each.get("stability") for each in found}
    if len(stabilities) > 1:
        raise ConfigError(
            f"A dialogue request of {NAME} has one stability, and its voices have {len(stabilities)}:"
            " give all the same, or choose a model without dialogues."
        )
    return {name: value for name, value in found[0].items() if name in IN_DIALOGUE}


def _ignored(model: Model) -> frozenset[str]:
    """Voice settings that a model does not know."""
    return frozenset(name for name, known in (("speed", model.speed), ("style", model.style)) if not known)


def ignored_settings(chunks: Iterable[Chunk], models: Mapping[bool, Model]) -> Iterator[str]:
    """Say once for each setting that a digest asks for and its model (of dialogues, and not) does not know."""
    told: set[str] = set()
    for chunk in chunks:
        model = models[chunk.dialogue]
        for line in chunk.lines:
            known = IN_DIALOGUE if chunk.dialogue else SETTINGS.keys() - _ignored(model)
            for name in sorted(line.voice.settings.keys() - known - told):
                told.add(name)
                yield f"{model.id} does not know the voice setting {name} {'in a dialogue' * chunk.dialogue}".strip()
