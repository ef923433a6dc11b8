"""Every format as others read it: ffprobe, ffmpeg, SoX, mutagen and PyAV judge length, tags and chapters."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
from numpy.typing import NDArray

from tests.sound.encoded import RATES_HZ, lag, signal
from tests.sound.files import chapters_seen, many, picture, probed
from tts_async.core.cover import Cover
from tts_async.core.tags import NO_TAGS, Chapter, Tags
from tts_async.engine import formats, lame, m4a
from tts_async.engine.finish import finish
from tts_async.engine.formats import FORMATS, check_format, encoder
from tts_async.errors import AudioError, ConfigError

Samples = NDArray[np.float32]
SUFFIXES = [*FORMATS, "by libsndfile.mp3"]
AAC = [".m4a", ".m4b"]
TAGS = Tags(
    title="Łąka",
    author="Zoë",
    album="Weather",
    date="2026-03-04",
    language="de-CH",
    description="Über\nWetter",
    cover=picture(),
    chapters=(
        Chapter(title="Öl", start_ms=0, end_ms=700),
        Chapter(title="Wind — again", start_ms=700, end_ms=1_350),
        Chapter(title="Ende", start_ms=1_350, end_ms=2_000),
    ),
)


def check_here(suffix: str) -> None:
    """Skip what this machine cannot."""
    if lacking := FORMATS[suffix].lacks():
        pytest.skip(lacking)


def made(path: Path, samples: Samples, rate_hz: int, *, frames: int = 10_000, tags: Tags = TAGS) -> Path:
    """Write a file as a render does."""
    suffix = path.suffix
    if rate_hz not in (FORMATS[suffix].rates_hz or {rate_hz}):
        pytest.skip(f"{suffix} has no {rate_hz} Hz")
    check_here(suffix)
    file = encoder(path, rate_hz)
    for start in range(0, len(samples), frames):
        file.write(samples[start : start + frames])
    file.close()
    finish(path, 7, tags)
    return path


@pytest.fixture(params=SUFFIXES)
def name(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a file in each format; MP3 twice."""
    libsndfile = str(request.param).startswith("by")
    if request.param == ".mp3" and not lame.lame_here():
        pytest.skip("the extra 'mp3' is not installed")
    if libsndfile:
        monkeypatch.setattr(formats, "lame_here", lambda: False)
    return f"out{request.param}"


def by_ffmpeg(path: Path) -> Samples:
    if not shutil.which("ffmpeg"):
        pytest.skip("ffmpeg is not installed")
    asked = ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0:a", "-f", "f32le", "-"]
    done = subprocess.run(asked, capture_output=True, check=True)
    assert done.stderr == b""
    return np.frombuffer(done.stdout, "<f4")


