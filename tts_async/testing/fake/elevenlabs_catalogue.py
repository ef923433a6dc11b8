"""ElevenLabs' stock voices and models, as its API lists them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StockVoice:
    """A premade voice, which every account has."""

    voice_id: str
    name: str
    gender: str
    accent: str
    description: str

    def told(self) -> dict[str, object]:
        """The voice as the API tells it."""
        labels = {"gender": self.gender, "accent": self.accent, "descriptive": self.description, "language": "en"}
        return {
            "voice_id": self.voice_id,
            "name": self.name,
            "category": "premade",
            "labels": labels,
            "description": f"A {self.description} voice.",
            "preview_url": None,
            "samples": None,
            "settings": None,
            "available_for_tiers": [],
            "high_quality_base_model_ids": list(MODELS),
            "verified_languages": [],
            "is_owner": False,
            "is_legacy": False,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model; ``cost`` is credits a character, ``max_chars`` what is documented.

    ``third`` are the models from v3 on: they refuse an empty text and pass over speed and style. ``context`` is
    whether neighbouring text and requests may be told, ``dialogue`` whether several voices speak in one request.
    """

    model_id: str
    name: str
    max_chars: int
    group: str
    cost: float = 1.0
    third: bool = False
    context: bool = True
    dialogue: bool = False

    @property
    def most_chars(self) -> int:
        """What is enforced: a tenth more."""
        return self.max_chars * 11 // 10

    def told(self) -> dict[str, object]:
        """The model as the API tells it."""
        return {
            "model_id": self.model_id,
            "name": self.name,
            "can_be_finetuned": False,
            "can_do_text_to_speech": True,
            "can_do_voice_conversion": False,
            "can_use_style": not self.third,
            "can_use_speaker_boost": not self.third,
            "serves_pro_voices": False,
            "token_cost_factor": self.cost,
            "description": f"A fake of {self.name}.",
            "requires_alpha_access": False,
            "max_characters_request_free_user": min(2_500, self.max_chars),
            "max_characters_request_subscribed_user": self.max_chars,
            "maximum_text_length_per_request": self.max_chars,
            "languages": [{"language_id": "en", "name": "English"}, {"language_id": "de", "name": "German"}],
            "model_rates": {"character_cost_multiplier": self.cost},
            "concurrency_group": self.group,
        }


# Of the groups' names only those of multilingual v2 and v4 are known.
V4, V3, V2, FAST = (f"standard_eleven_{name}" for name in ("v4", "v3", "multilingual_v2", "turbo"))

MODELS: Mapping[str, Model] = {
    model.model_id: model
    for model in (
        Model(model_id="eleven_v4", name="Eleven v4", max_chars=10_000, group=V4, third=True, dialogue=True),
        Model(
            model_id="eleven_v4_turbo", name="Eleven v4 Turbo", max_chars=10_000, group=V4, third=True, dialogue=True
        ),
        Model(
            model_id="eleven_v3", name="Eleven v3", max_chars=5_000, group=V3, third=True, context=False, dialogue=True
        ),
        Model(
            model_id="eleven_v3_conversational",
            name="Eleven v3 Conversational",
            max_chars=5_000,
            group=V3,
            third=True,
            context=False,
        ),
        Model(model_id="eleven_multilingual_v2", name="Eleven Multilingual v2", max_chars=10_000, group=V2),
        Model(model_id="eleven_multilingual_v1", name="Eleven Multilingual v1", max_chars=10_000, group=V2),
        Model(model_id="eleven_flash_v2_5", name="Eleven Flash v2.5", max_chars=40_000, group=FAST, cost=0.5),
        Model(model_id="eleven_turbo_v2_5", name="Eleven Turbo v2.5", max_chars=40_000, group=FAST, cost=0.5),
        Model(model_id="eleven_flash_v2", name="Eleven Flash v2", max_chars=30_000, group=FAST, cost=0.5),
        Model(model_id="eleven_turbo_v2", name="Eleven Turbo v2", max_chars=30_000, group=FAST, cost=0.5),
    )
}

_VOICES = """
21m00Tcm4TlvDq8ikWAM Rachel female american calm
AZnzlk1XvdvUeBnXmlld Domi female american strong
EXAVITQu4vr4xnSDxMaL Sarah female american soft
ErXwobaYiN019PkySvjV Antoni male american well-rounded
MF3mGyEYCl7XYWbV9V6O Elli female american emotional
TxGEqnHWrfWFTfGW9XjX Josh male american deep
VR6AewLTigWG4xSOukaG Arnold male american crisp
pNInz6obpgDQGcFmaJgB Adam male american deep
9BWtsMINqrJLrRacOk9x Aria female american expressive
CwhRBWXzGAHq8TQ4Fs17 Roger male american confident
FGY2WhTYpPnrIDTdsKH5 Laura female american upbeat
IKne3meq5aSn9XLyUdCD Charlie male australian natural
JBFqnCBsd6RMkjVDRZzb George male british warm
N2lVS1w4EtoT3dr4eOWO Callum male transatlantic intense
SAz9YHcvj6GT2YYXdXww River non-binary american confident
TX3LPaxmHKxFdv7VOQHJ Liam male american articulate
XB0fDUnXU5powFXDhCwa Charlotte female swedish seductive
Xb7hH8MSUJpSbSDYk0k2 Alice female british confident
XrExE9yKIg1WjnnlVkGX Matilda female american friendly
bIHbv24MWmeRgasZH58o Will male american friendly
cgSgspJ2msm6clMCkdW9 Jessica female american expressive
cjVigY5qzO86Huf0OWal Eric male american friendly
iP95p4xoKVk53GoZ742B Chris male american casual
nPczCjzI2devNBz1zQrb Brian male american deep
onwK4e9ZLuTAKqWW03F9 Daniel male british authoritative
pFZP5JQG7iQjIQuC4Bku Lily female british warm
pqHfZKP75CvOlQylNhV4 Bill male american trustworthy
"""
_FIELDS = ("voice_id", "name", "gender", "accent", "description")

VOICES: Mapping[str, StockVoice] = {
    row.split()[0]: StockVoice(**dict(zip(_FIELDS, row.split(), strict=True))) for row in _VOICES.strip().splitlines()
}
