"""What an ElevenLabs provider was told to plan with, and what it can do then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tts_async.core.plan import Capabilities
from tts_async.providers.elevenlabs_answers import rate_hz
from tts_async.providers.elevenlabs_models import Model, model_of
from tts_async.providers.elevenlabs_options import OPTIONS, REGIONS
from tts_async.providers.elevenlabs_voices import NAME, STOCK
from tts_async.providers.options import checked

NARRATIVE_MODEL, DIALOGUE_MODEL = "eleven_multilingual_v2", "eleven_v3"
"""What the API itself takes where no model is named."""

FORMAT = "pcm_24000"
"""It loses nothing, and needs no decoding."""

CONTEXT_CHARS, DIALOGUE_CONTEXT_CHARS = 300, 100
"""Much more is not listened to; the second is the API's own limit."""

MAX_VOICES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """Model and address, "" where none was named, what the server said of its models, and options.

    ``asked`` are the options that somebody set; ``corrections`` hold where nobody did.
    """

    model: str = ""
    base_url: str = ""
    models: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    asked: Mapping[str, object] = field(default_factory=dict)
    corrections: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        checked(self.asked, OPTIONS, NAME)
        checked(self.corrections, OPTIONS, NAME)

    @property
    def options(self) -> Mapping[str, object]:
        """The options that hold."""
        return {**self.corrections, **self.asked}

    @property
    def server(self) -> str:
        """Where requests go."""
        return self.base_url or REGIONS[str(self.options.get("region", "global"))]

    @property
    def own_server(self) -> bool:
        """Whether it is somebody else's, who imitates ElevenLabs."""
        return self.server not in REGIONS.values()

    @property
    def alone(self) -> Model:
        """The model for one speaker."""
        return model_of(self.model or NARRATIVE_MODEL, self.models)

    @property
    def together(self) -> Model:
        """The model for several."""
        return model_of(self.model or str(self.options.get("dialogue_model", DIALOGUE_MODEL)), self.models)

    @property
    def output_format(self) -> str:
        """The format that is asked for."""
        return str(self.options.get("output_format", FORMAT))

    @property
    def logs(self) -> bool:
        """Whether the server keeps what it speaks, without which no request can follow on from another."""
        return self.options.get("enable_logging", True) is True

    @property
    def steps(self) -> bool:
        """Whether a model that is documented to take certain stabilities only is believed."""
        return self.options.get("check_stability", True) is True

    @property
    def any_voice_id(self) -> bool:
        """Whether ids of voices may have any form; ElevenLabs' own are all alike."""
        return self.options.get("check_voices", True) is not True

    @property
    def listens(self) -> bool:
        """Whether the text around a dialogue is told; which models listen is not documented, so it can be asked for."""
        return self.options.get("dialogue_context", self.together.dialogue_context) is True

    @property
    def capabilities(self) -> Capabilities:
        """What can be done for one speaker, and inside it what for several."""
        model, turns = self.alone, self.together
        alone = Capabilities(
            max_size=self._max_chars(model),
            rate_hz=rate_hz(self.output_format),
            voices=STOCK,
            any_voice=True,
            audio_tags=model.audio_tags,
            family=model.group,
            context_chars=CONTEXT_CHARS if model.context else 0,
            stitches=model.context and self.logs,
        )
        if not turns.dialogue:
            return alone
        together = replace(
            alone,
            max_size=self._max_chars(turns),
            dialogue=True,
            audio_tags=turns.audio_tags,
            max_voices=MAX_VOICES,
            dialogue_context_chars=DIALOGUE_CONTEXT_CHARS if self.listens else 0,
            stitches=self.listens and self.logs,
        )
        return replace(alone, in_dialogue=together)

    def _max_chars(self, model: Model) -> int:
        told = (each.get("max_chars") for each in (self.asked, self.corrections))
        return min([model.max_chars, *(most for most in told if isinstance(most, int))])
