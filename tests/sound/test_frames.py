"""The walk over an MP3: its exact length, whatever is around the frames, and an error for what is none."""

from __future__ import annotations

import contextlib
import io
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from hypothesis import given
from hypothesis import strategies as st

from tests.sound.encoded import (
    RATES_HZ,
    Samples,
    by_ffmpeg,
    by_lame,
    by_soundfile,
    lag,
    signal,
    speech,
    untagged_vbr,
)
from tts_async.errors import AudioError
from tts_async.sound.frames import JUNK_BYTES, Tagged, past_tags, tagged
from tts_async.sound.mpeg import Header, header, strides, word_at
from tts_async.sound.xing import Gaps, claimed, gaps_of, info_frame

RATE_HZ, SPF = 24_000, 576
SIGNAL = signal(RATE_HZ)
TAGGED = by_soundfile(SIGNAL, RATE_HZ, "MP3")
ID3 = b"ID3\x03\x00\x00\x00\x00\x01\x00" + b"\xff\xfb\x90\xc0" * 32
SMALLEST = b"\xff\xf3\x14\xc4" + bytes(20)
"""A frame like those of the signal; a tag that is full of them must not be heard."""
ID3V1 = b"TAG" + SMALLEST * 5 + b"xx" + bytes(3)
APE_HEAD, APE_FOOT = (
    b"APETAGEX"
    + (2000).to_bytes(4, "little")
    + (272).to_bytes(4, "little")
    + bytes(4)
    + flags.to_bytes(4, "little")
    + bytes(8)
    for flags in (0xA000_0000, 0x8000_0000)
)
APE = APE_HEAD + SMALLEST * 10 + APE_FOOT


def first_of(mp3: bytes) -> Header:
    found = header(word_at(mp3, 0))
    assert found is not None
    return found


def without_tag(mp3: bytes) -> bytes:
    """A file of soundfile's without the frame in front."""
    return mp3[first_of(mp3).frame_bytes :]


def starts(mp3: bytes) -> list[int]:
    """Where the frames of a clean stream begin."""
    at, found = 0, []
    while at < len(mp3):
        found.append(at)
        at += strides(first_of(mp3))[word_at(mp3, at) & 0xFFFFFFC0]
    return found


UNTAGGED = without_tag(TAGGED)
PLACES = starts(UNTAGGED)


def heard_from(found: Tagged) -> Samples:
    """What soundfile decodes, which must be as much as was counted."""
    samples, rate_hz = sf.read(io.BytesIO(found.audio), dtype="float32")
    assert (len(samples), rate_hz) == (found.frames, found.rate_hz)
    return np.asarray(samples)


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 16_000, *RATES_HZ])
@pytest.mark.parametrize("mode", ["CONSTANT", "VARIABLE"])
def test_a_tagged_file_keeps_its_length(rate_hz: int, mode: str) -> None:
    """Behind our own Info frame it has as many samples as were encoded, and none of them is late."""
    sent = signal(rate_hz)
    heard = heard_from(tagged(by_soundfile(sent, rate_hz, "MP3", bitrate_mode=mode)))
    assert len(heard) == len(sent)
    assert lag(heard, sent) == 0


@pytest.mark.parametrize("how", [("-b:a", "64k"), ("-q:a", "4")], ids=["constant", "variable"])
@pytest.mark.parametrize("rate_hz", [16_000, *RATES_HZ])
def test_a_tagged_file_of_ffmpeg_keeps_its_length(rate_hz: int, how: tuple[str, ...], tmp_path: Path) -> None:
    """Its checksum is made otherwise and is right all the same; its padding never says more than one frame and 529."""
    sent = signal(rate_hz)
    mp3 = by_ffmpeg(sent, rate_hz, *how, to=tmp_path / "a.mp3")
    heard = heard_from(tagged(mp3))
    tag = mp3[past_tags(mp3) :]
    said = gaps_of(tag[: first_of(tag).frame_bytes], first_of(tag))
    assert said is not None
    assert lag(heard, sent) == 0
    assert len(heard) == len(sent) or (said.padding == first_of(tag).spf + 529 and 0 < len(heard) - len(sent) < 47)


