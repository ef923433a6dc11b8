"""Requests and answers as files: what each provider is asked for a chunk, and what it makes of an answer."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf

from tts_async import providers
from tts_async.core.exchange import SpeechResponse, Take
from tts_async.core.plan import Chunk, Line, Voice
from tts_async.providers.base import Provider

FOLDER = Path(__file__).parent / "samples"
SAMPLES: Mapping[str, Mapping[str, Any]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))
}
FRAMES = 24_000


def provider_of(sample: Mapping[str, Any]) -> Provider:
    return providers.find(sample["provider"], sample.get("options", {}))


def chunk_of(sample: Mapping[str, Any]) -> Chunk:
    told = dict(sample["chunk"])
    lines = []
    for speaker, voice, text, *settings in told.pop("lines"):
        lines.append(Line(speaker=speaker, voice=Voice(id=voice, settings=dict(*settings)), text=text, written=text))
    end = sum(len(line.text) for line in lines)
    told.setdefault("language", "en")
    return Chunk(index=3, section=0, lines=tuple(lines), pause_ms=0, start=0, end=end, **told)


def take_of(sample: Mapping[str, Any]) -> Take:
    told: dict[str, Any] = {
        name: tuple(each) if isinstance(each, list) else each for name, each in sample.get("take", {}).items()
    }
    return Take(**told)


def response_of(sample: Mapping[str, Any]) -> SpeechResponse:
    """The answer, with a second of noise in the encoding that the sample names."""
    told = sample["response"]
    encoding, _, wrapped = told["audio"].partition(" in ")
    body = encoded(encoding)
    if wrapped:
        audio = base64.b64encode(body).decode()
        body = json.dumps({"audio_base64": audio, "alignment": told["alignment"]}).encode()
    return SpeechResponse(status=200, headers=told["headers"], body=body)


def encoded(encoding: str) -> bytes:
    """A second of noise."""
    noise = np.random.default_rng(1).normal(0, 0.1, FRAMES).astype(np.float32)
    if encoding == "pcm":
        return (noise * 32767).astype("<i2").tobytes()
    file = io.BytesIO()
    sf.write(file, noise, FRAMES, format=encoding.upper())
    return file.getvalue()
