"""A provider that can do less than was planned with: planned once more, and nothing paid for twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.engine.fakes import Heard, distinct, files, heard_hz, patient
from tts_async import Renderer, RenderFailed, find_provider
from tts_async.engine import memory
from tts_async.providers.tone import frequency_hz
from tts_async.testing.fake import Behaviour, FakeSpeech, Fault, Latency

KEY = "k-secret-key"
NO_PCM = Behaviour(forbidden_formats=frozenset({"pcm_24000"}), latency=Latency(first_s=1.0))
TEXTS = distinct(9)


async def test_a_format_that_the_plan_lacks() -> None:
    """The job goes on in the format of every plan; it is told, and remembered for the key."""
    fake, heard = FakeSpeech(NO_PCM), Heard()
    async with fake.client() as client:
        async with Renderer("elevenlabs", key=KEY, client=client, settings=patient(), on_event=heard) as renderer:
            result = await renderer.render({"chunks": TEXTS})
        formats = [request.query["output_format"] for request in fake.requests]
        assert formats == ["pcm_24000"] * 5 + ["mp3_44100_128"] * 9
        assert (result.rate_hz, result.report.bought, result.report.lost) == (44_100, 9, ())
        assert [event.reason for event in heard.of("warning")] == list(result.report.warnings)
        assert "planned once more with output_format=mp3_44100_128" in result.report.warnings[0]
        assert heard.chunks("lost", "stopped") == []
        async with Renderer("elevenlabs", key=KEY, client=client, settings=patient()) as renderer:
            await renderer.render({"chunks": distinct(12)[10:]})
        async with Renderer("elevenlabs", key="another-key", client=client, settings=patient()) as renderer:
            await renderer.render({"chunks": distinct(13)[12:]})
    formats = [request.query["output_format"] for request in fake.requests[14:]]
    assert formats == ["mp3_44100_128", "mp3_44100_128", "pcm_24000", "mp3_44100_128"]


async def test_nothing_is_remembered_where_that_is_off() -> None:
    """Without memory, each Renderer finds out for itself, and only once."""
    fake = FakeSpeech(NO_PCM)
    for count in (1, 2):
        async with (
            fake.client() as client,
            Renderer("elevenlabs", key=KEY, client=client, settings=patient(workers=1, remember=False)) as renderer,
        ):
            await renderer.render({"chunks": TEXTS[:1]})
            await renderer.render({"chunks": TEXTS[1:2]})
        assert [request.query["output_format"] for request in fake.requests].count("pcm_24000") == count


async def test_what_was_bought_stays_bought() -> None:
    """A plan that changes half way leaves what was paid for; the joined file has all in one rate and in order."""
    fake = FakeSpeech(Behaviour(latency=Latency(first_s=1.0)))

    def downgrade(event: object) -> None:
        if getattr(event, "kind", "") == "bought":
            fake.behaviour = NO_PCM

    settings = patient(workers=1)
    async with (
        fake.client() as client,
        Renderer("elevenlabs", key=KEY, client=client, settings=settings, on_event=downgrade) as renderer,
    ):
        result = await renderer.render({"chunks": TEXTS[:4]})
    assert sorted(request.status or 0 for request in fake.requests) == [200, 200, 200, 200, 403]
    assert fake.bill.paid_again == {}
    samples = result.read()
    for cue, text in zip(result.cues, TEXTS, strict=False):
        place = samples[cue.start_frame : cue.end_frame]
        assert heard_hz(np.asarray(place), result.rate_hz) == pytest.approx(frequency_hz(text), abs=3)


async def test_a_format_that_was_asked_for_is_not_changed() -> None:
    """Whoever names a format wants that one: the job stops, and says what helps."""
    fake = FakeSpeech(Behaviour(forbidden_formats=frozenset({"pcm_44100"})))
    provider = find_provider("elevenlabs", output_format="pcm_44100")
    async with fake.client() as client, Renderer(provider, key=KEY, client=client, settings=patient()) as renderer:
        with pytest.raises(RenderFailed, match=r"invalid_output_format.*choose another output_format"):
            await renderer.render({"chunks": TEXTS})
    assert fake.bill.requests == 0


async def test_a_plan_without_either_format_ends() -> None:
    """It is not planned for ever."""
    fake = FakeSpeech(Behaviour(forbidden_formats=frozenset({"pcm_24000", "mp3_44100_128"})))
    async with fake.client() as client, Renderer("elevenlabs", key=KEY, client=client, settings=patient()) as renderer:
        with pytest.raises(RenderFailed, match="invalid_output_format"):
            await renderer.render({"chunks": TEXTS})
    assert len(fake.requests) == 10


async def test_a_smaller_limit_is_planned_with() -> None:
    """A text limit that the server knows and the table does not: the text is cut anew."""
    memory.MODELS.keep(
        memory.account_id(("elevenlabs", "https://api.elevenlabs.io", KEY)), {"eleven_v3": {"max_chars": 9_000}}
    )
    fake = FakeSpeech()
    script = "Rain falls on the town. " * 300
    async with (
        fake.client() as client,
        Renderer("elevenlabs:eleven_v3", key=KEY, client=client, settings=patient(chunk_chars=8_000)) as renderer,
    ):
        result = await renderer.render({"script": script})
    assert [request.status for request in fake.requests].count(400) >= 1
    assert all(len(text) <= 5_000 for text in fake.bill.texts)
    assert sum(map(len, fake.bill.texts)) >= len(script) - 10
    assert any("max_chars=5000" in warning for warning in result.report.warnings)


async def test_digests_of_one_renderer_correct_themselves_alone() -> None:
    """One that has begun anew is not stopped by what another one sent before."""
    fake = FakeSpeech(NO_PCM)
    async with fake.client() as client, Renderer("elevenlabs", key=KEY, client=client, settings=patient()) as renderer:
        results = await renderer.render_many([{"chunks": distinct(40)[n * 10 : n * 10 + 10]} for n in range(4)])
    assert [type(result).__name__ for result in results] == ["RenderResult"] * 4
    assert fake.bill.paid_again == {}


async def test_a_stream_keeps_its_rate() -> None:
    """Whoever reads was told a rate; the audio comes in it, whatever the format became."""
    fake = FakeSpeech(NO_PCM)
    blocks: list[np.ndarray] = []
    async with (
        fake.client() as client,
        Renderer("elevenlabs", key=KEY, client=client, settings=patient()) as renderer,
        renderer.stream({"chunks": TEXTS[:2]}) as speech,
    ):
        assert speech.rate_hz == 24_000
        blocks += [block async for block in speech]
    samples = np.concatenate(blocks)
    assert heard_hz(samples[: len(samples) // 3], 24_000) == pytest.approx(frequency_hz(TEXTS[0]), abs=3)


async def test_the_file_of_a_failed_plan_is_gone(tmp_path: Path) -> None:
    """Only the file of the plan that held is there."""
    fake = FakeSpeech(
        Behaviour(forbidden_formats=frozenset({"pcm_24000"}), faults=(Fault(kind="internal_error", requests=(1,)),))
    )
    async with fake.client() as client, Renderer("elevenlabs", key=KEY, client=client, settings=patient()) as renderer:
        await renderer.render({"chunks": TEXTS}, tmp_path / "a.wav")
    assert files(tmp_path) == ["a.wav", "a.wav.manifest.json"]
