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
from tts_async.core.plan import Line, Voice


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
    ("chunk", "marks", "text"),
    [
        (CHUNK, [], TEXT),
        (chunk_of(("Bairn is nice. Yes.", "Bern is nice. Yes.")), marks_of((15, 9), (4, 9)), "Bern is nice. Yes."),
        (chunk_of(("One.", "One."), ("Two.", "Two.")), marks_of((5, 9)), "One. Two."),
    ],
    ids=["no marks", "respelled", "a line without"],
)
def test_else_a_chunk_is_a_cue(chunk: object, marks: list[Mark], text: str) -> None:
    """Where marks do not fit the written words, only the chunk's place is known, and the cue says so."""
    found = cues(chunk, start_frame=5, end_frame=50, rate_hz=10, marks=marks)  # type: ignore[arg-type]
    assert places(found) == [(text, 5, 50, False)]


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
