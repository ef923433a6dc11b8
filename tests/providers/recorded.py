"""Everything that the client asks ElevenLabs and OpenAI for, written down as it leaves the client."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from tests.core.plans import chunk_of, turns
from tts_async import (
    RenderFailed,
    Settings,
    fetch_models,
    fetch_subscription,
    fetch_voices,
    find_provider,
    generate_digest,
)
from tts_async.core.exchange import PLANNED
from tts_async.engine.client import HttpSender
from tts_async.providers.base import KeepsHistory
from tts_async.testing.clock import VirtualClockLoop
from tts_async.testing.fake import Behaviour, FakeSpeech, Fault

KEY = "k-secret-key"
SENTENCES = [f"This is sentence number {number} of all that there is to say here." for number in range(20)]
NARRATIVE: Mapping[str, object] = {"script": " ".join(SENTENCES)}
SHORT: Mapping[str, object] = {"script": SENTENCES[0]}
DIALOGUE: Mapping[str, object] = {
    "voices": {"anna": "Sarah", "ben": "George"},
    "script": turns(*(f"{('anna', 'ben')[number % 2]}: {said}" for number, said in enumerate(SENTENCES))),
}
LONG_TURNS: Mapping[str, object] = {
    **DIALOGUE,
    "script": turns(f"anna: {' '.join(SENTENCES[:10])}", f"ben: {' '.join(SENTENCES[10:])}"),
}
STABLE = {
    speaker: {"voice": voice, "settings": {"stability": 0.5}}
    for speaker, voice in (("anna", "Sarah"), ("ben", "George"))
}
"""A dialogue request has one stability, for all."""
SET = {"stability": 0.5, "similarity_boost": 0.75, "style": 0.2, "use_speaker_boost": True, "speed": 1.1}
EVERY_OPTION: Mapping[str, Any] = {
    "output_format": "mp3_44100_128",
    "seed": 7,
    "language_code": "de",
    "apply_text_normalization": "off",
    "apply_language_text_normalization": True,
    "enable_logging": False,
    "pronunciation_dictionary_locators": [{"pronunciation_dictionary_id": "d1", "version_id": "v1"}],
}
ALIKE = re.compile(r'"[^"]* [^"]*"|[A-Za-z0-9]{20}')
"""Texts and ids, whose exact wording makes no other request."""

Act = Callable[[httpx.AsyncClient], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One request; without a body, ``body`` is empty."""

    method: str
    host: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Mapping[str, object]

    def __str__(self) -> str:
        return f"{self.method} {self.host}{self.path} {dict(self.query)} {json.dumps(self.body)}"

    @property
    def shape(self) -> str:
        """What makes it another request than others."""
        told = [self.method, self.host, self.path, self.query, self.body]
        return ALIKE.sub("…", json.dumps(told, sort_keys=True, separators=(",", ":")))


class Recorder(httpx.AsyncBaseTransport):
    """Writes every request down, and has it answered by another transport."""

    def __init__(self, answering: httpx.AsyncBaseTransport) -> None:
        self.sent: list[Sent] = []
        self._answering = answering

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(
            Sent(
                method=request.method,
                host=request.url.host,
                path=request.url.path,
                query=dict(request.url.params),
                headers=dict(request.headers),
                body=json.loads(await request.aread() or b"{}"),
            )
        )
        return await self._answering.handle_async_request(request)


def recorded(case: str) -> list[Sent]:
    """What the client sends in a case, each shape once; the last is what the case is about."""
    act, answering = CASES[case]

    async def work() -> list[Sent]:
        recorder = Recorder(answering())
        async with httpx.AsyncClient(transport=recorder) as client:
            await act(client)
        return list({each.shape: each for each in recorder.sent}.values())

    with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
        return runner.run(work())


def speaks(
    digest: Mapping[str, object], spec: str = "elevenlabs", /, *, settings: Mapping[str, object] = {}, **options: object
) -> Act:
    """Render a digest."""

    async def act(client: httpx.AsyncClient) -> None:
        chosen = Settings.of({"remember": False, "rate_per_s": 1000, **settings})
        provider, output = find_provider(spec, **options), Path("speech.wav")
        await generate_digest(
            digest,
            output=output,
            provider=provider,
            settings=chosen,
            key=KEY,
            client=client,
            store=False,
            overwrite=True,
        )

    return act


def unheard(act: Act) -> Act:
    """Render in a format that the fake cannot make."""

    async def tries(client: httpx.AsyncClient) -> None:
        try:
            await act(client)
        except RenderFailed:
            return
        raise AssertionError("The fake has learned that format; render without unheard().")

    return tries


def asks(fetch: Callable[..., Awaitable[object]], spec: str) -> Act:
    """Ask what there is."""

    async def act(client: httpx.AsyncClient) -> None:
        await fetch(spec, key=KEY, client=client)

    return act


