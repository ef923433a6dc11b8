"""What servers were seen to hold, kept for the next run: a small file in the user's cache, without keys.

It only decides where the law starts. A file that is missing, broken or not ours to write is as good as an empty one.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import platformdirs

MOST_ACCOUNTS = 200
MOST_BYTES = 100_000
MOST_AT_ONCE = 100


def account_id(name: tuple[str | None, ...]) -> str:
    """What stands for an account in the file: a hash, from which no key can be read."""
    return hashlib.sha256(json.dumps(name).encode()).hexdigest()[:32]


def recall(account: str) -> int | None:
    """How many requests at once the server of an account held; blocks."""
    return _read().get(account)


def keep(account: str, limit: int) -> None:
    """Note how many it holds, as the latest of `MOST_ACCOUNTS`; blocks."""
    known = {other: most for other, most in _read().items() if other != account}
    latest = [*known.items(), (account, limit)][-MOST_ACCOUNTS:]
    path = _path()
    aside = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}.part")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            aside.write_text(json.dumps(dict(latest)), encoding="utf-8")
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)


def _path() -> Path:
    return platformdirs.user_cache_path("tts-async", appauthor=False) / "limits.json"


def _read() -> Mapping[str, int]:
    try:
        with _path().open("rb") as file:
            found = json.loads(file.read(MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    known = found.items() if isinstance(found, dict) else ()
    return {account: most for account, most in known if type(most) is int and 1 <= most <= MOST_AT_ONCE}
