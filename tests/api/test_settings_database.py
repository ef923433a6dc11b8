"""Settings from the table of a web application."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from tts_async.api.settings import SettingsSources, create_settings_table, store_setting
from tts_async.errors import ConfigError
from tts_async.settings import Pauses

pytest.importorskip("sqlalchemy")
pytestmark = pytest.mark.real_time

HOME = "ai_tts_generation"
WORKERS, RATE = "tts_max_concurrent_requests", "tts_rate_limit_per_second"
URL = "sqlite+aiosqlite:///app.db"

RowValues = tuple[str, str, str | None, str | None]


@pytest.fixture(autouse=True)
async def _table(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty table, named by the environment."""
    monkeypatch.setenv("TTS_ASYNC_SETTINGS_URL", URL)
    await create_settings_table()


def write_file(text: str) -> None:
    Path("tts-async.toml").write_text(text, encoding="utf-8")


def put(*rows: RowValues) -> None:
    with closing(sqlite3.connect("app.db")) as database, database:
        insert = "INSERT INTO web_settings (category, setting_key, setting_value, value_type) VALUES (?, ?, ?, ?)"
        database.executemany(insert, rows)


def rows() -> list[RowValues]:
    with closing(sqlite3.connect("app.db")) as database:
        select = "SELECT category, setting_key, setting_value, value_type FROM web_settings ORDER BY setting_key"
        return list(database.execute(select))


async def test_no_rows_is_as_no_database() -> None:
    """Row-level security looks like that: the next source counts."""
    write_file("workers = 3\n")
    found = await SettingsSources().read()
    assert (found.settings.workers, found.origins["workers"].source) == (3, "file")


async def test_rows_are_read_by_their_types() -> None:
    """In any category; those of other people are left alone, and so is what was cleared."""
    put(
        (HOME, WORKERS, "7", "int"),
        (HOME, RATE, " 2.5 ", "float"),
        ("elsewhere", "tts_hedge", "true", "bool"),
        (HOME, "tts_pauses", '{"speaker_ms": 9}', "json"),
        (HOME, "tts_pauses_section_ms", "8", "INT"),
        (HOME, "tts_prices", '{"tone": 1}', "string"),
        (HOME, "tts_loudness", "none", None),
        (HOME, "tts_attempts", None, "int"),
        (HOME, "tts_grace_s", " ", "float"),
        (HOME, "tts_voice_name", "Rachel", "string"),
        (HOME, "workers", "99", "int"),
    )
    settings = (await SettingsSources().read()).settings
    assert (settings.workers, settings.rate_per_s, settings.hedge, settings.loudness) == (7, 2.5, True, "none")
    assert settings.pauses == Pauses(speaker_ms=9, section_ms=8)
    assert (settings.prices, settings.attempts, settings.grace_s) == ({"tone": 1}, 3, 20)


