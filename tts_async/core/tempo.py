"""How long a text sounds: what holds for any voice, and what a voice's own clips teach.

A text has a spoken weight, in letters, and a voice sounds for so many seconds per letter. The constants were fitted
to the half of the texts that tests/bench/verdict.py does not report on; docs/explanation/verdict.md has what they find.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

FASTEST_S, SLOWEST_S = 0.008, 0.3
"""Seconds per letter that no voice leaves: 0.04 to 0.07 are usual, and services speak at a quarter of it to four times as much."""

ONSET = 1
"""What a text weighs beyond its characters."""

SPOKEN = (
    (re.compile(r"[\s\"“”„«»()\[\]]"), -1.0),
    (re.compile(r"[.!?…。！？]+(?=\W|$)"), 2.0),
    (re.compile(r"[\u3040-\u30ff]"), 1.0),
    (re.compile(r"[\uac00-\ud7af]"), 2.0),
    (re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"), 2.5),
)
"""What weighs more than it has characters, or less: what is not said, a sentence's drawn-out end, kana, Hangul, Han."""

READ_OUT = ((re.compile(r"\d"), 5.0), (re.compile(r"[#$%&+/<=>@£¥°€]"), 9.0), (re.compile(r"www", re.IGNORECASE), 20.0))
"""The same for what is read out in words, or is not: voices and languages differ in it."""

LESS, MORE = (0.07, 24.0), (0.15, 36.0)
"""How far a clip may be under and over what its text takes: a share of it, and so many letters of any text."""

DOUBT = 1.5
"""How much further, times the square of the share of the weight that is `READ_OUT`."""

FEW = 30.0
"""How much further, as letters of all that was learned from."""

LEARNED_CLIPS, STEADY_CLIPS, WINDOW_CLIPS = 3, 8, 64
"""From how many clips on, the judged one among them, a voice's own tempo counts; from how many good ones its own scatter;
how many are remembered."""

SURE_CLIPS = 5
"""No fewer say how fast a voice is, where there are as many: two of five that are cut or looped are outvoted."""

TYPICAL, SPREADS = 0.8, 2.0
"""Twice as far as four in five of a voice's clips stray is allowed, where that is more: 2.6 standard deviations."""

EXACT = 0.02
"""Nearer than this to so many seconds a character is no voice, only a test's signal, and that is given its due."""

TRAIL_CLIPS, TRAIL_S, NO_TRAIL_S = 16, 0.05, 0.03
"""A voice whose last clips, so many at least, all ended in 0.05 s of silence or more does not end in less than 0.03 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What one clip taught; ``trail_s`` is the silence at its end, ``None`` where nobody measured it.

    One that is not ``good``, or not judged yet, has a say in how fast the voice is, and in nothing else: were only what
    has been accepted heard, whoever comes first could have all others refused.
    """

    chars: int
    weight: float
    speech_s: float
    trail_s: float | None
    good: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Tempo:
    """What the clips of one voice taught, the last one last; a provider, a voice, its settings and a language share one."""

    known: tuple[Known, ...] = ()

    def __len__(self) -> int:
        return len(self.known)


START = Tempo()


def weight(text: str) -> float:
    """How much there is to say in a text, in letters; at least 1."""
    return ONSET + max(0.0, len(text) + _beyond(text, SPOKEN) + _beyond(text, READ_OUT))


def taught(text: str, speech_s: float, trail_s: float | None = None, *, good: bool = True) -> Known:
    """What a clip teaches: how long it sounds, pauses left out, and the silence at its end."""
    return Known(chars=len(text), weight=weight(text), speech_s=speech_s, trail_s=trail_s, good=good)


def learned(tempo: Tempo, clip: Known) -> Tempo:
    """Learn from a clip; to be called in the order of the text."""
    return Tempo(known=(*tempo.known, clip)[-WINDOW_CLIPS:])


