"""Balance: how much louder or quieter each clip is made, so that all speakers are heard alike, at the level asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from tts_async.core.gain import Level, next_gain_db, programme_gain_db, speaker_gain_db, speaker_gains_db
from tts_async.sound.loudness import Loudness, Programme
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

    def add(self, speaker: str, heard: Profile, *, pause_s: float) -> None:
        """Hear a clip as it will be, and the pause behind it."""
        gain_db = self._speakers[speaker]
        self._programme.add(heard.energies, frames=heard.frames, rate_hz=heard.rate_hz, gain_db=gain_db)
        self._programme.pause(pause_s)

    def gain_db(self, speaker: str, heard: Profile) -> float:
        """Return the speaker's gain and the programme's."""
        loudness = self._programme.loudness.integrated_lufs
        return self._speakers[speaker] + programme_gain_db(loudness, self._target_lufs)


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
