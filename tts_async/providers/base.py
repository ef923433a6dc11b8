"""What a provider is, and what translators share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self, runtime_checkable

from tts_async.core.exchange import Clip, Found, SpeechRequest, SpeechResponse, Take, Talk
from tts_async.core.headers import Signals
from tts_async.core.moments import Oddities
from tts_async.core.plan import Capabilities, Chunk
from tts_async.errors import ProviderError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth:
    """How the key is sent, and the environment variable in which users keep it; some servers want none."""

    header: str
    prefix: str = ""
    variable: str
    required: bool = True


Naming = Callable[[SpeechResponse, Signals], ProviderError]
"""What names an unsuccessful answer."""


class Provider(Protocol):
    """A translator between chunks and one service: pure, and without key, host or retry."""

    @property
    def name(self) -> str:
        """The name that users write."""

    @property
    def capabilities(self) -> Capabilities:
        """What the service can do, as data."""

    def request(self, chunk: Chunk, take: Take) -> SpeechRequest:
        """Say what to ask for a chunk; raises `DigestError` when it cannot be spoken."""

    def clip(self, chunk: Chunk, response: SpeechResponse) -> Clip:
        """Find the speech in a successful answer; raises `AudioError` when there is none."""

    def error(self, response: SpeechResponse, signals: Signals) -> ProviderError:
        """Name what an unsuccessful answer means; ``signals`` is what its headers say, and may be refined."""


@runtime_checkable
class HttpProvider(Provider, Protocol):
    """A provider behind an HTTP server."""

    @property
    def base_url(self) -> str:
        """Scheme, host and port; request paths are appended."""

    @property
    def auth(self) -> Auth | None:
        """How the key is sent; ``None`` where no key is needed."""

    @property
    def oddities(self) -> Oddities:
        """Headers whose numbers this service means otherwise than they look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownVoice:
    """A voice that a server lists: its id, and what is said of it."""

    id: str
    description: str


@runtime_checkable
class ListsVoices(HttpProvider, Protocol):
    """A provider whose server can be asked which voices there are."""

    def list_voices(self) -> Talk[list[KnownVoice]]:
        """Ask for all voices of the account; raises `ProviderError`."""


@runtime_checkable
class ListsModels(HttpProvider, Protocol):
    """A provider whose server can be asked what its models take."""

    @property
    def models(self) -> Mapping[str, Mapping[str, object]]:
        """What is known of each model by now, by its id."""

    def list_models(self) -> Talk[dict[str, dict[str, object]]]:
        """Ask for each model's facts, by its id; raises `ProviderError`."""

    def informed(self, models: Mapping[str, Mapping[str, object]]) -> Self:
        """Return the provider that plans with these facts, as kept from an earlier answer."""


@runtime_checkable
class HasSubscription(HttpProvider, Protocol):
    """A provider whose server can be asked what is left of the account."""

    def subscription(self) -> Talk[dict[str, object]]:
        """Ask what the account has, by the names of the provider; raises `ProviderError`."""


@runtime_checkable
class KeepsHistory(HttpProvider, Protocol):
    """A provider whose server keeps what it has spoken, so that what was billed and never came can be fetched."""

    def find(self, request: SpeechRequest, *, since_s: float, used: Collection[str]) -> Talk[Found]:
        """Look for the one answer to a request among what was spoken since then (seconds since 1970).

        Items whose ids are ``used`` are others' answers; where several are left, none is found.
        """


@runtime_checkable
class Correctable(HttpProvider, Protocol):
    """A provider whose capabilities may prove wrong, as `Correction` says."""

    def corrected(self, change: Mapping[str, object]) -> Self:
        """Return the provider that plans with what is possible."""


@runtime_checkable
class Configurable(Provider, Protocol):
    """A provider with options of its own, which a digest may set."""

    def configured(self, options: Mapping[str, object]) -> Self:
        """Return the provider with these options over its own; raises `ConfigError` for one it does not know."""


@runtime_checkable
class Remarking(Provider, Protocol):
    """A provider with something to say about a plan before it is bought."""

    def remarks(self, chunks: Sequence[Chunk]) -> Sequence[str]:
        """Say in a sentence each what people should know, such as a voice setting that is ignored."""


@runtime_checkable
class ScriptedProvider(HttpProvider, Protocol):
    """A provider whose server is a pure function."""

    def answer(self, path: str, body: Mapping[str, object]) -> SpeechResponse:
        """Answer one request."""


@runtime_checkable
class EmbeddedProvider(Provider, Protocol):
    """A provider that speaks inside this process; every method below blocks and belongs into a worker thread."""

    def warm_up(self) -> None:
        """Load the engine; cheap when it is loaded."""

    def sentences(self, request: SpeechRequest) -> Sequence[str]:
        """Split a request's text into what is spoken in one go; they join back to the text."""

    def say(self, request: SpeechRequest, number: int, sentence: str) -> NDArray[np.float32]:
        """Speak one sentence of a request: float32, shape (frames,), peaks possibly over full scale.

        Raises `Rejected` for what it cannot speak.
        """

    def response(
        self, request: SpeechRequest, sentences: Sequence[str], pieces: Sequence[NDArray[np.float32]]
    ) -> SpeechResponse:
        """Put what was spoken into an answer; raises `Rejected` when nothing was."""
