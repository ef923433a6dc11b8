"""Captions of what a provider said, with the times it told and without."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.engine.fakes import patient
from tts_async import Renderer
from tts_async.testing.fake import FakeSpeech

TALK = {
    "voices": {
        "anna": {"providers": {"elevenlabs": "Rachel", "openai": "coral"}},
        "ben": {"providers": {"elevenlabs": "George", "openai": "onyx"}},
    },
    "lexicon": {"bern": "bairn"},
    "script": [
        {"speaker": "anna", "text": "Was it raining in Bern? I had no umbrella. Did you have one?"},
        {"speaker": "ben", "text": "It was. I had 3 > 2 & gave one away, as I always do."},
        {"speaker": "anna", "text": "How kind of you."},
    ],
}
SAID = [
    ("anna", "Was it raining in Bern?"),
    ("anna", "I had no umbrella."),
    ("anna", "Did you have one?"),
    ("ben", "It was."),
    ("ben", "I had 3 > 2 & gave one away, as I always do."),
    ("anna", "How kind of you."),
]


async def captioned(spec: str, *, timestamps: bool) -> tuple[list[tuple[str, str]], str]:
    """Render the talk: speakers and words of the cues, and the WebVTT file with times of words."""
    fake = FakeSpeech()
    settings = patient(timestamps=timestamps)
    async with fake.client() as client, Renderer(spec, key="k", client=client, settings=settings) as renderer:
        result = await renderer.render(TALK, Path("out.wav"))
    text = result.save_captions(Path("out.vtt"), words=True).read_text(encoding="utf-8")
    return [(cue.speaker, cue.text) for cue in result.cues], text


@pytest.mark.parametrize("spec", ["openai", "elevenlabs:eleven_v3", "elevenlabs:eleven_multilingual_v2"])
async def test_every_sentence_has_its_speaker(spec: str) -> None:
    """Also where several speakers share a request, and nobody tells when they speak: those are marked as estimates."""
    said, text = await captioned(spec, timestamps=False)
    assert said == SAID
    # A turn of one sentence that is a request of its own is where its clip is.
    assert text.count("NOTE estimated") == text.count("-->") - ("v3" not in spec)
    assert not re.search(r"<\d\d:", text)
    assert "<v ben>" in text
    assert "I had 3 &gt; 2 &amp; gave" in text.replace("\n", " ")


@pytest.mark.parametrize("spec", ["elevenlabs:eleven_v3", "elevenlabs:eleven_multilingual_v2"])
async def test_with_timestamps_words_have_their_times(spec: str) -> None:
    """And the sentences of a turn in which a word was respelled; nothing is an estimate."""
    said, text = await captioned(spec, timestamps=True)
    assert said[:3] == SAID[:3]
    assert said[3:] == [(speaker, word) for speaker, words in SAID[3:] for word in words.split()]
    assert "NOTE" not in text
    assert re.search(r"<v ben>It <\d\d:\d\d:\d\d\.\d{3}>was\.", text)
