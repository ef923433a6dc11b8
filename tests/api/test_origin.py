"""The plan that all began with: a narrative and a dialogue, complete and in order, from either provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from tests.engine.fakes import heard_hz, patient
from tts_async import Renderer, RenderResult
from tts_async.providers.tone import frequency_hz
from tts_async.testing.fake import Behaviour, FakeSpeech, Latency

NARRATIVE = [
    f"Part {number} of the story begins here, and goes on for a while. " + "Nothing happens. " * (number % 3)
    for number in range(8)
]
TURNS = [
    (("anna", "ben", "cleo")[n % 3], f"This is turn number {n} of all that we say to each other.") for n in range(12)
]
VOICES: Mapping[str, Mapping[str, str]] = {
    "elevenlabs": {"anna": "Rachel", "ben": "George", "cleo": "Sarah"},
    "openai": {"anna": "coral", "ben": "onyx", "cleo": "nova"},
}
DIGEST_VOICES = {
    speaker: {"providers": {provider: voices[speaker] for provider, voices in VOICES.items()}}
    for speaker in ("anna", "ben", "cleo")
}

SPECS = ["elevenlabs", "elevenlabs:eleven_multilingual_v2", "openai", "openai:tts-1+http://127.0.0.1:9/v1"]


async def rendered(spec: str, digest: Mapping[str, object], **settings: object) -> tuple[RenderResult, FakeSpeech]:
    """Render with a fake that answers late and out of order, and takes three at once."""
    fake = FakeSpeech(Behaviour(concurrency=3, latency=Latency(first_s=1.0, noise=0.8), seed=4))
    async with (
        fake.client() as client,
        Renderer(spec, key="k-secret-key", client=client, settings=patient(workers=None, **settings)) as renderer,
    ):
        return await renderer.render(digest, Path("out.wav")), fake


def heard_in_place(result: RenderResult, texts: Sequence[str]) -> None:
    """Find each text's tone in the middle of the place that the cues of its chunk name."""
    samples = result.read()
    chunks = [list(cues) for _, cues in groupby(result.cues, key=lambda cue: cue.chunk)]
    assert [" ".join(cue.text for cue in cues) for cues in chunks] == list(texts)
    for cues, text in zip(chunks, texts, strict=True):
        place = samples[cues[0].start_frame : cues[-1].end_frame]
        middle = place[len(place) // 4 : 3 * len(place) // 4]
        assert heard_hz(np.asarray(middle), result.rate_hz) == pytest.approx(frequency_hz(text), abs=3), cues


@pytest.mark.parametrize("spec", SPECS)
async def test_a_narrative_of_eight_chunks(spec: str) -> None:
    """Every chunk is there, in its place, and paid for once."""
    result, fake = await rendered(spec, {"chunks": NARRATIVE})
    assert result.report.chunks == 8
    heard_in_place(result, [text.strip() for text in NARRATIVE])
    assert fake.bill.paid_again == {}
    assert fake.most_in_flight == 3


@pytest.mark.parametrize("spec", SPECS)
async def test_a_dialogue_of_twelve_chunks(spec: str) -> None:
    """The same digest has a voice for each speaker at every provider; each turn is where it belongs."""
    ready = [{"speaker": speaker, "text": text} for speaker, text in TURNS]
    result, fake = await rendered(spec, {"voices": DIGEST_VOICES, "chunks": ready})
    assert result.report.chunks == 12
    heard_in_place(result, [text for _, text in TURNS])
    assert [cue.speaker for cue in result.cues] == [speaker for speaker, _ in TURNS]
    assert fake.bill.paid_again == {}


async def test_turns_share_requests_where_they_can() -> None:
    """With v3 the dialogue is a few requests of whole turns, and every turn sounds in its order, to the word."""
    script = [{"speaker": speaker, "text": text} for speaker, text in TURNS]
    result, fake = await rendered(
        "elevenlabs", {"voices": DIGEST_VOICES, "script": script}, dialogue_chars=200, timestamps=True
    )
    asked = [request for request in fake.requests if request.status == 200]
    assert 2 < len(asked) < 8
    assert {request.path for request in asked} == {"/v1/text-to-dialogue/with-timestamps"}
    assert " ".join(cue.text for cue in result.cues) == " ".join(text for _, text in TURNS)
    assert all(cue.exact for cue in result.cues)
    samples = result.read()
    for (_, text), (start, end) in zip(TURNS, _turns_of(result), strict=True):
        middle = samples[start + (end - start) // 4 : end - (end - start) // 4]
        assert heard_hz(np.asarray(middle), result.rate_hz) == pytest.approx(frequency_hz(text), abs=3), text


def _turns_of(result: RenderResult) -> list[tuple[int, int]]:
    """Where each turn begins and ends, by the words' cues."""
    found: list[tuple[int, int]] = []
    for cue in result.cues:
        if cue.text == "This":
            found.append((cue.start_frame, cue.end_frame))
        found[-1] = (found[-1][0], cue.end_frame)
    return found
