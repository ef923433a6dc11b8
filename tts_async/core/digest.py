"""What is to be said: the digest format, and the texts it can be read from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    JsonValue,
    Tag,
    ValidationError,
    model_validator,
)

from tts_async.core.faults import TOO_DEEP, digest_error, look_through
from tts_async.core.spoken import check
from tts_async.errors import DigestError

NARRATOR = "narrator"
MAX_BYTES = 20_000_000


def _speakable(text: str) -> str:
    if not text.strip():
        raise ValueError("there is nothing to say in it")
    return check(text)


def _name(text: str) -> str:
    if not text.strip():
        raise ValueError("it cannot be empty")
    if "\n" in text:
        raise ValueError("a name has to be on one line")
    return check(text)


Text = Annotated[str, AfterValidator(check)]
Said = Annotated[str, AfterValidator(_speakable)]
Name = Annotated[str, AfterValidator(_name), Field(max_length=200)]


class _Value(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="forbid", strict=True)


class VoiceChoice(_Value):
    """A voice by its provider's name for it, and the settings to use it with."""

    voice: Name
    settings: dict[str, JsonValue] = {}


class VoiceMap(_Value):
    """A speaker's voice: ``voice`` wherever ``providers`` names none for the provider in use."""

    voice: Name | None = None
    settings: dict[str, JsonValue] = {}
    providers: dict[Name, Name | VoiceChoice] = {}


class Turn(_Value):
    """What one speaker says before another does."""

    speaker: Name
    text: Said


class Section(_Value):
    """A part of the script that becomes a chapter; its heading is shown, and not spoken."""

    heading: Text = ""
    text: Said | None = None
    turns: tuple[Turn, ...] | None = Field(None, min_length=1, strict=False)

    @model_validator(mode="after")
    def _one_of_both(self) -> Section:
        if (self.text is None) == (self.turns is None):
            raise ValueError("a section has either 'text' or 'turns'")
        return self


class Metadata(_Value):
    """What the finished file says about itself; names of your own are kept."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, JsonValue] = Field(init=False)

    author: Text | None = None
    album: Text | None = None
    description: Text | None = None
    cover: Text | None = None


class DigestPauses(_Value):
    """Pauses of this digest in milliseconds; what is not said comes from the settings."""

    inside_ms: int | None = Field(None, ge=0, le=60_000)
    sentence_ms: int | None = Field(None, ge=0, le=60_000)
    paragraph_ms: int | None = Field(None, ge=0, le=60_000)
    speaker_ms: int | None = Field(None, ge=0, le=60_000)
    section_ms: int | None = Field(None, ge=0, le=60_000)


def _kind_of_script(value: object) -> str | None:
    if isinstance(value, str):
        return "text"
    if not isinstance(value, Sequence):
        return None
    first = value[0] if value else None
    keys = first.keys() if isinstance(first, Mapping) else ()
    spoken_by = isinstance(first, Turn) or "speaker" in keys
    return "turns" if spoken_by else "sections"


Script = Annotated[
    Annotated[Said, Tag("text")]
    | Annotated[Annotated[tuple[Turn, ...], Field(min_length=1, strict=False)], Tag("turns")]
    | Annotated[Annotated[tuple[Section, ...], Field(min_length=1, strict=False)], Tag("sections")],
    Discriminator(_kind_of_script),
]
Ready = Annotated[tuple[Said | Turn, ...], Field(min_length=1, strict=False)]


class Digest(_Value):
    """A script and how it is to be spoken; `Digest.read` makes one from any of the forms that users have."""

    version: Literal[1] = 1
    id: Name = "digest"
    title: Text = ""
    date: Text = ""
    language: str = Field("en", pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
    mode: Literal["narrative", "dialogue"] | None = None
    voices: dict[Name, Name | VoiceMap] = {}
    script: Script | None = None
    chunks: Ready | None = None
    pauses: DigestPauses = DigestPauses()
    lexicon: dict[Name, Said] = {}
    options: dict[Name, dict[str, JsonValue]] = {}
    stitch: bool = False
    metadata: Metadata = Metadata()

    @model_validator(mode="after")
    def _whole(self) -> Digest:
        if (self.script is None) == (self.chunks is None):
            raise ValueError("a digest has either 'script' or 'chunks'")
        return self

    @classmethod
    def read(cls, source: Mapping[str, object]) -> Digest:
        """Check a decoded digest; raises `DigestError` with a JSON pointer to what is wrong."""
        look_through(source)
        try:
            return cls.model_validate(source)
        except ValidationError as error:
            raise digest_error(source, error) from None

    @classmethod
    def from_json(cls, text: str) -> Digest:
        """Read ``digest.json``."""
        try:
            decoded = json.loads(text.removeprefix("\ufeff"), object_pairs_hook=_once_each)
        except json.JSONDecodeError as error:
            where = f"line {error.lineno}, column {error.colno}"
            raise DigestError(f"this is not JSON: {error.msg.removesuffix(' at')}", where=where) from None
        except RecursionError:
            raise DigestError(TOO_DEEP) from None
        except ValueError:
            raise DigestError("it holds a number with thousands of digits") from None
        return cls.read(decoded)

    @classmethod
    def from_text(cls, text: str, *, digest_id: str = "digest") -> Digest:
        """Read Markdown or plain text, a narrative or a dialogue; raises `DigestError` with the line."""
        text = "\n".join(_checked_lines(text.removeprefix("\ufeff")))
        if not text.strip():
            raise DigestError("there is nothing to say in it")
        return cls.read({"id": digest_id, "script": text})


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object of JSON, in which no name may be there twice: one of the two would be lost."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise DigestError(f"the name {next(name for name in names if names.count(name) > 1)!r} is there twice")
    return found


def _checked_lines(text: str) -> Iterator[str]:
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        try:
            yield check(line)
        except ValueError as error:
            raise DigestError(str(error), where=f"line {number}") from None
