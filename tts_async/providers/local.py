"""The embedded engine: three voices out of hibari's one, English only, no key and no network."""

from __future__ import annotations

import functools
import threading
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, cast

from tts_async.core.exchange import Clip, Mark, SpeechRequest, SpeechResponse, Take
from tts_async.core.headers import Signals
from tts_async.core.plan import Capabilities, Chunk, Voice
from tts_async.errors import AudioError, ConfigError, DigestError, ProviderError, Rejected
from tts_async.providers.local_reading import readable, sentences_of, within_breath
from tts_async.providers.statuses import status_error

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RATE_HZ = 24_000
PCM = f"audio/pcm;rate={RATE_HZ}"
SPEEDS = (0.7, 1.3)
"""Slowest and fastest that stay as intelligible as 1.0 (word error rate 2.5 to 3.8 %; at 1.6 it is 9.4 %)."""

PITCHES: Mapping[str, float] = {"heart": 1.0, "heart-deep": 0.8, "heart-bright": 1.25}
"""What each voice multiplies the fundamental frequency of hibari's bundled voice by."""

CAPABILITIES = Capabilities(
    max_size=4_000,
    rate_hz=RATE_HZ,
    voices={
        "heart": "American English, female, as recorded",
        "heart-deep": "the same voice, pitched down to a low alto",
        "heart-bright": "the same voice, pitched up and brighter",
    },
    languages=frozenset({"en"}),
    at_once=1,
)

