"""What a store's journal says: the questions; nothing here writes. Every method blocks."""

from __future__ import annotations

import json
import math
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tts_async.engine.owner import is_there
from tts_async.engine.row import Row
from tts_async.errors import ConfigError

VERSION = 2
SCHEMA = """
CREATE TABLE IF NOT EXISTS clips (
    fingerprint TEXT PRIMARY KEY, origin TEXT, chars INTEGER, billed_chars INTEGER, request_id TEXT,
    history_item_id TEXT, bytes INTEGER, committed_s REAL, used_s REAL, verdict TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS claims (
    fingerprint TEXT PRIMARY KEY, attempt INTEGER, owner TEXT, host TEXT, pid INTEGER, born TEXT,
    sent_s REAL, renewed_s REAL, unsure_s REAL
);
CREATE TABLE IF NOT EXISTS spent (history_item_id TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS users (owner TEXT PRIMARY KEY, host TEXT, pid INTEGER, born TEXT, since_s REAL);
CREATE TABLE IF NOT EXISTS asked (digest TEXT, number INTEGER, parts TEXT, PRIMARY KEY (digest, number));
"""
USERS = "SELECT owner, host, pid, born, since_s FROM users"
RENDER_S = 86_400.0
"""What has not been used for a day is not taken to be wanted still by a render that goes on."""
AT_ONCE = 500
COLUMNS = ", ".join(Row.__dataclass_fields__)


class Entries:
    """The entries of one journal; a context manager, which closes it."""

    def __init__(self, base: sqlite3.Connection) -> None:
        self._base = base
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close it."""
        with self._lock:
            self._base.close()

    def _read(self, query: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
        with self._lock:
            return self._base.execute(query, values).fetchall()

    def known(self, fingerprints: Iterable[str]) -> dict[str, str]:
        """Which of these are here, and what was said of each; "" where nothing was."""
        asked, found = list(fingerprints), {}
        for start in range(0, len(asked), AT_ONCE):
            some = asked[start : start + AT_ONCE]
            marks = ",".join("?" * len(some))
            query = f"SELECT fingerprint, verdict FROM clips WHERE fingerprint IN ({marks})"  # noqa: S608
            found.update({str(name): str(verdict) for name, verdict in self._read(query, some)})
        return found

    def unsure_since(self, fingerprint: str) -> float | None:
        """When something was sent for a clip of which nobody knows what became; ``None`` where nothing was."""
        rows = self._read("SELECT unsure_s FROM claims WHERE fingerprint = ?", (fingerprint,))
        return float(str(rows[0][0])) if rows and rows[0][0] is not None else None

    def items(self) -> set[str]:
        """The ids, in the providers' histories, of all that is here, or was."""
        found = self._read("SELECT history_item_id FROM clips UNION SELECT history_item_id FROM spent")
        return {str(item) for (item,) in found if item}

    def asked(self, digest: str) -> list[dict[str, object]]:
        """What was asked for in a digest in its last run."""
        rows = self._read("SELECT parts FROM asked WHERE digest = ? ORDER BY number", (digest,))
        return [json.loads(str(parts)) for (parts,) in rows]

    def in_use_since(self, now_s: float) -> float:
        """Since when somebody who is there has the store open, `RENDER_S` at most; ``inf`` where nobody has."""
        since = [float(str(at_s)) for _, *who, at_s in self._read(USERS) if is_there(*who)]
        return max(now_s - RENDER_S, min(since, default=math.inf))

    def rows(self) -> list[Row]:
        """All that is here, the latest last."""
        found = self._read(f"SELECT {COLUMNS} FROM clips ORDER BY committed_s, fingerprint")  # noqa: S608
        return [Row(**dict(zip(Row.__dataclass_fields__, each, strict=True))) for each in found]  # type: ignore[arg-type]


def looked_into(path: Path) -> Entries:
    """Open a journal to be read, and change nothing: on a full disk, where nothing may be written, while others write.

    Where there is none, nothing is known. Raises `ConfigError` for one of another version, and what SQLite does.
    """
    if not path.exists():
        base = sqlite3.connect(":memory:", check_same_thread=False)
        base.executescript(SCHEMA)
        return Entries(base)
    with suppress(sqlite3.OperationalError):
        return Entries(_connected(path, "mode=ro"))
    return Entries(_connected(path, "immutable=1"))  # Nobody has it open, and what shares it cannot be made.


def _connected(path: Path, how: str) -> sqlite3.Connection:
    base = sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, isolation_level=None, check_same_thread=False)
    try:
        _check(base, path)
    except BaseException:
        base.close()
        raise
    return base


def _check(base: sqlite3.Connection, path: Path) -> None:
    (version,) = base.execute("PRAGMA user_version").fetchone()
    if version != VERSION:
        raise ConfigError(of_another_version(path, later=version > VERSION))
    base.execute("SELECT 1 FROM clips LIMIT 1").fetchone()


def of_another_version(path: Path, *, later: bool) -> str:
    """Say of a journal that this version cannot read it."""
    way_out = "use that, or another store" if later else "'tts-async store verify' brings it up to date"
    made = "a later" if later else "an earlier"
    return f"The store {str(path.parent)!r} was made by {made} tts-async; {way_out}."
