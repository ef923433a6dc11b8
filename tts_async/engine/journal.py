"""What a store knows of its clips, in SQLite: what is here and judged, and what is being bought. Every method blocks."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tts_async.engine.entries import COLUMNS, SCHEMA, USERS, VERSION, Entries, of_another_version
from tts_async.engine.owner import Owner, is_there
from tts_async.engine.row import Row
from tts_async.errors import ConfigError

DEAD_S = 20.0
"""A claim that was not renewed for so long is nobody's."""
BUSY_S = 30.0
BUSY_AGAIN_S = 0.01

UPGRADES = {
    1: """
ALTER TABLE clips DROP COLUMN good;
ALTER TABLE clips ADD COLUMN verdict TEXT NOT NULL DEFAULT '';
ALTER TABLE claims ADD COLUMN unsure_s REAL;
"""
}
"""By the version that a store was made by: how to make the next one of it."""

MARKS = ", ".join("?" for _ in Row.__dataclass_fields__)
SPEND = "INSERT OR IGNORE INTO spent SELECT history_item_id FROM clips WHERE fingerprint = ?"
ABANDON = "UPDATE claims SET owner = '', unsure_s = coalesce(unsure_s, sent_s) "


class Journal(Entries):
    """The journal of one store; any number of processes may have it open, and any number of threads."""

    def __init__(self, path: Path) -> None:
        """Open it, and make it where there is none; raises `ConfigError` for one of a later version."""
        self.owner: Owner = Owner()
        super().__init__(sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False))
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
                raise ConfigError(of_another_version(path, later=True))
            for statement in f"{UPGRADES.get(version, '')} {SCHEMA} PRAGMA user_version={VERSION}".split(";"):
                base.execute(statement)
            self._sign_in(base, time.time())

    def _sign_in(self, base: sqlite3.Connection, now_s: float) -> None:
        """Say that this store is in use from now on, and take out those who are gone without a word."""
        gone = [(name,) for name, *who, _ in base.execute(USERS).fetchall() if not is_there(*who)]
        base.executemany("DELETE FROM users WHERE owner = ?", gone)
        me = self.owner
        base.execute("INSERT INTO users VALUES (?, ?, ?, ?, ?)", (me.name, me.host, me.pid, me.born, now_s))

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
                self._base.execute("DELETE FROM users WHERE owner = ?", (self.owner.name,))
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
        return is_there(host, pid, birth)

    def renew(self, now_s: float) -> None:
        """Say that all that is being bought here still is."""
        with self._writing() as base:
            base.execute("UPDATE claims SET renewed_s = ? WHERE owner = ?", (now_s, self.owner.name))

    def release(self, fingerprint: str, *, unsure: bool) -> None:
        """Give up a purchase; where it is unsure whether it is billed, that is remembered."""
        mine = "WHERE fingerprint = ? AND owner = ?"
        with self._writing() as base:
            if not unsure:
                base.execute(f"DELETE FROM claims {mine} AND unsure_s IS NULL", (fingerprint, self.owner.name))  # noqa: S608
            base.execute(ABANDON + mine, (fingerprint, self.owner.name))

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

    def forget(self, fingerprints: Iterable[str]) -> None:
        """Clips are not here any more; what they are called in a history stays known as an answer that had its request."""
        names = [(name,) for name in fingerprints]
        with self._writing() as base:
            base.executemany(SPEND, names)
            base.executemany("DELETE FROM clips WHERE fingerprint = ?", names)

    def note(self, digest: str, requests: Iterable[Mapping[str, object]]) -> None:
        """Note what is asked for in a digest, in place of what was asked for the last time."""
        # Made before the transaction begins: other processes wait for its end.
        rows = [(digest, number, json.dumps(parts)) for number, parts in enumerate(requests)]
        with self._writing() as base:
            base.execute("DELETE FROM asked WHERE digest = ?", (digest,))
            base.executemany("INSERT INTO asked VALUES (?, ?, ?)", rows)
