"""What each ElevenLabs model takes, as far as it is known without asking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model; the facts are ElevenLabs' documentation of 2026 and its published OpenAPI file.

    ``max_chars`` is the documented limit (the server cuts at 1.1 times as many). ``context``: it takes the text before
    and after, and request ids. ``stability_steps``: the only values it takes, where there are such. ``group`` is the name
    under which the server counts requests in flight.
    """

    id: str
    max_chars: int
    group: str
    context: bool = False
    dialogue: bool = False
    dialogue_context: bool = False
    audio_tags: bool = False
    speed: bool = False
    style: bool = False
    language_code: bool = False
    stability_steps: tuple[float, ...] = ()


THREE_STEPS = (0.0, 0.5, 1.0)

MODELS: Mapping[str, Model] = {
    model.id: model
    for model in (
        Model(
            id="eleven_multilingual_v2",
            max_chars=10_000,
            group="standard_eleven_multilingual_v2",
            context=True,
            speed=True,
            style=True,
        ),
        Model(
            id="eleven_v3",
            max_chars=5_000,
            group="standard_eleven_v3",
            dialogue=True,
            audio_tags=True,
            language_code=True,
            stability_steps=THREE_STEPS,
        ),
        Model(
            id="eleven_v3_conversational",
            max_chars=5_000,
            group="standard_eleven_v3_conversational",
            audio_tags=True,
            language_code=True,
            stability_steps=THREE_STEPS,
        ),
        Model(id="eleven_multilingual_v1", max_chars=10_000, group="standard_eleven_multilingual_v1"),
        Model(
            id="eleven_v4",
            max_chars=10_000,
            group="standard_eleven_v4",
            context=True,
            dialogue=True,
            audio_tags=True,
            language_code=True,
        ),
        Model(
            id="eleven_v4_turbo",
            max_chars=10_000,
            group="standard_eleven_v4_turbo",
            context=True,
            dialogue=True,
            audio_tags=True,
            language_code=True,
        ),
        Model(
            id="eleven_flash_v2_5",
            max_chars=40_000,
            group="standard_eleven_flash_v2_5",
            context=True,
            speed=True,
            language_code=True,
        ),
        Model(
            id="eleven_turbo_v2_5",
            max_chars=40_000,
            group="standard_eleven_turbo_v2_5",
            context=True,
            speed=True,
            language_code=True,
        ),
        Model(id="eleven_flash_v2", max_chars=30_000, group="standard_eleven_flash_v2", context=True, speed=True),
        Model(id="eleven_turbo_v2", max_chars=30_000, group="standard_eleven_turbo_v2", context=True, speed=True),
    )
}

CONSERVATIVE = Model(id="", max_chars=2_500, group="")
"""What is planned with for a model that nobody knows: the least that any model ever took, and nothing optional."""


def model_of(name: str, answers: Mapping[str, Mapping[str, object]]) -> Model:
    """The row of a model, with what the server has said of it since."""
    known = MODELS.get(name, replace(CONSERVATIVE, id=name, group=f"standard_{name}"))
    said = answers.get(name, {})
    most, group, style = said.get("max_chars"), said.get("group"), said.get("style")
    return replace(
        known,
        max_chars=most if type(most) is int and most > 0 else known.max_chars,
        group=group if isinstance(group, str) and group else known.group,
        style=style if isinstance(style, bool) and known.speed else known.style,
    )


def facts(name: str, answers: Mapping[str, Mapping[str, object]]) -> dict[str, object]:
    """What people want to know of a model before they choose it."""
    model, said = model_of(name, answers), answers.get(name, {})
    return {
        "max_chars": model.max_chars,
        "dialogue": model.dialogue,
        "context": model.context,
        "cost": said.get("cost"),
        "group": model.group,
        "from": "the server" if said else "the documentation",
    }