async def test_a_database_is_between_file_and_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile in it is below its single values, and above the file."""
    write_file("rate_per_s = 1\nattempts = 1\n")
    put((HOME, "tts_profile", "aggressive", "string"), (HOME, WORKERS, "4", "int"), (HOME, "tts_grace_s", "3", "int"))
    monkeypatch.setenv("TTS_ASYNC_GRACE_S", "2")
    found = await SettingsSources().read()
    assert (found.settings.workers, found.settings.rate_per_s, found.settings.attempts) == (4, 15, 1)
    assert found.settings.grace_s == 2
    assert found.origins["workers"].detail == f"the row {WORKERS} of category {HOME}"
    assert found.origins["rate_per_s"].detail == f"profile aggressive, the row tts_profile of category {HOME}"


BAD: dict[str, tuple[Sequence[RowValues], str]] = {
    "out of bounds": (
        [(HOME, WORKERS, "101", "int")],
        (
            "The setting workers cannot be '101': it has to be less than or equal to 100."
            f" It is set in the row {WORKERS} of category {HOME}, and may be from 1 to 100."
        ),
    ),
    "a word": ([("x", WORKERS, "five", "int")], "The setting workers cannot be 'five': it has to be a valid integer"),
    "no JSON": ([(HOME, "tts_prices", "{", "json")], "The setting prices cannot be '{': it has to be a valid dict"),
    "no rate": ([(HOME, RATE, "0", "float")], "The setting rate_per_s cannot be '0': it has to be greater than 0."),
    "profile": ([(HOME, "tts_profile", "fast", "string")], "There is no profile 'fast'"),
    "two": (
        [(HOME, WORKERS, "5", "int"), ("other", WORKERS, "6", "int")],
        f"The setting workers is both 5 in the row {WORKERS} of category {HOME} and 6 in the row {WORKERS} of",
    ),
    "two names": ([(HOME, WORKERS, "5", "int"), (HOME, "tts_workers", "6", "int")], "The setting workers is both"),
}


@pytest.mark.parametrize(("values", "said"), BAD.values(), ids=BAD)
async def test_a_bad_row_is_named(values: Sequence[RowValues], said: str) -> None:
    """With its value and the bounds; or it is passed over with a warning."""
    put(*values)
    with pytest.raises(ConfigError) as raised:
        await SettingsSources().read()
    assert str(raised.value).startswith(said)
    found = await SettingsSources(ignore_bad=True).read()
    assert found.settings.workers is None
    assert [note.startswith(said) for note in found.notes] == [True]


async def test_two_rows_that_agree_are_one() -> None:
    """Wherever they are."""
    put((HOME, RATE, "5", "int"), ("other", RATE, "5.0", "float"))
    assert (await SettingsSources().read()).settings.rate_per_s == 5


async def test_a_database_that_is_not_there() -> None:
    """An error; where it is optional a note, and the next source."""
    url = "postgresql+psycopg://anna:hush@127.0.0.1:1/app"
    with pytest.raises(ConfigError, match=r"postgresql://127\.0\.0\.1:1/app cannot be used: ") as raised:
        await SettingsSources(url=url).read()
    found = await SettingsSources(url=url, optional=True).read()
    assert found.settings.workers is None
    assert found.notes == (f"{raised.value} Its settings are passed over.",)
    assert "hush" not in repr(SettingsSources(url=url))


@pytest.mark.parametrize("key", [WORKERS, "tts_workers"])
async def test_a_seed_is_the_origin_app_s(key: str) -> None:
    """Five at once and ten a second, in its category; what is there stays, under either of its names."""
    put(("mine", key, "2", "int"))
    assert await create_settings_table(seed=True) == 1
    assert sorted(rows()) == [(HOME, RATE, "10.0", "float"), ("mine", key, "2", "int")]
    assert (await SettingsSources().read()).settings.workers == 2


STORED = {
    "by name": ("workers", "7", (WORKERS, "7", "int")),
    "by key": (RATE, "7", (RATE, "7.0", "float")),
    "yes": ("hedge", "yes", ("tts_hedge", "true", "bool")),
    "word": ("tts_loudness", "none", ("tts_loudness", "none", "string")),
    "pause": ("pauses.speaker_ms", "80", ("tts_pauses_speaker_ms", "80", "int")),
    "json": ("prices", '{"tone": 1}', ("tts_prices", '{"tone": 1.0}', "json")),
    "profile": ("profile", "default", ("tts_profile", "default", "string")),
}


@pytest.mark.parametrize(("key", "text", "row"), STORED.values(), ids=STORED)
async def test_a_value_is_stored(key: str, text: str, row: tuple[str, str, str]) -> None:
    """With its type, and it can be read again."""
    assert await store_setting(key, text, category="mine") == row[0]
    assert rows() == [("mine", *row)]
    assert (await SettingsSources().read()).notes == ()


async def test_a_value_is_changed_where_it_is() -> None:
    """Also under its other name and in another category."""
    put(("old", "tts_workers", "3", "string"))
    await store_setting("workers", "4")
    assert rows() == [("old", "tts_workers", "4", "int")]


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("workers", "101", "The setting workers cannot be '101': it has to be less than or equal to 100."),
        ("tts_nothing", "1", "There is no setting called 'tts_nothing'"),
        ("pauses", "{}", "Pauses are set one by one: pauses.speaker_ms, for example."),
    ],
)
async def test_a_value_that_cannot_be_is_not_stored(key: str, text: str, said: str) -> None:
    """The bounds are those of everything else."""
    with pytest.raises(ConfigError) as raised:
        await store_setting(key, text)
    assert str(raised.value).startswith(said)
    assert rows() == []


async def test_a_database_has_to_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is none to write into by itself."""
    monkeypatch.delenv("TTS_ASYNC_SETTINGS_URL")
    with pytest.raises(
        ConfigError, match="No database is named: use --settings-url URL, or set TTS_ASYNC_SETTINGS_URL"
    ):
        await create_settings_table()
