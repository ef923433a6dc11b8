"""How long a text sounds: what holds for any voice, and what a voice's own clips teach.

A text has a spoken weight, in letters, and a voice sounds for so many seconds per weight. The constants come from 1,400
clips of five voices, of texts that tests/bench/verdict.py does not report on; docs/explanation/verdict.md has its figures.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from statistics import median

FASTEST_S, SLOWEST_S = 0.008, 0.3
"""Seconds per weight that no voice leaves: 0.03 to 0.07 are usual, and services speak at 0.25 to 4 times their speed."""

ONSET = 1
DRAWN_OUT = ((re.compile(r"[.!?…。！？]+(?=\W|$)"), 2.0),)
"""What a text and each of its sentences weigh beyond their characters: a last word is drawn out."""

NOT_SPOKEN = ((re.compile(r"[\s\"“”„«»()\[\]]"), -1.0),)

READ_OUT = ((re.compile(r"\d"), 5.0), (re.compile(r"[#$%&+/<=>@£¥°€]"), 9.0), (re.compile(r"www", re.IGNORECASE), 20.0))
"""What is longer to say than to write, and by how many letters; voices and languages differ in it."""

WIDE = (
    (re.compile(r"[\u3040-\u30ff]"), 1.0),  # kana
    (re.compile(r"[\uac00-\ud7af]"), 2.0),  # Hangul
    (re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"), 2.5),  # Han
)
"""The same for scripts that write a syllable or a word with one character."""

LESS, MORE = (0.08, 24.0), (0.15, 36.0)
"""How far a clip may be under and over what its text takes: a share, and so many letters of any text."""

DOUBT = 1.0
"""How much further, times the square of the share of the weight that is `READ_OUT`."""

FEW = 50.0
"""How much further, as a share of all the weight that was learned from."""

LEARNED_CLIPS, STEADY_CLIPS, WINDOW_CLIPS = 3, 8, 64
"""With how many clips a voice's own tempo counts, with how many its own scatter, and how many are remembered.

Of three, one that is cut or looped and was not found out is outvoted.
"""

TYPICAL, SPREADS = 0.8, 2.0
"""Twice what four clips in five keep to is allowed, where that is more: 2.6 standard deviations, and one clip in five may be bad."""

TRAIL_CLIPS, TRAIL_S, NO_TRAIL_S = 16, 0.05, 0.03
"""A voice whose last so many clips all ended in at least 0.05 s of silence does not end in less than 0.03 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What one clip taught."""

    weight: float
    speech_s: float
    trail_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tempo:
    """What the clips of one voice taught, the last ones last; keep one for each provider, voice, its settings and language."""

    known: tuple[Known, ...] = ()


def weight(text: str) -> float:
    """How long a text is to say, in letters."""
    return ONSET + len(text) + _more(text, (*NOT_SPOKEN, *DRAWN_OUT, *READ_OUT, *WIDE))


def learned(tempo: Tempo, text: str, *, speech_s: float, trail_s: float) -> Tempo:
    """Learn from a clip that was accepted. The order decides, so it has to be the text's."""
    new = Known(weight=weight(text), speech_s=speech_s, trail_s=trail_s)
    return Tempo(known=(*tempo.known, new)[-WINDOW_CLIPS:])


def misfit(tempo: Tempo, text: str, *, speech_s: float, trail_s: float) -> str:
    """Say why a clip is not one of this text; "" where it may be. Read it after "the audio".

    ``speech_s`` is how long it sounds, pauses left out, ``trail_s`` the silence at its end.
    """
    least_s, most_s = bounds_s(tempo, text)
    if speech_s < least_s:
        return f"sounds for {speech_s:.1f} s, where {len(text)} characters take at least {least_s:.1f} s"
    if speech_s > most_s:
        return f"sounds for {speech_s:.1f} s, where {len(text)} characters take at most {most_s:.1f} s"
    trails_s = [clip.trail_s for clip in tempo.known]
    if len(trails_s) < TRAIL_CLIPS or min(trails_s) < TRAIL_S or trail_s >= min(NO_TRAIL_S, min(trails_s) / 4):
        return ""
    return f"ends with its last sound, where this voice leaves at least {min(trails_s):.2f} s of silence"


def bounds_s(tempo: Tempo, text: str) -> tuple[float, float]:
    """How long a text sounds, at least and at most."""
    heavy, known = weight(text), tempo.known
    doubt = DOUBT * (_more(text, READ_OUT) / heavy) ** 2
    scatter, fastest_s, slowest_s = 1.0, FASTEST_S, SLOWEST_S
    if len(known) >= LEARNED_CLIPS:
        fastest_s = slowest_s = _usual_s(known)
        scatter = _scatter(known, fastest_s)
        doubt += FEW / sum(clip.weight for clip in known)
    less, more = (scatter * _slack(allowed, heavy) + doubt for allowed in (LESS, MORE))
    return heavy * fastest_s / (1 + less), heavy * slowest_s * (1 + more)


def _usual_s(known: tuple[Known, ...]) -> float:
    """Seconds per weight, by the longer half of the clips, and no fewer than are needed to outvote one."""
    longer = sorted(known, key=lambda clip: clip.weight)[-max(LEARNED_CLIPS, len(known) // 2) :]
    return median(clip.speech_s / clip.weight for clip in longer)


def _scatter(known: tuple[Known, ...], s_per_weight: float) -> float:
    """How many times as far as `LESS` and `MORE` a voice strays; 1 while little is known of it."""
    if len(known) < STEADY_CLIPS:
        return 1.0
    strayed = sorted(
        abs(math.log(max(clip.speech_s, 0.01) / (clip.weight * s_per_weight))) / _slack(LESS, clip.weight)
        for clip in known
    )
    return max(1.0, SPREADS * strayed[int(TYPICAL * len(strayed))])


def _slack(allowed: tuple[float, float], heavy: float) -> float:
    share, letters = allowed
    return share + letters / heavy


def _more(text: str, table: tuple[tuple[re.Pattern[str], float], ...]) -> float:
    return sum(more * len(found.findall(text)) for found, more in table)
