"""The finished file: what may be written where, whole or not at all."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import wave
from collections.abc import Callable
from functools import partial
from pathlib import Path

import anyio
import numpy as np
import pytest
import soundfile as sf
from numpy.typing import NDArray

from tests.engine.fakes import files, heard_hz, turns
from tts_async.engine import formats
from tts_async.engine.formats import FORMATS, MP3_RATES_HZ
from tts_async.engine.m4a import BRANDS, read_m4a
from tts_async.engine.output import OutputFile, check_output
from tts_async.engine.wavfile import WavFile
from tts_async.errors import ConfigError, OutputError

SUFFIXES = sorted(FORMATS)


def tone(hz: float, seconds: float, rate_hz: int, level: float = 0.5) -> NDArray[np.float32]:
    at_s = np.arange(round(seconds * rate_hz)) / rate_hz
    return (level * np.sin(2 * np.pi * hz * at_s)).astype(np.float32)


async def written(path: Path, samples: NDArray[np.float32], rate_hz: int) -> NDArray[np.float32]:
    """Write in blocks, and read it back."""
    async with OutputFile(path, rate_hz) as file:
        for start in range(0, len(samples), 5_000):
            await file.write(samples[start : start + 5_000])
        assert file.frames == len(samples)
        await file.keep()
    if path.suffix in BRANDS:
        return read_m4a(path)
    back, rate = sf.read(path, dtype="float32")
    assert rate == rate_hz
    return np.asarray(back)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 24_000, 44_100, 48_000])
async def test_round_trips(tmp_path: Path, suffix: str, rate_hz: int) -> None:
    """What is written is heard again: the tone, the level and the length, in every format and rate."""
    path = tmp_path / f"out{suffix}"
    if rate_hz not in (FORMATS[suffix].rates_hz or {rate_hz}):
        pytest.skip(f"{suffix} has no {rate_hz} Hz")
    back = await written(path, tone(440, 2.0, rate_hz), rate_hz)
    middle = back[rate_hz // 2 : -rate_hz // 2]
    assert heard_hz(middle, rate_hz) == pytest.approx(440, abs=1)
    level = 0.95 if suffix == ".mp3" else 1.0  # LAME turns everything down by that when the bitrate is constant.
    assert float(np.sqrt(np.mean(middle**2))) == pytest.approx(level * 0.5 / np.sqrt(2), rel=0.02)
    padding = 0.2 if suffix == ".mp3" else 0.0
    assert abs(len(back) / rate_hz - 2.0) <= padding + 1e-6
    assert files(tmp_path) == [path.name]


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg"])
@pytest.mark.parametrize("rate_hz", [96_000, 192_000])
async def test_high_rates(tmp_path: Path, suffix: str, rate_hz: int) -> None:
    """Every rate that the settings allow is written by the formats without a list of rates."""
    back = await written(tmp_path / f"out{suffix}", tone(440, 0.5, rate_hz), rate_hz)
    assert len(back) == rate_hz // 2


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
async def test_lossless_formats_are_exact(tmp_path: Path, suffix: str) -> None:
    """WAV and FLAC give back each sample to 16 bits."""
    samples = tone(1000, 0.5, 24_000)
    back = await written(tmp_path / f"out{suffix}", samples, 24_000)
    assert np.abs(back - samples).max() <= 1 / 32768


@pytest.mark.parametrize("suffix", SUFFIXES)
async def test_overs_are_clipped(tmp_path: Path, suffix: str) -> None:
    """What is over full scale is held there, and never wraps around to the other side."""
    loud = tone(440, 1.0, 24_000, level=2.0)
    back = await written(tmp_path / f"out{suffix}", loud, 24_000)
    quiet = back[: len(loud)]
    length = min(len(quiet), len(loud))
    if suffix == ".mp3":
        assert heard_hz(quiet[4_000:20_000], 24_000) == pytest.approx(440, abs=2)
        return
    flipped = (quiet[:length] * loud[:length]) < -0.5
    assert not flipped.any()


async def test_long_writes_survive(tmp_path: Path) -> None:
    """Two minutes of Vorbis in the blocks of the stitcher do not end the process."""
    samples = np.zeros(65_536, np.float32)
    async with OutputFile(tmp_path / "out.ogg", 24_000) as file:
        for _ in range(40):
            await file.write(samples)
        await file.keep()
    assert sf.info(tmp_path / "out.ogg").frames == 40 * 65_536


# Nothing is left behind


async def test_the_name_is_taken_only_at_the_end(tmp_path: Path) -> None:
    """While it is written, the file has a name of this process's own; then it is there whole."""
    path = tmp_path / "out.wav"
    async with OutputFile(path, 24_000) as file:
        await file.write(np.zeros(100, np.float32))
        assert not path.exists()
        (aside,) = files(tmp_path)
        assert str(os.getpid()) in aside
        await file.keep()
        assert files(tmp_path) == ["out.wav"]
    assert files(tmp_path) == ["out.wav"]


