"""What can go wrong does go wrong as told: for these requests, in this way, at this price."""

from __future__ import annotations

import asyncio

import httpx
import numpy as np
import pytest

from tests.engine.fakes import now
from tests.testing.asking import GEORGE, PCM, SPEECH, decoded, dialogue, get, say, speak
from tts_async.testing.fake import FAULTS, Behaviour, FakeSpeech, Fault
from tts_async.testing.fake.formats import ELEVENLABS

TEXT = "A sentence that lasts a while."


async def collect(answer: httpx.Response, came: list[bytes]) -> None:
    async for piece in answer.aiter_bytes():
        came.append(piece)  # noqa: PERF401  # what came before it breaks counts


def failing(kind: str, **how: object) -> FakeSpeech:
    return FakeSpeech(Behaviour(faults=(Fault(kind=kind, **how),), refusal_s=0))  # type: ignore[arg-type]


ANSWERS: dict[str, tuple[int, int]] = {
    "concurrent_limit_exceeded": (429, 429),
    "rate_limit_exceeded": (429, 429),
    "system_busy": (429, 429),
    "already_running": (409, 409),
    "invalid_api_key": (401, 401),
    "quota_exceeded": (401, 429),
    "insufficient_credits": (402, 402),
    "feature_not_available": (403, 403),
    "voice_not_found": (404, 404),
    "unprocessable": (422, 422),
    "internal_error": (500, 500),
    "bad_gateway": (502, 502),
    "service_unavailable": (503, 503),
}


def test_every_answer_is_tested_here() -> None:
    """One that is added needs its status, at both services."""
    assert set(ANSWERS) == {kind for kind, place in FAULTS.items() if place == "answer"}


@pytest.mark.parametrize(("kind", "statuses"), ANSWERS.items(), ids=ANSWERS)
async def test_answers_instead_of_speech(kind: str, statuses: tuple[int, int]) -> None:
    """Each service's own status and body, and nothing on the bill."""
    fake = failing(kind)
    eleven, openai = await speak(fake), await say(fake)
    assert (eleven.status_code, openai.status_code) == statuses
    assert fake.bill.requests == 0
    if kind == "bad_gateway":
        assert "<h1>502" in eleven.text
        assert eleven.headers["content-type"] == "text/html"
        return
    detail = eleven.json()["detail"]
    assert kind in ({detail[0]["type"]} if kind == "unprocessable" else {detail.get("code"), detail["status"]})
    assert openai.json()["error"]["message"]


async def test_silence_instead_of_words() -> None:
    """As long as the words would be, and billed."""
    fake = failing("silence")
    samples = decoded((await speak(fake, TEXT)).content, ELEVENLABS[PCM])
    assert len(samples) == round(0.06 * len(TEXT) * 16_000)
    assert np.abs(samples).max() == 0
    assert fake.bill.texts == {TEXT: 1}


@pytest.mark.parametrize(
    ("kind", "headers", "share"),
    [
        ("empty_body", {"content-type": "audio/pcm", "content-length": "0"}, 0.0),
        ("json_body", {"content-type": "application/json"}, None),
        ("wrong_content_type", {"content-type": "text/plain; charset=utf-8"}, 1.0),
        ("truncated", {"content-type": "audio/pcm"}, 0.25),
    ],
)
async def test_bodies_that_look_whole(kind: str, headers: dict[str, str], share: float | None) -> None:
    """Status 200, a length that fits, and not what was promised; billed, and whole in the history."""
    fake = failing(kind, after=0.25)
    answer = await speak(fake, TEXT)
    assert answer.status_code == 200
    assert headers.items() <= answer.headers.items()
    assert answer.headers["content-length"] == str(len(answer.content))
    [item] = fake.history.values()
    if share is None:
        assert answer.json()
    else:
        assert answer.content == item.audio[: round(len(item.audio) * share)]
    assert fake.bill.texts == {TEXT: 1}


