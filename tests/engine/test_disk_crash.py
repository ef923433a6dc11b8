"""The store in processes that die in the middle of a commit, and on disks that are full or closed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.fakes import distinct, patient
from tts_async import ConfigError, OutputError, Renderer, RenderFailed
from tts_async.engine.disk import DiskStore
from tts_async.engine.shelf import Shelf
from tts_async.engine.store import Claim
from tts_async.testing.fake import Behaviour, FakeSpeech, Latency

pytestmark = pytest.mark.real_time

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


async def test_a_disk_that_fills_up(small_disk: Path) -> None:
    """The job stops with a sentence, no further request leaves, and all that was kept is whole."""
    fake = FakeSpeech(Behaviour(latency=Latency(first_s=0.05), s_per_char=0.5))
    async with (
        fake.client() as client,
        Renderer(
            "elevenlabs", key="k-secret-key", client=client, store=small_disk / "store", settings=patient(workers=2)
        ) as renderer,
    ):
        with pytest.raises(
            (OutputError, RenderFailed), match=r"No space left on device|disk is full|has room for"
        ) as caught:
            await renderer.render({"chunks": distinct(30)}, small_disk.parent / "out.wav")
        assert "store" in str(caught.value)
        asked = len(fake.requests)
        assert asked < 30
    shelf = Shelf(small_disk / "store" / "clips")
    kept = list(shelf.fingerprints())
    assert kept
    assert all(shelf.get(name) for name in kept)
    assert list((small_disk / "store").rglob("*.part")) == []  # A small folder.


async def test_a_closed_disk(small_disk: Path) -> None:
    """A store that cannot be written to is found before anything is sent."""
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)  # noqa: ASYNC221  # Nothing else runs.
    fake = FakeSpeech()
    async with fake.client() as client:
        with pytest.raises(ConfigError, match="cannot be used: Read-only file system"):
            async with Renderer("elevenlabs", key="k-secret-key", client=client, store=small_disk / "store"):
                pass
    assert fake.requests == []
