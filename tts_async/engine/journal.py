"""What a store knows of its clips, in SQLite: what is here and judged, and what is being bought. Every method blocks."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tts_async.engine.owner import Owner, born
from tts_async.engine.row import Row
from tts_async.errors import ConfigError

VERSION = 2
DEAD_S = 20.0
"""A claim that was not renewed for so long is nobody's."""
BUSY_S = 30.0
BUSY_AGAIN_S = 0.01
AT_ONCE = 500

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
CREATE TABLE IF NOT EXISTS asked (digest TEXT, number INTEGER, parts TEXT, PRIMARY KEY (digest, number));
"""
UPGRADES = {
    1: """
ALTER TABLE clips DROP COLUMN good;
ALTER TABLE clips ADD COLUMN verdict TEXT NOT NULL DEFAULT '';
ALTER TABLE claims ADD COLUMN unsure_s REAL;
"""
}
"""By the version that a store was made by: how to make the next one of it."""


COLUMNS = ", ".join(Row.__dataclass_fields__)
MARKS = ", ".join("?" for _ in Row.__dataclass_fields__)
SPEND = "INSERT OR IGNORE INTO spent SELECT history_item_id FROM clips WHERE fingerprint = ?"
ABANDON = "UPDATE claims SET owner = '', unsure_s = coalesce(unsure_s, sent_s) "


class Journal:
    """The journal of one store; any number of processes may have it open, and any number of threads."""

    def __init__(self, path: Path) -> None:
        """Open it, and make it where there is none; raises `ConfigError` for one of a later version."""
        self.owner: Owner = Owner()
        self._lock = threading.Lock()
        self._base = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            self._begin(path)
        except BaseException:
            self._base.close()
            raise

    def _begin(self, path: Path) -> None:
        self._write_ahead()
        self._base.execute("PRAGMA synchronous=FULL")
        with self._writing() as base:  # Another process may be making, or upgrading, the same store.
            (version,) = base.execute("PRAGMA user_version").fetchone()
            if version > VERSION:
                raise ConfigError(
                    f"The store {str(path.parent)!r} was made by a later tts-async; use that, or another store."
                )
            for statement in f"{UPGRADES.get(version, '')} {SCHEMA} PRAGMA user_version={VERSION}".split(";"):
                base.execute(statement)

    def _write_ahead(self) -> None:
        """Switch to WAL. SQLite does not wait for others who switch at the same time, but says that it is busy at once."""
        until_s = time.monotonic() + BUSY_S
        while True:
            try:
                self._base.execute("PRAGMA journal_mode=WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until_s:
                    raise
                time.sleep(BUSY_AGAIN_S)
            else:
                return

    def close(self) -> None:
        """Leave every claim that is still held to others, and close."""
        with self._lock:
            try:
                self._base.execute(ABANDON + "WHERE owner = ?", (self.owner.name,))
            finally:
                self._base.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield self._base
            except BaseException:
                self._base.execute("ROLLBACK")
                raise
            self._base.execute("COMMIT")

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

    def claim(self, fingerprint: str, now_s: float) -> bool:
        """Announce a purchase; false where somebody who is alive buys it."""
        with self._writing() as base:
            query = "SELECT owner, host, pid, born, renewed_s FROM claims WHERE fingerprint = ?"
            held = base.execute(query, (fingerprint,)).fetchone()
            if held and self._alive(held, now_s):
                return False
            me = self.owner
            base.execute(
                "INSERT INTO claims VALUES (?, 1, ?, ?, ?, ?, ?, ?, NULL) ON CONFLICT (fingerprint) DO UPDATE SET"
                " attempt = attempt + 1, owner = excluded.owner, host = excluded.host, pid = excluded.pid,"
                " born = excluded.born, unsure_s = coalesce(unsure_s, sent_s), sent_s = excluded.sent_s,"
                " renewed_s = excluded.renewed_s",
                (fingerprint, me.name, me.host, me.pid, me.born, now_s, now_s),
            )
        return True

    def _alive(self, held: Sequence[object], now_s: float) -> bool:
        """Whether an owner still buys: it renews, and on this host its process is there."""
        owner, host, pid, birth, renewed_s = held
        if not owner or now_s - float(str(renewed_s)) > DEAD_S:
            return False
        return host != self.owner.host or born(int(str(pid))) == birth

    def renew(self, now_s: float) -> None:
        """Say that all that is being bought here still is."""
        with self._writing() as base:
            base.execute("UPDATE claims SET renewed_s = ? WHERE owner = ?", (now_s, self.owner.name))

    def unsure_since(self, fingerprint: str) -> float | None:
        """When something was sent for a clip of which nobody knows what became; ``None`` where nothing was."""
        rows = self._read("SELECT unsure_s FROM claims WHERE fingerprint = ?", (fingerprint,))
        return float(str(rows[0][0])) if rows and rows[0][0] is not None else None

    def release(self, fingerprint: str, *, unsure: bool) -> None:
        """Give up a purchase; where it is unsure whether it is billed, that is remembered."""
        mine = "WHERE fingerprint = ? AND owner = ?"
        with self._writing() as base:
            if not unsure:
                base.execute(f"DELETE FROM claims {mine} AND unsure_s IS NULL", (fingerprint, self.owner.name))  # noqa: S608
            base.execute(ABANDON + mine, (fingerprint, self.owner.name))

    def items(self) -> set[str]:
        """The ids, in the providers' histories, of all that is here, or was."""
        found = self._read("SELECT history_item_id FROM clips UNION SELECT history_item_id FROM spent")
        return {str(item) for (item,) in found if item}

    def commit(self, row: Row) -> None:
        """Note a clip, and end its purchase."""
        values = (
            row.fingerprint,
            row.origin,
            row.chars,
            row.billed_chars,
            row.request_id,
            row.history_item_id,
            row.bytes,
            row.committed_s,
            row.used_s,
            row.verdict,
        )
        with self._writing() as base:
            base.execute(SPEND, (row.fingerprint,))
            base.execute(f"INSERT OR REPLACE INTO clips ({COLUMNS}) VALUES ({MARKS})", values)  # noqa: S608
            base.execute("DELETE FROM claims WHERE fingerprint = ?", (row.fingerprint,))

    def judge(self, fingerprint: str, verdict: str, now_s: float) -> None:
        """Note what is to be said of a clip."""
        with self._writing() as base:
            base.execute(
                "UPDATE clips SET verdict = ?, used_s = ? WHERE fingerprint = ?", (verdict, now_s, fingerprint)
            )

    def used(self, fingerprints: Sequence[str], now_s: float) -> None:
        """Note that clips are still wanted."""
        with self._writing() as base:
            base.executemany(
                "UPDATE clips SET used_s = ? WHERE fingerprint = ?", [(now_s, name) for name in fingerprints]
            )

    def forget(self, fingerprint: str) -> None:
        """A clip is not here any more; what it is called in a history stays known as an answer that had its request."""
        with self._writing() as base:
            base.execute(SPEND, (fingerprint,))
            base.execute("DELETE FROM clips WHERE fingerprint = ?", (fingerprint,))

    def note(self, digest: str, requests: Iterable[Mapping[str, object]]) -> None:
        """Note what is asked for in a digest, in place of what was asked for the last time."""
        # Made before the transaction begins: other processes wait for its end.
        rows = [(digest, number, json.dumps(parts)) for number, parts in enumerate(requests)]
        with self._writing() as base:
            base.execute("DELETE FROM asked WHERE digest = ?", (digest,))
            base.executemany("INSERT INTO asked VALUES (?, ?, ?)", rows)

    def asked(self, digest: str) -> list[dict[str, object]]:
        """What was asked for in a digest in its last run."""
        rows = self._read("SELECT parts FROM asked WHERE digest = ? ORDER BY number", (digest,))
        return [json.loads(str(parts)) for (parts,) in rows]

    def rows(self) -> list[Row]:
        """All that is here, the latest last."""
        found = self._read(f"SELECT {COLUMNS} FROM clips ORDER BY committed_s, fingerprint")  # noqa: S608
        return [Row(**dict(zip(Row.__dataclass_fields__, each, strict=True))) for each in found]  # type: ignore[arg-type]
