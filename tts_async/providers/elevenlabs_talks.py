"""Questions to ElevenLabs that cost nothing: voices, models, the subscription, what was spoken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tts_async.core.exchange import Query, Talk
from tts_async.core.headers import Signals
from tts_async.errors import Unavailable
from tts_async.providers.base import KnownVoice, Naming
from tts_async.providers.bodies import json_of

PAGE = "100"
MOST_PAGES = 100
SUBSCRIPTION = (
    "tier",
    "status",
    "character_count",
    "character_limit",
    "next_character_count_reset_unix",
    "max_credit_limit_extension",
    "can_extend_character_limit",
    "voice_limit",
)
"""What is shown of a subscription; it does not tell how many requests may be in flight."""


def voices(name_error: Naming) -> Talk[list[KnownVoice]]:
    """All voices of the account, page by page."""
    found: dict[str, KnownVoice] = {}
    token = ""
    for _ in range(MOST_PAGES):
        query = {"page_size": PAGE, **({"next_page_token": token} if token else {})}
        page = yield from asked(Query(path="/v2/voices", query=query), name_error)
        found |= {voice.id: voice for voice in _voices(page)}
        told = page.get("next_page_token")
        if page.get("has_more") is not True or not isinstance(told, str) or told in {"", token}:
            break
        token = told
    return list(found.values())


def _voices(page: Mapping[str, object]) -> Iterator[KnownVoice]:
    for voice in objects(page.get("voices")):
        if isinstance(voice.get("voice_id"), str):
            labels = voice.get("labels")
            said = [voice.get("name"), voice.get("category"), *(labels.values() if isinstance(labels, dict) else ())]
            yield KnownVoice(id=str(voice["voice_id"]), description=", ".join(str(each) for each in said if each))


def models(name_error: Naming) -> Talk[dict[str, dict[str, object]]]:
    """What each model takes, under our own names."""
    listed = yield from _answered(Query(path="/v1/models"), name_error)
    return {
        str(model["model_id"]): {
            "max_chars": model.get("maximum_text_length_per_request"),
            "group": model.get("concurrency_group"),
            "style": model.get("can_use_style"),
            "name": model.get("name"),
            "cost": _cost(model.get("model_rates")),
        }
        for model in objects(listed)
        if isinstance(model.get("model_id"), str) and model.get("can_do_text_to_speech") is not False
    }


def _cost(rates: object) -> object:
    """How many credits a character costs."""
    return rates.get("character_cost_multiplier") if isinstance(rates, dict) else None


def subscription(name_error: Naming) -> Talk[dict[str, object]]:
    """What is left of the account."""
    told = yield from asked(Query(path="/v1/user/subscription"), name_error)
    return {name: told[name] for name in SUBSCRIPTION if name in told}


def asked(query: Query, name_error: Naming) -> Talk[Mapping[str, object]]:
    found = yield from _answered(query, name_error)
    return found if isinstance(found, dict) else {}


def _answered(query: Query, name_error: Naming) -> Talk[object]:
    """The decoded answer to one question; raises what an unsuccessful one means."""
    answer = yield query
    if answer.status != 200:
        raise name_error(answer, Signals())
    if (found := json_of(answer.body)) is None:
        raise Unavailable(f"ElevenLabs answered {query.path} with something that is no JSON", status=answer.status)
    return found


def objects(found: object) -> list[Mapping[str, object]]:
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
