"""The store on disk: what was paid for is there for every later run, whole, and bought by one at a time."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tts_async.core.exchange import SpeechRequest, SpeechResponse
from tts_async.core.verdict import Verdict
from tts_async.engine.disk import DiskStore
from tts_async.engine.journal import DEAD_S, Journal
from tts_async.engine.look import Look
from tts_async.engine.mark import new_mark
from tts_async.engine.owner import born
from tts_async.engine.shelf import Damaged, default_folder
from tts_async.engine.store import Claim
from tts_async.errors import AudioError, ConfigError, OutputError

HEADERS = {"request-id": "r1", "history-item-id": "h1", "character-cost": "7", "x": "ü"}
GOOD = Verdict(speech_s=1.5, trail_s=0.1)
BODY = SpeechResponse(status=200, headers=HEADERS, body=b"line\nand \x00 line\n")
REQUEST = SpeechRequest(origin="acme/api", path="/say", body={}, chars=9)
F, G = "f0" * 32, "a1" * 32


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[DiskStore]:
    async with DiskStore(tmp_path / "store") as opened:
        yield opened


def again(store: DiskStore) -> DiskStore:
    """The same store, as a later run opens it."""
    return DiskStore(store.folder)


async def kept(store: DiskStore, fingerprint: str = F) -> None:
    assert await store.claim(fingerprint) is Claim.MINE
    await store.commit(fingerprint, BODY, request=REQUEST)
    await store.judge(fingerprint, GOOD)


async def test_it_outlives_its_run(store: DiskStore) -> None:
    """What one run has committed and judged, the next one has, byte for byte."""
    await kept(store)
    async with again(store) as later:
        assert await later.have([F, G]) == {F: GOOD}
        assert await later.read(F) == BODY
        assert await later.claim(F) is Claim.HERE
        (row,) = later.journal.rows()
    assert (row.fingerprint, row.origin, row.chars, row.billed_chars) == (F, "acme/api", 9, 7)
    assert (row.request_id, row.history_item_id, row.bytes, row.verdict) == ("r1", "h1", len(BODY.body), GOOD.written())


async def test_nobody_else_may_look_in(store: DiskStore) -> None:
    """The folder is its user's own."""
    await kept(store)
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700


async def test_a_purchase_is_one_for_all_who_have_the_store(store: DiskStore) -> None:
    """While one buys, it is theirs for every other; given up or ended, it is free."""
    async with again(store) as other:
        assert await store.claim(F) is Claim.MINE
        assert await other.claim(F) is Claim.THEIRS
        await store.release(F)
        assert await other.claim(F) is Claim.MINE
        await store.release(F)
        assert await store.claim(F) is Claim.THEIRS
    assert await store.claim(F) is Claim.MINE


