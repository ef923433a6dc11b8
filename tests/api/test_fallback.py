"""What one provider does not speak, another one does: planned from the start, told in the report, off by default."""

from __future__ import annotations

import json

import httpx
import numpy as np
import pytest

from tests.engine.fakes import Heard, distinct, heard_hz, patient
from tts_async import ConfigError, Renderer, RenderFailed, RenderResult
from tts_async.providers.tone import ToneProvider, frequency_hz
from tts_async.testing.fake import Behaviour, FakeSpeech, Fault, Latency

TEXTS = distinct(8)
KEY = "k-secret-key"
LATE = Latency(first_s=1.0)


SLOW = Behaviour(latency=LATE)


class Both:
    """Two fakes behind one client: one for each provider."""

    def __init__(self, elevenlabs: Behaviour, openai: Behaviour = SLOW) -> None:
        self.elevenlabs, self.openai = FakeSpeech(elevenlabs), FakeSpeech(openai)

    def client(self) -> httpx.AsyncClient:
        first, second = self.elevenlabs.transport(), self.openai.transport()

        async def handler(request: httpx.Request) -> httpx.Response:
            if request.url.host == "tone.invalid":
                tones = ToneProvider().answer(request.url.path, json.loads(request.content))
                return httpx.Response(tones.status, headers=dict(tones.headers), content=tones.body)
            there = first if request.url.host == "api.elevenlabs.io" else second
            return await there.handle_async_request(request)

        return httpx.AsyncClient(transport=httpx.MockTransport(handler))


@pytest.fixture(autouse=True)
def openai_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "o-secret-key")
    monkeypatch.setenv("ELEVENLABS_API_KEY", KEY)


def failing(*texts: str, kind: str = "internal_error") -> Behaviour:
    """ElevenLabs that never speaks some texts."""
    return Behaviour(latency=LATE, faults=tuple(Fault(kind=kind, text=text) for text in texts))


async def rendered(both: Both, digest: dict[str, object], heard: Heard | None = None, **more: object) -> RenderResult:
    async with (
        both.client() as client,
        Renderer(
            "elevenlabs",
            fallback=["openai"],
            key=KEY,
            client=client,
            settings=patient(attempts=1, retry_first_s=0.1, **more),
            on_event=heard,
        ) as renderer,
    ):
        return await renderer.render(digest)