@pytest.mark.parametrize("make", [by_lame, untagged_vbr], ids=["lame", "ffmpeg"])
@pytest.mark.parametrize("say", [signal, speech], ids=["tones", "speech"])
@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_an_untagged_stream_starts_on_time(
    rate_hz: int, say: Callable[[int], Samples], make: Callable[[Samples, int], bytes]
) -> None:
    """Nothing is late, nothing is lost, and less than one MP3 frame is left at the end."""
    sent = say(rate_hz)
    found = tagged(make(sent, rate_hz))
    heard = heard_from(found)
    assert lag(heard, sent) == 0
    assert 0 <= len(heard) - len(sent) < (1152 if rate_hz > 24_000 else 576)


@pytest.mark.parametrize("rate_hz", [24_000, 44_100])
def test_a_long_untagged_stream_comes_whole(rate_hz: int) -> None:
    """Forty seconds of variable bitrate: without the walk soundfile stops after a half or less, and says nothing.

    It takes the bitrate of the first frames for that of all, so the speech has to begin in the middle of a word.
    """
    sent = np.roll(speech(rate_hz, 40), -rate_hz // 2)
    mp3 = untagged_vbr(sent, rate_hz)
    alone, _ = sf.read(io.BytesIO(mp3), dtype="float32")
    assert len(alone) < 0.5 * len(sent)
    heard = heard_from(tagged(mp3))
    assert 0 <= len(heard) - len(sent) < 1152
    end = slice(len(sent) - 2 * rate_hz, len(sent))
    assert np.corrcoef(heard[end], sent[end])[0, 1] > 0.95


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate_hz", [8_000, 12_000, 22_050, 24_000, 44_100, 48_000])
def test_form(rate_hz: int, channels: int) -> None:
    """Rate and channels are the stream's own."""
    sent = np.stack([signal(rate_hz)] * channels, axis=1)
    found = tagged(by_soundfile(sent, rate_hz, "MP3"))
    assert (found.rate_hz, found.channels, found.frames) == (rate_hz, channels, len(sent))


@pytest.mark.parametrize("mp3", [TAGGED, UNTAGGED], ids=["tagged", "untagged"])
def test_twice_is_once(mp3: bytes) -> None:
    """What has our Info frame is given another that is equal to it, and its sound is the one that came."""
    once = tagged(mp3)
    assert tagged(once.audio) == once
    assert once.audio.endswith(UNTAGGED)


CLEAN = tagged(UNTAGGED)
MIDDLE, LAST = PLACES[len(PLACES) // 2], PLACES[-1]


@pytest.mark.parametrize(
    "mp3",
    [
        pytest.param(ID3 + UNTAGGED, id="ID3"),
        pytest.param(ID3 * 3 + UNTAGGED + ID3V1, id="ID3 thrice and at the end"),
        pytest.param(UNTAGGED + APE + ID3V1, id="APE at the end"),
        pytest.param(APE + UNTAGGED, id="APE in front"),
        pytest.param(ID3 + b"\0" * 5_000 + UNTAGGED, id="padding behind ID3"),
        pytest.param(b"\xff" * 999 + UNTAGGED, id="ones in front"),
        pytest.param(b"\xff\xfb\x90\xc4" * 99 + UNTAGGED, id="headers of no frames in front"),
        pytest.param(UNTAGGED[:MIDDLE] + b"\xff\xfb\x90\xc4\x07" * 500 + UNTAGGED[MIDDLE:], id="junk in the middle"),
        pytest.param(UNTAGGED[:MIDDLE] + ID3 + UNTAGGED[MIDDLE:], id="ID3 in the middle"),
        pytest.param(UNTAGGED[:LAST] + b"junk" + UNTAGGED[LAST:] + ID3V1, id="junk before the last"),
        pytest.param(UNTAGGED + b"\0" * 5_000, id="noughts at the end"),
        pytest.param(UNTAGGED + UNTAGGED[:20], id="a part of a frame at the end"),
    ],
)
def test_what_is_around_the_frames_is_left_out(mp3: bytes) -> None:
    """Tags and junk change nothing."""
    assert tagged(mp3) == CLEAN


def test_a_vbri_frame_is_no_sound() -> None:
    """Fraunhofer's tag is left out, and its count is held against the stream."""
    first = first_of(UNTAGGED)
    for count, wrong in ((len(PLACES), False), (len(PLACES) + 1, False), (len(PLACES) + 2, True)):
        vbri = b"VBRI\x00\x01\x04\x92\x00\x4b" + bytes(4) + count.to_bytes(4, "big")
        frame = (UNTAGGED[:4] + bytes(32) + vbri).ljust(first.frame_bytes, b"\0")
        assert claimed(frame, first) == count
        if wrong:
            with pytest.raises(AudioError, match=f"promises {count} frames, and {len(PLACES)} are there"):
                tagged(frame + UNTAGGED)
        else:
            assert tagged(frame + UNTAGGED) == CLEAN


@pytest.mark.parametrize("lost_bytes", [1, 30, 500, 4_000])
def test_a_cut_download_is_found_by_its_tag(lost_bytes: int) -> None:
    """Whatever is missing of a tagged file; both numbers are named."""
    with pytest.raises(AudioError, match=rf"cut off: its tag promises {len(PLACES)} frames, and \d+ are there"):
        tagged(TAGGED[:-lost_bytes])


def test_a_cut_stream_without_a_tag_is_what_is_there() -> None:
    """Its whole frames are heard; nobody promised more."""
    found = tagged(UNTAGGED[: MIDDLE + 7])
    assert found.frames == len(PLACES) // 2 * SPF - 576 - 529
    heard_from(found)


def test_joined_streams_are_one() -> None:
    """A server that puts file behind file is heard to the end: where alone only the first came out."""
    alone, _ = sf.read(io.BytesIO(TAGGED + ID3 + TAGGED), dtype="float32")
    assert len(alone) <= len(SIGNAL)
    found = tagged(TAGGED + ID3 + TAGGED)
    last = gaps_of(TAGGED[: first_of(TAGGED).frame_bytes], first_of(TAGGED))
    assert last is not None
    assert len(heard_from(found)) == 2 * len(PLACES) * SPF - last.delay - last.padding


def test_the_gaps_of_a_tag_are_kept() -> None:
    """Also those of an encoder with other ones than LAME's."""
    count, around = len(PLACES), Gaps(delay=1_000, padding=600)
    info = info_frame(UNTAGGED, mp3_frames=count, mp3_bytes=len(UNTAGGED), gaps=around)
    found = tagged(info + UNTAGGED)
    assert found.audio == info + UNTAGGED
    assert len(heard_from(found)) == count * SPF - 1_600


@pytest.mark.parametrize("count", [0, 0xFFFFFFFF, len(PLACES) - 9], ids=["nought", "ones", "fewer than there are"])
def test_a_count_that_is_none(count: int) -> None:
    """Where it stands for an unknown one, or more follows, nobody knows the padding: the usual one is taken off."""
    info = info_frame(UNTAGGED, mp3_frames=count, mp3_bytes=0, gaps=Gaps(delay=576, padding=2_000))
    assert tagged(info + UNTAGGED) == CLEAN


@pytest.mark.parametrize(
    "tag",
    [ID3, ID3[:5] + b"\x10" + ID3[6:] + b"3DI" + ID3[3:10], ID3V1, APE, APE_FOOT, ID3 * 2 + APE, b""],
    ids=["ID3", "ID3 with a foot", "ID3v1", "APE", "a foot alone", "several", "none"],
)
def test_where_tags_end(tag: bytes) -> None:
    """Whatever follows them."""
    assert past_tags(tag + b"fLaC") == len(tag)
    assert past_tags(tag[:50]) <= 50


def test_a_damaged_tag_is_not_believed() -> None:
    """Where its checksum is wrong the gaps are the usual ones: no sample of the sound is lost."""
    first = first_of(TAGGED)
    frame = bytearray(TAGGED[: first.frame_bytes])
    at = bytes(frame).index(b"LAME") + 21
    frame[at : at + 3] = b"\xff\xff\xff"
    assert gaps_of(bytes(frame), first) is None
    found = tagged(bytes(frame) + UNTAGGED)
    assert lag(heard_from(found), SIGNAL) == 0
    assert 0 <= found.frames - len(SIGNAL) < SPF


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param(b"", "neither MP3", id="nothing"),
        pytest.param(b"\0" * 100_000, "neither MP3", id="noughts"),
        pytest.param(b"\xff" * 100_000, "the audio is", id="ones"),
        pytest.param(ID3, "neither MP3", id="ID3 alone"),
        pytest.param(b"\0" * (JUNK_BYTES + 1_000) + UNTAGGED, "neither MP3", id="too much in front"),
        pytest.param(b"\0" * 40_000 + UNTAGGED + b"\0" * 40_000 + UNTAGGED, "more than 65536", id="too much in all"),
        pytest.param(
            UNTAGGED + b"\0" * (JUNK_BYTES + 1_000),
            "more than 65536 bytes of the MP3 belong to no frame",
            id="too much behind",
        ),
        pytest.param(b"\xff\xf1\x50\x80" + bytes(500), "AAC", id="AAC"),
        pytest.param(b"\xff\xfb\x00\xc0" + bytes(500), "free format", id="free format"),
        pytest.param(ID3 + b"\xff\xfd\x80\xc0" * 500, "layer II,", id="layer II"),
        pytest.param(b"\xff\xff\x80\xc0" * 500, "layer I,", id="layer I"),
    ],
)
def test_what_is_no_mp3(body: bytes, message: str) -> None:
    """It is said what came instead, where it can be told."""
    with pytest.raises(AudioError, match=message):
        tagged(body)


