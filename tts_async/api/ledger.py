"""What was bought and is kept: list it, check it, clear it up, and say of a digest what of it is here."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from os import PathLike
from pathlib import Path

from anyio import to_thread

from tts_async.api.catalogue import find_provider
from tts_async.api.rounds import planned
from tts_async.api.source import Source
from tts_async.core.exchange import PLANNED, SpeechRequest, fingerprint, parts_of
from tts_async.engine.disk import DiskStore
from tts_async.engine.look import Look
from tts_async.engine.row import Row
from tts_async.engine.shelf import default_folder
from tts_async.providers.base import Provider
from tts_async.settings import Settings

Folder = str | PathLike[str]
SHOWN_CHARS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """What is known of one chunk of a digest: whether it is here, and if not, what changed since it was last asked for."""

    chunk: int
    words: str
    here: bool
    changed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """What was removed from a store, and what is left; ``in_use`` clips were spared, as a render that goes on has used them."""

    clips: int
    bytes: int
    left_clips: int
    left_bytes: int
    in_use: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """How many files were set aside, as they were damaged or not what was paid for, and what they take."""

    files: int
    bytes: int


async def list_store(store: Folder | None = None) -> list[Row]:
    """Everything that is kept, the latest last; raises `ConfigError` for a store that cannot be read."""
    async with Look(_folder(store)) as look:
        return await look.rows()


async def set_aside(store: Folder | None = None) -> SetAside:
    """Say what was set aside and is kept for the record, until `clear_store` removes it."""
    async with Look(_folder(store)) as look:
        sizes = await look.do(lambda: [path.lstat().st_size for path in look.shelf.bad()])
    return SetAside(files=len(sizes), bytes=sum(sizes))


async def verify_store(store: Folder | None = None) -> list[str]:
    """Read every clip, set aside those that are damaged, and return their fingerprints."""
    async with DiskStore(_folder(store)) as opened:
        names = await to_thread.run_sync(lambda: list(opened.shelf.fingerprints()))
        damaged = await opened.verify(names)
        await opened.have(names)  # What is here without a row is adopted.
        return damaged


async def clear_store(
    store: Folder | None = None, *, older_than_s: float | None = None, max_bytes: int | None = None
) -> Cleared:
    """Remove what was not used for so long, then the longest unused until the rest fits; nothing else ever deletes.

    What was set aside goes first. Clips that another render has used since it began, or for a day, are spared.
    """
    folder, now_s = _folder(store), time.time()
    async with Look(folder) as look:
        rows = sorted(await look.rows(), key=lambda row: row.used_s)
        in_use_s = await look.do(look.entries.in_use_since, now_s)
        await look.do(look.shelf.clear_bad, now_s if max_bytes is not None else now_s - (older_than_s or 0))
        gone = _to_clear(rows, now_s=now_s, older_than_s=older_than_s, max_bytes=max_bytes)
        spared = [row for row in gone if row.used_s >= in_use_s]
        gone = [row for row in gone if row.used_s < in_use_s]
        names = [row.fingerprint for row in gone]
        await look.do(look.shelf.remove, names)
    if names:  # On a full disk there is room for it only now.
        async with DiskStore(folder) as opened:
            await opened.forget(names)
    return Cleared(
        clips=len(gone),
        bytes=sum(row.bytes for row in gone),
        left_clips=len(rows) - len(gone),
        left_bytes=sum(row.bytes for row in rows) - sum(row.bytes for row in gone),
        in_use=len(spared),
    )


def _to_clear(rows: Sequence[Row], *, now_s: float, older_than_s: float | None, max_bytes: int | None) -> list[Row]:
    """The rows to remove, of rows in the order of their last use."""
    left = sum(row.bytes for row in rows)
    gone = []
    for row in rows:
        old = older_than_s is not None and now_s - row.used_s > older_than_s
        if old or (max_bytes is not None and left > max_bytes):
            gone.append(row)
            left -= row.bytes
    return gone


async def why(
    source: Source,
    provider: str | Provider = "local",
    *,
    settings: Settings | None = None,
    voices: Mapping[str, str] | None = None,
    fallback: Sequence[str | Provider] = (),
    store: Folder | None = None,
) -> list[Why]:
    """Say of each chunk of a digest whether it is kept, or what of its request changed since the last run of that digest."""
    crew = [find_provider(each) if isinstance(each, str) else each for each in (provider, *fallback)]
    plan, (asked, *_) = await planned(source, crew, settings or Settings(), voices or {})
    requests = [asked.request(chunk, PLANNED) for chunk in plan.chunks]
    names = [fingerprint(request) for request in requests]
    async with Look(_folder(store)) as look:
        here = await look.have(names)
        before = await look.do(look.entries.asked, plan.digest_id)
    return [
        Why(
            chunk=chunk.index,
            words=chunk.first_words,
            here=name in here,
            changed="" if name in here else _changed(request, before, chunk.index),
        )
        for chunk, request, name in zip(plan.chunks, requests, names, strict=True)
    ]


def _changed(request: SpeechRequest, before: Sequence[Mapping[str, object]], index: int) -> str:
    """Which parts of a request are other than in the last run: of the request with its words, else of the one in its place."""
    now = parts_of(request)
    if not before:
        return "never asked for"
    same = [each for each in before if _words(each) & _words(now)]
    last = same[0] if same else before[min(index, len(before) - 1)]
    names = [name for name in dict.fromkeys([*now, *last]) if now.get(name) != last.get(name)]
    return (
        ", ".join(_change(name, last.get(name), now.get(name)) for name in names) or "bought, and set aside or removed"
    )


def _words(parts: Mapping[str, object]) -> set[str]:
    """The texts of a request, by which it is known again."""
    return {
        value
        for name, value in parts.items()
        if name in {"text", "input", "inputs", "lines"} and isinstance(value, str)
    }


def _change(name: str, before: object, now: object) -> str:
    """What was, and what is, from a little before the place where they part."""
    texts = ["nothing" if each is None else str(each) for each in (before, now)]
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(*texts, strict=False)))
    start = 0 if same < SHOWN_CHARS // 2 else same - SHOWN_CHARS // 4
    shown = [("…" if start else "") + each[start : start + SHOWN_CHARS] for each in texts]
    return f"{name}: {shown[0]} → {shown[1]}"


def _folder(store: Folder | None) -> Path:
    return Path(store) if store else default_folder()