def by_sox(path: Path) -> Samples:
    if not shutil.which("sox"):
        pytest.skip("SoX is not installed")
    done = subprocess.run(["sox", str(path), "-t", "f32", "-"], capture_output=True, check=False)
    if b"no handler" in done.stderr:
        pytest.skip("SoX does not read this format")
    assert (done.returncode, done.stderr) == (0, b"")
    return np.frombuffer(done.stdout, "<f4")


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_ffmpeg_reads_every_sample(tmp_path: Path, name: str, rate_hz: int) -> None:
    """Rate, one channel and length are exact, and every sample is where it was.

    An MP4 says so too; ffmpeg leaves what fills the last frame of AAC behind it.
    """
    said = signal(rate_hz)
    path = made(tmp_path / name, said, rate_hz)
    stream = probed(path)["streams"][0]
    assert (stream["channels"], int(stream["sample_rate"])) == (1, 48_000 if path.suffix == ".opus" else rate_hz)
    heard = by_ffmpeg(path)
    if path.suffix == ".opus":
        heard = heard[:: 48_000 // rate_hz]
    spare = 1_023 if path.suffix in AAC else 0
    assert len(said) <= len(heard) <= len(said) + spare
    assert abs(lag(heard, said)) <= (1 if path.suffix == ".opus" else 0)
    if path.suffix in AAC:
        assert (stream["time_base"], stream["duration_ts"]) == (f"1/{rate_hz}", len(said))


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_sox_reads_every_sample(tmp_path: Path, name: str, rate_hz: int) -> None:
    """So does SoX, as far as it knows the format."""
    said = signal(rate_hz)
    heard = by_sox(made(tmp_path / name, said, rate_hz))
    assert (len(heard), lag(heard, said)) == (len(said), 0)


@pytest.mark.parametrize("rate_hz", sorted(formats.MP3_RATES_HZ))
@pytest.mark.parametrize("odd_frames", [0, 1, 575, 576, 1_105, 1_151])
def test_an_mp3_by_lame_is_exact(tmp_path: Path, rate_hz: int, odd_frames: int) -> None:
    """libsndfile and FFmpeg's library find exactly the samples that were written, at every rate and length."""
    pytest.importorskip("lameenc", reason="the extra 'mp3' is not installed")
    said = signal(rate_hz, 0.5, odd_frames)
    path = made(tmp_path / "out.mp3", said, rate_hz, tags=NO_TAGS)
    heard, rate = sf.read(path, dtype="float32")
    assert (len(heard), lag(heard, said), rate) == (len(said), 0, rate_hz)
    av = pytest.importorskip("av", reason="the extra 'm4b' is not installed")
    with av.open(str(path)) as file:
        other = np.concatenate([frame.to_ndarray()[0] for frame in file.decode(audio=0)])
    assert (len(other), lag(other, said)) == (len(said), 0)


def test_tags_and_chapters(tmp_path: Path, name: str) -> None:
    """Title, artist, album, date, chapters and cover are read from every format but WAV."""
    path = made(tmp_path / name, signal(24_000), 24_000)
    found = probed(path)
    told = {**found["format"].get("tags", {}), **found["streams"][0].get("tags", {})}
    told = {key.lower(): value for key, value in told.items()}
    if path.suffix == ".wav":
        assert (told, found["chapters"]) == ({}, [])
        return
    wanted = (TAGS.title, TAGS.author, TAGS.album)
    assert (told["title"], told["artist"], told["album"]) == wanted
    assert told["date"].startswith("2026")
    assert told["language"] in {"de-CH", "deu"}
    assert chapters_seen(found) == [(each.start_ms, each.title) for each in TAGS.chapters]
    assert [each["codec_name"] for each in found["streams"] if each["disposition"]["attached_pic"]] == ["png"]


def test_the_same_bytes(tmp_path: Path, name: str) -> None:
    """The same samples give the same file: no clock, no dice, and in the formats of ours no cuts either."""
    said = signal(24_000)
    one, two = (made(tmp_path / f"{n}{name}", said, 24_000) for n in (1, 2))
    assert one.read_bytes() == two.read_bytes()
    if one.suffix != ".ogg":  # libvorbis looks at how much it was given at first.
        other = made(tmp_path / f"3{name}", said, 24_000, frames=777)
        assert other.read_bytes() == one.read_bytes()


# AAC


@pytest.mark.parametrize("suffix", AAC)
def test_mutagen_reads_an_mp4(tmp_path: Path, suffix: str) -> None:
    """So do players of another family: text, picture, chapters, and what kind of sound it is."""
    mutagen = pytest.importorskip("mutagen")
    file = mutagen.File(made(tmp_path / f"out{suffix}", signal(24_000), 24_000))
    told = {key: list(file[key]) for key in ("©nam", "©ART", "©alb", "©day", "©cmt", "desc", "stik")}
    assert list(told.values()) == [["Łąka"], ["Zoë"], ["Weather"], ["2026-03-04"], *[["Über\nWetter"]] * 2, [
        1 if suffix == ".m4a" else 2
    ]]  # fmt: skip
    assert "©too" not in file
    assert [bytes(each) for each in file["covr"]] == [picture().data]
    assert [(round(each.start * 1_000), each.title) for each in file.chapters] == [
        (each.start_ms, each.title) for each in TAGS.chapters
    ]


@pytest.mark.parametrize("rate_hz", sorted(m4a.AAC_RATES_HZ))
def test_all_rates_of_aac(tmp_path: Path, rate_hz: int) -> None:
    """AAC has thirteen rates; at each the file is read back exactly as long as it was."""
    said = signal(rate_hz, 0.5)
    path = made(tmp_path / "out.m4a", said, rate_hz, tags=NO_TAGS)
    heard = m4a.read_m4a(path)
    assert (len(heard), lag(heard, said)) == (len(said), 0)
    with pytest.raises(ConfigError, match=r"choose an output rate of 7350, 8000, 11025"):
        check_format("out.m4a", ".m4a", rate_hz + 1)


@pytest.mark.parametrize(("rate_hz", "kbps"), [(8_000, 32), (24_000, 64), (44_100, 96), (48_000, 96)])
def test_the_bitrates_of_aac(tmp_path: Path, rate_hz: int, kbps: int) -> None:
    """They are those that the table names."""
    noise = 0.1 * np.random.default_rng(5).standard_normal(10 * rate_hz).astype(np.float32)
    path = made(tmp_path / "out.m4a", noise, rate_hz, tags=NO_TAGS)
    assert path.stat().st_size * 8 / 10 / 1_000 == pytest.approx(kbps, rel=0.1)


def test_an_mp4_begins_with_its_index(tmp_path: Path) -> None:
    """A player begins before it has all of it: what is where comes first, behind the name of the family."""
    raw = made(tmp_path / "out.m4b", signal(24_000), 24_000).read_bytes()
    assert raw[4:12] == b"ftypM4B "
    assert raw.index(b"moov") < raw.index(b"mdat")


def test_many_chapters_with_long_titles(tmp_path: Path) -> None:
    """All chapters are in the file, and a title is cut between two characters."""
    long = Chapter(title="Ł" * 300, start_ms=20_000, end_ms=20_010)
    path = made(tmp_path / "out.m4b", signal(24_000, 21.0), 24_000, tags=Tags(chapters=(*many(300), long)))
    seen = chapters_seen(probed(path))
    assert len(seen) == 301
    assert seen[-1] == (20_000, "Ł" * 127)
    mutagen = pytest.importorskip("mutagen")
    short = made(tmp_path / "short.m4b", signal(24_000, 21.0), 24_000, tags=Tags(chapters=(long,)))
    assert [each.title for each in mutagen.File(short).chapters] == ["Ł" * 127]


def test_chapters_that_begin_late(tmp_path: Path) -> None:
    """The first chapter of an MP4 begins with the sound, whatever is before it; the others are where they were."""
    late = Tags(chapters=(Chapter(title="a", start_ms=500, end_ms=900), Chapter(title="b", start_ms=900, end_ms=2_000)))
    path = made(tmp_path / "out.m4b", signal(24_000), 24_000, tags=late)
    assert chapters_seen(probed(path)) == [(0, "a"), (900, "b")]


def test_a_photograph_as_cover(tmp_path: Path) -> None:
    """A JPEG comes back byte for byte."""
    if not shutil.which("ffmpeg"):
        pytest.skip("ffmpeg is not installed")
    drawn = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=s=64x48", "-frames:v", "1", "-f", "mjpeg", "-"]
    cover = Cover.of(subprocess.run(drawn, capture_output=True, check=True).stdout)
    path = made(tmp_path / "out.m4b", signal(24_000), 24_000, tags=replace(TAGS, cover=cover))
    assert probed(path)["streams"][-1]["codec_name"] == "mjpeg"
    mutagen = pytest.importorskip("mutagen")
    assert [bytes(each) for each in mutagen.File(path)["covr"]] == [cover.data]


@pytest.mark.parametrize("suffix", AAC)
def test_without_pyav(monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    """One sentence says what to install, or to choose otherwise."""
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(ConfigError, match=r"pip install 'tts-async\[m4b\]' or choose another format"):
        check_format(f"out{suffix}", suffix, 24_000)


@pytest.mark.parametrize("rate_hz", sorted(formats.MP3_RATES_HZ))
def test_without_lame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rate_hz: int) -> None:
    """Nothing is missing then: libsndfile writes the MP3, as long and at the same bitrate."""
    monkeypatch.setitem(sys.modules, "lameenc", None)
    said = signal(rate_hz)
    path = made(tmp_path / "out.mp3", said, rate_hz, tags=NO_TAGS)
    heard, _ = sf.read(path, dtype="float32")
    assert (len(heard), lag(heard, said)) == (len(said), 0)
    assert probed(path)["streams"][0]["bit_rate"] == f"{lame.kbps_of(rate_hz)}000"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk is full here")
@pytest.mark.parametrize("suffix", [".m4b", ".mp3"])
def test_a_full_disk(tmp_path: Path, suffix: str) -> None:
    """It is an OSError, as everywhere, and what failed once is closed without another."""
    path = tmp_path / f"out{suffix}"
    path.symlink_to("/dev/full")
    check_here(suffix)
    file = encoder(path, 24_000)
    with pytest.raises(OSError, match="No space left"):
        file.write(np.tile(signal(24_000), 50))
    with suppress(OSError):
        file.close()
    file.close()


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode there")
@pytest.mark.parametrize("suffix", [*AAC, ".mp3"])
def test_a_name_that_is_no_utf_8(tmp_path: Path, suffix: str) -> None:
    """Old disks have such names."""
    assert made(tmp_path / f"caf\udce9{suffix}", signal(24_000), 24_000).stat().st_size > 1_000


# Counting the frames of an MP3


def pieces(mp3: bytes, size: int) -> Iterable[bytes]:
    return (mp3[start : start + size] for start in range(0, len(mp3), size))


@pytest.mark.parametrize("size", [4, 5, 191, 1_000, 10**9])
def test_frames_are_counted_in_any_pieces(size: int) -> None:
    """However the bytes come, there are as many frames as libsndfile finds."""
    whole: Any = io.BytesIO()
    sf.write(whole, signal(24_000), 24_000, format="MP3", bitrate_mode="CONSTANT", compression_level=0.6)
    counted = lame.FrameCount()
    for piece in pieces(whole.getvalue(), size):
        counted.add(piece)
    assert counted.mp3_bytes == len(whole.getvalue())
    assert counted.first is not None
    assert counted.frames == -(-(len(signal(24_000)) + 1_105) // counted.first.spf) + 1


def test_what_is_no_frame() -> None:
    """An encoder that returns something else is found out."""
    with pytest.raises(AudioError, match="cannot begin with 00000000"):
        lame.FrameCount().add(bytes(10))
