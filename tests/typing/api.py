"""The public types as users write them: this file is only type-checked, never run."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from tts_async import (
    AudioError,
    Busy,
    ConfigError,
    Cue,
    Digest,
    DigestError,
    Event,
    Pauses,
    Plan,
    ProviderError,
    Rejected,
    Renderer,
    RenderFailed,
    RenderResult,
    Report,
    Settings,
    TTSError,
    Unavailable,
    generate_digest,
    generate_digest_sync,
    list_providers,
    list_voices,
)

settings: Settings = Settings(workers=3, pauses=Pauses(sentence_ms=200))
same: Settings = Settings.of({"workers": 3})
digest: Digest = Digest.read({"script": "Good morning."})
from_json: Digest = Digest.from_json("{}")
from_text: Digest = Digest.from_text("Good morning.", digest_id="morning")


def pictures(result: RenderResult) -> list[Figure]:
    return [result.plot_timeline(), result.plot_waveform(columns=400)]


def listen(event: Event) -> None:
    kind: str = event.kind
    chunk: int | None = event.chunk
    print(kind, chunk, event.at_s)  # noqa: T201


async def one_call() -> None:
    result: RenderResult = await generate_digest(digest)
    await generate_digest({"script": "Good morning."}, output="a.wav", provider="tone", overwrite=True)
    await generate_digest("a.json", output=Path("a.mp3"), settings=settings, on_event=listen)
    path: Path = result.path
    length_s: float = result.duration_s
    rate_hz: int = result.rate_hz
    report: Report = result.report
    speedup: float | None = report.speedup
    cues: tuple[Cue, ...] = result.cues
    starts_s: list[float] = [cue.start_s for cue in cues]
    samples: NDArray[np.float32] = result.read()
    kept: Path = result.save(path)
    print(length_s, rate_hz, speedup, starts_s, samples, kept)  # noqa: T201


async def renderer(client: httpx.AsyncClient) -> None:
    async with Renderer(
        "tone", settings=settings, voices={"": "tone"}, key="key", client=client, on_event=listen
    ) as opened:
        plan: Plan = await opened.plan(Path("a.md"))
        result: RenderResult = await opened.render(digest, "a.flac", overwrite=True)
        several: list[RenderResult | TTSError] = await opened.render_many(["a.json", digest], ["a.wav", None])
        async with opened.stream("a.txt") as speech:
            rate_hz: int = speech.rate_hz
            async for block in speech:
                samples: NDArray[np.float32] = block
                print(rate_hz, samples)  # noqa: T201
            first_audio_s: float | None = speech.report.first_audio_s
        async with opened.stream_encoded(digest, format="opus", priority=2.0) as encoded:
            media_type: str = encoded.media_type
            async for piece in encoded:
                sent: bytes = piece
                print(media_type, encoded.rate_hz, encoded.report, first_audio_s, sent)  # noqa: T201
        print(plan.chunks[0].text, plan.notes, result, several)  # noqa: T201


def errors() -> None:
    try:
        generate_digest_sync("a.json", output="a.ogg")
    except (ConfigError, DigestError) as error:
        print(error)  # noqa: T201
    except RenderFailed as failed:
        reasons: dict[int, TTSError] = dict(failed.failures)
        audio: list[bytes] = [clip.audio for clips in failed.clips.values() for clip in clips]
        print(reasons, audio, failed.report.lost)  # noqa: T201
    except (Rejected, Busy, Unavailable) as answered:
        status: int | None = answered.status
        print(status, answered.retryable)  # noqa: T201
    except (ProviderError, AudioError, TTSError) as other:
        billed: bool = other.billed
        print(billed)  # noqa: T201


names: list[str] = [entry.name for entry in list_providers()]
voices: list[str] = [entry.voice for entry in list_voices("local")]
generate_digest({"script": "Good morning."}, output=3)  # type: ignore[arg-type, unused-coroutine]
generate_digest_sync({"script": "Good morning."}, "a.wav")  # type: ignore[call-arg]
asyncio.run(one_call())
