"""How much louder each clip is made, by what was heard."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tts_async.sound.balance import Measured, Running, Speakers, Unchanged
from tts_async.sound.loudness import pooled
from tts_async.sound.meter import subblocks
from tts_async.sound.profile import Profile, profile

RATE_HZ = 24_000


def said(amplitude: float, length_s: float = 6.0) -> NDArray[np.float32]:
    wave = amplitude * np.sin(2 * np.pi * 440 * np.arange(round(length_s * RATE_HZ)) / RATE_HZ)
    return wave.astype(np.float32)


def heard(amplitude: float, length_s: float = 6.0) -> Profile:
    return profile(said(amplitude, length_s), RATE_HZ)


def measured(clips: list[tuple[str, Profile]], target_lufs: float) -> Measured:
    speakers = Speakers()
    for speaker, clip in clips:
        speakers.add(speaker, clip)
    found = Measured(speakers.gains_db(), target_lufs)
    for speaker, clip in clips:
        found.add(speaker, clip, pause_s=0.3)
    return found


def test_speakers_are_heard_alike_at_the_target() -> None:
    """Three speakers 4 dB apart come out at one level, and the whole at the target."""
    amplitudes = {"low": 0.1, "middle": 0.1585, "high": 0.2512}
    clips = [(name, heard(amplitude)) for name, amplitude in amplitudes.items()]
    gains = measured(clips, -19.0)
    made = [said(amplitudes[name]) * np.float32(10 ** (gains.gain_db(name, clip) / 20)) for name, clip in clips]
    levels = [pooled([subblocks(each, RATE_HZ)]).integrated_lufs for each in made]
    assert levels == pytest.approx([levels[0]] * 3, abs=0.01)
    assert levels[0] == pytest.approx(-19.0, abs=0.25)  # The whole has pauses, of which some pass the gate.


def test_one_speaker_never_jumps() -> None:
    """Every clip of a speaker takes the same gain, however loud it is itself."""
    clips = [("one", heard(0.2)), ("one", heard(0.05)), ("other", heard(0.1))]
    gains = measured(clips, -19.0)
    assert gains.gain_db(*clips[0]) == gains.gain_db(*clips[1])


def test_a_whisper_stays_softer() -> None:
    """A speaker is made louder by 6 dB at most, against the others."""
    clips = [("one", heard(0.2)), ("other", heard(0.2)), ("soft", heard(0.02))]
    gains = measured(clips, -19.0)
    assert gains.gain_db(*clips[2]) - gains.gain_db(*clips[0]) == pytest.approx(6.0)


def test_who_says_little_is_left_alone() -> None:
    """A word of half a second says nothing of a voice; it takes the gain of the whole."""
    clips = [("one", heard(0.2)), ("other", heard(0.05, 0.5))]
    gains = measured(clips, -19.0)
    assert gains.gain_db(*clips[1]) == gains.gain_db(*clips[0])


def test_silence_is_not_made_louder() -> None:
    """A programme of which nothing is heard is left as it is."""
    nothing = profile(np.zeros(48_000, np.float32), RATE_HZ)
    assert measured([("one", nothing)], -19.0).gain_db("one", nothing) == 0
    assert Running(-19.0).gain_db("one", nothing) == 0


def test_a_stream_begins_at_its_target_and_moves_slowly() -> None:
    """The first clip is at the target; one that is 8 dB softer changes the gain of the next by a decibel at most."""
    gains = Running(-19.0)
    first = gains.gain_db("one", heard(0.2))
    assert first == pytest.approx(-19.0 - pooled([heard(0.2).energies]).integrated_lufs)
    later = [gains.gain_db("one", heard(0.08)) for _ in range(12)]
    steps = np.diff([first, *later])
    assert (np.abs(steps) <= 1 + 1e-9).all()
    assert later[-1] > first + 2


def test_a_streams_speakers_are_brought_together() -> None:
    """The second speaker, 5 dB softer, begins at a gain of its own."""
    gains = Running(-19.0)
    one = gains.gain_db("one", heard(0.2))
    other = gains.gain_db("other", heard(0.1125))
    assert other - one > 4


def test_nothing_changes_unless_asked() -> None:
    """Without a target every clip is left as it came."""
    assert Unchanged().gain_db("one", heard(0.2)) == 0