async def test_a_file_that_is_not_kept(tmp_path: Path) -> None:
    """Without `keep`, or with an error, what was there before stays as it was."""
    path = tmp_path / "out.wav"
    path.write_bytes(b"before")

    async def fail() -> None:
        async with OutputFile(path, 24_000) as file:
            await file.write(np.zeros(100, np.float32))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert files(tmp_path) == ["out.wav"]
    assert path.read_bytes() == b"before"


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("blocks", [0, 1])
async def test_what_goes_wrong_is_told(tmp_path: Path, suffix: str, blocks: int) -> None:
    """In every format it is the error that goes through, also where nothing was written yet, and no file stays."""
    if lacking := FORMATS[suffix].lacks():
        pytest.skip(lacking)

    async def fail() -> None:
        async with OutputFile(tmp_path / f"out{suffix}", 24_000) as file:
            for _ in range(blocks):
                await file.write(np.zeros(100, np.float32))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert files(tmp_path) == []


async def test_an_existing_file_is_replaced(tmp_path: Path) -> None:
    """`keep` replaces what was there."""
    path = tmp_path / "out.wav"
    path.write_bytes(b"before")
    await written(path, np.zeros(10, np.float32), 24_000)
    assert sf.info(path).frames == 10


def natively(task: asyncio.Task[None], scope: anyio.CancelScope) -> None:
    task.cancel()


def by_scope(task: asyncio.Task[None], scope: anyio.CancelScope) -> None:
    scope.cancel()


@pytest.mark.parametrize("cancel", [natively, by_scope], ids=lambda way: way.__name__)
async def test_cancelled_anywhere(
    tmp_path: Path, cancel: Callable[[asyncio.Task[None], anyio.CancelScope], None]
) -> None:
    """Cancelled after any number of turns, there is the whole file or none, and nothing beside it."""
    block = np.zeros(30_000, np.float32)
    outcomes = set()
    for count in range(400):
        path = tmp_path / f"{count}.flac"
        scope = anyio.CancelScope()

        async def work(path: Path = path, scope: anyio.CancelScope = scope) -> None:
            with scope:
                async with OutputFile(path, 24_000) as file:
                    for _ in range(3):
                        await file.write(block)
                    await file.keep()

        task = asyncio.create_task(work())
        await turns(count)
        over = task.done()
        cancel(task, scope)
        await asyncio.wait({task})
        left = files(tmp_path)
        assert left in ([], [path.name])
        outcomes.add(bool(left))
        if left:
            assert sf.info(path).frames == 90_000
            path.unlink()
        if over:
            break
    else:
        pytest.fail("the file was never whole")
    assert outcomes == {True, False}


# What is refused


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("out.aac", "choose one of .wav, .flac, .ogg, .opus, .mp3"),
        ("out", "does not end in a format"),
        ("out.", "does not end in a format"),
        (".wav", "does not end in a format"),
        ("missing/out.wav", "does not exist"),
        ("there.wav/out.wav", "does not exist"),
        ("folder.wav", "is a folder"),
        ("there.wav", "is there already"),
        ("x" * 300 + ".wav", "too long"),
        ("\0.wav", "null"),
    ],
)
def test_refusals(tmp_path: Path, name: str, says: str) -> None:
    """A path that could not be written in the end is refused before anything is bought, by one sentence."""
    (tmp_path / "folder.wav").mkdir()
    (tmp_path / "there.wav").write_bytes(b"x")
    with pytest.raises(ConfigError, match=says) as caught:
        check_output(tmp_path / name, 24_000, overwrite=False)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("name", ["there.wav", "new.WAV", "new.Flac", "új.ogg", "a b.mp3", "x" * 240 + ".wav"])
