"""How long a text sounds, and what a voice's clips teach of it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_async.core.tempo import (
    LEARNED_CLIPS,
    START,
    SURE_CLIPS,
    TRAIL_CLIPS,
    WINDOW_CLIPS,
    Tempo,
    bounds_s,
    learned,
    misfit,
    taught,
    weight,
)

S_PER_LETTER = 0.05
PROSE = (
    "Every autumn, western Europe is met by one storm after another. ",
    "The reason lies about ten kilometers above the ground, where a narrow band of fast wind circles the planet. ",
    "It marks the border between cold air and warm air. ",
    "Why? Because the ocean still holds the heat of summer, and gives it up slowly. ",
)
LONG = "".join(PROSE)


def takes_s(text: str, *, pace: float = 1.0) -> float:
    """How long our voice takes for a text."""
    return S_PER_LETTER * pace * weight(text)


def voice(texts: Iterable[str], *, pace: float = 1.0, trail_s: float | None = None) -> Tempo:
    """What is known after our voice has said these."""
    tempo = START
    for text in texts:
        tempo = learned(tempo, taught(text, takes_s(text, pace=pace), trail_s))
    return tempo


KNOWN = voice([LONG] * 4)


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        pytest.param("", 1, id="nothing"),
        pytest.param("Rain", 5, id="a word"),
        pytest.param("so it rains", 10, id="spaces are not said"),
        pytest.param("It rains.", 11, id="the end of a sentence is drawn out"),
        pytest.param("Wait... what?!", 18, id="several marks end one sentence"),
        pytest.param('"It rains."', 11, id="quotation marks are not said"),
        pytest.param("((((", 1, id="nothing but brackets"),
        pytest.param("1984", 25, id="digits are words"),
        pytest.param("3.14", 20, id="a point ends no sentence"),
        pytest.param("٣", 7, id="digits of any script"),
        pytest.param("5 %", 17, id="so are signs"),
        pytest.param("www", 24, id="double-u"),
        pytest.param("今天", 8, id="Han"),
        pytest.param("今天。", 11, id="and its full stop"),
        pytest.param("かな", 5, id="kana"),
        pytest.param("한국", 7, id="Hangul"),
    ],
)
def test_a_text_has_a_weight(text: str, letters: float) -> None:
    """In letters that have to be said."""
    assert weight(text) == letters


PLAUSIBLE = {
    "English": (LONG, 0.045),
    "English at a quarter of the speed": (LONG, 0.18),
    "English at four times the speed": (LONG, 0.0125),
    "Chinese": ("今天天气很好，明天也一样。" * 10, 0.22),
    "Chinese at 0.7": ("今天天气很好，明天也一样。" * 10, 0.31),
    "Japanese": ("今日はとても良い天気です。" * 10, 0.15),
    "Korean": ("오늘은 날씨가 아주 좋습니다. " * 10, 0.14),
    "one word": ("Yes.", 0.08),
    "one word, drawn out": ("No!", 0.7),
    "one letter": ("I", 0.1),
    "a number": ("12,345,678", 0.4),
    "an address": ("See www.example.com/news", 0.17),
    "a tone": ("a" * 300, 0.06),
    "a tone for digits": ("1" * 300, 0.06),
    "the shortest tone": ("a", 0.1),
}


@pytest.mark.parametrize(("text", "s_per_char"), PLAUSIBLE.values(), ids=PLAUSIBLE)
def test_before_anything_is_known_any_voice_is_believed(text: str, s_per_char: float) -> None:
    """Whatever its language, and however fast it is set."""
    assert misfit(START, text, s_per_char * len(text)) == ""


@pytest.mark.parametrize("speech_s", [0.0, 0.5, 300.0])
def test_the_absurd_is_not_believed_of_anyone(speech_s: float) -> None:
    """Two hundred and fifty letters do not take half a second, nor five minutes."""
    assert misfit(START, LONG, speech_s)


@pytest.mark.parametrize("share", [0.5, 0.6, 0.7, 0.78])
def test_a_clip_that_is_cut_is_too_short(share: float) -> None:
    """Once a voice is known; the message says what was heard, and what would have been right."""
    speech_s = share * takes_s(LONG)
    why = misfit(KNOWN, LONG, speech_s)
    assert why.startswith(f"sounds for {speech_s:.1f} s, where {len(LONG)} characters take at least ")
    assert float(why.split()[-2]) == pytest.approx(bounds_s(KNOWN, LONG)[0], rel=0.03)


@pytest.mark.parametrize("share", [1.5, 2.0, 3.0])
def test_a_clip_that_repeats_itself_is_too_long(share: float) -> None:
    """The same for the other side."""
    assert " characters take at most " in misfit(KNOWN, LONG, share * takes_s(LONG))


@pytest.mark.parametrize("share", [0.87, 1.0, 1.2])
@pytest.mark.parametrize("pace", [0.3, 1.0, 4.0])
def test_a_good_clip_fits_whatever_the_voice(share: float, pace: float) -> None:
    """Its own tempo is what counts."""
    tempo = voice([LONG] * 4, pace=pace)
    assert misfit(tempo, LONG, share * takes_s(LONG, pace=pace)) == ""


@pytest.mark.parametrize("share", [0.6, 1.0, 1.6])
@pytest.mark.parametrize("text", ["Yes.", "I know.", "Who would have thought it?", "Flight LH 4302, gate B17."])
def test_short_texts_vary(text: str, share: float) -> None:
    """A known voice may hurry over a word, and draw another one out."""
    assert misfit(voice(PROSE * 20), text, share * takes_s(text)) == ""


def test_what_is_read_out_may_be_left_out() -> None:
    """A text of digits and signs is judged less strictly than one of as many letters."""
    plain, digits = "a" * 60, "1234567890"
    assert weight(plain) == weight(digits)
    (least_s, most_s), (less_s, more_s) = bounds_s(KNOWN, plain), bounds_s(KNOWN, digits)
    assert less_s < 0.6 * least_s
    assert more_s > 1.5 * most_s


@pytest.mark.parametrize("share", [0.5, 2.0])
@pytest.mark.parametrize("spoiled", [1, 2])
def test_the_first_bad_clips_are_outvoted(spoiled: int, share: float) -> None:
    """Where some of the first were cut or looped and nobody noticed, a good one still fits, and the next bad one does not."""
    for bad in combinations(range(SURE_CLIPS - 1), spoiled):
        tempo = START
        for number in range(SURE_CLIPS - 1):
            tempo = learned(tempo, taught(LONG, takes_s(LONG) * (share if number in bad else 1.0)))
        assert misfit(tempo, LONG, takes_s(LONG)) == ""
        if spoiled == 1:
            assert misfit(tempo, LONG, share * takes_s(LONG))


def test_one_clip_teaches_nothing_yet() -> None:
    """Which of two is the bad one cannot be known; of three it can."""
    assert misfit(voice([LONG] * (LEARNED_CLIPS - 2)), LONG, 0.5 * takes_s(LONG)) == ""
    assert misfit(voice([LONG] * (LEARNED_CLIPS - 1)), LONG, 0.5 * takes_s(LONG))


def test_what_is_not_good_has_a_say_in_the_tempo_and_in_nothing_else() -> None:
    """So a voice that was mistaken is soon known; how far it may stray is learned from good clips alone."""
    mistaken = voice([LONG] * SURE_CLIPS, pace=2.0)
    assert misfit(mistaken, LONG, takes_s(LONG))
    for _ in range(SURE_CLIPS):
        mistaken = learned(mistaken, taught(LONG, takes_s(LONG), good=False))
    assert misfit(mistaken, LONG, takes_s(LONG)) == ""
    steady, spoiled = voice([LONG] * 40), START
    for number in range(60):
        share = 2.0 if number % 3 == 2 else 1.0
        spoiled = learned(spoiled, taught(LONG, share * takes_s(LONG), good=share == 1.0))
    assert bounds_s(spoiled, LONG) == pytest.approx(bounds_s(steady, LONG), rel=0.01)


def test_a_voice_that_strays_is_given_room() -> None:
    """One that speaks the same text now faster and now more slowly is judged by how much it does so."""
    straying = START
    for number in range(20):
        straying = learned(straying, taught(LONG, takes_s(LONG) * (0.8, 1.0, 1.2)[number % 3]))
    assert misfit(straying, LONG, 0.75 * takes_s(LONG)) == ""
    assert misfit(voice([LONG] * 20), LONG, 0.75 * takes_s(LONG))
    assert misfit(straying, LONG, 0.4 * takes_s(LONG))


def test_one_bad_clip_in_ten_does_no_harm() -> None:
    """What was not found out widens nothing and moves nothing."""
    tempo = START
    for number in range(40):
        tempo = learned(tempo, taught(LONG, takes_s(LONG) * (0.7 if number % 10 == 4 else 1.0)))
    assert bounds_s(tempo, LONG) == pytest.approx(bounds_s(voice([LONG] * 40), LONG))


def test_the_longer_clips_say_how_fast_a_voice_is() -> None:
    """Words that stand alone are drawn out, and much the more numerous in a dialogue."""
    tempo = START
    for _ in range(10):
        tempo = learned(tempo, taught(LONG, takes_s(LONG)))
        for word in ("Yes.", "No!"):
            tempo = learned(tempo, taught(word, 1.25 * takes_s(word)))
    assert misfit(tempo, LONG, takes_s(LONG)) == ""
    assert misfit(tempo, LONG, 0.8 * takes_s(LONG))
    assert misfit(tempo, LONG, 1.4 * takes_s(LONG))


def test_a_voice_may_change() -> None:
    """Only the last clips count."""
    tempo = voice([LONG] * WINDOW_CLIPS)
    for _ in range(WINDOW_CLIPS):
        tempo = learned(tempo, taught(LONG, 2 * takes_s(LONG)))
    assert len(tempo.known) == WINDOW_CLIPS
    assert misfit(tempo, LONG, 2 * takes_s(LONG)) == ""
    assert misfit(tempo, LONG, takes_s(LONG))


def test_a_test_signal_is_given_its_due() -> None:
    """What lasts exactly so long a character does so for digits too, and half of it is still too short."""
    tempo = START
    for text in [*PROSE, LONG, LONG + LONG]:
        tempo = learned(tempo, taught(text, 0.06 * len(text)))
    digits = "12,345 of 67,890 were counted in 2024. " * 8
    assert misfit(tempo, digits, 0.06 * len(digits)) == ""
    assert misfit(tempo, digits, 0.03 * len(digits))


class TestTrail:
    """The silence at the end."""

    always = voice([LONG] * TRAIL_CLIPS, trail_s=0.4)

    def test_a_voice_that_always_leaves_one(self) -> None:
        """Where it is missing, the end is missing."""
        why = misfit(self.always, LONG, takes_s(LONG), 0.005)
        assert why == "ends with its last sound, where this voice has always left 0.40 s of silence or more"

    @pytest.mark.parametrize("trail_s", [0.4, 0.05, 0.03, None])
    def test_a_little_will_do(self, trail_s: float | None) -> None:
        """And where it was not measured, nothing is said."""
        assert misfit(self.always, LONG, takes_s(LONG), trail_s) == ""

    def test_a_voice_that_leaves_little(self) -> None:
        """A third of what it has left is no sign of a cut."""
        tempo = voice([LONG] * TRAIL_CLIPS, trail_s=0.06)
        assert misfit(tempo, LONG, takes_s(LONG), 0.02) == ""
        assert misfit(tempo, LONG, takes_s(LONG), 0.01)

    @pytest.mark.parametrize(
        "tempo",
        [
            pytest.param(voice([LONG] * (TRAIL_CLIPS - 1), trail_s=0.4), id="little is known"),
            pytest.param(voice([LONG] * TRAIL_CLIPS), id="never measured"),
            pytest.param(voice([LONG] * TRAIL_CLIPS, trail_s=0.01), id="it never leaves one"),
            pytest.param(learned(always, taught(LONG, takes_s(LONG), 0.02)), id="it has left none once"),
        ],
    )
    def test_else_none_is_missed(self, tempo: Tempo) -> None:
        """A habit is one only where it is kept every time."""
        assert misfit(tempo, LONG, takes_s(LONG), 0.0) == ""


CLIPS = st.lists(
    st.tuples(st.text(max_size=40), st.floats(0, 1e4), st.none() | st.floats(0, 1e3)), max_size=WINDOW_CLIPS + 2
)


@given(clips=CLIPS, text=st.text(max_size=200), speech_s=st.floats(0, 1e5))
def test_whatever_was_learned_there_are_bounds(
    clips: list[tuple[str, float, float | None]], text: str, speech_s: float
) -> None:
    """Numbers in their order; what lies between them fits, and nothing else does."""
    tempo = START
    for said, lasted_s, trail_s in clips:
        tempo = learned(tempo, taught(said, lasted_s, trail_s))
    itself = learned(tempo, taught(text, speech_s, good=False))
    least_s, most_s = bounds_s(itself, text)
    assert 0 <= least_s < most_s < float("inf")
    assert bool(misfit(tempo, text, speech_s)) is not (least_s <= speech_s <= most_s)