async def test_a_claim_that_is_not_renewed_dies(store: DiskStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """After twenty seconds of silence it is anybody's; renewed, it is not."""
    now = [1_000_000.0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    async with again(store) as other:
        assert await store.claim(F) is Claim.MINE
        now[0] += DEAD_S - 1
        store.journal.renew(now[0])
        now[0] += DEAD_S - 1
        assert await other.claim(F) is Claim.THEIRS
        now[0] += 2
        assert await other.claim(F) is Claim.MINE


async def test_claims_are_renewed_while_buying(store: DiskStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A purchase that takes minutes stays its buyer's."""
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(time, "time", lambda: 1_000_000.0 + loop.time())
    async with again(store) as other, store.buying():
        assert await store.claim(F) is Claim.MINE
        await asyncio.sleep(300)
        assert await other.claim(F) is Claim.THEIRS


async def test_a_dead_process_has_no_claim(store: DiskStore) -> None:
    """A process of this host that is gone buys nothing any more, however short ago it was there."""
    code = (
        "import sys, time; from pathlib import Path; from tts_async.engine.journal import Journal;"
        "journal = Journal(Path(sys.argv[1])); assert journal.claim(sys.argv[2], time.time()); import os; os._exit(9)"
    )
    journal = store.folder / "journal.sqlite"
    await asyncio.to_thread(subprocess.run, [sys.executable, "-c", code, str(journal), F], check=False)
    (row,) = store.journal._read("SELECT owner FROM claims")
    assert row[0] != store.journal.owner.name
    assert await store.claim(F) is Claim.MINE


def test_a_later_process_with_the_number_is_another() -> None:
    """A process is known by when it began, too."""
    assert born(os.getpid()) == born(os.getpid()) != ""
    assert born(2**22 + 12345) == ""


async def test_a_file_without_a_row_is_adopted(store: DiskStore) -> None:
    """A run that ended between rename and journal has lost nothing; what it left is judged before it is used."""
    await store.commit(F, BODY, request=REQUEST)
    store.journal.forget([F])
    async with again(store) as later:
        assert await later.have([F]) == {F: None}
        assert await later.claim(F) is Claim.HERE
        assert await later.read(F) == BODY


async def test_a_lost_journal_is_no_loss(store: DiskStore) -> None:
    """Files carry all that is needed."""
    await kept(store)
    store.journal.close()
    for path in store.folder.glob("journal.sqlite*"):
        path.unlink()
    async with again(store) as later:
        assert await later.claim(F) is Claim.HERE
        (row,) = later.journal.rows()
        assert (row.request_id, row.chars, row.verdict) == ("r1", 9, "")
    store._journal = Journal(store.folder / "journal.sqlite")


V1 = """
CREATE TABLE clips (fingerprint TEXT PRIMARY KEY, origin TEXT, chars INTEGER, billed_chars INTEGER, request_id TEXT,
    history_item_id TEXT, bytes INTEGER, committed_s REAL, used_s REAL, good INTEGER NOT NULL DEFAULT 0);
CREATE TABLE claims (fingerprint TEXT PRIMARY KEY, attempt INTEGER, owner TEXT, host TEXT, pid INTEGER, born TEXT,
    sent_s REAL, renewed_s REAL);
INSERT INTO clips VALUES ('f', 'acme/api', 9, 7, 'r1', 'h1', 20, 1.0, 2.0, 1);
PRAGMA user_version=1;
"""
"""A journal of the first version, with one clip."""


@pytest.mark.parametrize("before", ["", V1], ids=["new", "of the first version"])
def test_a_journal_is_made_by_many_at_once(before: str, tmp_path: Path) -> None:
    """Whoever opens a store first makes or upgrades it; the others wait for that, and see what was in it."""
    for number in range(10):
        path = tmp_path / f"{number}.sqlite"
        base = sqlite3.connect(path)
        base.executescript(before)
        base.close()
        with ThreadPoolExecutor(8) as pool:
            journals = list(pool.map(Journal, [path] * 8))
        assert all(len(journal.rows()) == bool(before) for journal in journals)
        for journal in journals:
            journal.close()


@pytest.mark.parametrize("at", [0, 5, -1], ids=["in the head", "in the line", "in the audio"])
async def test_a_flipped_byte_is_found(store: DiskStore, at: int) -> None:
    """A damaged clip is no clip: it is set aside, and can be bought again."""
    await kept(store)
    path = store.shelf.path(F)
    raw = bytearray(path.read_bytes())
    raw[at] ^= 1
    path.write_bytes(bytes(raw))
    with pytest.raises(Damaged):
        await store.read(F)
    assert await store.have([F]) == {}
    assert await store.claim(F) is Claim.MINE
    assert len(list(path.parent.glob("*.bad"))) == 1


async def test_all_that_is_damaged_is_found_at_once(store: DiskStore) -> None:
    """One look through a plan's clips finds every damaged one."""
    names = [f"{number:02}" * 32 for number in range(5)]
    for name in names:
        await kept(store, name)
    for name in names[1:3]:
        store.shelf.path(name).write_bytes(b"?")
    assert await store.verify([*names, G]) == names[1:3]
    assert await store.have(names) == dict.fromkeys([names[0], *names[3:]], GOOD)


async def test_a_file_that_somebody_removed_is_not_here(store: DiskStore) -> None:
    """The journal is believed only where there is a file."""
    await kept(store)
    store.shelf.path(F).unlink()
    assert await store.have([F]) == {}
    with pytest.raises(AudioError):
        await store.read(F)
    assert await store.claim(F) is Claim.MINE


async def test_what_is_discarded_is_bought_again(store: DiskStore) -> None:
    """It is kept aside, and is not here."""
    await kept(store)
    await store.discard(F)
    assert await store.claim(F) is Claim.MINE


async def test_what_it_was_called_is_remembered(store: DiskStore) -> None:
    """Whoever asks a history for what is missing is to find none of what was here: discarded, removed or here still."""

    async def removed(name: str) -> None:
        store.shelf.remove([name])
        await store.forget([name])

    for number, gone in enumerate([store.discard, removed, None]):
        headers = {**HEADERS, "history-item-id": f"h{number}"}
        await store.commit(F, replace(BODY, headers=headers), request=REQUEST)
        if gone:
            await gone(F)
    await store.commit(F, BODY, request=REQUEST)
    async with again(store) as later:
        assert await later.items() == {"h0", "h1", "h2"}


@pytest.fixture(scope="module")
def dead() -> str:
    """The mark of a process that is gone."""
    code = "from tts_async.engine.mark import new_mark; print(new_mark())"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


async def test_half_written_files_go(store: DiskStore, dead: str) -> None:
    """The next run removes what a process that is gone has left, and what nobody has touched for an hour; nothing else."""
    await kept(store)
    folder = store.shelf.path(F).parent
    gone, mine = folder / f"{F}.{dead}.part", folder / f"{F}.{new_mark()}.part"
    old, new, probe = folder / "x.1-a.part", folder / "x.2-b.part", store.folder / "clips" / f"probe.{dead}.part"
    for path in (gone, mine, old, new, probe):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    async with again(store):
        left = {path for path in (gone, mine, old, new, probe, store.shelf.path(F)) if path.exists()}
    assert left == {mine, new, store.shelf.path(F)}


async def test_what_comes_late_changes_nothing(store: DiskStore) -> None:
    """Who has lost a claim for being slow may commit after all: others have what came first in their files, and it stays."""
    await kept(store)
    late = replace(BODY, body=b"another take")
    await store.commit(F, late, request=REQUEST)
    assert await store.read(F) == BODY
    assert await store.have([F]) == {F: GOOD}
    store.shelf.path(F).write_bytes(b"?")
    await store.commit(F, late, request=REQUEST)
    assert await store.read(F) == late


@pytest.mark.parametrize("how", ["removed", "a folder"])
async def test_what_is_gone_is_said(store: DiskStore, how: str) -> None:
    """A clip that somebody else took away is not here, and nobody says anything of disks."""
    await kept(store)
    path = store.shelf.path(F)
    path.unlink()
    if how == "a folder":
        path.mkdir()
    with pytest.raises(Damaged, match=f"the stored clip {F[:12]} (was removed|is damaged)"):
        await store.read(F)
    assert await store.have([F]) == {}
    assert await store.claim(F) is Claim.MINE
    await store.commit(F, BODY, request=REQUEST)
    assert await store.read(F) == BODY


async def test_a_full_disk_is_a_sentence(store: DiskStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit that fails leaves no half file, and says what to do."""

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left on device"):
        await store.commit(F, BODY, request=REQUEST)
    monkeypatch.undo()
    assert list(store.folder.rglob("*.part")) == []
    assert await store.claim(F) is Claim.MINE


async def test_room_is_looked_for_beforehand(store: DiskStore) -> None:
    """Where the speech will not fit, nothing is bought."""
    await store.probe(1_000)
    with pytest.raises(OutputError, match=r"There is room for [0-9,]+ MB in .*; name another store by --store"):
        await store.probe(10**12)


async def test_a_place_that_cannot_be_used(tmp_path: Path) -> None:
    """A file in the way, and a journal that is none or of a later version, are sentences."""
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot be used"):
        async with DiskStore(tmp_path / "file"):
            pass
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "journal.sqlite").write_bytes(b"no database" * 200)
    for use in (DiskStore, Look):
        with pytest.raises(
            ConfigError, match=r"is not a database\. Its journal is damaged: move 'journal.sqlite' away"
        ):
            async with use(tmp_path / "broken"):
                pass
    (tmp_path / "later").mkdir()
    base = sqlite3.connect(tmp_path / "later" / "journal.sqlite")
    base.execute("PRAGMA user_version=99")
    base.close()
    for use in (DiskStore, Look):
        with pytest.raises(ConfigError, match="made by a later tts-async"):
            async with use(tmp_path / "later"):
                pass


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, nobodys_home: Path) -> None:
    """With the user's data, unless the environment names another place."""
    assert default_folder().is_relative_to(nobodys_home)
    monkeypatch.setenv("TTS_ASYNC_STORE", "/somewhere")
    assert default_folder() == Path("/somewhere")
