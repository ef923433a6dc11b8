"""The settings table of a web application: its rows are awaited here, by the only file that knows SQLAlchemy.

Nothing that an error says has the user, the password or the query of the database's URL in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anyio import to_thread

from tts_async.errors import ConfigError

if TYPE_CHECKING:
    from sqlalchemy import Table
    from sqlalchemy.engine import URL
    from sqlalchemy.ext.asyncio import AsyncConnection

TABLE = "web_settings"
TIMEOUT_S = 5.0
INSTALL = "pip install 'tts-async[settings]'"
MISSING = frozenset({"no such table", "UndefinedTable"})
"""What SQLite and PostgreSQL say of a table that is not there."""
DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
}
"""What is meant by a URL that names no driver."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What matters of one row."""

    category: str
    key: str
    value: object
    value_type: str = "string"
    description: str = ""
    other_keys: tuple[str, ...] = ()

    @property
    def keys(self) -> frozenset[str]:
        """All keys under which a row means the same."""
        return frozenset({self.key, *self.other_keys})


async def read_rows(url: str, keys: Collection[str]) -> list[Row]:
    """The rows of these keys, in any category; reads only. Raises `ConfigError`, after 5 s at the latest."""
    async with _connected(url) as database:
        from sqlalchemy import select

        columns = _table().c
        wanted = select(columns.category, columns.setting_key, columns.setting_value, columns.value_type)
        found = await database.execute(wanted.where(columns.setting_key.in_(keys)).order_by(columns.category))
        return [
            Row(
                category=str(row.category),
                key=row.setting_key,
                value=row.setting_value,
                value_type=row.value_type or "",
            )
            for row in found
        ]


async def create_table(url: str, seed: Sequence[Row] = ()) -> int:
    """Create the table where it is missing, and add those rows of whose keys there is none yet; says how many."""
    async with _connected(url, creating=True) as database:
        from sqlalchemy import insert, select

        table = _table()
        await database.run_sync(table.metadata.create_all)
        keys = frozenset[str]().union(*(row.keys for row in seed))
        found = await database.execute(select(table.c.setting_key).where(table.c.setting_key.in_(keys)))
        there = set(found.scalars())
        for row in (missing := [row for row in seed if there.isdisjoint(row.keys)]):
            await database.execute(insert(table).values(_values(row)))
        return len(missing)


async def write_row(url: str, row: Row) -> None:
    """Change the rows that have one of this row's keys, in any category; add it where there is none."""
    async with _connected(url) as database:
        from sqlalchemy import func, insert, update

        table = _table()
        new = {table.c.setting_value: row.value, table.c.value_type: row.value_type, table.c.updated_at: func.now()}
        done = await database.execute(update(table).where(table.c.setting_key.in_(row.keys)).values(new))
        if not done.rowcount:
            await database.execute(insert(table).values(_values(row)))


def _values(row: Row) -> dict[str, object]:
    return {
        "category": row.category,
        "setting_key": row.key,
        "setting_value": row.value,
        "value_type": row.value_type,
        "description": row.description,
    }


def _table() -> Table:
    from sqlalchemy import Column, Integer, MetaData, Table, Text, UniqueConstraint, func
    from sqlalchemy.types import TIMESTAMP

    return Table(
        TABLE,
        MetaData(),
        Column("id", Integer, primary_key=True),
        Column("category", Text, nullable=False),
        Column("setting_key", Text, nullable=False),
        Column("setting_value", Text),
        Column("value_type", Text, server_default="string"),
        Column("description", Text),
        Column("updated_at", TIMESTAMP, server_default=func.now()),
        UniqueConstraint("category", "setting_key"),
    )


@asynccontextmanager
async def _connected(url: str, *, creating: bool = False) -> AsyncIterator[AsyncConnection]:
    """One transaction; whatever goes wrong with the database is a `ConfigError`."""
    try:
        from sqlalchemy.exc import SQLAlchemyError
        from sqlalchemy.ext.asyncio import create_async_engine
        from sqlalchemy.pool import NullPool
    except ImportError:
        raise ConfigError(f"Settings in a database need the package sqlalchemy: {INSTALL}.") from None
    address = await _address(url, creating=creating)
    try:
        # SQLite waits for a lock in its thread, where nobody can stop it: it gives up first.
        patience = {"timeout": TIMEOUT_S * 0.8} if address.get_backend_name() == "sqlite" else {}
        engine = create_async_engine(address, poolclass=NullPool, connect_args=patience)
    except ImportError:
        raise ConfigError(f"The database {_shown(address)} needs a driver: {INSTALL}.") from None
    except SQLAlchemyError:
        raise ConfigError(f"There is no asynchronous driver for {address.drivername!r}: {INSTALL}.") from None
    try:
        # Unlike anyio's, this lets the driver close its connection, without which its thread would stay.
        async with asyncio.timeout(TIMEOUT_S), engine.begin() as connection:
            yield connection
    except TimeoutError:
        raise ConfigError(f"The database {_shown(address)} did not answer within {TIMEOUT_S:g} s.") from None
    except (SQLAlchemyError, OSError) as error:
        raise ConfigError(_sentence(error, address)) from None


async def _address(url: str, *, creating: bool) -> URL:
    """The URL, with a driver; a missing file is an error here, for SQLite would make an empty one."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        raise ConfigError(
            "The settings URL is none; write sqlite+aiosqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE."
        ) from None
    address = address.set(drivername=DRIVERS.get(address.drivername, address.drivername))
    file = address.database if address.get_backend_name() == "sqlite" else None
    needed = file and not creating and not file.startswith(("file:", ":memory:"))
    if file and needed and not await to_thread.run_sync(Path(file).is_file):
        raise ConfigError(f"There is no database file {file!r}; `tts-async settings init-db` makes one.")
    return address


def _shown(address: URL) -> str:
    """Where the database is, and nothing of who may read it."""
    port = f":{address.port}" if address.port else ""
    return f"{address.get_backend_name()}://{address.host or ''}{port}/{address.database or ''}"


def _sentence(error: Exception, address: URL) -> str:
    original: Any = getattr(error, "orig", None) or error
    said = f"{type(original).__name__}: {original}"
    if any(sign in said for sign in MISSING):
        return f"The database {_shown(address)} has no table {TABLE}; `tts-async settings init-db` creates it."
    return f"The database {_shown(address)} cannot be used: {_without_secrets(said, address)}."


def _without_secrets(said: str, address: URL) -> str:
    """The first line of what a driver says, with the credentials taken out."""
    line = said.strip().splitlines()[0].rstrip(".")
    queried = (value for values in address.normalized_query.values() for value in values)
    secrets = {str(value) for value in (address.username, address.password, *queried) if value}
    for secret in sorted(secrets, key=len, reverse=True):
        line = line.replace(secret, "***")
    return line
