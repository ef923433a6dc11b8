"""What was billed and never came is fetched from the provider's history, and not bought again."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest

from tests.engine.fakes import Heard, distinct, patient
from tts_async import Renderer, RenderFailed, RenderResult
from tts_async.testing.fake import Behaviour, FakeSpeech, Fault
from tts_async.testing.fake.wire import Reply, Request, json_reply

KEY = "k-secret-key"
TEXTS = distinct(6)
DIALOGUE = [{"speaker": name, "text": text} for text, name in zip(TEXTS, ["ann", "ben"] * 3, strict=True)]


async def rendered(
    fake: FakeSpeech,
    digest: dict[str, object] | None = None,
    heard: Heard | None = None,
    *,
    stored: bool = True,
    **settings: object,
) -> RenderResult:
    changed = patient(**{"retry_first_s": 0.1, **settings})
    store: Literal[False] | None = None if stored else False
    async with (
        fake.client() as client,
        Renderer("elevenlabs", key=KEY, client=client, settings=changed, store=store, on_event=heard) as renderer,
    ):
        return await renderer.render(digest or {"chunks": TEXTS})


def losing(kind: str, **more: object) -> FakeSpeech:
    return FakeSpeech(Behaviour(faults=(Fault(kind=kind, requests=(2,), after=0.5),), **more))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["hang", "cut", "cut_chunked", "reset_within"])
@pytest.mark.parametrize("timed", [False, True], ids=["", "timed"])
async def test_it_is_found(kind: str, timed: bool) -> None:
    """In the same run, whatever became of its answer; the report says that it was found, and what it had cost."""
    fake, heard = losing(kind), Heard()
    result = await rendered(fake, heard=heard, timestamps=timed)
    assert fake.bill.requests == 6
    assert fake.bill.paid_again == {}
    assert (result.report.bought, result.report.found, result.report.failures) == (5, 1, 1)
    (found,) = (event for event in heard if event.kind == "found")
    assert found.chars == len(TEXTS[0])
    assert found.history_item_id in fake.history
    assert sum(receipt.billed_chars for receipt in result.report.receipts) == fake.bill.credits


async def test_a_dialogue_is_found() -> None:
    """By all its turns and voices."""
    fake = FakeSpeech(Behaviour(faults=(Fault(kind="hang", requests=(1,)),)))
    digest: dict[str, object] = {"script": DIALOGUE}
    result = await rendered(fake, digest, dialogue_chars=40)
    assert fake.bill.paid_again == {}
    assert result.report.found == 1


async def test_another_run_finds_it() -> None:
    """The journal remembers what was sent and did not come."""
    fake = FakeSpeech(Behaviour(faults=(Fault(kind="hang", text=TEXTS[3], times=None),)))
    fake.behaviour = replace(fake.behaviour, processing_s=1e6)
    with pytest.raises(RenderFailed):
        await rendered(fake, attempts=1)
    paid = fake.bill.requests
    fake.behaviour = Behaviour()
    result = await rendered(fake)
    assert (result.report.here, result.report.found, result.report.bought) == (
        5,
        0,
        1,
    )  # Two items are as good as none.
    assert fake.bill.requests == paid + 1


@pytest.mark.parametrize("stored", [True, False], ids=["store", "no store"])
async def test_what_was_set_aside_is_not_taken_for_it(stored: bool) -> None:
    """A bad clip stays in the history: the next take, lost on the way, is found beside it."""
    spoiled, lost = Fault(kind="silence", text=TEXTS[2], times=1), Fault(kind="hang", text=TEXTS[2], times=1)
    fake = FakeSpeech(Behaviour(faults=(spoiled, lost)))
    result = await rendered(fake, stored=stored)
    assert (result.report.bought, result.report.found, result.report.failures) == (5, 1, 2)
    assert fake.bill.requests == 7


async def test_what_another_run_has_set_aside_is_not_taken_for_it() -> None:
    """The journal remembers the names of what is gone, too."""
    fake = FakeSpeech(Behaviour(faults=(Fault(kind="silence", text=TEXTS[2], times=1),)))
    with pytest.raises(RenderFailed):
        await rendered(fake, attempts=1, max_chars=sum(map(len, TEXTS)))
    fake.behaviour = Behaviour(faults=(Fault(kind="hang", text=TEXTS[2], times=1),))
    result = await rendered(fake)
    assert (result.report.here, result.report.found, fake.bill.requests) == (5, 1, 7)


async def test_what_is_being_made_is_waited_for() -> None:
    """As long as it should take, and no longer; then it is bought."""
    fake = losing("hang", processing_s=30.0)
    result = await rendered(fake, read_timeout_s=29.5)
    assert (result.report.found, fake.bill.requests) == (1, 6)
    late = losing("hang", processing_s=1_000.0)
    result = await rendered(late, {"chunks": distinct(12)[6:]}, read_timeout_s=29.5)
    assert (result.report.found, late.bill.requests) == (0, 7)


@pytest.mark.parametrize("status", [401, 403, 404, 500])
async def test_a_history_that_cannot_be_read(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key may be good for speech alone: then what is lost is bought again."""
    fake = losing("hang")
    answer = json_reply({"detail": {"status": "missing_permissions"}}, status=status)

    handle = fake.handle

    async def without(request: Request) -> Reply:
        return answer if request.path.startswith("/v1/history") else await handle(request)

    monkeypatch.setattr(fake, "handle", without)
    result = await rendered(fake)
    assert (result.report.found, fake.bill.requests) == (0, 7)


async def test_what_was_refused_is_not_looked_for() -> None:
    """A server that says itself that it failed has billed nothing."""
    fake = FakeSpeech(Behaviour(concurrency=2, faults=(Fault(kind="internal_error", requests=(3,)),)))
    await rendered(fake)
    assert not [request for request in fake.requests if request.path.startswith("/v1/history")]
