"""The store in processes that die in the middle of a commit, and on disks that are full or closed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.fakes import Heard, distinct, patient
from tts_async import ConfigError, Renderer, RenderFailed, RenderResult
from tts_async.api.ledger import clear_store, list_store, why
from tts_async.engine import entries, journal
from tts_async.engine.disk import DiskStore
from tts_async.engine.output import OutputFile
from tts_async.engine.shelf import Shelf
from tts_async.engine.store import Claim
from tts_async.testing.fake import Behaviour, FakeSpeech, Latency

F = "f0" * 32
STEPS = {
    "before the file": ("shelf.Shelf", "put", "before"),
    "before the flush": ("os", "fsync", "before"),
    "before the rename": ("pathlib.Path", "replace", "before"),
    "after the rename": ("pathlib.Path", "replace", "after"),
    "before the row": ("journal.Journal", "commit", "before"),
    "after the row": ("journal.Journal", "commit", "after"),
}
"""Where a process dies: a function, and whether before or after it did its work."""

PROGRAM = """
import asyncio, importlib, os, sys
from pathlib import Path
from tts_async.core.exchange import SpeechResponse
from tts_async.engine import entries, journal
from tts_async.engine.disk import DiskStore

folder, fingerprint, owner, name, when = sys.argv[1:]

async def main():
    async with DiskStore(Path(folder)) as store:
        await store.claim(fingerprint)
        module, _, inner = owner.partition(".")
        place = module if module in {"os", "pathlib"} else f"tts_async.engine.{module}"
        target = importlib.import_module(place)
        target = getattr(target, inner) if inner else target
        real = getattr(target, name)

        def dying(*arguments, **named):
            if when == "after":
                real(*arguments, **named)
            os._exit(9)

        setattr(target, name, dying)
        await store.commit(fingerprint, SpeechResponse(status=200, headers={"a": "b"}, body=b"x" * 100_000))

asyncio.run(main())
"""


@pytest.mark.real_time
@pytest.mark.parametrize("step", STEPS)
async def test_dying_in_the_middle_of_a_commit(step: str, tmp_path: Path) -> None:
    """Afterwards the clip is here, whole, or it can be bought at once; there is never a half one."""
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "store"), F, *STEPS[step]]
    assert subprocess.run(command, check=False, timeout=15).returncode == 9  # noqa: ASYNC221  # Nothing else runs here.
    async with DiskStore(tmp_path / "store") as store:
        claim = await store.claim(F)
        assert claim in {Claim.HERE, Claim.MINE}
        assert (claim is Claim.HERE) is ("row" in step or step == "after the rename")
        if claim is Claim.HERE:
            assert (await store.read(F)).body == b"x" * 100_000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB of its own."""
    place = tmp_path / "small"
    place.mkdir()
    mount = shutil.which("mount")
    made = mount and subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if not made or made.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)


def remount(place: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(place)], check=True)


async def rendered(fake: FakeSpeech, place: Path, heard: Heard | None = None) -> RenderResult:
    settings, store, output = patient(workers=2), place / "store", place.parent / "out.wav"
    async with (
        fake.client() as client,
        Renderer(
            "openai:tts-1", key="k-secret-key", client=client, store=store, settings=settings, on_event=heard
        ) as renderer,
    ):
        return await renderer.render({"chunks": distinct(30)}, output, overwrite=True)


async def test_a_disk_that_fills_up(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job stops with a sentence, no further request leaves, all that was kept is whole; with room, only the rest is bought."""
    fake, heard = FakeSpeech(Behaviour(latency=Latency(first_s=0.05), s_per_char=0.5)), Heard()
    with pytest.raises(
        RenderFailed,
        match=r"does not take what was bought, or give it back: (No space left on device|database or disk is full)\. Make room",
    ):
        await rendered(fake, small_disk, heard)
    kinds = [event.kind for event in heard]
    assert "sent" not in kinds[kinds.index("stopped") :]
    shelf, spare = Shelf(small_disk / "store" / "clips"), Shelf(small_disk.parent / "out.wav.unkept")
    kept, beside, asked = list(shelf.fingerprints()), list(spare.fingerprints()), fake.bill.requests
    assert asked == len({*kept, *beside}) < 30, "whatever was paid for is in the store, or beside the output"
    assert kept
    assert beside
    assert all(shelf.get(name) for name in kept)
    assert list((small_disk / "store").rglob("*.part")) == []  # A small folder.
    rows = await list_store(small_disk / "store")
    assert {row.fingerprint for row in rows} <= set(kept)
    monkeypatch.setattr(entries, "RENDER_S", -60.0)  # That it is over could not be written, and its process lives on.
    cleared = await clear_store(small_disk / "store", max_bytes=sum(row.bytes for row in rows) - 1)
    assert (cleared.clips, cleared.left_clips) == (1, len(rows) - 1), "there is room again once something is gone"
    remount(small_disk, "size=64m")
    monkeypatch.setattr(journal, "DEAD_S", 0.0)  # Nor may it have given up a claim.
    result = await rendered(fake, small_disk)
    assert result.report.here == asked - 1
    assert fake.bill.requests == 31
    assert not beside_output(small_disk)


def beside_output(place: Path) -> list[Path]:
    return list(place.parent.glob("*.unkept"))


async def test_a_closed_disk(small_disk: Path) -> None:
    """A store that cannot be written to is found before anything is sent; nothing in it is lost."""
    fake = FakeSpeech()
    remount(small_disk, "size=64m")
    await rendered(fake, small_disk)
    remount(small_disk, "ro")
    with pytest.raises(ConfigError, match=r"cannot be used: Read-only file system. Name another by --store"):
        await rendered(fake, small_disk)
    with pytest.raises(ConfigError, match=r"Nothing can be written to .*: Read-only file system"):
        async with OutputFile(small_disk / "out.wav", 24_000):
            pass
    assert len(await list_store(small_disk / "store")) == 30
    assert await why({"chunks": distinct(30)}, "openai:tts-1", store=small_disk / "store")
    remount(small_disk, "rw")
    assert (await rendered(fake, small_disk)).report.here == 30
    assert fake.bill.requests == 30
