"""What speech costs, as far as it is published: data, each figure with its date and source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a provider asks for 1,000 characters of text; ``usd_per_1000_chars`` is ``None`` where nobody says.

    ``credits_per_char``: the unit in which the provider counts; a character is one where it has no other.
    """

    usd_per_1000_chars: float | None
    credits_per_char: float = 1.0
    date: str = ""
    source: str = ""


UNKNOWN = Price(usd_per_1000_chars=None)

_HALF = Price(
    usd_per_1000_chars=0.05,
    credits_per_char=0.5,
    date="2026-06",
    source="https://elevenlabs.io/pricing/api, pay as you go",
)
_WHOLE = replace(_HALF, usd_per_1000_chars=0.10, credits_per_char=1.0)
_OURS = Price(usd_per_1000_chars=0.0, date="2026-11", source="spoken by this package, on your machine")

PRICES: Mapping[str, Price] = {
    "elevenlabs:eleven_multilingual_v2": _WHOLE,
    "elevenlabs:eleven_v3": _WHOLE,
    "elevenlabs:eleven_flash_v2_5": _HALF,
    "elevenlabs:eleven_flash_v2": _HALF,
    "elevenlabs:eleven_turbo_v2_5": _HALF,
    "elevenlabs:eleven_turbo_v2": _HALF,
    "openai:tts-1": Price(
        usd_per_1000_chars=0.015, date="2026-11", source="https://developers.openai.com/api/docs/models/tts-1"
    ),
    "openai:tts-1-hd": Price(
        usd_per_1000_chars=0.030, date="2026-11", source="https://developers.openai.com/api/docs/models/tts-1-hd"
    ),
    "openai:gpt-4o-mini-tts": Price(
        usd_per_1000_chars=0.025,
        date="2026-11",
        source=(
            "https://developers.openai.com/api/docs/models/gpt-4o-mini-tts: $12 for 1M tokens of audio, about $0.015 a"
            " minute; reckoned with slow speech, 600 characters a minute"
        ),
    ),
    "local": _OURS,
    "tone": _OURS,
}
"""By ``PROVIDER:MODEL``. A voice of the ElevenLabs library may cost a multiple, and a plan may cost less."""


def price_of(tariff: str, own: Mapping[str, float] | None = None) -> Price:
    """The price of ``PROVIDER[:MODEL][+ADDRESS]``; `UNKNOWN` where it is not listed, as for servers of one's own.

    ``own`` are prices in USD for 1,000 characters that go before the listed ones: by the whole name, by
    ``PROVIDER:MODEL``, or by ``PROVIDER``.
    """
    own = own or {}
    listed = PRICES.get(tariff, UNKNOWN)
    model = tariff.partition("+")[0]
    for name in (tariff, model, model.partition(":")[0]):
        if name in own:
            known = listed if listed is not UNKNOWN else PRICES.get(model, UNKNOWN)
            return replace(known, usd_per_1000_chars=own[name], date="", source="your settings")
    return listed
