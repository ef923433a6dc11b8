"""What a store knows of its clips, in SQLite: what is here and judged, and what is being bought. Every method blocks."""

from __future__ import annotations

import json
import os
import secrets
import socket
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tts_async.engine.row import Row
from tts_async.errors import ConfigError

VERSION = 1
DEAD_S = 20.0
"""A claim that was not renewed for so long is nobody's."""
BUSY_S = 30.0
AT_ONCE = 500

SCHEMA = """
CREATE TABLE IF NOT EXISTS clips (
    fingerprint TEXT PRIMARY KEY, origin TEXT, chars INTEGER, billed_chars INTEGER, request_id TEXT,
    history_item_id TEXT, bytes INTEGER, committed_s REAL, used_s REAL, good INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS claims (
    fingerprint TEXT PRIMARY KEY, attempt INTEGER, owner TEXT, host TEXT, pid INTEGER, born TEXT,
    sent_s REAL, renewed_s REAL
);
CREATE TABLE IF NOT EXISTS asked (digest TEXT, number INTEGER, parts TEXT, PRIMARY KEY (digest, number));
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Who buys: a store that one process has opened, once."""

    name: str = field(default_factory=lambda: secrets.token_hex(8))
    host: str = field(default_factory=socket.gethostname)
    pid: int = field(default_factory=os.getpid)
    born: str = field(default_factory=lambda: born(os.getpid()))


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
        self._base.execute("PRAGMA journal_mode=WAL")
        self._base.execute("PRAGMA synchronous=FULL")
        (version,) = self._base.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise ConfigError(
                f"The store {str(path.parent)!r} was made by a later tts-async; use that, or another store."
            )
        self._base.executescript(f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version={VERSION}; COMMIT;")

    def close(self) -> None:
        """Give up every claim that is still held, and close."""
        with self._lock:
            try:
                self._base.execute("DELETE FROM claims WHERE owner = ?", (self.owner.name,))
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

    def known(self, fingerprints: Iterable[str]) -> dict[str, bool]:
        """Which of these are here, and whether each was judged good."""
        asked, found = list(fingerprints), {}
        for start in range(0, len(asked), AT_ONCE):
            some = asked[start : start + AT_ONCE]
            marks = ",".join("?" * len(some))
            rows = self._read(f"SELECT fingerprint, good FROM clips WHERE fingerprint IN ({marks})", some)  # noqa: S608
            found.update({str(name): bool(good) for name, good in rows})
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
                "INSERT INTO claims VALUES (?, 1, ?, ?, ?, ?, ?, ?) ON CONFLICT (fingerprint) DO UPDATE SET"
                " attempt = attempt + 1, owner = excluded.owner, host = excluded.host, pid = excluded.pid,"
                " born = excluded.born, sent_s = excluded.sent_s, renewed_s = excluded.renewed_s",
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

    def release(self, fingerprint: str) -> None:
        """Give up a purchase."""
        with self._writing() as base:
            base.execute("DELETE FROM claims WHERE fingerprint = ? AND owner = ?", (fingerprint, self.owner.name))

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
            int(row.good),
        )
        with self._writing() as base:
            base.execute("INSERT OR REPLACE INTO clips VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
            base.execute("DELETE FROM claims WHERE fingerprint = ?", (row.fingerprint,))

    def approve(self, fingerprint: str, now_s: float) -> None:
        """Note that a clip is what was paid for."""
        with self._writing() as base:
            base.execute("UPDATE clips SET good = 1, used_s = ? WHERE fingerprint = ?", (now_s, fingerprint))

    def used(self, fingerprints: Sequence[str], now_s: float) -> None:
        """Note that clips are still wanted."""
        with self._writing() as base:
            base.executemany(
                "UPDATE clips SET used_s = ? WHERE fingerprint = ?", [(now_s, name) for name in fingerprints]
            )

    def forget(self, fingerprint: str) -> None:
        """A clip is not here any more."""
        with self._writing() as base:
            base.execute("DELETE FROM clips WHERE fingerprint = ?", (fingerprint,))

    def note(self, digest: str, requests: Sequence[Mapping[str, object]]) -> None:
        """Note what is asked for in a digest, in place of what was asked for the last time."""
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
        found = self._read("SELECT * FROM clips ORDER BY committed_s, fingerprint")
        names = list(Row.__dataclass_fields__)
        return [Row(**{**dict(zip(names, each, strict=True)), "good": bool(each[-1])}) for each in found]  # type: ignore[arg-type]


def born(pid: int) -> str:
    """What tells a process from a later one with its number; "" where it is gone, "?" where that cannot be told."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return "" if Path("/proc/self/stat").exists() else _there(pid)
    except OSError:
        return "?"
    return stat.rpartition(")")[2].split()[19]


def _there(pid: int) -> str:
    """On systems without /proc: whether there is such a process at all."""
    if os.name == "nt":
        return "?"  # os.kill would end it there.
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        return "?"
    return "?"
