"""The settings table, in real databases."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from tts_async.engine import web_settings
from tts_async.engine.web_settings import Row, create_table, read_rows, write_row
from tts_async.errors import ConfigError

pytest.importorskip("sqlalchemy")
pytestmark = pytest.mark.real_time

ROW = Row(category="ai", key="tts_workers", value="5", value_type="int", description="how many")
SHAPES = {
    "as it is now": "id INTEGER PRIMARY KEY, category TEXT, setting_key TEXT, setting_value TEXT, value_type TEXT"
    " DEFAULT 'string', description TEXT, updated_at TIMESTAMP, UNIQUE(category, setting_key)",
    "without words": "category TEXT, setting_key TEXT, setting_value TEXT, value_type TEXT",
    "with more": "updated_by TEXT, value_type TEXT, setting_value TEXT, setting_key TEXT, category TEXT, id TEXT",
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "app.db"


@pytest.fixture
def url(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


def execute(file: Path, *statements: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as database, database:
        return [row for statement in statements for row in database.execute(statement)]


def content(file: Path) -> bytes | None:
    return file.read_bytes() if file.exists() else None


async def test_a_table_is_made_once(url: str) -> None:
    """And its rows come back."""
    assert await create_table(url) == 0
    assert await create_table(url, [ROW]) == 1
    assert await read_rows(url, ["tts_workers", "tts_other"]) == [
        Row(category="ai", key="tts_workers", value="5", value_type="int")
    ]


async def test_a_seed_touches_no_row(url: str, file: Path) -> None:
    """A key that is there in any category is left alone."""
    await create_table(url)
    execute(file, "INSERT INTO web_settings (category, setting_key, setting_value) VALUES ('mine', 'tts_workers', '2')")
    assert await create_table(url, [ROW]) == 0
    assert [(row.category, row.value, row.value_type) for row in await read_rows(url, ["tts_workers"])] == [
        ("mine", "2", "string")
    ]


async def test_writing_adds_or_changes(url: str, file: Path) -> None:
    """A row under another name for the same is changed where it is."""
    await create_table(url)
    await write_row(url, ROW)
    await write_row(url, Row(category="other", key="tts_max", value="9", value_type="int", other_keys=("tts_workers",)))
    assert execute(file, "SELECT category, setting_key, setting_value, description FROM web_settings") == [
        ("ai", "tts_workers", "9", "how many")
    ]


@pytest.mark.parametrize("columns", SHAPES.values(), ids=SHAPES)
async def test_the_table_has_had_several_shapes(columns: str, url: str, file: Path) -> None:
    """Four columns matter; reading changes nothing of the file."""
    execute(
        file,
        f"CREATE TABLE web_settings ({columns})",
        "INSERT INTO web_settings (category, setting_key, setting_value, value_type) VALUES ('ai', 'tts_workers', '5', 'int')",
    )
    before = content(file)
    [row] = await read_rows(url, ["tts_workers"])
    assert (row.value, row.value_type) == ("5", "int")
    assert content(file) == before


@pytest.mark.parametrize("columns", SHAPES.values(), ids=SHAPES)
async def test_it_is_written_in_every_shape(columns: str, url: str, file: Path) -> None:
    """What a table has no column for is left out, when a row is changed, added, or seeded."""
    execute(file, f"CREATE TABLE web_settings ({columns})")
    await write_row(url, ROW)
    await write_row(url, replace(ROW, value="9"))
    assert await create_table(url, [ROW, replace(ROW, key="tts_other")]) == 1
    rows = await read_rows(url, [ROW.key, "tts_other"])
    assert sorted((row.key, row.value) for row in rows) == [("tts_other", ROW.value), (ROW.key, "9")]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg:///bob:word99@h/db",
        "sqlite+aiosqlite:///bob:word99@h/db",
        "postgresql+psycopg://bob:word99@127.0.0.1:1/db",
    ],
)
async def test_a_password_in_the_wrong_place_is_one_all_the_same(url: str) -> None:
    """One that is not encoded, or behind a slash too many."""
    with pytest.raises(ConfigError) as raised:
        await read_rows(url, ["x"])
    assert "word99" not in str(raised.value)
    assert "bob" not in str(raised.value)


def test_a_password_that_a_driver_takes_for_a_host() -> None:
    """As one with an @ that is not encoded: what follows it is where the database is."""
    address = make_url("postgresql+psycopg://bob:pass@word99@127.0.0.1:1/db")
    said = web_settings._sentence(OSError("failed to resolve host 'word99@127.0.0.1': no such name"), address)
    assert said.startswith("The database postgresql://127.0.0.1:1/db cannot be used: ")
    assert "word99" not in said


async def test_a_short_name_spoils_no_other_word() -> None:
    """Whose letters it is made of."""
    with pytest.raises(ConfigError, match=r"cannot be used: OperationalError: .*[Cc]onnection.* refused"):
        await read_rows("postgresql+psycopg://u:n@127.0.0.1:1/app", ["x"])


async def test_reading_makes_no_file(url: str, file: Path) -> None:
    """A file that is not there is an error, with the way out."""
    with pytest.raises(ConfigError, match=r"There is no database file .*init-db"):
        await read_rows(url, ["x"])
    assert content(file) is None


async def test_reading_makes_no_table(url: str, file: Path) -> None:
    """The same for a table."""
    execute(file, "CREATE TABLE other (x)")
    with pytest.raises(ConfigError, match=r"has no table web_settings; .*init-db"):
        await read_rows(url, ["x"])
    assert execute(file, "SELECT name FROM sqlite_master") == [("other",)]


@pytest.mark.parametrize(
    "url",
    [
        "sqlite",
        "postgresql://anna:hush@127.0.0.1:nine/app",
        "postgresql+psycopg://anna:hush@127.0.0.1:1/app?sslmode=disable&passfile=hush",
        "mysql+aiomysql://anna:hush@127.0.0.1:1/app",
        "postgresql+psycopg2://anna:hush@127.0.0.1:1/app",
        "nothing://anna:hush@127.0.0.1:1/app",
        "postgresql+psycopg://anna:hush@127.0.0.1:1/app?hush=hush",
    ],
)
async def test_a_url_that_cannot_be_is_one_sentence_without_secrets(url: str) -> None:
    """The address may be in it; neither the user nor the password."""
    with pytest.raises(ConfigError) as raised:
        await read_rows(url, ["x"])
    said = str(raised.value)
    assert len(said.splitlines()) == 1
    assert not {"anna", "hush"} & set(said.replace("'", " ").replace('"', " ").split())
    assert "hush" not in said
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that accepts connections and never says a word."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


async def test_a_database_that_says_nothing_is_given_up(silent: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """After five seconds, which are less here."""
    assert web_settings.TIMEOUT_S == 5
    monkeypatch.setattr(web_settings, "TIMEOUT_S", 0.2)
    async with asyncio.timeout(4):
        with pytest.raises(ConfigError, match=r"postgresql://127.0.0.1:\d+/app did not answer within 0.2 s\."):
            await read_rows(f"postgresql+psycopg://anna:hush@127.0.0.1:{silent}/app", ["x"])


async def test_a_locked_file_is_given_up(url: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite gives up by itself, before it would have to be stopped."""
    await create_table(url)
    monkeypatch.setattr(web_settings, "TIMEOUT_S", 0.5)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        async with asyncio.timeout(4):
            with pytest.raises(ConfigError, match=r"cannot be used: OperationalError: database is locked\."):
                await read_rows(url, ["x"])
