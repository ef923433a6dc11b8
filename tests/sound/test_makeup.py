"""What a limiter takes of the loudness is foreseen, and made up for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.sound.test_balance import measured
from tts_async.sound.balance import Limited
from tts_async.sound.limiter import Limiter
from tts_async.sound.loudness import pooled
from tts_async.sound.makeup import LOUDER_DB, limited, makeup_db
from tts_async.sound.meter import subblocks
from tts_async.sound.profile import profile

RATE_HZ = 24_000
CEILING_DB = -1.0
Samples = NDArray[np.float32]


def voice(seconds: float = 20.0, pitch_hz: float = 100.0, *, seed: int = 1) -> Samples:
    """Pulses that ring, as a voice's do, in syllables of many levels."""
    dice = np.random.default_rng(seed)
    count = round(seconds * RATE_HZ)
    pulses = np.zeros(count)
    pulses[:: round(RATE_HZ / pitch_hz)] = 1
    ring = np.exp(-np.arange(200) / 20) * np.sin(2 * np.pi * 700 * np.arange(200) / RATE_HZ)
    levels = 10 ** (dice.uniform(-14, 0, round(seconds * 5) + 2) / 20)
    said = np.convolve(pulses, ring)[:count] * np.interp(np.arange(count), np.arange(len(levels)) * RATE_HZ / 5, levels)
    return (0.5 * said + 1e-4 * dice.standard_normal(count)).astype(np.float32)


def behind_limiter(samples: Samples, gain_db: float) -> Samples:
    limiter = Limiter(RATE_HZ, CEILING_DB)
    return np.concatenate((limiter.add(samples * np.float32(10 ** (gain_db / 20))), limiter.finish()))


def loudness_lufs(samples: Samples) -> float:
    return pooled([subblocks(samples, RATE_HZ)]).integrated_lufs


MADE: dict[str, Callable[[], Samples]] = {
    "low voice": lambda: voice(pitch_hz=80),
    "high voice": lambda: voice(pitch_hz=230),
    "tone": lambda: (0.3 * np.sin(np.arange(20 * RATE_HZ) * 0.1)).astype(np.float32),
    "noise": lambda: (0.1 * np.random.default_rng(2).standard_normal(10 * RATE_HZ)).astype(np.float32),
}


@pytest.mark.parametrize("gain_db", [0.0, 4.0, 8.0])
@pytest.mark.parametrize("made", MADE)
def test_the_loss_is_foreseen(made: str, gain_db: float) -> None:
    """The energies that are foreseen are as loud as what the limiter gives, to a tenth of what it takes."""
    samples = MADE[made]()
    heard = profile(samples, RATE_HZ)
    peak_db = 20 * np.log10(np.abs(samples).max())
    gain_db += CEILING_DB - float(peak_db)
    before = loudness_lufs(samples) + gain_db
    found = loudness_lufs(behind_limiter(samples, gain_db))
    foreseen = pooled([limited(heard, gain_db, CEILING_DB)]).integrated_lufs
    assert foreseen == pytest.approx(found, abs=0.03 + 0.05 * (before - found))


def test_speech_is_foreseen(speech: Samples) -> None:
    """So it is for speech, at the loudness of a podcast and louder."""
    heard = profile(speech, RATE_HZ)
    speech = speech[max(0, heard.edges.start) : heard.edges.end]
    for target_lufs in (-19.0, -16.0, -13.0):
        gain_db = target_lufs - loudness_lufs(speech)
        found = loudness_lufs(behind_limiter(speech, gain_db))
        assert pooled([limited(heard, gain_db, CEILING_DB)]).integrated_lufs == pytest.approx(found, abs=0.08)


def test_what_stays_under_the_ceiling_keeps_its_energies() -> None:
    """Where the limiter has nothing to do, nothing is foreseen."""
    heard = profile(voice(), RATE_HZ)
    assert limited(heard, 0.0, CEILING_DB) == pytest.approx(heard.energies)


def test_the_target_is_met_behind_the_limiter() -> None:
    """Two voices whose peaks go far over the ceiling come out at their target, all the same."""
    clips = {"low": voice(pitch_hz=80), "high": voice(pitch_hz=230, seed=5)}
    heard = [(name, profile(samples, RATE_HZ)) for name, samples in clips.items()]
    gains = measured(heard, -16.0)
    assert gains.peak_db > CEILING_DB + 2
    louder = Limited(gains, CEILING_DB)
    for name, clip in heard:
        louder.add(name, clip, pause_s=0.3)
    made = [behind_limiter(clips[name], louder.gain_db(name, clip)) for name, clip in heard]
    plain = [behind_limiter(clips[name], gains.gain_db(name, clip)) for name, clip in heard]
    pause = np.zeros(round(0.3 * RATE_HZ), np.float32)
    assert loudness_lufs(np.concatenate((made[0], pause, made[1]))) == pytest.approx(-16.0, abs=0.1)
    assert loudness_lufs(np.concatenate((plain[0], pause, plain[1]))) < -16.3


@given(loss=st.floats(0, 1.5), target=st.floats(-30, -10))
def test_a_steady_loss_is_made_up_for(loss: float, target: float) -> None:
    """Where every gain loses the same, it is added."""
    found = [target + louder_db - loss for louder_db in LOUDER_DB]
    assert makeup_db(found, target) == pytest.approx(loss, abs=1e-9)


@pytest.mark.parametrize(
    ("found", "makeup"),
    [([-np.inf] * 6, 0.0), ([-19.0, -18.75, -18.5, -18, -17, -15], 0.0), ([-25.0] * 6, 4.0)],
    ids=["silence", "no loss", "out of reach"],
)
def test_makeup_has_bounds(found: list[float], makeup: float) -> None:
    """Silence is not made louder, and what cannot reach the target is made louder by 4 dB at most."""
    assert makeup_db(found, -19.0) == makeup
