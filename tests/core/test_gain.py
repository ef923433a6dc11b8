"""How much louder: speakers towards the median, the whole to its target, a stream by small steps."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_async.core.gain import (
    CODECS,
    MOST_DB,
    STEP_DB,
    TARGETS_LUFS,
    Level,
    next_gain_db,
    programme_gain_db,
    speaker_gains_db,
    target_lufs,
)
from tts_async.errors import ConfigError

DB = st.floats(-60, 60)


def levels(**speakers: tuple[float, float]) -> dict[str, Level]:
    return {name: Level(lufs=lufs, speech_s=speech_s) for name, (lufs, speech_s) in speakers.items()}


@pytest.mark.parametrize(
    ("speakers", "gains"),
    [
        ({}, {}),
        ({"ann": (-20, 60)}, {"ann": 0}),
        ({"ann": (-20, 60), "ben": (-24, 60)}, {"ann": -2, "ben": 2}),
        ({"ann": (-20, 60), "ben": (-24, 60), "cat": (-21, 60)}, {"ann": -1, "ben": 3, "cat": 0}),
        ({"ann": (-20, 60), "ben": (-40, 60), "cat": (-21, 60)}, {"ann": -1, "ben": 6, "cat": 0}),
        ({"ann": (-20, 60), "ben": (-5, 60), "cat": (-21, 60)}, {"ann": 0, "ben": -6, "cat": 1}),
        ({"ann": (-20, 5), "ben": (-24, 5), "cat": (-9, 4.9)}, {"ann": -2, "ben": 2, "cat": 0}),
        ({"ann": (-20, 60), "ben": (-math.inf, 60)}, {"ann": 0, "ben": 0}),
        ({"ann": (-20, 1), "ben": (-30, 1)}, {"ann": 0, "ben": 0}),
    ],
    ids=[
        "nobody",
        "one",
        "two",
        "three",
        "far too quiet",
        "far too loud",
        "says too little",
        "silent",
        "nobody enough",
    ],
)
def test_speakers_meet_at_the_median(speakers: dict[str, tuple[float, float]], gains: dict[str, float]) -> None:
    """At most 6 dB each way, and only who has spoken for 5 s is judged, or has a say."""
    assert speaker_gains_db(levels(**speakers)) == pytest.approx(gains)


@given(st.dictionaries(st.text(max_size=3), st.tuples(DB, st.floats(0, 100)), max_size=8))
def test_everybody_has_a_gain(speakers: dict[str, tuple[float, float]]) -> None:
    """In bounds, for every speaker, and not one louder than whom it was quieter than."""
    known = {name: Level(lufs=lufs, speech_s=speech_s) for name, (lufs, speech_s) in speakers.items()}
    gains = speaker_gains_db(known)
    assert gains.keys() == known.keys()
    assert all(abs(gain) <= MOST_DB for gain in gains.values())
    judged = sorted((level.lufs, level.lufs + gains[name]) for name, level in known.items() if level.speech_s >= 5)
    assert [after for _, after in judged] == pytest.approx(sorted(after for _, after in judged))


@pytest.mark.parametrize(
    ("measured", "target", "gain"),
    [(-26, -19, 7), (-10, -19, -9), (-60, -16, 44), (-math.inf, -16, 0), (-26, None, 0)],
    ids=["up", "down", "far", "silence", "left alone"],
)
def test_the_programme_meets_its_target(measured: float, target: float | None, gain: float) -> None:
    """However far it is; silence stays silent, and no target means no gain."""
    assert programme_gain_db(measured, target) == pytest.approx(gain)


@pytest.mark.parametrize(
    ("purpose", "channels", "target"),
    [("podcast", 1, -19), ("podcast", 2, -16), ("broadcast", 1, -23), ("broadcast", 2, -23), ("none", 1, None)],
)
def test_targets(purpose: str, channels: int, target: float | None) -> None:
    """A mono file is played by two loudspeakers, which a meter does not know."""
    assert target_lufs(purpose, channels=channels) == target


def test_an_unknown_purpose_is_told_what_there_is() -> None:
    """The sentence names them all."""
    with pytest.raises(ConfigError, match="'loud'; there are podcast, broadcast, none"):
        target_lufs("loud")


@given(now=DB, wanted=DB)
def test_a_stream_goes_by_small_steps(now: float, wanted: float) -> None:
    """At most 1 dB a pause, never past what is wanted, and there after as many pauses as it takes."""
    after = next_gain_db(now, wanted)
    assert abs(after - now) <= STEP_DB + 1e-9
    assert min(now, wanted) - 1e-9 <= after <= max(now, wanted) + 1e-9
    for _ in range(math.ceil(abs(wanted - now))):
        now = next_gain_db(now, wanted)
    assert now == pytest.approx(wanted)


def test_lossy_codecs_have_a_lower_ceiling() -> None:
    """What is encoded comes back with higher peaks; nothing goes out over -1 dBTP."""
    assert {suffix for suffix, codec in CODECS.items() if codec.ceiling_dbtp == -1} == {".wav", ".flac"}
    assert all(-3 < codec.ceiling_dbtp <= -1 for codec in CODECS.values())
    assert all(target is None or target[1] <= -16 for target in TARGETS_LUFS.values())