async def test_what_is_allowed(tmp_path: Path, name: str) -> None:
    """Suffixes in any case, any letters, names as long as the disk takes, and an old file on purpose."""
    (tmp_path / "there.wav").write_bytes(b"x")
    check_output(tmp_path / name, 24_000, overwrite=True)
    await written(tmp_path / name, np.zeros(2_000, np.float32), 24_000)


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode there")
async def test_a_name_that_is_no_utf_8(tmp_path: Path) -> None:
    """Old disks have such names, and the file gets the one that was asked for."""
    path = tmp_path / "caf\udce9.wav"
    async with OutputFile(path, 24_000) as file:
        await file.write(np.zeros(10, np.float32))
        await file.keep()
    assert files(tmp_path) == [path.name]


async def test_what_cannot_be_closed_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full when the last samples are written keeps no half file."""

    def full(self: sf.SoundFile) -> None:
        raise OSError(28, "No space left on device")

    async def work() -> None:
        async with OutputFile(tmp_path / "out.flac", 24_000) as file:
            await file.write(np.zeros(10, np.float32))
            with monkeypatch.context() as patch:
                patch.setattr(sf.SoundFile, "flush", full)
                await file.keep()

    with pytest.raises(OutputError, match="No space left"):
        await work()
    assert files(tmp_path) == []


FULL = """
import asyncio, resource, signal, sys
from pathlib import Path
import numpy as np
from tts_async.engine.output import OutputFile
from tts_async.errors import OutputError

async def main(path):
    noise = np.random.default_rng(1).normal(0, 0.1, 24_000).astype(np.float32)
    async with OutputFile(path, 24_000) as file:
        for _ in range(200):
            await file.write(noise)
        await file.keep()

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    asyncio.run(main(Path(sys.argv[1])))
except OutputError as error:
    print(error)
"""


@pytest.mark.real_time
@pytest.mark.skipif(os.name == "nt", reason="no such limit")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_that_cannot_grow(tmp_path: Path, suffix: str) -> None:
    """Where the disk takes no more it is one `OutputError`, in every format, and nothing stays behind."""
    if lacking := FORMATS[suffix].lacks():
        pytest.skip(lacking)
    asked = [sys.executable, "-c", FULL, str(tmp_path / f"out{suffix}")]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "cannot be written to its end" in done.stdout
    assert files(tmp_path) == []


@pytest.mark.parametrize("rate_hz", [8_001, 96_000])
def test_rates_that_mp3_cannot_hold(tmp_path: Path, rate_hz: int) -> None:
    """MP3 has nine rates; another one is refused with the list of them."""
    with pytest.raises(ConfigError, match="choose an output rate of 8000, 11025"):
        check_output(tmp_path / "out.mp3", rate_hz, overwrite=False)


@pytest.mark.parametrize("rate_hz", sorted(MP3_RATES_HZ))
async def test_rates_that_mp3_can_hold(tmp_path: Path, rate_hz: int) -> None:
    """All nine are written."""
    check_output(tmp_path / "out.mp3", rate_hz, overwrite=False)
    await written(tmp_path / "out.mp3", tone(440, 0.5, rate_hz), rate_hz)


def test_a_format_that_this_library_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A libsndfile without FLAC is named as the reason; MP3 has another way, where its extra is installed."""
    monkeypatch.setattr(sf, "check_format", lambda *_: False)
    with pytest.raises(ConfigError, match=r"libsndfile on this machine does not write \.flac"):
        check_output(tmp_path / "out.flac", 24_000, overwrite=False)
    monkeypatch.setattr(formats, "lame_here", lambda: True)
    check_output(tmp_path / "out.mp3", 24_000, overwrite=False)
    monkeypatch.setattr(formats, "lame_here", lambda: False)
    with pytest.raises(ConfigError, match=r"libsndfile on this machine does not write \.mp3"):
        check_output(tmp_path / "out.mp3", 24_000, overwrite=False)


