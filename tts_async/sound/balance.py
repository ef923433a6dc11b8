"""Balance: how much louder or quieter each clip is made, so that all speakers are heard alike, at the level asked for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Protocol

from tts_async.core.gain import Level, next_gain_db, programme_gain_db, speaker_gain_db, speaker_gains_db
from tts_async.sound.loudness import Loudness, Programme
from tts_async.sound.makeup import LOUDER_DB, limited, makeup_db
from tts_async.sound.profile import Profile


class Leveller(Protocol):
    """Decides gains in the order of the text."""

    def gain_db(self, speaker: str, heard: Profile) -> float:
        """Return the gain of the next clip."""


class Unchanged:
    """Leaves every clip as it came."""

    def gain_db(self, speaker: str, heard: Profile) -> float:
        """Return 0."""
        return 0.0


class Speakers:
    """How loud each speaker is, over all that was heard of each."""

    def __init__(self) -> None:
        self._heard: dict[str, Loudness] = {}

    def add(self, speaker: str, heard: Profile) -> None:
        """Hear a clip; in the order of the text, so that sums come out alike."""
        self._heard.setdefault(speaker, Loudness()).add(heard.energies)

    def gains_db(self) -> dict[str, float]:
        """Return the gain that brings each to the median one."""
        return speaker_gains_db({name: _level(loudness) for name, loudness in self._heard.items()})


class Measured:
    """The gains of a programme of which everything was heard: first by `add`, clip by clip, then asked for."""

    def __init__(self, speakers: Mapping[str, float], target_lufs: float) -> None:
        self._speakers = speakers
        self._target_lufs = target_lufs
        self._programme = Programme()
        self._peak_db = -math.inf

    def add(self, speaker: str, heard: Profile, *, pause_s: float) -> None:
        """Hear a clip as it will be, and the pause behind it."""
        gain_db = self._speakers[speaker]
        self._programme.add(heard.energies, frames=heard.frames, rate_hz=heard.rate_hz, gain_db=gain_db)
        self._programme.pause(pause_s)
        peak = float(heard.peaks.max(initial=0.0))
        self._peak_db = max(self._peak_db, 20 * math.log10(peak) + gain_db if peak else -math.inf)

    def gain_db(self, speaker: str, heard: Profile) -> float:
        """Return the speaker's gain and the programme's."""
        return self._speakers[speaker] + self._programme_db

    @property
    def peak_db(self) -> float:
        """The highest sample of all, with its gain, in dBFS; minus infinity for silence."""
        return self._peak_db + self._programme_db

    @property
    def length_s(self) -> float:
        """How long all of it is."""
        return self._programme.length_s

    @property
    def target_lufs(self) -> float:
        """The loudness that is aimed at."""
        return self._target_lufs

    @property
    def _programme_db(self) -> float:
        return programme_gain_db(self._programme.loudness.integrated_lufs, self._target_lufs)


class Limited:
    """The gains of a measured programme whose peaks go over a ceiling: what the limiter will take is made up for.

    As `Measured`, first by `add`, clip by clip, then asked for.
    """

    def __init__(self, measured: Measured, ceiling_db: float) -> None:
        self._measured = measured
        self._ceiling_db = ceiling_db
        self._programmes = [Programme() for _ in LOUDER_DB]

    def add(self, speaker: str, heard: Profile, *, pause_s: float) -> None:
        """Hear a clip as the limiter will leave it, at a few gains, and the pause behind it."""
        gain_db = self._measured.gain_db(speaker, heard)
        for louder_db, programme in zip(LOUDER_DB, self._programmes, strict=True):
            energies = limited(heard, gain_db + louder_db, self._ceiling_db)
            programme.add(energies, frames=heard.frames, rate_hz=heard.rate_hz)
            programme.pause(pause_s)

    def gain_db(self, speaker: str, heard: Profile) -> float:
        """Return the gain as it was measured, and what makes up for the limiter."""
        found_lufs = [programme.loudness.integrated_lufs for programme in self._programmes]
        return self._measured.gain_db(speaker, heard) + makeup_db(found_lufs, self._measured.target_lufs)


class Corrected:
    """The gains of another leveller, all louder by as much as a rehearsal came out too quiet."""

    def __init__(self, leveller: Leveller, louder_db: float) -> None:
        self._leveller = leveller
        self._louder_db = louder_db

    def gain_db(self, speaker: str, heard: Profile) -> float:
        """Return the other's gain, and the correction."""
        return self._leveller.gain_db(speaker, heard) + self._louder_db


class Running:
    """The gains of a stream, of which only what came so far was heard: each speaker's moves by 1 dB a clip at most."""

    def __init__(self, target_lufs: float) -> None:
        self._target_lufs = target_lufs
        self._all = Loudness()
        self._heard: dict[str, Loudness] = {}
        self._gains_db: dict[str, float] = {}

    def gain_db(self, speaker: str, heard: Profile) -> float:
        """Return the gain of the next clip, with what is heard in it."""
        own = self._heard.setdefault(speaker, Loudness())
        for loudness in (own, self._all):
            loudness.add(heard.energies)
        everyone_lufs = self._all.integrated_lufs
        wanted_db = programme_gain_db(everyone_lufs, self._target_lufs) + speaker_gain_db(_level(own), everyone_lufs)
        before_db = self._gains_db.get(speaker, wanted_db)
        self._gains_db[speaker] = next_gain_db(before_db, wanted_db)
        return self._gains_db[speaker]


def _level(loudness: Loudness) -> Level:
    return Level(lufs=loudness.integrated_lufs, speech_s=loudness.gated_s)