@pytest.mark.parametrize(
    ("rate_hz", "channels", "message"),
    [(44_100, 1, "24000 Hz with 1 .* to 44100 Hz with 1"), (24_000, 2, "24000 Hz with 1 .* to 24000 Hz with 2")],
    ids=["rate", "channels"],
)
def test_a_stream_that_changes(rate_hz: int, channels: int, message: str) -> None:
    """Another rate or more channels behind the first frames cannot be one sound, and are not dropped in silence."""
    other = by_soundfile(np.stack([signal(rate_hz)] * channels, axis=1), rate_hz, "MP3")
    with pytest.raises(AudioError, match=message):
        tagged(TAGGED + other)


def written(sent: Samples, rate_hz: int, kbps: int) -> bytes:
    """What a writer of MP3 makes: LAME's frames behind an Info frame."""
    mp3 = by_lame(sent, rate_hz, kbps)
    count, spf = len(starts(mp3)), first_of(mp3).spf
    around = Gaps(delay=576, padding=count * spf - 576 - len(sent))
    return info_frame(mp3, mp3_frames=count, mp3_bytes=len(mp3), gaps=around) + mp3


@pytest.mark.parametrize("odd_frames", [0, 1, 575, 1_000])
@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("kbps", [32, 64, 128])
def test_an_info_frame_makes_an_mp3_exact(kbps: int, rate_hz: int, odd_frames: int) -> None:
    """With the gaps that LAME left, decoders return the samples that were encoded; also through `tagged`."""
    sent = signal(rate_hz, 1.0, odd_frames)
    mp3 = written(sent, rate_hz, kbps)
    alone, _ = sf.read(io.BytesIO(mp3), dtype="float32")
    assert len(alone) == len(sent)
    assert lag(alone, sent) == 0
    assert tagged(mp3) == Tagged(audio=mp3, frames=len(sent), rate_hz=rate_hz, channels=1)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_ffmpeg_understands_an_info_frame(rate_hz: int, tmp_path: Path) -> None:
    """A second decoder finds the same start and the same length."""
    if not shutil.which("ffmpeg"):
        pytest.skip("ffmpeg is not installed")
    sent = signal(rate_hz)
    path = tmp_path / "a.mp3"
    path.write_bytes(written(sent, rate_hz, 64))
    taken = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "f32le", "-"]
    heard = np.frombuffer(subprocess.run(taken, capture_output=True, check=True).stdout, "<f4")
    assert len(heard) == len(sent)
    assert lag(heard, sent) == 0