@pytest.mark.parametrize(
    ("kind", "error", "announced"),
    [
        ("cut", httpx.RemoteProtocolError, True),
        ("cut_chunked", httpx.RemoteProtocolError, False),
        ("reset_within", httpx.ReadError, True),
    ],
)
async def test_bodies_that_break_off(kind: str, error: type[Exception], announced: bool) -> None:
    """So much of it comes, then the connection ends; billed, whole in the history, and the slot is free again."""
    fake, came = failing(kind, after=0.25), list[bytes]()
    async with (
        fake.client("http://fake") as client,
        client.stream(
            "POST", SPEECH, params={"output_format": PCM}, headers={"xi-api-key": "k"}, json={"text": TEXT}
        ) as answer,
    ):
        with pytest.raises(error):
            await collect(answer, came)
        [item] = fake.history.values()
        assert b"".join(came) == item.audio[: len(item.audio) // 4]
        assert answer.headers.get("content-length") == (str(len(item.audio)) if announced else None)
        assert fake.in_flight == 0
    assert fake.bill.texts == {TEXT: 1}


@pytest.mark.parametrize(("kind", "error"), [("connect_error", httpx.ConnectError), ("reset_before", httpx.ReadError)])
async def test_connections_that_break_before_the_answer(kind: str, error: type[Exception]) -> None:
    """No answer is written down, nothing is billed, no slot is lost."""
    fake = failing(kind)
    with pytest.raises(error):
        await speak(fake)
    assert (fake.requests[0].status, fake.bill.requests, fake.in_flight) == (None, 0, 0)


async def test_billed_and_then_silent() -> None:
    """The answer never comes, the client's own patience ends it, and the clip can be found in the history."""
    fake = failing("hang")
    async with fake.client("http://fake") as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.post(SPEECH, headers={"xi-api-key": "k"}, json={"text": TEXT}, timeout=7)
    assert now() == pytest.approx(7, abs=0.01)
    assert (fake.bill.texts, fake.in_flight) == ({TEXT: 1}, 0)
    [item] = (await get(fake, "/v1/history")).json()["history"]
    assert item["text"] == TEXT
    assert (await get(fake, f"/v1/history/{item['history_item_id']}/audio")).content


async def test_a_slow_drip() -> None:
    """Headers at once, the body over half a minute, a little at a time."""
    fake, times = failing("slow_drip", drip_s=30), []
    async with (
        fake.client("http://fake") as client,
        client.stream("POST", SPEECH, headers={"xi-api-key": "k"}, json={"text": TEXT}, timeout=1) as answer,
    ):
        times = [now() async for _ in answer.aiter_raw()]
    assert len(times) == 100
    assert (times[0], times[-1]) == pytest.approx((0.3, 30), abs=0.01)


async def test_a_drip_can_be_slower_than_a_client_waits() -> None:
    """Then the client gives up, and the slot is free."""
    fake = failing("slow_drip", drip_s=300)
    async with fake.client("http://fake") as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.post(SPEECH, headers={"xi-api-key": "k"}, json={"text": TEXT}, timeout=1)
    assert fake.in_flight == 0


async def statuses(fake: FakeSpeech, *texts: str) -> list[int]:
    return [(await speak(fake, text)).status_code for text in texts]


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({}, [500, 500, 500, 500]),
        ({"requests": (2, 4)}, [200, 500, 200, 500]),
        ({"times": 2}, [500, 500, 200, 200]),
        ({"text": "wo"}, [200, 500, 200, 200]),
        ({"first_use": True}, [500, 200, 200, 200]),
        ({"requests": (1, 2), "text": "wo"}, [200, 500, 200, 200]),
        ({"share": 0.0}, [200, 200, 200, 200]),
    ],
    ids=["all", "these", "so often", "this text", "first use", "both", "never"],
)
async def test_which_requests_a_fault_is_for(how: dict[str, object], expected: list[int]) -> None:
    """Those for which all of its conditions hold."""
    assert await statuses(failing("internal_error", **how), "One.", "Two.", "Three.", "Four.") == expected


async def test_the_first_use_is_each_voices_own() -> None:
    """Two voices, two first uses, also in a dialogue."""
    fake = failing("already_running", first_use=True)
    answers = [
        await speak(fake),
        await speak(fake),
        await speak(fake, path=f"/v1/text-to-speech/{GEORGE}"),
        await dialogue(fake, (GEORGE, "Hi.")),
    ]
    assert [answer.status_code for answer in answers] == [409, 200, 409, 200]


async def test_a_share_of_the_requests() -> None:
    """About so many, and the first fault that holds is the one that strikes."""
    faults = (Fault(kind="internal_error", share=0.2), Fault(kind="service_unavailable", requests=(1,)))
    fake = FakeSpeech(Behaviour(faults=faults, refusal_s=0, s_per_char=0.001))
    answers = await asyncio.gather(*(speak(fake, "a") for _ in range(300)))
    counts = [sum(answer.status_code == status for answer in answers) for status in (500, 503)]
    assert 40 <= counts[0] <= 80
    assert counts[1] == (answers[0].status_code == 503)


async def test_refused_requests_are_counted_too() -> None:
    """The number of a request is its place among all that ask for speech, mistakes included."""
    fake = failing("internal_error", requests=(2,))
    assert (await speak(fake, model_id="nothing")).status_code == 400
    assert await statuses(fake, "One.", "Two.") == [500, 200]
