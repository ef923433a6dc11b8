"""OpenAI's speech, and every server that imitates it: Kokoro-FastAPI, Speaches, LocalAI, vLLM-Omni and others."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Self
from urllib.parse import urlsplit

from tts_async.core.exchange import Clip, SpeechRequest, SpeechResponse, Take, Talk
from tts_async.core.headers import Signals
from tts_async.core.moments import NO_ODDITIES, Oddities
from tts_async.core.plan import Capabilities, Chunk, Voice
from tts_async.errors import ConfigError, DigestError, ProviderError
from tts_async.providers import openai_talks as talks
from tts_async.providers.base import Auth, KnownVoice
from tts_async.providers.bodies import encoding_of
from tts_async.providers.openai_errors import error_of
from tts_async.providers.options import Option, checked, decimal, one_of, words

OFFICIAL = "https://api.openai.com/v1"
MODEL, OTHERS_MODEL = "gpt-4o-mini-tts", "tts-1"
"""What is asked for where no model is named; the servers that imitate OpenAI know the second, or an alias of it."""

VOICES = {
    "alloy": "neutral",
    "ash": "clear",
    "ballad": "melodious",
    "coral": "warm",
    "echo": "resonant",
    "fable": "telling",
    "onyx": "deep",
    "nova": "bright",
    "sage": "calm",
    "shimmer": "light",
    "verse": "versatile",
    "marin": "natural",
    "cedar": "natural",
}

RATE_HZ = 24_000
"""Of ``pcm``; an answer that names another rate is believed."""

MAX_CHARS = 4_096
MAX_TOKENS = 2_000
"""Of ``gpt-4o-mini-tts``. A token is one byte of UTF-8 or more, so as many bytes are never too many tokens."""

ENDS = "2027-01-06"
"""When OpenAI shuts its speech models down, as its SDK says."""

KNOWN_MODELS: Mapping[str, Mapping[str, object]] = {
    "gpt-4o-mini-tts": {"max_chars": MAX_CHARS, "max_tokens": MAX_TOKENS, "ends": ENDS},
    "tts-1": {"max_chars": MAX_CHARS, "max_tokens": None, "ends": ENDS},
    "tts-1-hd": {"max_chars": MAX_CHARS, "max_tokens": None, "ends": ENDS},
}

SPEED = decimal(0.25, 4.0)
OPTIONS: Mapping[str, Option] = {
    "response_format": one_of("mp3", "opus", "aac", "flac", "wav", "pcm"),
    "instructions": words(MAX_CHARS),
    "speed": SPEED,
    "extra_body": Option(
        fits=lambda value: isinstance(value, dict), takes="an object of fields that this server knows"
    ),
}
SETTINGS: Mapping[str, Option] = {"instructions": words(MAX_CHARS), "speed": SPEED}

_RATE = re.compile(r"rate=([1-9]\d{3,5})\b")


class OpenAIProvider:
    """Translates for OpenAI and for servers that imitate it at another ``base_url``, with or without its ``/v1``."""

    name = "openai"
    oddities: Oddities = NO_ODDITIES

    def __init__(self, *, model: str = "", base_url: str = "", **options: object) -> None:
        """Take the options of `OPTIONS`; raises `ConfigError` for others."""
        checked(options, OPTIONS, self.name)
        self._options = options
        self.base_url: str = _with_version(base_url) if base_url else OFFICIAL
        self._own_server = self.base_url != OFFICIAL
        if "extra_body" in options and not self._own_server:
            raise ConfigError("OpenAI takes no fields beyond its own; extra_body is for servers that imitate it.")
        self.model: str = model or (OTHERS_MODEL if self._own_server else MODEL)
        # Some send WAV whatever was asked for, and of raw samples not all say their rate.
        self._format = str(options.get("response_format", "wav" if self._own_server else "pcm"))
        most, measure = self._budget()
        self.capabilities: Capabilities = Capabilities(
            max_size=most,
            measure=measure,
            rate_hz=RATE_HZ,
            voices=VOICES,
            any_voice=True,
            family=self.model,
        )

    def __repr__(self) -> str:
        return f"<OpenAIProvider {self.model} at {self.base_url}>"

    @property
    def auth(self) -> Auth:
        """The key; servers that imitate OpenAI mostly want none."""
        return Auth(header="authorization", prefix="Bearer ", variable="OPENAI_API_KEY", required=not self._own_server)

    def configured(self, options: Mapping[str, object]) -> Self:
        """Return the provider with these options over its own."""
        base_url = self.base_url if self._own_server else ""
        return type(self)(model=self.model, base_url=base_url, **{**self._options, **options})

    def request(self, chunk: Chunk, take: Take) -> SpeechRequest:
        """Ask for a chunk's speech; raises `ConfigError` for a voice or a setting that cannot be."""
        voice = chunk.lines[0].voice
        if any(line.voice != voice for line in chunk.lines):
            raise DigestError("OpenAI speaks with one voice a request.", where=f"chunk {chunk.index}")
        body = {"model": self.model, "input": chunk.text, "voice": self._voice(voice), "response_format": self._format}
        extra = self._options.get("extra_body")
        return SpeechRequest(
            origin=f"{self.name}/{self.base_url if self._own_server else 'api'}",
            path="/audio/speech",
            body={**body, **self._settings(voice), **(extra if isinstance(extra, dict) else {})},
            chars=chunk.chars,
            tariff=f"{self.name}:{self.model}" + (f"+{self.base_url}" if self._own_server else ""),
        )

    def _voice(self, voice: Voice) -> object:
        """A voice by its name, or one of the user's own by its id."""
        if voice.id in VOICES or self._own_server:
            return voice.id
        if voice.id.startswith("voice_"):
            return {"id": voice.id}
        raise ConfigError(f"OpenAI has no voice {voice.id!r}; it has {', '.join(VOICES)}, and your own by their ids.")

    def _settings(self, voice: Voice) -> dict[str, object]:
        checked(voice.settings, SETTINGS, self.name, "voice setting")
        chosen = {name: self._options[name] for name in SETTINGS if name in self._options} | dict(voice.settings)
        return {name: value for name, value in chosen.items() if name != "instructions" or self._follows_instructions}

    @property
    def _follows_instructions(self) -> bool:
        return not self.model.startswith("tts-1") or self._own_server

    def clip(self, chunk: Chunk, response: SpeechResponse) -> Clip:
        """Find the speech in an answer, whatever its format is."""
        named = _RATE.search(response.headers.get("content-type", ""))
        return Clip(
            audio=response.body,
            encoding=encoding_of(response, self._format),
            rate_hz=int(named[1]) if named else RATE_HZ,
            request_id=response.headers.get("x-request-id", ""),
        )

    def error(self, response: SpeechResponse, signals: Signals) -> ProviderError:
        """Name an error by its code, in any of the shapes that such servers send."""
        return error_of(response, signals, self.name)

    def remarks(self, chunks: Sequence[Chunk]) -> Sequence[str]:
        """Say that instructions are not followed."""
        told = "instructions" in self._options or any(
            "instructions" in chunk.lines[0].voice.settings for chunk in chunks
        )
        return [f"{self.model} follows no instructions"] if told and not self._follows_instructions else []

    def list_voices(self) -> Talk[list[KnownVoice]]:
        """Ask the server, where it is one that may tell; else those that OpenAI has."""
        known = [KnownVoice(id=voice, description=said) for voice, said in VOICES.items()]
        return talks.voices(self.error, known, ask=self._own_server)

    @property
    def models(self) -> Mapping[str, Mapping[str, object]]:
        """The models that are known without asking."""
        return KNOWN_MODELS if not self._own_server else {self.model: {"max_chars": MAX_CHARS}}

    def list_models(self) -> Talk[dict[str, dict[str, object]]]:
        """Ask which models there are; nothing is told of what they take."""
        return talks.models(self.error)

    def informed(self, models: Mapping[str, Mapping[str, object]]) -> Self:
        """Return this provider: the names of models say nothing to plan with."""
        return self

    def _budget(self) -> tuple[int, Callable[[str], int]]:
        """How much text is taken at once, and in what it is measured."""
        if not self.model.startswith("gpt-4o-mini-tts"):
            return MAX_CHARS, len
        instructions = str(self._options.get("instructions", ""))
        return max(200, MAX_TOKENS - _size_bytes(instructions)), _size_bytes


def _size_bytes(text: str) -> int:
    return len(text.encode())


def _with_version(url: str) -> str:
    """The address under which the API is: such servers are named with and without the ``/v1`` of it."""
    url = url.rstrip("/")
    return url if urlsplit(url).path else f"{url}/v1"
