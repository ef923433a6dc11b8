"""Settings in a real PostgreSQL, started here on loopback from what the machine has installed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tts_async.api.settings import SettingsSources, create_settings_table, store_setting
from tts_async.errors import ConfigError

psycopg = pytest.importorskip("psycopg")
pytest.importorskip("sqlalchemy")
pytestmark = [pytest.mark.real_time, pytest.mark.timeout(120)]

WORKERS = "tts_max_concurrent_requests"
OWNER, PASSWORD = "anna", "hush-hush"
FOUR = "category, setting_key, setting_value, value_type"


def programs() -> Path | None:
    """The folder of the newest server's programs; Debian keeps them out of the path."""
    found = shutil.which("initdb")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return Path(found).parent if found else folders[-1].parent if folders else None


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    """The port of a server with an owner and a password; PostgreSQL refuses to be run by root."""
    folder, root = programs(), os.geteuid() == 0
    if not folder:
        pytest.skip("there is no PostgreSQL here")
    if root and not (
        shutil.which("runuser") and subprocess.run(["id", "postgres"], check=False, capture_output=True).returncode == 0
    ):
        pytest.skip("PostgreSQL is not run by root, and there is no user postgres")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="pg-") as home:
        # Not in pytest's own folder, into which nobody else can look.
        Path(home, "password").write_text(PASSWORD, encoding="utf-8")
        if root:
            for path in (home, Path(home, "password")):
                shutil.chown(path, "postgres")

        def call(program: str, *arguments: str) -> None:
            command = [str(folder / program), "-D", f"{home}/db", *arguments]
            subprocess.run(
                [*(["runuser", "-u", "postgres", "--"] if root else []), *command],
                check=True,
                cwd=home,
                stdout=subprocess.DEVNULL,
                env={**os.environ, "LC_ALL": "C"},
                timeout=60,
            )

        call("initdb", "-U", OWNER, "-A", "scram-sha-256", f"--pwfile={home}/password", "--no-sync", "-E", "UTF8")
        call("pg_ctl", "-w", "-l", f"{home}/log", "-o", f"-p {port} -h 127.0.0.1 -k {home} -F", "start")
        try:
            yield port
        finally:
            call("pg_ctl", "-w", "-m", "immediate", "stop")


def execute(port: int, *statements: str, database: str = "postgres") -> None:
    with psycopg.connect(
        host="127.0.0.1", port=port, user=OWNER, password=PASSWORD, dbname=database, autocommit=True
    ) as connection:
        for statement in statements:
            connection.execute(statement)


def url(port: int, user: str = OWNER, password: str = PASSWORD) -> str:
    return f"postgresql+psycopg://{user}:{password}@127.0.0.1:{port}/app"


@pytest.fixture
def port(server: int) -> int:
    """The server, with an empty database."""
    execute(server, "DROP DATABASE IF EXISTS app", "CREATE DATABASE app")
    return server


async def test_a_table_is_made_seeded_and_changed(port: int) -> None:
    """What SQLite does, PostgreSQL does."""
    assert await create_settings_table(url(port), seed=True) == 2
    assert await create_settings_table(url(port), seed=True) == 0
    await store_setting("workers", "7", url=url(port))
    await store_setting("prices", '{"tone": 1}', url=url(port).replace("+psycopg", ""))
    found = await SettingsSources(url=url(port)).read()
    assert (found.settings.workers, found.settings.rate_per_s, found.settings.prices) == (7, 10, {"tone": 1})
    assert found.origins["workers"].source == "database"


async def test_reading_makes_no_table(port: int) -> None:
    """It says how one is made."""
    for _ in range(2):
        with pytest.raises(ConfigError, match=r"/app has no table web_settings; .*init-db"):
            await SettingsSources(url=url(port)).read()


SHAPES = {
    "numbered": ("id SERIAL PRIMARY KEY, category TEXT, setting_key TEXT, setting_value TEXT, value_type TEXT", "'7'"),
    "short names": (
        "updated_by UUID, value_type VARCHAR(9), setting_value VARCHAR(99), setting_key VARCHAR(99), category VARCHAR(9)",
        "'7'",
    ),
    "JSON": ("category TEXT, setting_key TEXT, setting_value JSONB, value_type TEXT", "'7'"),
}


@pytest.mark.parametrize(("columns", "value"), SHAPES.values(), ids=SHAPES)
async def test_four_columns_are_enough(port: int, columns: str, value: str) -> None:
    """A user who may read no others reads the settings, whatever else is in the table."""
    execute(
        port,
        "DROP ROLE IF EXISTS ben",
        f"CREATE TABLE web_settings ({columns}, secret TEXT)",
        f"INSERT INTO web_settings ({FOUR}) VALUES ('ai', '{WORKERS}', {value}, 'int')",
        "CREATE ROLE ben LOGIN PASSWORD 'b'",
        f"GRANT SELECT ({FOUR}) ON web_settings TO ben",
        database="app",
    )
    assert (await SettingsSources(url=url(port, "ben", "b")).read()).settings.workers == 7
    execute(port, "DROP OWNED BY ben", database="app")


async def test_rows_that_may_not_be_seen_are_not_there(port: int) -> None:
    """Row-level security is no error: the next source counts."""
    await create_settings_table(url(port), seed=True)
    execute(
        port,
        "DROP ROLE IF EXISTS ben",
        "CREATE ROLE ben LOGIN PASSWORD 'b'",
        "GRANT SELECT ON web_settings TO ben",
        "ALTER TABLE web_settings ENABLE ROW LEVEL SECURITY",
        database="app",
    )
    found = await SettingsSources(url=url(port, "ben", "b")).read()
    assert found.origins["workers"].source == "default"
    with pytest.raises(ConfigError, match=r"InsufficientPrivilege"):
        await store_setting("workers", "3", url=url(port, "ben", "b"))
    execute(port, "DROP OWNED BY ben", database="app")


@pytest.mark.parametrize(("user", "password"), [(OWNER, "wrong-one"), ("carlotta", "wrong-one")])
async def test_who_may_not_come_in_is_not_named(port: int, user: str, password: str) -> None:
    """The reason is there, and no credentials."""
    with pytest.raises(ConfigError, match=r"password authentication failed") as raised:
        await SettingsSources(url=url(port, user, password)).read()
    assert user not in str(raised.value)
    assert password not in str(raised.value)
