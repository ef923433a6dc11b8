"""When which written words are heard."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.plans import chunk_of
from tts_async.core.cues import Cue, cues
from tts_async.core.exchange import Mark
from tts_async.core.plan import Chunk, Line, Voice


def marks_of(*pairs: tuple[int, int]) -> list[Mark]:
    return [Mark(chars=chars, frames=frames) for chars, frames in pairs]


def places(found: list[Cue]) -> list[tuple[str, int, int, bool]]:
    return [(cue.text, cue.start_frame, cue.end_frame, cue.exact) for cue in found]


TEXT = "One. Two three. Four."
CHUNK = chunk_of((TEXT, TEXT), speaker="anna", index=7)


def test_a_sentence_is_a_cue() -> None:
    """Marks lay the written words out in time; they are stretched to the frames that the clip has in the audio."""
    found = cues(
        CHUNK, start_frame=1_000, end_frame=3_000, rate_hz=1_000, marks=marks_of((5, 100), (11, 200), (5, 700))
    )
    assert places(found) == [
        ("One.", 1_000, 1_200, True),
        ("Two three.", 1_200, 1_600, True),
        ("Four.", 1_600, 3_000, True),
    ]
    assert {(cue.chunk, cue.section, cue.speaker, cue.rate_hz) for cue in found} == {(7, 2, "anna", 1_000)}
    assert [(cue.start_s, cue.end_s) for cue in found] == [(1.0, 1.2), (1.2, 1.6), (1.6, 3.0)]


@pytest.mark.parametrize(
    ("chunk", "marks", "expected"),
    [
        (CHUNK, [], [("One.", 0, 21), ("Two three.", 21, 56), ("Four.", 56, 80)]),
        (chunk_of(("One.", "One."), ("Two.", "Two.")), marks_of((5, 9)), [("One.", 0, 40), ("Two.", 40, 80)]),
        (chunk_of(("Aye. Twice.", "I. 2 ×.")), [], [("I. 2 ×.", 0, 80)]),
    ],
    ids=["no marks", "a line without", "all respelled"],
)
def test_else_sentences_are_placed_by_their_length(
    chunk: Chunk, marks: list[Mark], expected: list[tuple[str, int, int]]
) -> None:
    """Where marks do not say it, a sentence takes its share of the clip; only one that is alone is exact."""
    found = cues(chunk, start_frame=100, end_frame=180, rate_hz=10, marks=marks)
    assert places(found) == [(text, 100 + at, 100 + end, len(expected) == 1) for text, at, end in expected]


def test_estimated_sentences_end_in_pauses() -> None:
    """Pauses are counted from the clip's start; the cue of each turn is its speaker's, in the words as written."""
    lines = (
        Line(
            speaker="anna",
            voice=Voice(id="a"),
            text="I saw it all happen. Did you?",
            written="I saw it all happen. Did you?",
        ),
        Line(speaker="ben", voice=Voice(id="b"), text="Bairn saw it as well.", written="Bern saw it as well."),
    )
    chunk = replace(CHUNK, lines=lines)
    found = cues(
        chunk, start_frame=1_000, end_frame=5_000, rate_hz=1_000, pauses=[(700, 800), (1_500, 1_900), (2_300, 2_700)]
    )
    assert [(each.speaker, *place) for each, place in zip(found, places(found), strict=True)] == [
        ("anna", "I saw it all happen.", 1_000, 2_700, False),
        ("anna", "Did you?", 2_700, 3_500, False),
        ("ben", "Bern saw it as well.", 3_500, 5_000, False),
    ]


@pytest.mark.parametrize(
    ("spoken", "written", "expected"),
    [
        ("Bairn is nice. Yes.", "Bern is nice. Yes.", [("Bern is nice.", 0, 30), ("Yes.", 30, 40)]),
        (
            "It rains in Bairn. Bairn is wet.",
            "It rains in Bern. Bern is wet.",
            [("It rains in Bern. Bern is wet.", 0, 70)],
        ),
        (
            "She saw it. So it goes, Bairn.",
            "She saw it. So it goes, Bern.",
            [("She saw it.", 0, 30), ("So it goes, Bern.", 30, 70)],
        ),
        (
            "Bairn is." + 8 * " No.",
            "Bern is." + 8 * " No.",
            [("Bern is. No. No.", 0, 40), ("No. No. No. No.", 40, 80), ("No.", 80, 90), ("No.", 90, 100)],
        ),
    ],
    ids=["far from it", "between two", "behind it", "the same again"],
)
def test_respelled_lines_are_marked_by_sentence(
    spoken: str, written: str, expected: list[tuple[str, int, int]]
) -> None:
    """Where it is sure which word of either text a sentence begins with; other sentences go with the one before."""
    marks = [Mark(chars=len(word) + 1, frames=10) for word in spoken.split()]
    found = cues(chunk_of((spoken, written)), start_frame=0, end_frame=10 * len(marks), rate_hz=10, marks=marks)
    assert places(found) == [(*each, True) for each in expected]


def test_every_line_of_a_dialogue_has_its_marks() -> None:
    """Each word is its speaker's; a line that was respelled is one cue, at its own time."""
    lines = (
        Line(speaker="anna", voice=Voice(id="a"), text="One two.", written="One two."),
        Line(speaker="ben", voice=Voice(id="b"), text="Bairn is nice.", written="Bern is nice."),
    )
    chunk = replace(chunk_of(("x", "x")), lines=lines)
    marks = marks_of((4, 10), (5, 10), (6, 5), (3, 5), (5, 20))
    found = cues(chunk, start_frame=0, end_frame=100, rate_hz=10, marks=marks)
    assert [(cue.speaker, *place) for cue, place in zip(found, places(found), strict=True)] == [
        ("anna", "One", 0, 20, True),
        ("anna", "two.", 20, 40, True),
        ("ben", "Bern is nice.", 40, 100, True),
    ]


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ([(5, 10)], [("One. Two three. Four.", 0, 100)]),
        ([(5, 10), (4, 10)], [("One.", 0, 50), ("Two three. Four.", 50, 100)]),
        ([(5, 0), (16, 0)], [("One.", 0, 0), ("Two three. Four.", 0, 0)]),
        ([(21, 10), (5, 10)], [(TEXT, 0, 50)]),
    ],
    ids=["too few", "too short", "no frames", "too long"],
)
def test_marks_that_do_not_fit_lose_no_words(
    marks: list[tuple[int, int]], expected: list[tuple[str, int, int]]
) -> None:
    """The last mark has all the words that are left, and one behind the text has none."""
    found = cues(CHUNK, start_frame=0, end_frame=100, rate_hz=1_000, marks=marks_of(*marks))
    assert [place[:3] for place in places(found)] == expected


