"""How a render is cut, paced and joined: frozen values, checked when they are made."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

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
