"""Requests that follow on from others by their ids: for repairs, and for all of a digest that asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import pytest

from tests.core.plans import able, plan_of
from tests.engine.fakes import patient
from tts_async import Renderer, RenderResult
from tts_async.core.exchange import Take
from tts_async.core.plan import Chunk
from tts_async.engine.takes import LONGEST_S, Takes
from tts_async.testing.fake import Behaviour, FakeSpeech, Fault, Latency, Recorded

KEY = "k-secret-key"
SENTENCES = [
    f"Sentence number {word} of all that there is to say here." for word in ("one", "two", "three", "four", "five")
]
SCRIPT = " ".join(SENTENCES)


async def rendered(
    fake: FakeSpeech, digest: Mapping[str, object], spec: str = "elevenlabs", **settings: object
) -> RenderResult:
    async with (
        fake.client() as client,
        Renderer(spec, key=KEY, client=client, settings=patient(chunk_chars=60, **settings)) as renderer,
    ):
        return await renderer.render(digest)


def body(request: Recorded) -> Mapping[str, object]:
    return cast(Mapping[str, object], request.body)


def ids_of(request: Recorded) -> tuple[object, object]:
    told = body(request)
    return told.get("previous_request_ids"), told.get("next_request_ids")


async def test_in_parallel_words_are_told() -> None:
    """Each chunk hears its neighbours' words, and waits for none of them."""
    fake = FakeSpeech(Behaviour(latency=Latency(first_s=1.0)))
    await rendered(fake, {"script": SCRIPT})
    told = {str(body(request)["text"]): body(request) for request in fake.requests}
    assert [told[text].get("previous_text") for text in SENTENCES] == [None, *SENTENCES[:-1]]
    assert [told[text].get("next_text") for text in SENTENCES] == [*SENTENCES[1:], None]
    assert fake.most_in_flight == 5


async def test_a_repair_follows_on_from_its_neighbours() -> None:
    """A chunk that came broken is asked for once more, with the ids of those around it in place of their words."""
    fake = FakeSpeech(Behaviour(latency=Latency(first_s=1.0), faults=(Fault(kind="json_body", text="three", times=1),)))
    result = await rendered(fake, {"script": SCRIPT})
    by_text = {receipt.chunk: receipt.request_id for receipt in result.report.receipts}
    *first, repaired = fake.requests
    assert all(ids_of(request) == (None, None) for request in first)
    assert str(body(repaired)["text"]) == SENTENCES[2]
    assert ids_of(repaired) == ([by_text[0], by_text[1]], [by_text[3], by_text[4]])
    assert "previous_text" not in body(repaired)


async def test_a_model_that_rejects_ids_gets_none() -> None:
    """v3 would refuse a request with ids or words of neighbours."""
    fake = FakeSpeech(Behaviour(faults=(Fault(kind="json_body", text="three", times=1),)))
    await rendered(fake, {"script": SCRIPT, "stitch": True}, "elevenlabs:eleven_v3")
    assert {request.status for request in fake.requests} == {200}
    assert len(fake.requests) == 6


async def test_a_digest_may_ask_for_ids_everywhere() -> None:
    """One request at a time, in order, each with the ids of the three before it."""
    fake = FakeSpeech(Behaviour(latency=Latency(first_s=1.0)))
    result = await rendered(fake, {"script": SCRIPT, "stitch": True})
    ids = [receipt.request_id for receipt in result.report.receipts]
    assert fake.most_in_flight == 1
    assert [str(body(request)["text"]) for request in fake.requests] == SENTENCES
    assert [ids_of(request)[0] for request in fake.requests] == [None, ids[:1], ids[:2], ids[:3], ids[1:4]]


@pytest.mark.parametrize("kind", ["internal_error", "json_body", "system_busy"])
async def test_order_outlasts_failures(kind: str) -> None:
    """What fails is tried again before anything after it is asked for."""
    fake = FakeSpeech(Behaviour(faults=(Fault(kind=kind, text="two", times=2),)))
    await rendered(fake, {"script": SCRIPT, "stitch": True}, retry_first_s=0.1)
    texts = [str(body(request)["text"]) for request in fake.requests]
    assert texts == [SENTENCES[0], *[SENTENCES[1]] * 3, *SENTENCES[2:]]


async def test_a_lost_chunk_does_not_hold_up_the_rest() -> None:
    """Everything else is bought, in order, and the error says what is missing."""
    fake = FakeSpeech(Behaviour(faults=(Fault(kind="unprocessable", text="two"),)))
    with pytest.raises(Exception, match="1 of 5 chunks"):
        await rendered(fake, {"script": SCRIPT, "stitch": True})
    assert len(fake.bill.texts) == 4


def chunks() -> tuple[Chunk, ...]:
    plan = plan_of(
        {"script": SCRIPT + "\n\nAnother paragraph is not the same thing as this one."},
        able(),
        settings={"chunk_chars": 60},
    )
    return plan.chunks


def test_ids_are_good_for_two_hours() -> None:
    """An id that is too old, or of another paragraph, is none."""
    takes = Takes(chunks(), in_order=False)
    takes.heard(1, "b", 0.0)
    takes.heard(3, "d", 100.0)
    takes.heard(5, "f", 100.0)
    takes.set_aside(2)
    takes.set_aside(4)
    assert takes.take(2, 200.0) == Take(number=2, previous_ids=("b",), next_ids=("d",))
    assert takes.take(2, LONGEST_S + 50) == Take(number=2, next_ids=("d",))
    assert takes.take(4, 200.0) == Take(number=2, previous_ids=("d",))
    assert takes.take(0, 200.0) == Take()


def test_a_gap_ends_the_row() -> None:
    """Only neighbours that follow one another without a gap are told."""
    takes = Takes(chunks(), in_order=False)
    takes.heard(0, "a", 0.0)
    takes.heard(2, "c", 0.0)
    takes.set_aside(3)
    assert takes.take(3, 1.0).previous_ids == ("c",)
    takes.set_aside(2)
    assert takes.take(3, 1.0).previous_ids == ()
