"""ElevenLabs: a voice by its id, and whole dialogues in one request with the models that speak them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Self

from tts_async.core.exchange import PLANNED, Clip, Found, SpeechRequest, SpeechResponse, Take, Talk
from tts_async.core.headers import Signals
from tts_async.core.moments import NO_ODDITIES, Oddities
from tts_async.core.plan import Capabilities, Chunk
from tts_async.errors import DigestError, ProviderError
from tts_async.providers import elevenlabs_talks as talks
from tts_async.providers.base import Auth, KnownVoice
from tts_async.providers.elevenlabs_answers import clip_of
from tts_async.providers.elevenlabs_choices import MAX_VOICES, Choices
from tts_async.providers.elevenlabs_errors import error_of
from tts_async.providers.elevenlabs_history import spoken
from tts_async.providers.elevenlabs_models import MODELS, facts
from tts_async.providers.elevenlabs_voices import (
    NAME,
    dialogue_settings_of,
    ignored_settings,
    settings_of,
    voice_id,
)

ALLOWED_FORMAT = "mp3_44100_128"
"""Every plan has it."""

MOST_IDS = 3
SEEDS = 2**32
NOTHING: Mapping[str, object] = {}


class ElevenLabsProvider:
    """Translates for ElevenLabs, in any region, and for servers that imitate it.

    Without a ``model``, a narrative is spoken by multilingual v2 and a dialogue by v3.
    """

    name = "elevenlabs"
    oddities: Oddities = NO_ODDITIES

    def __init__(
        self, choices: Choices | None = None, /, *, model: str = "", base_url: str = "", **options: object
    ) -> None:
        """Take the options of `elevenlabs_options.OPTIONS`; raises `ConfigError` for others."""
        self._choices = choices = choices or Choices(model=model, base_url=base_url, asked=options)
        self.base_url: str = choices.server
        self.capabilities: Capabilities = choices.capabilities

    def __repr__(self) -> str:
        return f"<ElevenLabsProvider {self._choices.alone.id} at {self.base_url}>"

    @property
    def auth(self) -> Auth:
        """The key, without which only servers that imitate ElevenLabs answer."""
        return Auth(header="xi-api-key", variable="ELEVENLABS_API_KEY", required=not self._choices.own_server)

    def configured(self, options: Mapping[str, object]) -> Self:
        """Return the provider with these options over its own."""
        return type(self)(replace(self._choices, asked={**self._choices.asked, **options}))

    def informed(self, models: Mapping[str, Mapping[str, object]]) -> Self:
        """Return the provider that plans with what the server said of its models."""
        return type(self)(replace(self._choices, models=models))

    def corrected(self, change: Mapping[str, object]) -> Self:
        """Return the provider that plans with what is possible."""
        return type(self)(replace(self._choices, corrections={**self._choices.corrections, **change}))

    def request(self, chunk: Chunk, take: Take) -> SpeechRequest:
        """Ask for a chunk's speech; raises `ConfigError` for a voice or a setting that cannot be."""
        choices = self._choices
        path, body = self._dialogue(chunk, take) if chunk.dialogue else self._speech(chunk, take)
        return SpeechRequest(
            origin=f"{self.name}/{self.base_url if choices.own_server else 'api'}",
            path=path + "/with-timestamps" * chunk.timed,
            body=body | dict(self._common(chunk, take)),
            query={"output_format": choices.output_format, **({} if choices.logs else {"enable_logging": "false"})},
            chars=chunk.chars,
            tariff=f"{self.name}:{body['model_id']}" + (f"+{self.base_url}" if choices.own_server else ""),
        )

    def _speech(self, chunk: Chunk, take: Take) -> tuple[str, dict[str, object]]:
        """One voice."""
        choices, model, voice = self._choices, self._choices.alone, chunk.lines[0].voice
        if any(line.voice != voice for line in chunk.lines):
            raise DigestError(f"{model.id} speaks with one voice a request.", where=f"chunk {chunk.index}")
        body: dict[str, object] = {"text": chunk.text, "model_id": model.id}
        if settings := settings_of(voice, model, steps=choices.steps):
            body["voice_settings"] = settings
        if model.context:
            body |= _around(chunk, take if choices.logs else PLANNED, after="next_text")
        return f"/v1/text-to-speech/{voice_id(voice, any_form=choices.any_voice_id)}", body

    def _dialogue(self, chunk: Chunk, take: Take) -> tuple[str, dict[str, object]]:
        """A run of turns."""
        choices, model = self._choices, self._choices.together
        inputs = [
            {"text": line.text, "voice_id": voice_id(line.voice, any_form=choices.any_voice_id)} for line in chunk.lines
        ]
        if (voices := len({each["voice_id"] for each in inputs})) > MAX_VOICES:
            where = f"chunk {chunk.index}"
            raise DigestError(f"{voices} voices are in one dialogue request; {NAME} takes {MAX_VOICES}", where=where)
        body: dict[str, object] = {"inputs": inputs, "model_id": model.id}
        if settings := dialogue_settings_of((line.voice for line in chunk.lines), model, steps=choices.steps):
            body["settings"] = settings
        if choices.listens:
            body |= _around(chunk, take if choices.logs else PLANNED, after="future_text")
        return "/v1/text-to-dialogue", body

    def _common(self, chunk: Chunk, take: Take) -> Iterator[tuple[str, object]]:
        """What both kinds of requests know."""
        choices, options = self._choices, self._choices.options
        model = choices.together if chunk.dialogue else choices.alone
        language = options.get("language_code") or chunk.language.replace("_", "-").partition("-")[0].lower()
        # English is what a model speaks where it is not told; a digest that says nothing says "en".
        if model.language_code and (language != "en" or "language_code" in options):
            yield "language_code", language
        if isinstance(seed := options.get("seed"), int):
            yield "seed", (seed + take.number - 1) % SEEDS
        names = ["pronunciation_dictionary_locators", "apply_text_normalization"]
        if not chunk.dialogue:
            names.append("apply_language_text_normalization")
        yield from ((name, options[name]) for name in names if name in options)

    def clip(self, chunk: Chunk, response: SpeechResponse) -> Clip:
        """Find the speech in an answer, and the time of each word where it was asked for."""
        return clip_of(chunk, response, asked=self._choices.output_format)

    def error(self, response: SpeechResponse, signals: Signals) -> ProviderError:
        """Name an error; a format that the plan does not allow is a `Correction`, if nobody asked for just that."""
        settled = "output_format" in self._choices.asked or self._choices.output_format == ALLOWED_FORMAT
        formats = NOTHING if settled else {"output_format": ALLOWED_FORMAT}
        together = self.capabilities.in_dialogue or self.capabilities
        most = max(self.capabilities.max_size, together.max_size)
        return error_of(response, signals, formats=formats, max_chars=most)

    def remarks(self, chunks: Sequence[Chunk]) -> Sequence[str]:
        """Say which settings a model does not know, and that a model is not known."""
        models = {False: self._choices.alone, True: self._choices.together}
        used = dict.fromkeys(models[chunk.dialogue] for chunk in chunks)
        guessed = (
            f"{NAME}'s model {model.id!r} is not known here: {model.max_chars:,} characters a request and no extras are"
            " planned with; `tts-async models --refresh` asks for more"
            for model in used
            if model.id not in MODELS and model.id not in self._choices.models
        )
        return [*guessed, *ignored_settings(chunks, models)]

    def list_voices(self) -> Talk[list[KnownVoice]]:
        """Ask for all voices of the account, page by page."""
        return talks.voices(self.error)

    @property
    def models(self) -> Mapping[str, Mapping[str, object]]:
        """What is known of each model, without asking and by the last answer."""
        return {name: facts(name, self._choices.models) for name in [*MODELS, *self._choices.models]}

    def list_models(self) -> Talk[dict[str, dict[str, object]]]:
        """Ask what each model takes."""
        return talks.models(self.error)

    def subscription(self) -> Talk[dict[str, object]]:
        """Ask what is left of the subscription."""
        return talks.subscription(self.error)

    def find(self, request: SpeechRequest, *, since_s: float, used: Collection[str]) -> Talk[Found]:
        """Look for a request's answer in the history."""
        return spoken(self.error, request, since_s=since_s, used=used)


def _around(chunk: Chunk, take: Take, *, after: str) -> dict[str, object]:
    """The neighbours' request ids where they are known, which count for more than their words; else their words."""
    sides = (
        ("previous_request_ids", take.previous_ids[-MOST_IDS:], "previous_text", chunk.before),
        ("next_request_ids", take.next_ids[:MOST_IDS], after, chunk.after),
    )
    body: dict[str, object] = {}
    for ids_name, ids, text_name, text in sides:
        if ids:
            body[ids_name] = list(ids)
        elif text:
            body[text_name] = text
    return body