def test_mutagen_understands_an_info_frame() -> None:
    """A reader of tags finds the length, the encoder and the bitrate's kind."""
    mp3 = pytest.importorskip("mutagen.mp3", reason="mutagen is not installed")
    found = mp3.MP3(io.BytesIO(CLEAN.audio)).info
    assert found.encoder_info.startswith("LAME 3.100")
    # It takes delay and padding off, and not the decoder's delay where there is no padding.
    assert found.length == pytest.approx(CLEAN.frames / RATE_HZ, abs=0.03)


def test_room_for_an_info_frame_can_be_left() -> None:
    """Its length depends on nothing that is known at the end only."""
    some = info_frame(UNTAGGED[:4], mp3_frames=0, mp3_bytes=0, gaps=Gaps(delay=0, padding=0))
    other = info_frame(UNTAGGED, mp3_frames=10**9, mp3_bytes=4 * 10**9, gaps=Gaps(delay=4095, padding=4095))
    assert len(some) == len(other) == first_of(some).frame_bytes
    assert gaps_of(other, first_of(other)) == Gaps(delay=4095, padding=4095)
    assert claimed(other, first_of(other)) == 10**9


def test_an_info_frame_has_no_checksum_of_its_own() -> None:
    """Also before frames that have one."""
    protected = UNTAGGED[:1] + bytes([UNTAGGED[1] & 0xFE]) + UNTAGGED[2:]
    around = Gaps(delay=576, padding=576)
    infos = {info_frame(each, mp3_frames=1, mp3_bytes=1, gaps=around) for each in (UNTAGGED, protected)}
    assert len(infos) == 1


