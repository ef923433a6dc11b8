"""What was bought: listed, checked, cleared up, and explained."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from tests.engine.fakes import distinct, patient
from tts_async import Event, Renderer, RenderFailed, RenderResult
from tts_async.api.ledger import SetAside, clear_store, list_store, set_aside, verify_store, why
from tts_async.core.verdict import read
from tts_async.engine.disk import DiskStore
from tts_async.engine.shelf import default_folder
from tts_async.testing.fake import Behaviour, FakeSpeech, Fault

TEXTS = distinct(5)
KEY = "k-secret-key"


async def render(
    fake: FakeSpeech, digest: dict[str, object], spec: str = "elevenlabs", **settings: object
) -> RenderResult:
    async with (
        fake.client() as client,
        Renderer(spec, key=KEY, client=client, settings=patient(**settings)) as renderer,
    ):
        return await renderer.render(digest)


async def test_another_run_buys_nothing() -> None:
    """Whatever the workers, the rate, the title or the order of its settings: what is heard is here."""
    fake = FakeSpeech()
    first = await render(fake, {"chunks": TEXTS})
    again = await render(fake, {"chunks": TEXTS, "title": "New", "id": "other"}, workers=2, rate_per_s=99.0)
    assert (first.report.bought, again.report.bought, again.report.here) == (5, 0, 5)
    assert fake.bill.requests == 5
    assert (again.read() == first.read()).all()


@pytest.mark.parametrize("context", [False, True], ids=["v3", "with context"])
async def test_an_inserted_sentence_is_one_purchase(context: bool) -> None:
    """A sentence at the top of a long script buys one clip, or two or three where neighbours are told."""
    fake = FakeSpeech(Behaviour(s_per_char=0.03))
    spec = "elevenlabs" if context else "elevenlabs:eleven_v3"
    script = " ".join(f"This is sentence number {number} of a rather long text." for number in range(350))
    await render(fake, {"script": script}, spec, chunk_chars=60)
    before = fake.bill.requests
    await render(fake, {"script": f"A sentence that is new here. {script}"}, spec, chunk_chars=60)
    assert before >= 350
    assert 1 <= fake.bill.requests - before <= (3 if context else 1)


async def test_what_is_kept_is_listed() -> None:
    """With what it cost, of whom, and by which ids."""
    fake = FakeSpeech()
    result = await render(fake, {"chunks": TEXTS})
    rows = await list_store()
    assert {row.request_id for row in rows} == {receipt.request_id for receipt in result.report.receipts}
    assert {(row.origin, row.chars, row.billed_chars, read(row.verdict) is not None) for row in rows} == {
        ("elevenlabs/api", 15, 15, True)
    }


async def test_a_damaged_clip_is_bought_again() -> None:
    """In the middle of a render, too: the file is whole, one clip was bought, and a warning says why."""
    fake = FakeSpeech()
    await render(fake, {"chunks": TEXTS})
    for row in (await list_store())[1:3]:
        path = DiskStore(default_folder()).shelf.path(row.fingerprint)
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    again = await render(fake, {"chunks": TEXTS})
    assert (again.report.bought, len(again.cues)) == (2, 5)
    assert any("damaged" in warning for warning in again.report.warnings)
    assert fake.bill.requests == 7
    assert await verify_store() == []


async def test_verify_finds_what_is_damaged() -> None:
    """Every clip is read; the damaged one is set aside, and bought by the next run."""
    fake = FakeSpeech()
    await render(fake, {"chunks": TEXTS})
    name = (await list_store())[0].fingerprint
    DiskStore(default_folder()).shelf.path(name).write_bytes(b"x")
    assert await verify_store() == [name]
    assert len(await list_store()) == 4
    assert (await render(fake, {"chunks": TEXTS})).report.bought == 1


async def test_clearing_takes_the_longest_unused(monkeypatch: pytest.MonkeyPatch) -> None:
    """By age of the last use, then by size; what is left is still bought by nobody."""
    fake = FakeSpeech()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    await render(fake, {"chunks": TEXTS})
    now += 1_000
    await render(fake, {"chunks": TEXTS[:2]})
    assert (await clear_store(older_than_s=2_000)).clips == 0
    cleared = await clear_store(older_than_s=500)
    assert (cleared.clips, cleared.left_clips) == (3, 2)
    size = (await list_store())[0].bytes
    cleared = await clear_store(max_bytes=size)
    assert (cleared.clips, cleared.left_clips, cleared.left_bytes) == (1, 1, size)
    await render(fake, {"chunks": TEXTS[:2]})
    assert fake.bill.requests == 6


async def test_what_is_in_use_is_spared() -> None:
    """While another render is open, what it has used stays, whatever is asked for; afterwards it may go."""
    fake = FakeSpeech()
    await render(fake, {"chunks": TEXTS[3:]})
    async with fake.client() as client, Renderer("elevenlabs", key=KEY, client=client) as other:
        await other.render({"chunks": TEXTS[:3]})
        cleared = await clear_store(max_bytes=0)
        assert (cleared.clips, cleared.left_clips, cleared.in_use) == (2, 3, 3)
        assert (await other.render({"chunks": TEXTS[:3]})).report.bought == 0
    assert (await clear_store(max_bytes=0)).left_clips == 0


async def test_what_somebody_removes_is_bought_again() -> None:
    """In the middle of a render, after it was found to be here: the file is whole all the same."""
    fake = FakeSpeech()
    await render(fake, {"chunks": TEXTS})

    def remove(event: Event) -> None:
        if event.kind == "here" and event.chunk == 4:
            shutil.rmtree(default_folder() / "clips")

    async with (
        fake.client() as client,
        Renderer("elevenlabs", key=KEY, client=client, settings=patient(), on_event=remove) as renderer,
    ):
        again = await renderer.render({"chunks": TEXTS})
    assert (again.report.bought, len(again.cues), fake.bill.requests) == (5, 5, 10)
    assert any("was removed" in warning for warning in again.report.warnings)


async def test_what_was_set_aside_is_counted_and_cleared() -> None:
    """It is kept for the record, and goes before anything that is good."""
    fake = FakeSpeech()
    await render(fake, {"chunks": TEXTS})
    rows = await list_store()
    DiskStore(default_folder()).shelf.path(rows[0].fingerprint).write_bytes(b"bad")
    await verify_store()
    assert await set_aside() == SetAside(files=1, bytes=3)
    assert (await clear_store(older_than_s=3_600)).clips == 0
    assert (await set_aside()).files == 1
    assert (await clear_store(max_bytes=10**9)).clips == 0
    assert (await set_aside()).files == 0


async def test_why_a_chunk_is_bought() -> None:
    """What of its request changed since the last run is said; a chunk that is here is."""
    fake = FakeSpeech(Behaviour(faults=(Fault(kind="unprocessable", text=TEXTS[4]),)))
    digest: dict[str, object] = {"voices": {"narrator": "Rachel"}, "chunks": TEXTS}
    assert {each.changed for each in await why(digest, "elevenlabs")} == {"never asked for"}
    with pytest.raises(RenderFailed):
        await render(fake, digest)
    found = await why(digest, "elevenlabs")
    assert [each.here for each in found] == [True] * 4 + [False]
    changed = {"voices": {"narrator": "George"}, "options": {"elevenlabs": {"seed": 7}}, "chunks": TEXTS}
    for each in await why(changed, "elevenlabs"):
        assert not each.here
        assert "seed: nothing → 7" in each.changed
        assert "path: /v1/text-to-speech/21m00Tcm4TlvDq8ikWAM → /v1/text-to-speech/JBFqnCBsd6RMkjVDRZzb" in each.changed
    found = await why({**digest, "chunks": ["A new one.", *TEXTS[1:]]}, "elevenlabs")
    assert [each.here for each in found] == [False, True, True, True, False]
    assert found[0].changed == f"text: {TEXTS[0]} → A new one."


async def test_without_a_store_nothing_is_kept(nobodys_home: Path) -> None:
    """Not a file in the user's data."""
    fake = FakeSpeech()
    for _ in range(2):
        async with (
            fake.client() as client,
            Renderer("elevenlabs", key=KEY, client=client, settings=patient(), store=False) as renderer,
        ):
            await renderer.render({"chunks": TEXTS})
    assert fake.bill.requests == 10
    assert list(nobodys_home.rglob("clips")) == []  # noqa: ASYNC240  # A look into an empty folder.


async def test_the_same_text_twice_is_one_purchase() -> None:
    """Within one digest, and in two at once."""
    fake = FakeSpeech()
    async with (
        fake.client() as client,
        Renderer("elevenlabs", key=KEY, client=client, settings=patient()) as renderer,
    ):
        digest = {"chunks": [TEXTS[0], TEXTS[1], TEXTS[0]]}
        results = await renderer.render_many([digest, {**digest, "id": "two"}])
    assert all(isinstance(result, RenderResult) for result in results)
    assert fake.bill.paid_again == {}
