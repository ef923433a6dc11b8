"""How a render is cut, paced and joined: frozen values, checked when they are made, and merged from several sources."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tts_async.errors import ConfigError

Seconds = Annotated[float, Field(gt=0, le=86_400)]
Milliseconds = Annotated[int, Field(ge=0, le=60_000)]


class Pauses(BaseModel):
    """The silence between two chunks, in milliseconds, by what lies between them."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="forbid")

    inside_ms: Milliseconds = 0
    sentence_ms: Milliseconds = 250
    paragraph_ms: Milliseconds = 500
    speaker_ms: Milliseconds = 350
    section_ms: Milliseconds = 900


class Settings(BaseModel):
    """Everything that can be set, with its default and its bounds.

    ``chunk_chars``, ``dialogue_chars``, ``timestamps``, ``pauses``, ``loudness``, ``room_tone`` and ``output_rate_hz`` change what is bought or heard;
    all the others change only how fast and how patiently it is done.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="forbid")

    workers: int | None = Field(
        None,
        ge=1,
        le=100,
        description="requests in flight at most; not set: what the server is found to take, up to 32",
    )
    rate_per_s: float = Field(10.0, gt=0, le=1000, description="requests sent per second at most")
    chunk_chars: int = Field(800, ge=1, le=100_000, description="characters of a chunk to aim at")
    dialogue_chars: int = Field(
        2_000, ge=1, le=100_000, description="characters of a dialogue request to aim at, where turns can share one"
    )
    timestamps: bool = Field(False, description="ask for the time of each word, where a provider tells it")
    pauses: Pauses = Pauses()
    loudness: Literal["podcast", "broadcast", "none"] = Field(
        "podcast", description="of the audio: -19 LUFS (mono), -23, or left as it comes, each speaker too"
    )
    room_tone: bool = Field(True, description="pauses carry the noise floor of the speech before them, not silence")
    output_rate_hz: int | None = Field(None, ge=8_000, le=192_000, description="not set: the provider's rate")
    verdict: Literal["off", "warn", "retake"] = Field(
        "retake", description="what to do with audio that cannot be its text's: nothing, say so, or take it again"
    )
    attempts: int = Field(3, ge=1, le=20, description="tries of a chunk before it is parked, and again after")
    retry_first_s: Seconds = 4.0
    retry_max_s: Seconds = 60.0
    refusal_budget_s: Seconds = 300.0
    connect_timeout_s: Seconds = 10.0
    read_timeout_s: Seconds = 60.0
    grace_s: Seconds = 20.0
    http2: bool = Field(False, description="speak HTTP/2, with the extra tts-async[http2]")
    key_over_http: bool = Field(False, description="send a key unencrypted over the Internet")
    max_chars: int | None = Field(
        None,
        ge=0,
        description="characters that may be bought by a Renderer, all its digests together; not set: any number",
    )
    max_cost_usd: float | None = Field(
        None, ge=0, le=1e9, description="USD that a Renderer may spend, all its digests together; not set: any amount"
    )
    prices: Mapping[str, Annotated[float, Field(ge=0, le=1e6)]] = Field(
        {}, description="USD for 1,000 characters, by PROVIDER or PROVIDER:MODEL, in place of the listed prices"
    )
    hedge: bool = Field(False, description="ask twice for a chunk that takes too long; may be billed twice")
    remember: bool = Field(True, description="start at the limit that was learned in an earlier run")
    stream_ahead: int = Field(64, ge=1, le=10_000, description="chunks bought ahead of a stream's reader")

    @classmethod
    def of(cls, values: Mapping[str, object]) -> Settings:
        """Check raw values and make settings of them; raises `ConfigError` naming what is wrong."""
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            raise ConfigError(_sentence(error)) from None


def _sentence(error: ValidationError) -> str:
    """One sentence for the first thing that is wrong."""
    first = error.errors(include_url=False)[0]
    name = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        known = sorted((Settings if len(first["loc"]) == 1 else Pauses).model_fields)
        return f"There is no setting called {name!r}; there are {', '.join(known)}."
    reason = first["msg"].replace("Input should be", "it has to be")
    return f"The setting {name} cannot be {reprlib.repr(first['input'])}: {reason}."


Source = Literal["default", "file", "database", "environment", "explicit"]
"""Where a value may come from; a later one goes before an earlier one."""

PROFILES: Mapping[str, Mapping[str, object]] = {
    "conservative": {"workers": 3, "rate_per_s": 5.0},
    "default": {"workers": None, "rate_per_s": 10.0},
    "aggressive": {"workers": 10, "rate_per_s": 15.0},
}
PROFILE = "profile"
BOUNDS = {"ge": "from ", "gt": "over ", "le": "to "}

PARTS = tuple(f"pauses.{part}" for part in Pauses.model_fields)
NAMES: tuple[str, ...] = tuple(
    each for name in Settings.model_fields for each in (PARTS if name == "pauses" else (name,))
)
"""Every single value that can be set; the pauses are one each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A raw value as a source has it, by its dotted name or "profile"; ``detail`` says where in the source it stands."""

    name: str
    value: object
    source: Source
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedSettings:
    """Settings, for each single value of them where it came from, and what was passed over.

    ``settings.model_fields_set`` are the names that were given explicitly.
    """

    settings: Settings
    origins: Mapping[str, Given]
    notes: Sequence[str] = ()


def parts(values: Mapping[str, object]) -> dict[str, object]:
    """The same values with each pause by its dotted name."""
    flat: dict[str, object] = {}
    for name, value in values.items():
        inner = value.model_dump(exclude_unset=True) if isinstance(value, Pauses) else value
        if name == "pauses" and isinstance(inner, Mapping):
            flat |= {f"{name}.{part}": each for part, each in inner.items()}
        else:
            flat[name] = value
    return flat


def checked(name: str, value: object) -> object:
    """One value as it will be used; raises `ConfigError`."""
    if name == PROFILE:
        if not isinstance(value, str) or value not in PROFILES:
            raise ConfigError(f"There is no profile {reprlib.repr(value)}; there are {', '.join(PROFILES)}.")
        return value
    if name not in PARTS:
        return getattr(Settings.of({name: value}), name)
    part = name.removeprefix("pauses.")
    return getattr(Settings.of({"pauses": {part: value}}).pauses, part)


def merged(layers: Iterable[Sequence[Given]], *, forgiving: bool = False) -> MergedSettings:
    """Merge layers, of which later ones win; a profile is below the single values of its own layer.

    Raises `ConfigError` for a value that cannot be, and for two in one layer that disagree. ``forgiving``
    passes those over with a note, but for explicit ones.
    """
    defaults = parts(Settings().model_dump())
    origins = {name: Given(name=name, value=defaults[name], source="default") for name in NAMES}
    notes: list[str] = []
    for layer in layers:
        agreed = {}
        for name in dict.fromkeys(given.name for given in layer):
            try:
                agreed[name] = _agreed([given for given in layer if given.name == name])
            except ConfigError as error:
                if not forgiving or layer[0].source == "explicit":
                    raise
                notes.append(f"{error} It is passed over.")
        profile = agreed.pop(PROFILE, None)
        origins |= {**(_of_profile(profile) if profile else {}), **agreed}
    return MergedSettings(settings=_made(origins), origins=origins, notes=tuple(notes))


def _agreed(givens: Sequence[Given]) -> Given:
    """What all of them say; raises `ConfigError` where one says nothing that can be, or two disagree."""
    usable = [_usable(given) for given in givens]
    for other in usable[1:]:
        if other.value != usable[0].value:
            name, (one, two) = other.name, [f"{each.value!r} in {each.detail}" for each in (usable[0], other)]
            raise ConfigError(f"The setting {name} is both {one} and {two}; leave only one of them.")
    return usable[0]


def _usable(given: Given) -> Given:
    try:
        value = checked(given.name, given.value)
    except ConfigError as error:
        place = f" It is set in {given.detail}{_bounds(given.name)}." if given.detail else ""
        raise ConfigError(f"{error}{place}") from None
    return Given(name=given.name, value=value, source=given.source, detail=given.detail)


def _bounds(name: str) -> str:
    """The words for between what a number has to be."""
    fields = {**Settings.model_fields, **{f"pauses.{part}": field for part, field in Pauses.model_fields.items()}}
    limits = fields[name].metadata if name in fields else ()
    words = [
        f"{said}{getattr(limit, sign):,}" for limit in limits for sign, said in BOUNDS.items() if hasattr(limit, sign)
    ]
    return f", and may be {' '.join(words)}" if words else ""


def _of_profile(profile: Given) -> dict[str, Given]:
    detail = f"profile {profile.value}" + (f", {profile.detail}" if profile.detail else "")
    values = PROFILES[str(profile.value)]
    return {name: Given(name=name, value=values[name], source=profile.source, detail=detail) for name in values}


def _made(origins: Mapping[str, Given]) -> Settings:
    """Settings of values that are checked."""
    single: dict[str, Any] = {name: given.value for name, given in origins.items()}
    pauses = Pauses(**{part: single.pop(f"pauses.{part}") for part in Pauses.model_fields})
    explicit = {name.partition(".")[0] for name, given in origins.items() if given.source == "explicit"}
    return Settings.model_construct(_fields_set=explicit, **single, pauses=pauses)