def looks_up(*, dialogue: bool) -> Act:
    """Look for the first sentence in the history."""

    async def act(client: httpx.AsyncClient) -> None:
        provider = find_provider("elevenlabs")
        assert isinstance(provider, KeepsHistory)
        sender = HttpSender(provider, client, key=KEY, settings=Settings())
        chunk = replace(chunk_of((SENTENCES[0], ""), voice="George"), dialogue=dialogue)
        await sender.converse(provider.find(provider.request(chunk, PLANNED), since_s=1.7e9, used=()))

    return act


def then(*acts: Act) -> Act:
    """Do one thing after another."""

    async def act(client: httpx.AsyncClient) -> None:
        for each in acts:
            await each(client)

    return act


def fake() -> httpx.AsyncBaseTransport:
    """The fake at its best."""
    return FakeSpeech().transport()


def once_no_speech() -> httpx.AsyncBaseTransport:
    """A fake whose answer for the fifth sentence is at first no speech, so that it is asked for once more."""
    return FakeSpeech(Behaviour(faults=(Fault(kind="json_body", text="number 4 ", times=1),))).transport()


def paged() -> httpx.AsyncBaseTransport:
    """A server that always has one more page, and nothing on it."""
    told = {"has_more": True, "next_page_token": "t1", "last_history_item_id": "h1"}
    return httpx.MockTransport(lambda request: httpx.Response(200, json=told))


V4 = "elevenlabs:eleven_v4"
SMALL = {"chunk_chars": 70, "dialogue_chars": 200}
TIMED = {"timestamps": True}
GEORGE = {**SHORT, "voices": {"narrator": "George"}}
STITCHED = {**LONG_TURNS, "stitch": True}

CASES: Mapping[str, tuple[Act, Callable[[], httpx.AsyncBaseTransport]]] = {
    "narrative": (speaks(NARRATIVE), fake),
    "narrative, every option": (speaks(SHORT, **EVERY_OPTION), fake),
    "narrative, voice settings": (
        speaks({**SHORT, "voices": {"narrator": {"voice": "George", "settings": SET}}}),
        fake,
    ),
    "narrative, timed": (speaks(NARRATIVE, settings=TIMED), fake),
    "narrative, ids": (speaks({**NARRATIVE, "stitch": True}, settings=SMALL), fake),
    "narrative, repaired": (speaks(NARRATIVE, settings=SMALL), once_no_speech),
    "v3": (speaks({**SHORT, "language": "de"}, "elevenlabs:eleven_v3", **EVERY_OPTION), fake),
    "v3, timed": (speaks(SHORT, "elevenlabs:eleven_v3", settings=TIMED), fake),
    "dialogue": (speaks(DIALOGUE), fake),
    "dialogue, every option": (speaks(DIALOGUE, **EVERY_OPTION), fake),
    "dialogue, voice settings": (speaks({**DIALOGUE, "voices": STABLE}), fake),
    "dialogue, timed": (speaks(DIALOGUE, settings=TIMED), fake),
    "dialogue, turn by turn": (speaks(DIALOGUE, "elevenlabs:eleven_multilingual_v2"), fake),
    "v4": (speaks(NARRATIVE, V4), fake),
    "v4 dialogue": (speaks(LONG_TURNS, V4, settings=SMALL, dialogue_context=True), fake),
    "v4 dialogue, ids": (speaks(STITCHED, V4, settings=SMALL, dialogue_context=True), fake),
    "v4 dialogue, repaired": (speaks(LONG_TURNS, V4, settings=SMALL, dialogue_context=True), once_no_speech),
    "v4 dialogue, timed": (speaks(LONG_TURNS, V4, settings={**SMALL, **TIMED}, dialogue_context=True), once_no_speech),
    "voices": (asks(fetch_voices, "elevenlabs"), fake),
    "voices, page by page": (asks(fetch_voices, "elevenlabs"), paged),
    "models": (asks(fetch_models, "elevenlabs"), fake),
    "subscription": (asks(fetch_subscription, "elevenlabs"), fake),
    "history": (looks_up(dialogue=False), fake),
    "history, of a dialogue": (looks_up(dialogue=True), fake),
    "history, page by page": (looks_up(dialogue=False), paged),
    "history, found": (then(speaks(GEORGE), looks_up(dialogue=False)), fake),
    **{
        f"openai, {name}": (speaks(SHORT, "openai", response_format=name, instructions="Be calm.", speed=1.5), fake)
        for name in ("mp3", "opus", "flac", "wav", "pcm")
    },
    "openai, aac": (unheard(speaks(SHORT, "openai", response_format="aac")), fake),
    "openai, plain": (speaks(NARRATIVE, "openai"), fake),
    "openai, tts-1": (speaks(SHORT, "openai:tts-1", instructions="Be calm.", speed=0.25), fake),
    "openai, voice settings": (
        speaks({**SHORT, "voices": {"narrator": {"voice": "nova", "settings": {"speed": 4}}}}, "openai"),
        fake,
    ),
    "openai, own voice": (speaks({**SHORT, "voices": {"narrator": "voice_1234"}}, "openai"), fake),
    "openai, models": (asks(fetch_models, "openai"), fake),
}
