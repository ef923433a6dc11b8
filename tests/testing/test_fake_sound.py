"""What the fake says can be decoded, heard and told apart."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest
import soundfile

from tests.testing.asking import GEORGE, PCM, RACHEL, SARAH, SPEECH, decoded, dialogue, is_heard, say, speak
from tts_async.testing.fake import Behaviour, FakeSpeech
from tts_async.testing.fake.formats import ELEVENLABS, OPENAI

TEXT = "A sentence that lasts a while."


@pytest.mark.parametrize("name", ELEVENLABS)
async def test_every_format_of_elevenlabs_is_what_it_says(name: str) -> None:
    """Each decodes at its rate, lasts as long as its text, and holds the tone of its words."""
    answer = await speak(FakeSpeech(), TEXT, output=name)
    samples = decoded(answer.content, ELEVENLABS[name])
    assert answer.headers["content-type"] == ELEVENLABS[name].content_type
    assert len(samples) / ELEVENLABS[name].rate_hz == pytest.approx(0.06 * len(TEXT), abs=0.08)
    assert is_heard(TEXT, samples, ELEVENLABS[name].rate_hz)


@pytest.mark.parametrize("name", OPENAI)
async def test_every_format_of_openai_is_what_it_says(name: str) -> None:
    """The same at 24 kHz."""
    answer = await say(FakeSpeech(), TEXT, response_format=name)
    samples = decoded(answer.content, OPENAI[name])
    assert answer.headers["content-type"] == OPENAI[name].content_type
    assert is_heard(TEXT, samples, 24_000)


@pytest.mark.parametrize(("name", "kbps"), [("mp3_44100_32", 32), ("mp3_44100_192", 192), ("opus_48000_64", 64)])
async def test_bit_rates_are_those_asked_for(name: str, kbps: int) -> None:
    """Within a tenth, on a long text."""
    answer = await speak(FakeSpeech(), TEXT * 4, output=name)
    assert len(answer.content) * 8 / 1000 / (0.06 * len(TEXT) * 4) == pytest.approx(kbps, rel=0.1)


async def test_the_sound_begins_and_ends_without_a_click() -> None:
    """Ten milliseconds rise from silence and fall into it, the middle is loud."""
    samples = decoded((await speak(FakeSpeech(), TEXT)).content, ELEVENLABS[PCM])
    assert max(abs(samples[0]), abs(samples[-1])) < 0.001
    assert np.abs(samples[:40]).max() < 0.1
    assert np.abs(samples[160:-160]).max() == pytest.approx(0.3, abs=0.01)


async def test_the_same_text_never_sounds_the_same() -> None:
    """As with a real model, two takes differ in their samples, not in their words."""
    fake = FakeSpeech()
    first, second = [(await speak(fake, TEXT)).content for _ in range(2)]
    assert first != second
    assert len(first) == len(second)


async def test_a_dialogue_is_one_tone_a_line_in_order() -> None:
    """Each as long as its text, with no gap."""
    lines = ((RACHEL, "Good morning to you."), (GEORGE, "And a good morning to you."), (RACHEL, "Bye."))
    samples = decoded((await dialogue(FakeSpeech(), *lines)).content, ELEVENLABS[PCM])
    start = 0
    for _, text in lines:
        end = start + round(0.06 * len(text) * 16_000)
        assert is_heard(text, samples[start:end], 16_000)
        start = end
    assert start == len(samples)


@pytest.mark.parametrize(
    ("model", "speed", "factor"),
    [("eleven_multilingual_v2", 1.2, 1.2), ("eleven_flash_v2_5", 0.7, 0.7), ("eleven_v3", 1.2, 1.0)],
    ids=["v2", "flash", "v3 passes over it"],
)
async def test_speed_changes_the_length(model: str, speed: float, factor: float) -> None:
    """Of the models that know it."""
    answer = await speak(FakeSpeech(), TEXT, model_id=model, voice_settings={"speed": speed})
    assert len(answer.content) / 2 / 16_000 == pytest.approx(0.06 * len(TEXT) / factor, abs=0.001)


async def test_the_pace_can_be_set() -> None:
    """`s_per_char` is how long a character sounds; nothing is shorter than a tenth of a second."""
    fake = FakeSpeech(Behaviour(s_per_char=0.01))
    lengths = [len((await speak(fake, text)).content) / 2 / 16_000 for text in ("a" * 100, "a")]
    assert lengths == pytest.approx([1.0, 0.1])


async def test_timestamps_agree_with_the_audio() -> None:
    """Every character has its time, without a gap, from 0 to the end of the audio."""
    told = (await speak(FakeSpeech(), TEXT, path=f"{SPEECH}/with-timestamps")).json()
    alignment = told["alignment"]
    starts, ends = alignment["character_start_times_seconds"], alignment["character_end_times_seconds"]
    assert "".join(alignment["characters"]) == TEXT
    assert starts == [0.0, *ends[:-1]]
    assert ends[-1] == pytest.approx(len(base64.b64decode(told["audio_base64"])) / 2 / 16_000)
    assert told["normalized_alignment"] == alignment
    assert "voice_segments" not in told


async def test_dialogues_tell_who_speaks_when() -> None:
    """A segment a line, its characters counted over all lines."""
    lines = ((RACHEL, "Good morning."), (SARAH, "Morning!"))
    told = (await dialogue(FakeSpeech(), *lines, path="/v1/text-to-dialogue/with-timestamps")).json()
    assert told["voice_segments"] == [
        {
            "voice_id": RACHEL,
            "start_time_seconds": 0.0,
            "end_time_seconds": 0.78,
            "character_start_index": 0,
            "character_end_index": 13,
            "dialogue_input_index": 0,
        },
        {
            "voice_id": SARAH,
            "start_time_seconds": 0.78,
            "end_time_seconds": 1.26,
            "character_start_index": 13,
            "character_end_index": 21,
            "dialogue_input_index": 1,
        },
    ]


async def test_streamed_timestamps_add_up_to_the_whole() -> None:
    """Lines of JSON, cut by the stream wherever it likes, hold all characters and all of the audio."""
    texts = ("The first line, which is long enough for several pieces.", "The second.")
    fake, pieces = FakeSpeech(), []
    body = {"inputs": [{"voice_id": RACHEL, "text": texts[0]}, {"voice_id": GEORGE, "text": texts[1]}]}
    path = "/v1/text-to-dialogue/stream/with-timestamps"
    async with (
        fake.client("http://fake") as client,
        client.stream("POST", path, params={"output_format": PCM}, headers={"xi-api-key": "k"}, json=body) as answer,
    ):
        pieces = [piece async for piece in answer.aiter_raw()]
    assert any(not piece.endswith(b"\n") for piece in pieces)
    objects = [json.loads(line) for line in b"".join(pieces).splitlines()]
    assert len(objects) > 2
    assert "".join(each for told in objects for each in told["alignment"]["characters"]) == "".join(texts)
    segments = [segment for told in objects for segment in told["voice_segments"]]
    assert [segment["dialogue_input_index"] for segment in segments] == [0, 0, 0, 1, 1]
    assert segments[-1]["character_end_index"] == len("".join(texts))
    audio = b"".join(base64.b64decode(told["audio_base64"]) for told in objects)
    [item] = fake.history.values()
    assert audio == item.audio


async def test_events_add_up_to_the_whole() -> None:
    """OpenAI's server-sent events: pieces of audio, then what it cost."""
    answer = await say(FakeSpeech(), TEXT, response_format="wav", stream_format="sse")
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [json.loads(line.removeprefix("data: ")) for line in answer.text.split("\n\n") if line]
    assert [event["type"] for event in events[:-1]] == ["speech.audio.delta"] * (len(events) - 1)
    assert events[-1]["type"] == "speech.audio.done"
    assert events[-1]["usage"]["total_tokens"] > events[-1]["usage"]["output_tokens"]
    audio = b"".join(base64.b64decode(event["audio"]) for event in events[:-1])
    samples, rate_hz = soundfile.read(io.BytesIO(audio))
    assert is_heard(TEXT, samples, rate_hz)
