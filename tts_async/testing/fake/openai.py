"""The dialect of OpenAI and of the servers that are compatible with it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from random import Random

from tts_async.testing.fake import formats
from tts_async.testing.fake.behaviour import Behaviour
from tts_async.testing.fake.books import Books
from tts_async.testing.fake.fields import Fields, between, body_of, need, one_of, want
from tts_async.testing.fake.openai_errors import error
from tts_async.testing.fake.order import Line, Made, Order, hexadecimal
from tts_async.testing.fake.wire import PIECES, Refused, Reply, Request, json_reply

SPEECH = "/v1/audio/speech"
MODEL = re.compile("/v1/models/([^/]+)")
MODELS = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-12-15")
OLD_MODELS = frozenset({"tts-1", "tts-1-hd"})
VOICES = (
    "alloy",
    "ash",
    "ballad",
    "coral",
    "echo",
    "fable",
    "onyx",
    "nova",
    "sage",
    "shimmer",
    "verse",
    "marin",
    "cedar",
)
FIELDS = frozenset({"model", "input", "voice", "instructions", "response_format", "speed", "stream_format"})
MAX_CHARS = 4096
SSE_BYTES = 16_384
"""Audio in one event."""


class OpenAI:
    """Reads and writes as OpenAI's API does."""

    name = "openai"

    def key(self, request: Request) -> str:
        """Who asks; raises `Refused` if nobody does. Any key is good."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise Refused("missing_api_key")
        return key.strip()

    def is_speech(self, request: Request) -> bool:
        """Whether it asks for speech."""
        return request.method == "POST" and request.path == SPEECH

    def order(self, request: Request, behaviour: Behaviour) -> Order:
        """Understand a request for speech; raises `Refused`."""
        body = body_of(request)
        if unknown := sorted(body.keys() - FIELDS):
            raise Refused("unknown_parameter", f"Unknown parameter: '{unknown[0]}'.", where=("body", unknown[0]))
        model, text, voice = need(body, "model", str, ()), need(body, "input", str), _voice(body)
        if model not in MODELS:
            raise Refused("model_not_found", f"The model `{model}` does not exist or you do not have access to it.")
        # Instructions are free; the old models pass over them.
        for name, said in (("input", text), ("instructions", want(body, "instructions", str, ""))):
            _short(name, said)
        speed = want(body, "speed", float, 1.0)
        between(speed, 0.25, 4.0, ("body", "speed"))
        return Order(
            key=self.key(request),
            model=model,
            group=model,
            lines=(Line(text=text, voice=voice, voice_name=voice),),
            format=_format(body),
            credits=len(text),
            speed=speed,
            shape="sse" if _sse(body, model) else "audio",
            streams=True,
            logged=False,  # OpenAI has no history
        )

    def page(self, request: Request, books: Books) -> Reply:
        """Answer any other request; raises `Refused`."""
        name = MODEL.fullmatch(request.path)
        if request.method == "GET" and request.path == "/v1/models":
            return json_reply({"object": "list", "data": [_model(each) for each in MODELS]})
        if request.method == "GET" and request.path == "/v1/audio/voices":
            return json_reply({"voices": list(VOICES)})  # as Kokoro-FastAPI has it
        if request.method == "GET" and name:
            if name[1] not in MODELS:
                raise Refused("model_not_found", f"The model '{name[1]}' does not exist")
            return json_reply(_model(name[1]))
        raise Refused("not_found", f"Invalid URL ({request.method} {request.path})")

    def too_many(self, limit: int) -> Refused:
        """The refusal of one request more than there may be at once; OpenAI itself counts no requests in flight."""
        return Refused("concurrent_limit_exceeded", f"Rate limit reached: at most {limit} requests at once.")

    def over_quota(self, limit: int, left: int, needed: int) -> Refused:
        """The refusal of a request that costs more than is left."""
        return Refused("quota_exceeded")

    def error(self, refused: Refused, dice: Random) -> Reply:
        """Put a refusal into words."""
        return error(refused, dice)

    def speech(self, order: Order, made: Made, dice: Random) -> Reply:
        """Send what was made."""
        sse = order.shape == "sse"
        headers = {
            "content-type": "text/event-stream; charset=utf-8" if sse else order.format.content_type,
            "x-request-id": f"req_{hexadecimal(dice)}",
            "openai-version": "2020-10-01",
            "openai-organization": "fake",
            "openai-processing-ms": str(round(made.latency_s * 1000)),
        }
        body = _events(order, made) if sse else made.audio
        return Reply(status=200, headers=headers, body=body, pieces=PIECES)

    def at_once(self, now: int, limit: int) -> Mapping[str, str]:
        """OpenAI tells nothing of requests in flight."""
        return {}


def _voice(body: Fields) -> str:
    voice = body.get("voice")
    if isinstance(voice, dict):  # a voice of one's own, which nobody can check
        return need(voice, "id", str, ("body", "voice"))
    voice = need(body, "voice", str)
    one_of(voice, VOICES, ("body", "voice"))
    return voice


def _short(name: str, text: str) -> None:
    if len(text) > MAX_CHARS:
        raise Refused("string_too_long", f"String should have at most {MAX_CHARS} characters", where=("body", name))


def _format(body: Fields) -> formats.Format:
    name = want(body, "response_format", str, "mp3")
    if name == "aac":
        raise Refused("no_encoder", "This fake has no encoder for aac; ask for mp3, opus, flac, wav or pcm.")
    one_of(name, formats.OPENAI, ("body", "response_format"))
    return formats.OPENAI[name]


def _sse(body: Fields, model: str) -> bool:
    stream_format = want(body, "stream_format", str, "audio")
    one_of(stream_format, ("audio", "sse"), ("body", "stream_format"))
    if stream_format == "sse" and model in OLD_MODELS:
        raise Refused("unsupported", f"The stream format sse is not supported with {model}.")
    return stream_format == "sse"


def _model(name: str) -> dict[str, object]:
    return {"id": name, "object": "model", "created": 1_699_000_000, "owned_by": "openai-internal"}


def _events(order: Order, made: Made) -> bytes:
    tokens = {"input_tokens": -(-order.chars // 4), "output_tokens": round(sum(made.lengths_s) * 20)}
    events: list[dict[str, object]] = [
        {
            "type": "speech.audio.delta",
            "audio": base64.b64encode(made.audio[start : start + SSE_BYTES]).decode(),
        }
        for start in range(0, len(made.audio), SSE_BYTES)
    ]
    events.append({"type": "speech.audio.done", "usage": {**tokens, "total_tokens": sum(tokens.values())}})
    return b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)
