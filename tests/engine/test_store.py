"""Responses under fingerprints: kept whole, claimed once, set aside when they are bad."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tts_async.core.exchange import SpeechResponse
from tts_async.core.verdict import Verdict
from tts_async.engine.store import Claim
from tts_async.engine.temporary import TemporaryStore
from tts_async.errors import AudioError, OutputError

GOOD = Verdict(speech_s=1.5, trail_s=0.1)
BODY = SpeechResponse(status=200, headers={"x": "ü\n1"}, body=b"line\nand \x00 line\n")


@pytest.fixture
async def store() -> AsyncIterator[TemporaryStore]:
    async with TemporaryStore() as kept:
        yield kept


async def test_what_is_kept_is_read_as_it_came(store: TemporaryStore) -> None:
    """Status, headers and body, whatever bytes they hold."""
    assert await store.claim("f") is Claim.MINE
    await store.commit("f", BODY)
    assert await store.read("f") == BODY
    assert await store.claim("f") is Claim.HERE


async def test_what_is_had_has_its_verdict(store: TemporaryStore) -> None:
    """A response is here as soon as it is kept, with what was said of it; a discarded one is not any more."""
    await store.commit("f", BODY)
    assert await store.have(["f", "g"]) == {"f": None}
    await store.judge("f", GOOD)
    assert await store.have(["f", "g"]) == {"f": GOOD}
    await store.discard("f")
    assert await store.have(["f"]) == {}


async def test_what_may_be_billed_is_remembered(store: TemporaryStore) -> None:
    """A claim that is given up unsure leaves a trace, until the clip is here."""
    assert await store.claim("f") is Claim.MINE
    await store.release("f", unsure=False)
    assert await store.unsure_since("f") is None
    began_s = time.time()
    assert await store.claim("f") is Claim.MINE
    await store.release("f", unsure=True)
    since_s = await store.unsure_since("f")
    assert since_s is not None
    assert began_s <= since_s <= time.time()
    await store.commit("f", BODY)
    assert await store.unsure_since("f") is None


async def test_a_claim_is_one_buyers(store: TemporaryStore) -> None:
    """While one buys, it is theirs for the others; given up, it is free again."""
    assert await store.claim("f") is Claim.MINE
    assert await store.claim("f") is Claim.THEIRS
    await store.release("f")
    assert await store.claim("f") is Claim.MINE


async def test_a_release_takes_nothing_away(store: TemporaryStore) -> None:
    """Releasing what was committed after all, or never claimed, changes nothing."""
    await store.release("f")
    await store.commit("f", BODY)
    await store.release("f")
    assert await store.read("f") == BODY


async def test_what_is_discarded_is_set_aside(store: TemporaryStore) -> None:
    """A bad response may be bought again, and is not thrown away: it was paid for."""
    await store.commit("f", BODY)
    await store.discard("f")
    with pytest.raises(AudioError, match="set aside"):
        await store.read("f")
    assert await store.claim("f") is Claim.MINE
    assert [each.suffix for each in store._path.iterdir()] == [".bad"]
    await store.discard("f")


async def test_two_bad_takes_are_both_kept(store: TemporaryStore) -> None:
    """The second bad response does not replace the first."""
    for _ in range(2):
        await store.commit("f", BODY)
        await store.discard("f")
    assert len(list(store._path.glob("f.*.bad"))) == 2


async def test_many_at_once(store: TemporaryStore) -> None:
    """Commits at the same time do not disturb each other and leave no half file."""

    async def keep(number: int) -> None:
        await store.commit(f"f{number}", SpeechResponse(status=200, headers={}, body=b"%d" % number))

    await asyncio.gather(*(keep(number) for number in range(100)))
    assert [(await store.read(f"f{number}")).body for number in range(100)] == [b"%d" % n for n in range(100)]
    assert not list(store._path.glob("*.part"))


async def test_it_goes_when_it_is_closed() -> None:
    """Nothing of a temporary store is left, also when its block is cancelled."""
    folders: list[Path] = []

    async def use() -> None:
        async with TemporaryStore() as store:
            folders.append(store._path)
            await store.commit("f", BODY)
            await asyncio.sleep(100)

    task = asyncio.create_task(use())
    await asyncio.sleep(1)
    assert folders[0].is_dir()
    task.cancel()
    await asyncio.wait({task})
    assert not folders[0].exists()


async def test_room_is_looked_for_beforehand(store: TemporaryStore) -> None:
    """Where the speech will not fit, nothing is bought."""
    await store.probe(1_000)
    with pytest.raises(OutputError, match=r"There is room for [0-9,]+ MB in .*; TMPDIR names another place"):
        await store.probe(10**12)


def test_what_a_killed_process_left_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next store without a name clears it up, and nobody else's."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    code = "from tts_async.engine.temporary import TemporaryStore; import os; kept = TemporaryStore(); os._exit(9)"
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "TMPDIR": str(tmp_path)}, check=False)
    (left,) = tmp_path.glob("tts-async-*")
    (left / "clip").write_bytes(b"x")
    (tmp_path / "tts-async-mine").mkdir()
    (tmp_path / left.name.replace("tts-async", "tts-other")).mkdir()
    first, second = TemporaryStore(), TemporaryStore()
    assert not left.exists()
    assert first._path.exists()
    assert {path.name[:10] for path in tmp_path.iterdir()} >= {"tts-async-", "tts-other-"}
    assert len(list(tmp_path.glob("tts-*"))) == 4
    for store in (first, second):
        store._folder.cleanup()
