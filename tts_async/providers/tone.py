"""Tones instead of speech, for tests and examples: the frequency says which text it was."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Self, cast

from tts_async.core.exchange import Clip, SpeechRequest, SpeechResponse, Take
from tts_async.core.headers import Signals
from tts_async.core.moments import NO_ODDITIES, Oddities
from tts_async.core.plan import Capabilities, Chunk
from tts_async.errors import AudioError, ConfigError, ProviderError
from tts_async.providers.options import checked, decimal, is_number
from tts_async.providers.statuses import status_error

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RATE_HZ = 24_000
LOWEST_HZ, STEP_HZ, STEPS = 300, 5, 600
VOICES = {"tone": 1.0, "tone-low": 0.5, "tone-high": 2.0}
AMPLITUDE = 0.3
FADE_S = 0.01
"""How long a tone rises and falls; one that ends in full voice would be taken for one that was cut."""

LONGEST_S_PER_CHAR = 1.0
MAX_CHARS = 5_000
OPTIONS = {"s_per_char": decimal(0.001, LONGEST_S_PER_CHAR)}


def frequency_hz(text: str, voice: str = "tone") -> float:
    """The frequency of the tone that stands for a text: 300 to 3,295 Hz in steps of 5, times the voice's."""
    return (LOWEST_HZ + STEP_HZ * (zlib.crc32(text.encode()) % STEPS)) * VOICES[voice]


class ToneProvider:
    """A speech service whose server is a function; ``s_per_char`` is how long a character sounds."""

    name = "tone"
    base_url = "http://tone.invalid"
    auth = None
    oddities: Oddities = NO_ODDITIES
    capabilities: Capabilities = Capabilities(
        max_size=MAX_CHARS,
        rate_hz=RATE_HZ,
        voices={"tone": "the text's own frequency", "tone-low": "an octave below", "tone-high": "an octave above"},
    )

    def __init__(self, *, s_per_char: float = 0.06) -> None:
        if not is_number(s_per_char) or not 0 < s_per_char <= LONGEST_S_PER_CHAR:
            raise ConfigError(
                f"s_per_char cannot be {s_per_char!r}; it has to be over 0 and at most {LONGEST_S_PER_CHAR}."
            )
        self._s_per_char = s_per_char

    def configured(self, options: Mapping[str, object]) -> Self:
        """Take the options that a digest sets."""
        checked(options, OPTIONS, self.name)
        return type(self)(s_per_char=cast(float, options.get("s_per_char", self._s_per_char)))

    def request(self, chunk: Chunk, take: Take) -> SpeechRequest:
        """Ask for one tone a line, a take as good as another."""
        lines = [{"text": line.text, "voice": line.voice.id} for line in chunk.lines]
        body = {"lines": lines, "s_per_char": self._s_per_char}
        return SpeechRequest(origin="tone/1", path="/speak", body=body, chars=chunk.chars, tariff="tone")

    def answer(self, path: str, body: Mapping[str, object]) -> SpeechResponse:
        """Be the server: sines as s16le, and the number of characters billed."""
        if detail := _complaint(path, body):
            return SpeechResponse(status=422, headers={}, body=json.dumps({"detail": detail}).encode())
        lines, s_per_char = cast(list[dict[str, str]], body["lines"]), cast(float, body["s_per_char"])
        audio = b"".join(_tone(line["text"], line["voice"], s_per_char * len(line["text"])) for line in lines)
        billed = sum(len(line["text"]) for line in lines)
        spoken = {"content-type": f"audio/pcm;rate={RATE_HZ}", "character-cost": str(billed)}
        return SpeechResponse(status=200, headers=spoken, body=audio)

    def clip(self, chunk: Chunk, response: SpeechResponse) -> Clip:
        """Take the body as it is."""
        if not response.body:
            raise AudioError("the tone is empty")
        billed = response.headers.get("character-cost", "")
        return Clip(
            audio=response.body,
            encoding="pcm_s16le",
            rate_hz=RATE_HZ,
            request_id=response.headers.get("request-id", ""),
            billed_chars=int(billed) if billed.isdecimal() and len(billed) < 10 else None,
        )

    def error(self, response: SpeechResponse, signals: Signals) -> ProviderError:
        """Go by the status."""
        return status_error(response, signals, self.name)


def _complaint(path: str, body: Mapping[str, object]) -> str:
    """What the server finds wrong with a request."""
    lines, s_per_char = body.get("lines"), body.get("s_per_char")
    if path != "/speak" or not isinstance(lines, list) or not lines:
        return "send lines to /speak"
    if not all(isinstance(line, dict) and _is_line(line) for line in lines):
        return f"a line is a text and a voice of {', '.join(VOICES)}"
    if sum(len(line["text"]) for line in lines) > MAX_CHARS:
        return f"send at most {MAX_CHARS} characters"
    if not is_number(s_per_char) or not 0 < cast(float, s_per_char) <= LONGEST_S_PER_CHAR:
        return f"s_per_char is over 0 and at most {LONGEST_S_PER_CHAR}"
    return ""


def _is_line(line: Mapping[str, object]) -> bool:
    voice, text = line.get("voice"), line.get("text")
    return isinstance(text, str) and bool(text) and isinstance(voice, str) and voice in VOICES


def fade(samples: NDArray[np.float32], rate_hz: int) -> None:
    """Let samples rise from silence and fall to it, in place."""
    import numpy as np

    frames = min(round(FADE_S * rate_hz), len(samples) // 2)
    slope = np.linspace(0, 1, frames, endpoint=False, dtype=np.float32)
    samples[:frames] *= slope
    samples[len(samples) - frames :] *= slope[::-1]


def _tone(text: str, voice: str, length_s: float) -> bytes:
    import numpy as np

    at_s = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    wave = (AMPLITUDE * np.sin(2 * np.pi * frequency_hz(text, voice) * at_s)).astype(np.float32)
    fade(wave, RATE_HZ)
    return (wave * 32767).astype("<i2").tobytes()
