"""What is noted of a clip: where it sounds, how loud it is, where its noise floor is heard."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tts_async.sound.edges import edges
from tts_async.sound.loudness import pooled
from tts_async.sound.meter import subblocks
from tts_async.sound.profile import Profile, from_bytes, profile, to_bytes
from tts_async.sound.room_tone import RoomTone

RATE_HZ = 24_000


def sound(
    lead_s: float, length_s: float, trail_s: float, *, amplitude: float = 0.3, floor: float = 0.0
) -> NDArray[np.float32]:
    lead, length, trail = (round(seconds * RATE_HZ) for seconds in (lead_s, length_s, trail_s))
    clip = floor * np.random.default_rng(3).standard_normal(lead + length + trail)
    clip[lead : lead + length] += amplitude * np.sin(2 * np.pi * 200 * np.arange(length) / RATE_HZ)
    return clip.astype(np.float32)


@pytest.mark.parametrize("amplitude", [0.9, 0.03, 0.001], ids=["loud", "soft", "very soft"])
@pytest.mark.parametrize(("lead_s", "trail_s"), [(0.1, 0.2), (0.5, 0.03), (1.0, 3.0)])
def test_rests_are_found_at_any_level(lead_s: float, trail_s: float, amplitude: float) -> None:
    """The threshold is relative to the speech of the clip, so its level does not matter."""
    clip = sound(lead_s, 1.0, trail_s, amplitude=amplitude, floor=amplitude / 1000)
    found = edges(clip, RATE_HZ)
    assert found.start / RATE_HZ == pytest.approx(lead_s, abs=0.0101)
    assert found.end / RATE_HZ == pytest.approx(lead_s + 1.0, abs=0.0101)
    assert found.floor is not None
    assert np.abs(clip[found.floor : found.floor + 1_200]).max() < amplitude / 100


def test_a_clip_in_full_voice_has_no_floor() -> None:
    """It sounds from end to end, and nothing in it can stand for the room."""
    found = edges(sound(0, 1.0, 0), RATE_HZ)
    assert (found.start, found.floor) == (-216, None)
    assert found.end == pytest.approx(RATE_HZ + 216, abs=24)


@pytest.mark.parametrize("frames", [0, 1, 239, 240, 5_000])
def test_silence_is_whole(frames: int) -> None:
    """Nothing is cut off where nothing is heard."""
    found = edges(np.zeros(frames, np.float32), RATE_HZ)
    assert (max(0, found.start), min(frames, found.end)) == (0, frames)


def test_it_is_measured_without_its_rests() -> None:
    """The energies are those of what is heard: rests of seconds change nothing."""
    bare, rested = profile(sound(0, 3.0, 0), RATE_HZ), profile(sound(2.0, 3.0, 4.0), RATE_HZ)
    assert rested.frames == pytest.approx(bare.frames, abs=48)
    assert pooled([rested.energies]).integrated_lufs == pytest.approx(pooled([bare.energies]).integrated_lufs, abs=0.1)


@given(st.integers(0, 50_000), st.integers(0, 2**32 - 1))
def test_what_is_written_is_read(frames: int, seed: int) -> None:
    """Every figure comes back as it was; the level as a float32."""
    clip = (0.1 * np.random.default_rng(seed).standard_normal(frames)).astype(np.float32)
    made = profile(clip, RATE_HZ)
    read = from_bytes(to_bytes(made))
    assert read is not None
    assert (read.rate_hz, read.edges.start, read.edges.end) == (made.rate_hz, made.edges.start, made.edges.end)
    assert read.edges.floor == made.edges.floor
    assert read.edges.level_db == pytest.approx(made.edges.level_db, abs=1e-4)
    assert np.array_equal(read.energies, made.energies)
    assert np.array_equal(read.peaks, made.peaks)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda whole: b"",
        lambda whole: whole[:20],
        lambda whole: whole[:-4],
        lambda whole: bytes(len(whole)),
        lambda whole: whole[:30] + bytes([whole[30] ^ 1]) + whole[31:],
        lambda whole: b"\x09" + whole[1:],
    ],
    ids=["nothing", "a head", "a sub-block less", "zeros", "a flipped bit", "another version"],
)
def test_what_is_not_whole_is_heard_again(spoil: object) -> None:
    """A note that a power failure has cut, or another version has made, is none."""
    assert callable(spoil)
    whole = to_bytes(profile(sound(0.1, 1.0, 0.1), RATE_HZ))
    assert isinstance(from_bytes(whole), Profile)
    assert from_bytes(spoil(whole)) is None


def test_room_tone_is_like_its_room() -> None:
    """As loud as the quiet stretch, with more of what it has more of, and without a seam where it begins anew."""
    dice = np.random.default_rng(5)
    low = np.convolve(dice.standard_normal(1_300), np.ones(101) / 101, "valid")[:1_200].astype(np.float32) * 0.01
    tone = RoomTone(low)
    made = np.concatenate([tone.take(length) for length in (1, 999, 40_000, 30_000)])
    assert np.sqrt(np.mean(made**2)) == pytest.approx(np.sqrt(np.mean(low**2)), rel=0.1)
    assert np.abs(np.diff(made)).max() < 5 * np.abs(np.diff(low)).max()
    assert np.array_equal(made[:1_000], RoomTone(low).take(1_000))
    assert not np.array_equal(made[:1_000], made[1_000:2_000])


def test_room_tone_of_silence_is_silence() -> None:
    """A clip whose rests are digital silence has pauses of it."""
    assert not RoomTone(np.zeros(1_200, np.float32)).take(5_000).any()
    assert not RoomTone(np.zeros(0, np.float32)).take(5_000).any()


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 24_000])
def test_the_peaks_are_those_of_ten_milliseconds(rate_hz: int) -> None:
    """One sample that stands out is in one row and column, whatever the rate and however long the clip."""
    clip = np.full(rate_hz * 12, 0.1, np.float32)
    for at_s in (0.0, 5.0, 7.035, 11.99):
        clip[round(at_s * rate_hz)] = -0.9
    made = profile(clip, rate_hz)
    shape = (len(made.energies), 10)
    assert made.peaks.shape == shape
    high = np.flatnonzero(made.peaks.ravel() > 0.5) - round(10 * max(0, -made.edges.start) / rate_hz)
    assert high.tolist() == [0, 500, 703, 1_199]


def test_the_meter_hears_the_same_energies() -> None:
    """The profile's energies are the meter's, from the first edge to the last."""
    clip = sound(0.1, 1.0, 0.1)
    made = profile(clip, RATE_HZ)
    assert np.array_equal(made.energies, subblocks(clip[made.edges.start : made.edges.end], RATE_HZ))