def check_order(result: RenderResult, texts: list[str]) -> None:
    samples = result.read()
    assert [cue.text for cue in result.cues] == texts
    for cue in result.cues:
        place = np.asarray(samples[cue.start_frame : cue.end_frame])
        middle = place[len(place) // 4 : -len(place) // 4]
        assert heard_hz(middle, result.rate_hz) == pytest.approx(frequency_hz(cue.text), abs=3)


async def test_a_chunk_whose_attempts_are_spent() -> None:
    """The stand-in speaks just that one; the report says who spoke what, and nothing is lost."""
    both, heard = Both(failing(TEXTS[2], TEXTS[5])), Heard()
    result = await rendered(both, {"chunks": TEXTS}, heard)
    check_order(result, TEXTS)
    assert sorted(each.chunk for each in result.report.receipts if each.provider == "openai") == [2, 5]
    assert sorted(each.chunk for each in result.report.receipts if each.provider == "elevenlabs") == [0, 1, 3, 4, 6, 7]
    assert sorted(event.chunk for event in heard.of("instead") if event.chunk is not None) == [2, 5]
    assert result.report.lost == ()
    assert both.openai.bill.requests == 2


@pytest.mark.parametrize("kind", ["quota_exceeded", "insufficient_credits", "feature_not_available", "invalid_api_key"])
async def test_a_job_that_is_stopped(kind: str) -> None:
    """What the first provider has spoken is kept, all else comes from the stand-in; nobody is asked again."""
    both = Both(Behaviour(latency=LATE, faults=(Fault(kind=kind, requests=tuple(range(4, 99))),)))
    result = await rendered(both, {"chunks": TEXTS}, workers=2)
    check_order(result, TEXTS)
    assert both.elevenlabs.bill.requests == 3
    assert len(both.elevenlabs.requests) <= 5
    assert both.openai.bill.requests == 5
    assert kind in result.report.stopped


async def test_a_dialogue_run_becomes_several_requests() -> None:
    """Turn by turn, with that provider's voices, at the plan's rate."""
    script = [{"speaker": ("anna", "ben")[n % 2], "text": text} for n, text in enumerate(TEXTS)]
    both = Both(failing("sentence"))
    result = await rendered(both, {"script": script})
    check_order(result, TEXTS)
    assert [cue.speaker for cue in result.cues] == ["anna", "ben"] * 4
    assert {request.path for request in both.elevenlabs.requests} == {"/v1/text-to-dialogue"}
    assert len(both.openai.requests) == 8
    assert {cue.chunk for cue in result.cues} == {0}


async def test_it_is_off_by_default() -> None:
    """Without it nothing reaches another provider."""
    both = Both(failing(TEXTS[2]))
    async with (
        both.client() as client,
        Renderer("elevenlabs", key=KEY, client=client, settings=patient(attempts=1)) as renderer,
    ):
        with pytest.raises(RenderFailed, match="1 of 8 chunks"):
            await renderer.render({"chunks": TEXTS})
    assert both.openai.requests == []


async def test_who_has_no_voice_stays_out() -> None:
    """A voice that was chosen for the first is none there; the plan says so, and what fails is missing."""
    both = Both(failing(TEXTS[2]))
    digest: dict[str, object] = {"voices": {"narrator": "JBFqnCBsd6RMkjVDRZzb"}, "chunks": TEXTS}
    with pytest.raises(RenderFailed) as caught:
        await rendered(both, digest)
    assert "openai cannot stand in" in caught.value.report.warnings[0]
    assert both.openai.requests == []
    digest["voices"] = {"narrator": {"voice": "JBFqnCBsd6RMkjVDRZzb", "providers": {"openai": "onyx"}}}
    assert (await rendered(both, digest)).report.lost == ()
    assert "onyx" in str(both.openai.requests[0].body)


async def test_a_stand_in_that_fails_too() -> None:
    """What nobody speaks is missing, with the last reason, and all else is kept."""
    both = Both(failing(TEXTS[2]), Behaviour(faults=(Fault(kind="internal_error"),)))
    with pytest.raises(RenderFailed, match="openai answered 500") as caught:
        await rendered(both, {"chunks": TEXTS})
    assert set(caught.value.failures) == {2}
    assert set(caught.value.clips) == set(range(8)) - {2}
    assert [loss.chunk for loss in caught.value.report.lost] == [2]


async def test_the_next_one_in_line() -> None:
    """With several, each is asked in turn."""
    both = Both(failing(TEXTS[2]), Behaviour(faults=(Fault(kind="internal_error"),)))
    async with (
        both.client() as client,
        Renderer(
            "elevenlabs",
            fallback=["openai", "tone"],
            key=KEY,
            client=client,
            settings=patient(attempts=1, retry_first_s=0.1),
        ) as renderer,
    ):
        result = await renderer.render({"chunks": TEXTS})
    assert [each.chunk for each in result.report.receipts if each.provider == "tone"] == [2]
    check_order(result, TEXTS)


async def test_a_stand_in_that_has_to_be_asked_otherwise() -> None:
    """A stand-in can be corrected, too."""
    fake = FakeSpeech(Behaviour(forbidden_formats=frozenset({"pcm_24000"})))
    first = FakeSpeech(Behaviour(faults=(Fault(kind="insufficient_credits"),)))
    there, here = fake.transport(), first.transport()

    async def handler(request: httpx.Request) -> httpx.Response:
        return await (there if request.url.host == "api.elevenlabs.io" else here).handle_async_request(request)

    async with (
        httpx.AsyncClient(transport=httpx.MockTransport(handler)) as client,
        Renderer("openai", fallback=["elevenlabs"], client=client, settings=patient()) as renderer,
    ):
        result = await renderer.render({"chunks": TEXTS})
    check_order(result, TEXTS)
    assert fake.bill.paid_again == {}


async def test_a_missing_key_is_found_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not when it is needed, hours later."""
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(ConfigError, match="openai needs a key"):
        await rendered(Both(Behaviour()), {"chunks": TEXTS})


async def test_a_stream_goes_on() -> None:
    """The reader hears all of it in order, whoever speaks."""
    both, blocks = Both(failing(TEXTS[2])), list[np.ndarray]()
    async with (
        both.client() as client,
        Renderer(
            "elevenlabs", fallback=["openai"], key=KEY, client=client, settings=patient(attempts=1, retry_first_s=0.1)
        ) as renderer,
        renderer.stream({"chunks": TEXTS}) as speech,
    ):
        blocks += [block async for block in speech]
    assert len(np.concatenate(blocks)) > 8 * 15 * 0.06 * 24_000


async def test_what_a_stand_in_spoke_is_kept() -> None:
    """A second render finds it, and nobody is paid again."""
    both = Both(failing(TEXTS[2]))
    await rendered(both, {"chunks": TEXTS})
    again = await rendered(both, {"chunks": TEXTS})
    assert (again.report.here, again.report.bought) == (8, 0)
    assert both.openai.bill.requests == 1
