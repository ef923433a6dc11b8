"""Sound as bytes while it is spoken: every format, whole, the same each time, and nothing kept."""

from __future__ import annotations

import shutil
import subprocess
import tracemalloc
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.sound.encoded import RATES_HZ, lag, signal
from tests.sound.files import picture, probed
from tts_async.core.tags import NO_TAGS, Chapter, Tags
from tts_async.engine import encoded, lame
from tts_async.engine.encoded import STREAMED, StreamEncoder, check_streamed
from tts_async.engine.formats import FORMATS, OPUS_RATES_HZ
from tts_async.errors import ConfigError
from tts_async.sound.frames import tagged
from tts_async.sound.xing import DECODER_FRAMES, LAME_FRAMES

Samples = NDArray[np.float32]
LATE = DECODER_FRAMES + LAME_FRAMES
TAGS = Tags(title="Łąka", author="Zoë", cover=picture(), chapters=(Chapter(title="Öl", start_ms=0, end_ms=900),))


@pytest.fixture(params=[*STREAMED, "mp3 by libsndfile"])
def name(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A format; MP3 twice."""
    called, _, way = str(request.param).partition(" by ")
    if called == "mp3":
        monkeypatch.setattr(encoded, "lame_here", lambda: not way)
        if not way and not lame.lame_here():
            pytest.skip("the extra 'mp3' is not installed")
    return called


def streamed(name: str, rate_hz: int, blocks: Iterable[Samples], tags: Tags = NO_TAGS) -> list[bytes]:
    with StreamEncoder(name, rate_hz, serial=7, tags=tags) as encoder:
        return [*map(encoder.feed, blocks), encoder.finish()]


def cut(samples: Samples, frames: int) -> list[Samples]:
    return [samples[start : start + frames] for start in range(0, len(samples), frames)]


def by_ffmpeg(name: str, rate_hz: int, stream: bytes) -> Samples:
    """What ffmpeg hears in it, from a pipe."""
    if not shutil.which("ffmpeg"):
        pytest.skip("ffmpeg is not installed")
    raw = ["-f", "s16le", "-ar", str(rate_hz), "-ac", "1"] if name == "pcm" else []
    asked = ["ffmpeg", "-v", "error", *raw, "-i", "-", "-f", "f32le", "-ar", str(rate_hz), "-"]
    done = subprocess.run(asked, input=stream, capture_output=True, check=True)
    assert done.stderr == b""
    return np.frombuffer(done.stdout, "<f4")


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("tags", [NO_TAGS, TAGS], ids=["bare", "tagged"])
def test_ffmpeg_hears_all_of_it(name: str, rate_hz: int, tags: Tags) -> None:
    """Every sample comes back where it was; an MP3, which may not say so, is late, and goes on a little after the end."""
    if name == "opus" and rate_hz not in OPUS_RATES_HZ:
        pytest.skip("Opus has no such rate")
    said = signal(rate_hz)
    heard = by_ffmpeg(name, rate_hz, b"".join(streamed(name, rate_hz, cut(said, 10_000), tags)))
    if name == "mp3":
        assert lag(heard, said) == LATE
        assert len(said) + LATE <= len(heard) < len(said) + LATE + LAME_FRAMES + 1152
    else:
        assert len(heard) == len(said)
        assert abs(lag(heard, said)) <= 1
    assert np.corrcoef(said[:40_000], heard[lag(heard, said) :][:40_000])[0, 1] > 0.95


def test_the_cuts_do_not_matter(name: str) -> None:
    """The same samples give the same bytes, in blocks of any size."""
    said = signal(24_000)
    whole = b"".join(streamed(name, 24_000, [said]))
    for frames in (37, 4_096, 5_000):
        assert b"".join(streamed(name, 24_000, cut(said, frames))) == whole


def test_an_mp3_has_no_info_frame() -> None:
    """A decoder would believe it; the walker finds only frames of sound, and LAME's usual gaps."""
    for here in (True, False):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(encoded, "lame_here", lambda here=here: here and lame.lame_here())
            stream = b"".join(streamed("mp3", 24_000, [signal(24_000)]))
        assert stream[:2] == b"\xff\xf3"
        assert b"Info" not in stream[:200]
        assert b"Xing" not in stream[:200]
        assert tagged(stream).audio.endswith(stream)


@pytest.mark.parametrize("kind", ["mp3", "flac", "ogg", "opus"])
def test_tags_are_in_front(tmp_path: Path, kind: str) -> None:
    """What is known before the sound is in the first bytes: title, artist and cover."""
    path = tmp_path / f"out.{kind}"
    path.write_bytes(b"".join(streamed(kind, 24_000, [signal(24_000)], TAGS)))
    found = probed(path) if kind != "mp3" else probed(path, "error")
    told = {**found["format"].get("tags", {}), **found["streams"][0].get("tags", {})}
    told = {key.lower(): value for key, value in told.items()}
    assert (told["title"], told["artist"]) == ("Łąka", "Zoë")
    assert found["streams"][-1]["codec_name"] == "png"


def test_it_comes_while_it_is_spoken(name: str) -> None:
    """Long before the end most of it is out, at every block of seconds something."""
    pieces = streamed(name, 24_000, cut(np.concatenate([signal(24_000)] * 10), 96_000))
    assert all(pieces[:-2])  # The last block and the end may be short.
    assert len(pieces[-1]) < 0.25 * sum(map(len, pieces))


def test_memory_does_not_grow(name: str) -> None:
    """What was handed on is gone: after ten minutes no more is held than after one."""
    block = signal(24_000, length_s=10)
    with StreamEncoder(name, 24_000) as encoder:
        tracemalloc.start()
        try:
            held = []
            for _ in range(12):
                encoder.feed(block)
                held.append(tracemalloc.get_traced_memory()[0])
        finally:
            tracemalloc.stop()
    assert held[-1] - held[2] < 20_000


def test_nothing_fed_is_nothing(name: str) -> None:
    """No samples are no file, and an empty block is no samples."""
    assert b"".join(streamed(name, 24_000, [np.zeros(0, np.float32)])) == b""
    assert streamed(name, 24_000, []) == [b""]


def test_a_few_samples(name: str) -> None:
    """Less than any encoder's block is a whole file too."""
    assert len(by_ffmpeg(name, 24_000, b"".join(streamed(name, 24_000, [signal(24_000)[:100]])))) >= 100


def test_it_is_over_once(name: str) -> None:
    """After the end, or after the block, nothing is taken."""
    with StreamEncoder(name, 24_000) as encoder:
        encoder.feed(signal(24_000))
        encoder.finish()
        with pytest.raises(RuntimeError, match="make another"):
            encoder.feed(signal(24_000))
    with StreamEncoder(name, 24_000) as left:
        left.feed(signal(24_000))
    with pytest.raises(RuntimeError, match="make another"):
        left.finish()


@pytest.mark.parametrize(
    ("name", "rate_hz", "says"),
    [
        ("aac", 24_000, "choose one of wav, pcm, flac, ogg, opus, mp3"),
        (".wav", 24_000, "choose one of"),
        ("", 24_000, "choose one of"),
        ("opus", 44_100, "choose an output rate of 8000, 12000"),
        ("mp3", 96_000, "choose an output rate of 8000, 11025"),
    ],
)
def test_what_cannot_be_streamed(name: str, rate_hz: int, says: str) -> None:
    """It is refused by a sentence that says what can."""
    with pytest.raises(ConfigError, match=says):
        check_streamed(name, rate_hz)
    with pytest.raises(ConfigError, match=says):
        StreamEncoder(name, rate_hz)


def test_media_types() -> None:
    """Each format says what it is."""
    assert StreamEncoder("opus", 48_000).media_type == STREAMED["opus"] == "audio/ogg; codecs=opus"
    assert {f".{name}" for name in STREAMED} - {".pcm"} <= set(FORMATS)
