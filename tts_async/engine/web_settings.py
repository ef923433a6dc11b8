"""The settings table of a web application: its rows are awaited here, by the only file that knows SQLAlchemy.

Nothing that an error says has the user, the password or the query of the database's URL in it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anyio import to_thread

from tts_async.errors import ConfigError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table
    from sqlalchemy.engine import URL
    from sqlalchemy.ext.asyncio import AsyncConnection

TABLE = "web_settings"
TIMEOUT_S = 5.0
SHORT_CHARS = 5
"""Shorter credentials are found in words that have nothing to do with them."""
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
        columns = await database.run_sync(_columns)
        keys = frozenset[str]().union(*(row.keys for row in seed))
        found = await database.execute(select(table.c.setting_key).where(table.c.setting_key.in_(keys)))
        there = set(found.scalars())
        for row in (missing := [row for row in seed if there.isdisjoint(row.keys)]):
            await database.execute(insert(table).values(_values(row, columns)))
        return len(missing)


async def write_row(url: str, row: Row) -> None:
    """Change the rows that have one of this row's keys, in any category; add it where there is none."""
    async with _connected(url) as database:
        from sqlalchemy import func, insert, update

        table, columns = _table(), await database.run_sync(_columns)
        new = {"setting_value": row.value, "value_type": row.value_type, "updated_at": func.now()}
        known = {name: value for name, value in new.items() if name in columns}
        done = await database.execute(update(table).where(table.c.setting_key.in_(row.keys)).values(known))
        if not done.rowcount:
            await database.execute(insert(table).values(_values(row, columns)))


def _columns(database: Connection) -> set[str]:
    """The columns that the table has: three shapes of it are about."""
    from sqlalchemy import inspect
    from sqlalchemy.exc import NoSuchTableError

    try:
        return {column["name"] for column in inspect(database).get_columns(TABLE)}
    except NoSuchTableError:
        return set()


def _values(row: Row, columns: Collection[str]) -> dict[str, object]:
    values: dict[str, object] = {
        "category": row.category,
        "setting_key": row.key,
        "setting_value": row.value,
        "value_type": row.value_type,
        "description": row.description,
    }
    return {name: value for name, value in values.items() if name in columns}


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
    except SQLAlchemyError as error:
        raise ConfigError(_sentence(error, address)) from None
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
    if address.drivername not in DRIVERS.values():
        raise ConfigError(
            f"Settings are read from SQLite and PostgreSQL, by {' or '.join(sorted(set(DRIVERS.values())))};"
            f" {address.drivername!r} is neither."
        ) from None
    file = address.database if address.get_backend_name() == "sqlite" else None
    needed = file and not creating and not file.startswith(("file:", ":memory:"))
    if file and needed and not await to_thread.run_sync(Path(file).is_file):
        shown = file.rpartition("@")[2]  # A server's URL with a slash too many has a password before it.
        raise ConfigError(f"There is no database file {shown!r}; `tts-async settings init-db` makes one.")
    return address


def _shown(address: URL) -> str:
    """Where the database is, and nothing of who may read it: that is whatever stands before the last @."""
    port = f":{address.port}" if address.port else ""
    place = f"{address.host or ''}{port}/{address.database or ''}"
    at = "@" in place
    return f"{address.get_backend_name()}://{place.rpartition('@')[2] if at else place}"


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
    misplaced = [str(place).rpartition("@")[0] for place in (address.host, address.database) if place]
    parts = [part for each in misplaced for part in (each, *re.split("[:/@]", each))]
    secrets = {str(value) for value in (address.username, address.password, *queried, *parts) if value}
    for secret in sorted(secrets, key=len, reverse=True):
        line = _unsaid(line, secret)
    return line


def _unsaid(line: str, secret: str) -> str:
    """A line without a secret; a short one is taken out where it stands alone, as letters of other words tell nothing."""
    if len(secret) >= SHORT_CHARS:
        return line.replace(secret, "***")
    return re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", "***", line)