MISSING = (
    "The embedded engine is not installed. Either run: pip install 'tts-async[local]' "
    "or choose another provider, with its key, by --provider."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """The body of a request, typed."""

    text: str
    voice: str
    speed: float
    seed: int


class LocalProvider:
    """Speaks English inside this process with hibari-tts (the extra ``local``)."""

    name = "local"
    capabilities = CAPABILITIES

    def request(self, chunk: Chunk, take: Take) -> SpeechRequest:
        """Say what to speak for a chunk.

        :raises DigestError: not English, or not in Latin letters.
        :raises ConfigError: unknown voice or setting, or the engine is not installed.
        """
        voice = _one_voice(chunk)
        _check_language(chunk)
        seed = take.number if take.seed is None else take.seed
        body = {"text": chunk.text, "voice": voice.id, "speed": _speed(voice.settings), "seed": seed}
        origin = f"local/hibari-{_version()}"
        return SpeechRequest(origin=origin, path="/speak", body=body, chars=chunk.chars, tariff="local")

    def warm_up(self) -> None:
        """Load the model and the pronunciation tables: about 0.7 s, once per process.

        :raises ConfigError: the engine is not installed.
        """
        _engine()

    def sentences(self, request: SpeechRequest) -> Sequence[str]:
        """Split the text where hibari would, and long sentences further; they join back to the text."""
        return sentences_of(_order(request).text, _engine().split_sentences)

    def say(self, request: SpeechRequest, number: int, sentence: str) -> NDArray[np.float32]:
        """Speak one sentence; the same request and number give the same samples. Empty where nothing can be said."""
        import numpy as np

        order, engine = _order(request), _engine()
        noise = np.random.default_rng([order.seed, number])
        try:
            phonemes = engine.g2p(readable(sentence, engine.g2p.lexicon))
            spoken = [_voiced(engine, part, order, noise) for part in within_breath(phonemes)]
        except Exception as error:  # Whatever it meets in a text: the same text would meet it again.
            raise Rejected(f"The embedded engine cannot speak {sentence[:60]!r}: {error}") from error
        return np.concatenate([np.zeros(0, np.float32), *spoken])

    def response(
        self, request: SpeechRequest, sentences: Sequence[str], pieces: Sequence[NDArray[np.float32]]
    ) -> SpeechResponse:
        """Put sentences and their samples (peaks limited already) into an answer.

        :raises Rejected: nothing was spoken.
        """
        import numpy as np

        frames = [len(piece) for piece in pieces]
        if not sum(frames):
            raise Rejected(f"The embedded engine found nothing to speak in {_order(request).text[:60]!r}.")
        scaled = np.rint(np.concatenate(pieces) * 32767)
        counts = {"sentence-chars": map(len, sentences), "sentence-frames": frames}
        headers = {"content-type": PCM, **{name: ",".join(map(str, each)) for name, each in counts.items()}}
        body = np.clip(scaled, -32768, 32767).astype("<i2").tobytes()
        return SpeechResponse(status=200, headers=headers, body=body)

    def clip(self, chunk: Chunk, response: SpeechResponse) -> Clip:
        """Read the samples and the length of each sentence.

        :raises AudioError: it is not what `response` makes.
        """
        marks = _marks(response.headers)
        if response.headers.get("content-type") != PCM or 2 * sum(mark.frames for mark in marks) != len(response.body):
            raise AudioError(f"The stored answer for chunk {chunk.index} is not speech of the embedded engine.")
        return Clip(audio=response.body, encoding="pcm_s16le", rate_hz=RATE_HZ, marks=marks)

    def error(self, response: SpeechResponse, signals: Signals) -> ProviderError:
        """Name an answer that this engine never gives, for the protocol's sake."""
        return status_error(response, signals, self.name)


def _one_voice(chunk: Chunk) -> Voice:
    """Return the voice of a chunk's only speaker, checked."""
    voice = chunk.lines[0].voice
    if any(line.voice != voice for line in chunk.lines):
        raise DigestError("The embedded engine speaks with one voice a chunk.", where=f"chunk {chunk.index}")
    if voice.id not in PITCHES:
        raise ConfigError(f"The embedded engine has no voice {voice.id!r}; choose one of {', '.join(PITCHES)}.")
    return voice


def _speed(settings: Mapping[str, object]) -> float:
    """Return the speed that a voice's settings ask for."""
    unknown = sorted(settings.keys() - {"speed"})
    if unknown:
        raise ConfigError(f"The embedded engine knows no voice setting {unknown[0]!r}; it knows 'speed'.")
    speed, (slowest, fastest) = settings.get("speed", 1.0), SPEEDS
    number = isinstance(speed, int | float) and not isinstance(speed, bool)
    if not number or not slowest <= cast(float, speed) <= fastest:
        raise ConfigError(f"The voice setting speed is {speed!r}; it must be a number from {slowest} to {fastest}.")
    return float(cast(float, speed))


def _check_language(chunk: Chunk) -> None:
    """Refuse what the engine would turn into letter names or silence."""
    way_out = "The embedded engine speaks English only; choose a provider that speaks this text, by --provider."
    language = chunk.language.replace("_", "-").partition("-")[0].lower()
    if language != "en":
        raise DigestError(f"The language is {chunk.language!r}. {way_out}", where=f"chunk {chunk.index}")
    letters = [character for character in chunk.text if character.isalpha()]
    latin = sum("LATIN" in unicodedata.name(letter, "") for letter in letters)
    if 2 * latin < len(letters):
        raise DigestError(f"Most letters are not Latin. {way_out}", where=f"chunk {chunk.index}")


def _version() -> str:
    """Return hibari's version without importing it."""
    try:
        return version("hibari-tts")
    except PackageNotFoundError as missing:
        raise ConfigError(MISSING) from missing


def _order(request: SpeechRequest) -> _Order:
    return _Order(**cast(dict[str, Any], request.body))


_loading = threading.Lock()


def _engine() -> Any:
    """Return the process's one engine; threads that ask while it loads wait for the same one."""
    with _loading:
        return _load()


@functools.cache
def _load() -> Any:
    """Load the bundled voice; any other name would be downloaded, so none is ever given."""
    try:
        import onnxruntime  # type: ignore[import-untyped]
        from hibari import Hibari
    except ImportError as missing:
        raise ConfigError(f"{MISSING} ({missing})") from missing
    onnxruntime.disable_telemetry_events()
    engine = Hibari()
    engine.g2p("Ready.")
    return engine


def _voiced(engine: Any, phonemes: str, order: _Order, noise: np.random.Generator) -> NDArray[np.float32]:
    """Speak phonemes as hibari's ``from_ids`` does, with the fundamental frequency moved."""
    import numpy as np
    from hibari import dsp

    feed = {"ids": np.asarray([engine.ids(phonemes)], np.int64), "speed": np.asarray([order.speed], np.float32)}
    harmonic, theta, noisy, rest, phase, f0_hz = (output[0] for output in engine.sess.run(None, feed))
    pitched_hz = f0_hz * np.float32(PITCHES[order.voice])
    samples: NDArray[np.float32] = dsp.synth(harmonic, theta, noisy, rest, phase, pitched_hz, noise)
    return samples


def _marks(headers: Mapping[str, str]) -> tuple[Mark, ...]:
    """Read how many characters and frames each sentence took."""
    try:
        chars, frames = (map(int, headers[f"sentence-{unit}"].split(",")) for unit in ("chars", "frames"))
        return tuple(Mark(chars=count, frames=length) for count, length in zip(chars, frames, strict=True))
    except (KeyError, ValueError) as broken:
        raise AudioError("The stored answer does not say how long its sentences are.") from broken
