"""What killed processes left beside a file goes with the next one; what the living write stays."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.engine.fakes import files
from tts_async.engine import mark
from tts_async.engine.aside import again_of, aside_of, clear_left
from tts_async.engine.manifests import manifest_path, write_whole
from tts_async.engine.output import OutputFile
from tts_async.engine.owner import born

HERE = socket.gethostname()
HALF = """
import asyncio, sys
from pathlib import Path
import numpy as np
from tts_async.engine.output import OutputFile

async def main():
    async with OutputFile(Path(sys.argv[1]), 24_000) as file:
        await file.write(np.zeros(100_000, np.float32))
        print("written", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


def left_by_nobody(path: Path, monkeypatch: pytest.MonkeyPatch, **change: object) -> Path:
    """What a process that is gone, or is told to be otherwise, left for a file."""
    with monkeypatch.context() as patch:
        patch.setattr(os, "getpid", lambda: change.get("pid", 2**22 + 12_345))
        patch.setattr(mark, "born", lambda _pid: change.get("born", "77"))
        patch.setattr(socket, "gethostname", lambda: change.get("host", HERE))
        left = aside_of(path)
    left.write_bytes(b"half")
    return left


@pytest.mark.real_time
@pytest.mark.skipif(os.name == "nt", reason="no kill there")
async def test_killed_while_it_writes(tmp_path: Path) -> None:
    """The next run for the same output removes what a killed one left; while it lived, another run did not."""
    path = tmp_path / "out.wav"
    one = await asyncio.create_subprocess_exec(sys.executable, "-c", HALF, str(path), stdout=asyncio.subprocess.PIPE)
    assert one.stdout is not None
    assert await one.stdout.readline() == b"written\n"
    async with OutputFile(path, 24_000) as file:
        await file.write(np.zeros(10, np.float32))
        await file.keep()
    names = files(tmp_path)
    assert len(names) == 2
    assert f".{one.pid}-" in names[0]
    one.send_signal(signal.SIGKILL)
    await one.wait()
    assert files(tmp_path) == names
    async with OutputFile(path, 24_000) as file:
        assert len(files(tmp_path)) == 2
        await file.keep()
    assert files(tmp_path) == ["out.wav"]


@pytest.mark.parametrize("name", ["out.wav", "out.mp3", "a [b] (c)*.wav", "x" * 200 + ".flac"])
def test_what_is_left_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Under any name, and also where it was written for the second time."""
    path = tmp_path / name
    left = left_by_nobody(path, monkeypatch)
    again_of(left).write_bytes(b"half")
    clear_left(path)
    assert files(tmp_path) == []


def test_a_number_that_is_alive_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A later process with the same number is another one."""
    path = tmp_path / "out.wav"
    left_by_nobody(path, monkeypatch, pid=os.getpid(), born="1")
    clear_left(path)
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    "change", [{"host": "elsewhere"}, {"pid": os.getpid(), "born": born(os.getpid())}], ids=["host", "alive"]
)
def test_what_may_be_written_still(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, object]) -> None:
    """Who lives here, and whoever is on another host that shares the folder, keeps what it writes."""
    path = tmp_path / "out.wav"
    left = left_by_nobody(path, monkeypatch, **change)
    clear_left(path)
    assert files(tmp_path) == [left.name]


def test_what_is_not_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that only look alike, folders, links and other outputs' files stay."""
    path = tmp_path / "out.wav"
    left = left_by_nobody(path, monkeypatch)
    left.unlink()
    left.mkdir()
    for name in (
        f"{left.name}x",
        left.name[1:],
        left.name.replace(".part", ".half"),
        left.name.replace("out", "outer"),
    ):
        (tmp_path / name).write_bytes(b"mine")
    before = files(tmp_path)
    clear_left(path)
    assert files(tmp_path) == before
    clear_left(tmp_path / "gone" / "out.wav")


@pytest.mark.skipif(os.name == "nt", reason="files have no such owner there")
def test_another_users_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where processes of others cannot be seen they seem to be gone; their files stay."""
    path = tmp_path / "out.wav"
    left = left_by_nobody(path, monkeypatch)
    monkeypatch.setattr(os, "getuid", lambda: 12_345_678)
    clear_left(path)
    assert files(tmp_path) == [left.name]


def test_manifests_and_captions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written beside the sound is cleared up in the same way."""
    manifest = manifest_path(tmp_path / "out.wav")
    left_by_nobody(manifest, monkeypatch)
    write_whole(manifest, ["{}"])
    assert files(tmp_path) == [manifest.name]


def test_a_long_name_in_any_letters(tmp_path: Path) -> None:
    """Eighty characters of three bytes fill a name, and have one aside all the same."""
    path = tmp_path / f"{'声' * 80}.json"
    write_whole(path, ["{}"])
    assert files(tmp_path) == [path.name]
