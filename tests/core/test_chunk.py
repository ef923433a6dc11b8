"""Pieces join back to the text, fit their budget, and stay where they are when the text changes elsewhere."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest
import regex  # type: ignore[import-untyped]
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tts_async.core.chunk import Budget, Join, Piece, group, split

TARGET = Budget(target_chars=800, limit=5000)
TEXT = """\
the of and to in is was he for it with as his on be at by had not are but from or have an they which one you
were her all she there would their we him been has when who will more no if out so said what up its about into than them
can only other new some could time these two may then do first any like man even most made after also did many before
must through years where much your way well down should because each just those people how little state good world own
work long here between both life being under never same another know while last might great old off come since against
right used take three Parliament minister report figures, however, yesterday"""
WORDS = TEXT.split()


def utf8(text: str) -> int:
    """The size in bytes of UTF-8."""
    return len(text.encode("utf-8", "surrogatepass"))


def coins(text: str) -> int:
    """A measure no provider has: capitals and everything beyond Latin cost three."""
    return sum(3 if char.isupper() or char > "ÿ" else 1 for char in text)


def texts(pieces: Sequence[Piece]) -> list[str]:
    """Their texts alone."""
    return [piece.text for piece in pieces]


def sentence(dice: random.Random) -> str:
    """A sentence of news-like length, about 110 characters."""
    count = max(2, min(60, round(dice.gammavariate(2.6, 8.5))))
    return " ".join(dice.choice(WORDS) for _ in range(count)).capitalize() + ". "


def script(dice: random.Random, count: int, *, per_paragraph: int = 6) -> list[str]:
    """Sentences, the last one of each paragraph ending in a blank line."""
    sentences: list[str] = []
    while len(sentences) < count:
        paragraph = [sentence(dice) for _ in range(dice.randint(2, per_paragraph))]
        sentences += [*paragraph[:-1], paragraph[-1].rstrip() + "\n\n"]
    return sentences


def one_paragraph(dice: random.Random, count: int) -> list[str]:
    """Sentences without a blank line between them."""
    return [sentence(dice) for _ in range(count)]


AWKWARD = {
    "chinese": "今天的新闻说，天气很好。" * 400,
    "chinese without marks": "新闻天气政治经济文化" * 500,
    "thai": "รัฐบาลประกาศว่าอากาศวันนี้จะดีมาก และจะมีฝนตก" * 100,
    "arabic": "أعلنت الحكومة اليوم، أن الطقس جميل؛ وأن المطر قادم؟ نعم. " * 100,
    "hindi": "सरकार ने आज घोषणा की कि मौसम अच्छा रहेगा। क्‍षेत्र में वर्षा होगी। " * 80,
    "emoji families": "👨‍👩‍👧‍👦🏳️‍🌈🇩🇪🇫🇷👍🏽" * 300,
    "18,000 bytes without a space": "a" * 18_000,
    "exotic spaces": "A\u2003. B\u00a0.\u2028C\u3000.\u1680D\u0085. " * 300,
    "marks in rows": "e\u0301\u0302\u0303" * 2000,
    "windows line ends": "One line.\r\nAnother one.\r\n\r\n" * 200,
    "white space": " \n" * 2000,
    "lone surrogates": "Half \ud83d of a pair. " * 100,
}
BUDGETS = {
    "characters": TARGET,
    "few characters": Budget(target_chars=100, limit=5000),
    "bytes": Budget(target_chars=800, limit=600, measure=utf8),
    "made up": Budget(target_chars=800, limit=300, measure=coins),
}


def cuts_clusters(pieces: Sequence[Piece]) -> bool:
    """Whether any piece ends inside a grapheme cluster of the whole text."""
    ends = {found.end() for found in regex.finditer(r"\X", "".join(texts(pieces)))}
    at = 0
    for piece in pieces:
        at += len(piece.text)
        if at not in ends:
            return True
    return False


@pytest.mark.parametrize("budget", BUDGETS.values(), ids=BUDGETS.keys())
@pytest.mark.parametrize("text", AWKWARD.values(), ids=AWKWARD.keys())
def test_awkward_text(text: str, budget: Budget) -> None:
    """Text of any script is cut losslessly, inside the budget, between clusters and without crumbs."""
    pieces = split(text, budget, language="en")
    assert "".join(texts(pieces)) == text
    assert all(budget.holds(piece.text) for piece in pieces)
    assert not cuts_clusters(pieces)
    assert min(map(len, texts(pieces))) >= 20


# Characters that sentence ends, clusters and the sentence library stumble over, among any others.
PITFALLS = st.sampled_from(
    [
        *(
            " ",
            "\n",
            "\n\n",
            "\r\n",
            "\t",
            "\u00a0",
            "\u2003",
            "\u2028",
            "\u3000",
            "\u200b",
            "\u200d",
            "\u0301",
            "\ufe0f",
        ),
        *(
            "A",
            "b",
            "Dr",
            "1",
            ".",
            "!",
            "?",
            ",",
            ";",
            "—",
            "“",
            "”",
            '"',
            "(",
            ")",
            "。",
            "，",
            "؟",
            "।",
            "ก",
            "क",
            "्",
        ),
        *("‼", "👩", "🇩", "\ud800", "\x00", "\x1c", "각", "ᄀ", "ᅡ"),
    ]
)
ANY_TEXT = st.lists(st.one_of(PITFALLS, st.characters()), max_size=120).map("".join)
LANGUAGES = st.sampled_from(["en", "zh", "th", "ar", "de", "hi", "ja", "pt-BR", "xx", ""])


@settings(max_examples=250, deadline=None)
@given(
    text=ANY_TEXT,
    language=LANGUAGES,
    measure=st.sampled_from([len, utf8, coins]),
    target=st.integers(1, 120),
    limit=st.integers(1, 240),
)
@example(text="B\u00a0.", language="en", measure=len, target=3, limit=3)
@example(text="a\u0301" * 9, language="en", measure=utf8, target=2, limit=3)
def test_any_text(text: str, language: str, measure: Callable[[str], int], target: int, limit: int) -> None:
    """Whatever the text and the budget, as long as it holds every grapheme: nothing lost, nothing over it."""
    clusters = regex.findall(r"\X", text)
    budget = Budget(
        target_chars=max([target, *map(len, clusters)]), limit=max([limit, *map(measure, clusters)]), measure=measure
    )
    pieces = split(text, budget, language=language)
    assert "".join(texts(pieces)) == text
    assert all(piece.text and budget.holds(piece.text) for piece in pieces)
    assert not cuts_clusters(pieces)


@settings(max_examples=100, deadline=None)
@given(text=st.lists(st.text("ab,. \n", max_size=120), max_size=30).map("".join), target=st.integers(80, 300))
def test_no_crumbs(text: str, target: int) -> None:
    """No piece is under 20 characters unless the text is."""
    pieces = split(text, Budget(target_chars=target, limit=10_000))
    assert all(len(piece.text) >= min(20, len(text)) for piece in pieces)


def test_crumb_between_full_pieces() -> None:
    """A short paragraph between two that fill the budget takes a clause from a neighbour."""
    full = "the report, " * 66 + "ends. \n\n"
    assert len(full) == 800
    pieces = split(full + "Yes.\n\n" + full, TARGET)
    assert len(pieces) == 3
    assert min(map(len, texts(pieces))) > 300


def test_crumb_that_cannot_be_helped() -> None:
    """Where no cut can give a crumb its 20 characters, it stays as it is."""
    knot = "a" + "\u0301" * 99
    assert texts(split("Yes. " + knot, Budget(target_chars=100, limit=100))) == ["Yes. ", knot]


@pytest.mark.parametrize(
    ("text", "target", "expected"),
    [
        ("", 10, []),
        ("One. Two.", 100, ["One. Two."]),
        ("Dr. Smith went home. He slept.", 24, ["Dr. Smith went home. ", "He slept."]),
        ("He came, he saw, he won.", 10, ["He came, ", "he saw, ", "he won."]),
        ("It cost 1,000 or 2,000 pounds", 15, ["It cost 1,000 ", "or 2,000 ", "pounds"]),
        ("他来了，他看见了，他赢了。", 6, ["他来了，", "他看见了，", "他赢了。"]),
        ("one two three", 6, ["one ", "two ", "three"]),
        ("👨‍👩‍👧👨‍👩‍👧", 7, ["👨‍👩‍👧", "👨‍👩‍👧"]),
        ("\n\n  One.", 100, ["\n\n  One."]),
    ],
    ids=[
        "nothing",
        "fits",
        "sentences",
        "clauses",
        "numbers",
        "chinese clauses",
        "words",
        "graphemes",
        "leading space",
    ],
)
def test_where_text_is_cut(text: str, target: int, expected: list[str]) -> None:
    """Sentences first, then clauses, then words, then graphemes."""
    assert texts(split(text, Budget(target_chars=target, limit=10_000))) == expected


def test_how_pieces_end() -> None:
    """A piece knows whether it ends a paragraph, a sentence or neither; the last one ends a paragraph."""
    text = "The first, and long one. Short one.\n\nThe next sentence. The end"
    ends = [piece.ends for piece in split(text, Budget(target_chars=20, limit=20))]
    assert ends == [Join.INSIDE, Join.SENTENCE, Join.PARAGRAPH, Join.SENTENCE, Join.PARAGRAPH]


@pytest.mark.parametrize("measure", [len, utf8])
def test_grapheme_over_the_budget(measure: Callable[[str], int]) -> None:
    """A single grapheme that does not fit is named."""
    with pytest.raises(ValueError, match=r"A single character of 7 code points, '.U0001f468.*does not fit into 6"):
        split("Hello 👨‍👩‍👧‍👦!", Budget(target_chars=6, limit=20, measure=measure))


@pytest.mark.parametrize(("target_chars", "limit"), [(0, 1), (1, 0)])
def test_budget_without_room(target_chars: int, limit: int) -> None:
    """A budget that holds nothing is refused when it is made."""
    with pytest.raises(ValueError, match="A budget needs room for something"):
        Budget(target_chars=target_chars, limit=limit)


STORIES: dict[str, Callable[[random.Random, int], list[str]]] = {"paragraphs": script, "one paragraph": one_paragraph}


@pytest.mark.parametrize("write", STORIES.values(), ids=STORIES.keys())
def test_piece_sizes(write: Callable[[random.Random, int], list[str]]) -> None:
    """Pieces of prose fill three fifths of the target on average, and few are under a quarter of it."""
    sizes = [len(piece.text) for piece in split("".join(write(random.Random(1), 12_000)), TARGET)]
    assert sum(sizes) / len(sizes) > 0.6 * 800
    assert sum(size < 200 for size in sizes) < 0.08 * len(sizes)


@pytest.mark.parametrize("write", STORIES.values(), ids=STORIES.keys())
@pytest.mark.parametrize("edit", ["insert", "delete"])
def test_an_edit_stays_local(write: Callable[[random.Random, int], list[str]], edit: str) -> None:
    """A sentence inserted or deleted at the top or anywhere changes at most three of 2,500 chunks."""
    dice = random.Random(2)
    sentences = write(dice, 11_500)
    before = Counter(texts(split("".join(sentences), TARGET)))
    assert before.total() >= 2_400
    for place in [0, len(sentences) // 2, *(dice.randrange(len(sentences)) for _ in range(10))]:
        replaced = 1 if edit == "delete" else 0
        edited = [*sentences[:place], *([] if replaced else [sentence(dice)]), *sentences[place + replaced :]]
        after = Counter(texts(split("".join(edited), TARGET)))
        assert (after - before).total() <= 3


@pytest.mark.parametrize("write", STORIES.values(), ids=STORIES.keys())
def test_the_length_plays_no_role(write: Callable[[random.Random, int], list[str]]) -> None:
    """The start of a text is cut as it is in the whole, up to the last three pieces."""
    sentences = write(random.Random(3), 3_000)
    whole = texts(split("".join(sentences), TARGET))
    for share in (0.1, 0.3, 0.7):
        start = texts(split("".join(sentences[: int(share * len(sentences))]), TARGET))
        assert start[:-3] == whole[: len(start) - 3]


def test_twice_the_same() -> None:
    """The same text is cut the same way each time."""
    text = "".join(script(random.Random(4), 300))
    assert split(text, TARGET) == split(text, TARGET)


def test_group_keeps_turns_whole() -> None:
    """Runs of turns cover all of them in order, fit the budget, and leave one that is too long alone."""
    dice = random.Random(5)
    turns = [Piece(text=sentence(dice) * dice.randint(1, 2), ends=Join.TURN) for _ in range(200)]
    turns[50] = Piece(text="word " * 300, ends=Join.TURN)
    runs = group(turns, TARGET)
    assert [index for start, stop in runs for index in range(start, stop)] == list(range(200))
    assert (50, 51) in runs
    joined = ["".join(texts(turns[start:stop])) for start, stop in runs if (start, stop) != (50, 51)]
    assert all(map(TARGET.holds, joined))
    assert sum(map(len, joined)) / len(joined) > 0.55 * 800


def test_group_prefers_strong_joints() -> None:
    """Of two joints, the one inside a turn gives way and the one between turns stays."""
    pieces = [Piece(text="x" * 300, ends=ends) for ends in (Join.SENTENCE, Join.TURN, Join.SENTENCE, Join.TURN)]
    assert group(pieces, TARGET) == [(0, 2), (2, 4)]
    assert group([], TARGET) == []


@pytest.mark.parametrize("unit", ["a", ". ", "。", " \n", ",", "word "], ids=repr)
def test_long_text(unit: str) -> None:
    """Half a million characters without an end are cut well within the test's time limit: nothing is quadratic."""
    text = unit * (500_000 // len(unit))
    pieces = split(text, TARGET)
    assert "".join(texts(pieces)) == text
    assert all(len(before.text) + len(after.text) > 800 for before, after in pairwise(pieces))