@given(st.lists(st.tuples(st.text(min_size=1, max_size=9), st.integers(0, 99_999)), min_size=1), st.integers(0, 10**7))
def test_cues_are_in_order_and_leave_no_gap(said: list[tuple[str, int]], length: int) -> None:
    """Rounding never turns time back, every word is there, and what is between two cues had no word."""
    text = "".join(words for words, _ in said)
    marks = [Mark(chars=len(words), frames=frames) for words, frames in said]
    found = cues(chunk_of((text, text)), start_frame=11, end_frame=11 + length, rate_hz=24_000, marks=marks)
    assert [cue.text for cue in found] == [words.strip() for words, _ in said if words.strip()]
    assert all(11 <= cue.start_frame <= cue.end_frame <= 11 + length for cue in found)
    if all(words.strip() for words, _ in said):
        assert all(one.end_frame == other.start_frame for one, other in pairwise(found))
        assert found[0].start_frame == 11
        assert found[-1].end_frame == (11 + length if sum(frames for _, frames in said) else 11)


def test_a_mark_of_several_respelled_sentences_is_one_cue() -> None:
    """What a provider took for one sentence is not taken apart, and the next one still begins where it says."""
    spoken = "Bairn is nice. So is he. It is raining here. Stay in."
    chunk = chunk_of((spoken, spoken.replace("Bairn", "Bern")))
    marks = [Mark(chars=chars, frames=frames) for chars, frames in [(25, 40), (20, 30), (8, 30)]]
    found = cues(chunk, start_frame=0, end_frame=100, rate_hz=10, marks=marks)
    assert places(found) == [
        ("Bern is nice. So is he.", 0, 40, True),
        ("It is raining here.", 40, 70, True),
        ("Stay in.", 70, 100, True),
    ]


LINES = st.lists(
    st.tuples(
        st.sampled_from(["anna", "ben"]),
        st.text(st.sampled_from("ab. !?\n漢。1"), max_size=60)
        .map(str.strip)
        .filter(lambda text: any(map(str.isalnum, text))),
        st.booleans(),
    ),
    min_size=1,
    max_size=4,
)


@given(LINES, st.lists(st.integers(0, 200_000), max_size=12, unique=True).map(sorted), st.integers(0, 100_000))
def test_estimated_cues_cover_the_chunk(said: list[tuple[str, str, bool]], edges: list[int], further: int) -> None:
    """From the start to the end, in order, without a gap; and all that was written is there, each line its speaker's."""
    lines = tuple(
        Line(speaker=speaker, voice=Voice(id="v"), text=text.replace("a", "eh") if other else text, written=text)
        for speaker, text, other in said
    )
    pauses = list(zip(edges[::2], edges[1::2], strict=False))
    end = 11 + max(edges, default=0) + further
    found = cues(replace(CHUNK, lines=lines), start_frame=11, end_frame=end, rate_hz=24_000, pauses=pauses)
    assert (found[0].start_frame, found[-1].end_frame) == (11, end)
    assert all(one.end_frame == other.start_frame for one, other in pairwise(found))
    assert all(each.start_frame <= each.end_frame for each in found)
    for speaker in ("anna", "ben"):
        written = "".join(line.written for line in lines if line.speaker == speaker)
        assert "".join("".join(each.text for each in found if each.speaker == speaker).split()) == "".join(
            written.split()
        )
