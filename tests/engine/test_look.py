"""A look into a store changes nothing, and works where nothing can be changed."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.engine.test_disk import GOOD, V1, F, G, kept
from tts_async.engine.disk import DiskStore
from tts_async.engine.look import Look
from tts_async.errors import ConfigError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def earlier(folder: Path) -> Path:
    """A store of the first version."""
    folder.mkdir()
    base = sqlite3.connect(folder / "journal.sqlite")
    base.executescript(V1)
    base.close()
    return folder


def files(folder: Path) -> dict[str, bytes]:
    """All but what SQLite shares a journal by."""
    found = [path for path in sorted(folder.rglob("*")) if path.is_file() and "sqlite-" not in path.name]
    return {str(path): path.read_bytes() for path in found}


async def test_a_store_that_is_not_there(folder: Path) -> None:
    """It is empty, and is not made: a name may be mistyped."""
    async with Look(folder) as look:
        assert (await look.rows(), await look.have([F])) == ([], {})
    assert not files(folder.parent)


async def test_while_others_write(folder: Path) -> None:
    """What is committed is seen at once."""
    async with DiskStore(folder) as store, Look(folder) as look:
        await kept(store)
        assert await look.have([F, G]) == {F: GOOD}
        assert [row.fingerprint for row in await look.rows()] == [F]


async def test_a_file_that_nobody_has_noted(folder: Path) -> None:
    """It is here where it is whole, and stays unnoted."""
    async with DiskStore(folder) as store:
        await kept(store)
        await kept(store, G)
        store.shelf.path(G).write_bytes(b"?")
        await store.forget([F, G])
    before = files(folder)
    async with Look(folder) as look:
        assert (await look.have([F, G]), await look.rows()) == ({F: None}, [])
    assert files(folder) == before


async def test_a_journal_of_an_earlier_version(earlier: Path) -> None:
    """It would have to be written to: what does that is named."""
    with pytest.raises(ConfigError, match=r"by an earlier tts-async; 'tts-async store verify' brings it up to date"):
        async with Look(earlier):
            pass
    async with DiskStore(earlier):
        pass
    async with Look(earlier) as look:
        assert len(await look.rows()) == 1
