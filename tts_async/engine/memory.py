"""What was learned of servers, kept for the next run: small files in the user's cache, without keys.

They only decide where a run starts. A file that is missing, broken or not ours to write is as good as an empty one.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import platformdirs

MOST_ACCOUNTS = 200
MOST_BYTES = 1_000_000
MOST_AT_ONCE = 100


def account_id(name: tuple[str | None, ...]) -> str:
    """What stands for an account in a file: a hash, from which no key can be read."""
    return hashlib.sha256(json.dumps(name).encode()).hexdigest()[:32]


class Notes:
    """One value an account; ``fits`` says whether a value that was read can be one."""

    def __init__(self, file_name: str, fits: Callable[[Any], bool]) -> None:
        self._file_name = file_name
        self._fits = fits

    def recall(self, account: str) -> Any | None:
        """What was noted of an account; blocks."""
        return self._read().get(account)

    def keep(self, account: str, value: object) -> None:
        """Note a value, as that of the latest of `MOST_ACCOUNTS`; blocks."""
        known = {other: noted for other, noted in self._read().items() if other != account}
        latest = [*known.items(), (account, value)][-MOST_ACCOUNTS:]
        path = self._path()
        aside = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}.part")
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                aside.write_text(json.dumps(dict(latest)), encoding="utf-8")
                aside.replace(path)
            finally:
                aside.unlink(missing_ok=True)

    def _path(self) -> Path:
        return platformdirs.user_cache_path("tts-async", appauthor=False) / self._file_name

    def _read(self) -> Mapping[str, Any]:
        try:
            with self._path().open("rb") as file:
                found = json.loads(file.read(MOST_BYTES))
        except (OSError, ValueError, RecursionError):
            return {}
        known = found.items() if isinstance(found, dict) else ()
        return {account: noted for account, noted in known if self._fits(noted)}


def _is_limit(value: object) -> bool:
    return type(value) is int and 1 <= value <= MOST_AT_ONCE


def _are_models(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(each, dict) for each in value.values())


LIMITS = Notes("limits.json", _is_limit)
"""How many requests at once a server held."""

CORRECTIONS = Notes("corrections.json", lambda value: isinstance(value, dict))
"""The options with which an account has to be planned for, as `Correction` said."""

MODELS = Notes("models.json", _are_models)
"""What a server said of its models, by their ids."""