def misfit(tempo: Tempo, text: str, speech_s: float, trail_s: float | None = None) -> str:
    """Say why a clip cannot be this text's; "" where it can. It is read behind "the audio".

    ``tempo`` is what the others taught; the clip itself is heard beside them.
    """
    least_s, most_s = bounds_s(learned(tempo, taught(text, speech_s, trail_s, good=False)), text)
    if not least_s <= speech_s <= most_s:
        bound = f"least {least_s:.1f}" if speech_s < least_s else f"most {most_s:.1f}"
        return f"sounds for {speech_s:.1f} s, where {len(text)} characters take at {bound} s"
    left_s = _least_trail_s(tempo.known)
    if left_s and trail_s is not None and trail_s < min(NO_TRAIL_S, left_s / 4):
        return f"ends with its last sound, where this voice has always left {left_s:.2f} s of silence or more"
    return ""


def bounds_s(tempo: Tempo, text: str) -> tuple[float, float]:
    """How long a text sounds, at least and at most."""
    letters, known = weight(text), tempo.known
    doubt = DOUBT * (_beyond(text, READ_OUT) / letters) ** 2
    if len(known) < LEARNED_CLIPS:
        less, more = (_slack(allowed, letters) + doubt for allowed in (LESS, MORE))
        return letters * FASTEST_S / (1 + less), letters * SLOWEST_S * (1 + more)
    usual_s = _usual_s(known)
    scatter = _scatter([clip for clip in known if clip.good], usual_s)
    doubt += FEW / sum(clip.weight for clip in known)
    less, more = (scatter * _slack(allowed, letters) + doubt for allowed in (LESS, MORE))
    exact_s = len(text) * _exact_s(known) or letters * usual_s
    return min(letters * usual_s / (1 + less), exact_s * 0.9), max(letters * usual_s * (1 + more), exact_s * 1.1)


def _usual_s(known: Sequence[Known]) -> float:
    """Seconds per letter, by the longer half of the clips, and by no fewer than it takes to outvote two."""
    longer = sorted(known, key=lambda clip: clip.weight)[-max(SURE_CLIPS, len(known) // 2) :]
    return max(FASTEST_S, median(clip.speech_s / clip.weight for clip in longer))


def _scatter(good: Sequence[Known], usual_s: float) -> float:
    """How many times as far as `LESS` and `MORE` say a voice may stray."""
    if len(good) < STEADY_CLIPS:
        return 1.0
    strayed = [_apart(clip.speech_s, clip.weight * usual_s) / _slack(LESS, clip.weight) for clip in good]
    return max(1.0, SPREADS * _typical(strayed))


def _exact_s(known: Sequence[Known]) -> float:
    """Seconds per character where nearly all clips have the same, else 0."""
    usual_s = median(clip.speech_s / max(1, clip.chars) for clip in known)
    strayed = [_apart(clip.speech_s, clip.chars * usual_s) for clip in known]
    return usual_s if _typical(strayed) < EXACT else 0.0


def _least_trail_s(known: Sequence[Known]) -> float:
    """The shortest silence that a voice has left at the end, 0 where little is known, or it leaves none at times."""
    trails_s = [clip.trail_s for clip in known if clip.good and clip.trail_s is not None]
    least_s = min(trails_s, default=0.0)
    return least_s if len(trails_s) >= TRAIL_CLIPS and least_s >= TRAIL_S else 0.0


def _typical(strayed: Sequence[float]) -> float:
    return sorted(strayed)[int(TYPICAL * len(strayed))]


def _apart(one_s: float, other_s: float) -> float:
    return abs(math.log(max(one_s, 0.001) / max(other_s, 0.001)))


def _slack(allowed: tuple[float, float], letters: float) -> float:
    share, any_text = allowed
    return share + any_text / letters


def _beyond(text: str, table: Sequence[tuple[re.Pattern[str], float]]) -> float:
    return sum(each * len(found.findall(text)) for found, each in table)