@pytest.mark.parametrize(
    "around", [Gaps(delay=4096, padding=0), Gaps(delay=0, padding=4096), Gaps(delay=-1, padding=0)]
)
def test_gaps_that_no_tag_can_hold(around: Gaps) -> None:
    """They would come out as other ones."""
    with pytest.raises(ValueError, match="at most 4095"):
        info_frame(UNTAGGED, mp3_frames=1, mp3_bytes=1, gaps=around)


def test_an_info_frame_needs_a_header() -> None:
    """Without one nobody knows its length."""
    with pytest.raises(ValueError, match="00 00 is no header"):
        info_frame(b"\0\0", mp3_frames=1, mp3_bytes=1, gaps=Gaps(delay=0, padding=0))


def test_the_decoder_has_nothing_to_complain_about(capfd: pytest.CaptureFixture[str]) -> None:
    """Where the tag's byte count is off, mpg123 writes to the terminal; behind our frame it does not."""
    mp3 = TAGGED + ID3 * 40
    sf.read(io.BytesIO(mp3))
    assert "Xing stream size off" in capfd.readouterr().err
    heard_from(tagged(mp3))
    heard_from(tagged(UNTAGGED))
    assert capfd.readouterr() == ("", "")


HOSTILE = {
    "ones": b"\xff" * 4_000_000,
    "headers": b"\xff\xfb\x90" * 1_000_000,
    "many tags": b"TAG" * 1_000_000,
    "empty ID3 tags": (b"ID3\x03\x00\x00" + bytes(4)) * 300_000,
    "the smallest frames": (b"\xff\xf3\x14\xc4" + bytes(20)) * 100_000,
    "Info frames": TAGGED[: first_of(TAGGED).frame_bytes] * 10_000,
    "frames, junk, frames": (UNTAGGED[: PLACES[2]] + b"\xff\xfb\x90\xc4" * 8) * 5_000,
    "starts before tags": (UNTAGGED[: PLACES[1]] + b"TAG") * 10_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bytes_take_no_longer_than_others(name: str) -> None:
    """Megabytes made to be searched again and again are walked once."""
    began_s = time.process_time()
    with contextlib.suppress(AudioError):
        tagged(HOSTILE[name])
    assert time.process_time() - began_s < 2


def test_the_walk_is_fast() -> None:
    """Forty seconds take a few milliseconds, beside the decoder's twenty."""
    mp3 = UNTAGGED * 20
    assert tagged(mp3).frames > 40 * RATE_HZ
    taken_s = []
    for _ in range(5):
        began_s = time.process_time()
        tagged(mp3)
        taken_s.append(time.process_time() - began_s)
    assert min(taken_s) < 0.02


@given(st.binary(max_size=3_000), st.sampled_from([b"", ID3, UNTAGGED[:200], TAGGED[:400], b"\xff\xfb\x90\xc4"]))
def test_any_bytes(body: bytes, before: bytes) -> None:
    """They are an MP3 or an `AudioError`."""
    try:
        found = tagged(before + body)
    except AudioError:
        return
    assert found.frames >= 0


@given(
    st.sampled_from([TAGGED, UNTAGGED]),
    st.lists(st.tuples(st.integers(0, len(TAGGED) - 1), st.integers(0, 255)), max_size=20),
    st.integers(0, len(TAGGED)),
)
def test_damaged_files(mp3: bytes, changes: list[tuple[int, int]], kept_bytes: int) -> None:
    """Cut anywhere and with any bytes changed, the decoder still returns as much as was counted."""
    damaged = bytearray(mp3)
    for at, value in changes:
        damaged[min(at, len(mp3) - 1)] = value
    try:
        found = tagged(bytes(damaged[:kept_bytes]))
    except AudioError:
        return
    if found.frames:
        heard_from(found)