async def test_nothing_can_be_written_there(tmp_path: Path) -> None:
    """What only trying can tell is a `ConfigError` too."""
    with pytest.raises(ConfigError, match="Nothing can be written"):
        async with OutputFile(tmp_path / "gone" / "out.wav", 24_000):
            pass
    assert files(tmp_path) == []


def test_a_wav_file_of_its_length(tmp_path: Path) -> None:
    """A short one is plain WAV, which everybody reads, also Python's own module."""
    file = WavFile(tmp_path / "out.wav", 24_000)
    file.write(np.full(500, 0.25, np.float32))
    file.close()
    file.close()
    assert (tmp_path / "out.wav").read_bytes()[:4] == b"RIFF"
    with wave.open(str(tmp_path / "out.wav")) as read:
        assert (read.getnframes(), read.getframerate(), read.getsampwidth()) == (500, 24_000, 2)


def test_a_wav_file_past_4_gb_is_rf64(tmp_path: Path) -> None:
    """Past what its sizes can say it is RF64 and whole; the limit is lowered here, as nobody waits for 4 GB."""
    samples = tone(440, 0.2, 24_000)
    for most_bytes in (len(samples) * 2 + 72, len(samples) * 2 + 71):
        file = WavFile(tmp_path / f"{most_bytes}.wav", 24_000, most_bytes=most_bytes)
        file.write(samples[:2_000])
        file.write(samples[2_000:])
        file.close()
        back, _ = sf.read(tmp_path / f"{most_bytes}.wav", dtype="float32")
        assert np.abs(back - samples).max() <= 0.5 / 32_768
    names = [sf.info(path).format for path in sorted(tmp_path.glob("*.wav"))]
    assert names == ["RF64", "WAV"]


async def test_a_written_wav_becomes_rf64(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It happens by itself, in the file that a render writes."""
    monkeypatch.setattr(formats, "WavFile", partial(WavFile, most_bytes=2_000))
    back = await written(tmp_path / "out.wav", tone(440, 0.5, 24_000), 24_000)
    assert (len(back), sf.info(tmp_path / "out.wav").format) == (12_000, "RF64")


@pytest.mark.parametrize("rate_hz", [11_025, 22_050, 44_100, 96_000])
def test_rates_that_opus_cannot_hold(tmp_path: Path, rate_hz: int) -> None:
    """Opus has five rates; another one is refused with the list of them."""
    with pytest.raises(ConfigError, match="choose an output rate of 8000, 12000, 16000, 24000, 48000 Hz"):
        check_output(tmp_path / "out.opus", rate_hz, overwrite=False)


@pytest.mark.parametrize(
    ("suffix", "rate_hz", "kbps"),
    [
        (".mp3", 48_000, (127, 129)),
        (".mp3", 32_000, (127, 129)),
        (".mp3", 24_000, (63, 65)),
        (".mp3", 16_000, (63, 65)),
        (".opus", 24_000, (35, 60)),
        (".opus", 48_000, (35, 60)),
    ],
)
async def test_bitrates(tmp_path: Path, suffix: str, rate_hz: int, kbps: tuple[float, float]) -> None:
    """The bitrates are those that the table of formats names."""
    path = tmp_path / f"out{suffix}"
    noise = np.random.default_rng(5).standard_normal(20 * rate_hz).astype(np.float32)
    await written(path, 0.1 * noise, rate_hz)
    assert kbps[0] < path.stat().st_size * 8 / 20 / 1_000 < kbps[1]


async def test_one_long_write(tmp_path: Path) -> None:
    """A block of any length is written in pieces: as one, three million frames of Vorbis end the process."""
    async with OutputFile(tmp_path / "out.ogg", 24_000) as file:
        await file.write(np.zeros(3_000_000, np.float32))
        await file.keep()
    assert sf.info(tmp_path / "out.ogg").frames == 3_000_000
