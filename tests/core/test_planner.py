"""What is said, by whom, in which pieces and with which pauses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.plans import able, plan_of, turns
from tts_async.core.advice import finer, makespan_s
from tts_async.core.digest import Digest
from tts_async.core.exchange import PLANNED, fingerprint
from tts_async.core.plan import Capabilities, Plan
from tts_async.errors import ConfigError, DigestError
from tts_async.providers.tone import ToneProvider
from tts_async.settings import Settings

SENTENCES = [
    "It rains.",
    "Does it? It does, and it will, all night and well into the morning!",
    "...",
    "😀",
    "今天天气很好。我们去公园。",
    "One two, three; four. " * 12,
    "x" * 300,
    "- a list\n- of two",
    "```\ncode()\n```",
    "Mr. Smith’s **bold** [link](https://a.org/b) [laughs]",
    "नमस्ते दुनिया।",
    "# A heading\n\nBelow it.",
]
TEXTS = st.lists(st.sampled_from(SENTENCES) | st.text(min_size=1, max_size=60), min_size=1, max_size=6).map("\n\n".join)
SPOKEN = TEXTS.filter(str.strip)
SPEAKERS = st.sampled_from(["anna", "ben", "cleo"])
TURN = st.fixed_dictionaries({"speaker": SPEAKERS, "text": SPOKEN})
SECTION = st.fixed_dictionaries({"heading": st.just("A"), "text": SPOKEN}) | st.fixed_dictionaries(
    {"turns": st.lists(TURN, min_size=1, max_size=3)}
)
SOURCES = st.fixed_dictionaries({"script": SPOKEN | st.lists(TURN, min_size=1) | st.lists(SECTION, min_size=1)})


def said(plan: Plan) -> list[str]:
    """The spoken text of every chunk."""
    return [chunk.text for chunk in plan.chunks]


def pauses(source: Mapping[str, object], settings: Mapping[str, object]) -> list[int]:
    return [chunk.pause_ms for chunk in plan_of(source, settings=settings).chunks]


@given(SOURCES, st.booleans(), st.sampled_from([40, 250, 800]), st.sampled_from([60, 5_000]), st.booleans())
def test_chunks_cover_what_is_said(source: dict[str, object], dialogue: bool, target: int, limit: int, b: bool) -> None:
    """From the first to the last character there is no gap, no overlap and no request over a limit."""
    measure = (lambda text: len(text.encode())) if b else len
    able_to = able(max_size=4 * limit if b else limit, dialogue=dialogue, measure=measure)
    try:
        plan = plan_of(source, able_to, settings={"chunk_chars": target, "dialogue_chars": target})
    except DigestError:
        return
    ends = [0, *(chunk.end for chunk in plan.chunks)]
    assert [chunk.start for chunk in plan.chunks] == ends[:-1]
    assert ends[-1] == len(plan.spoken)
    assert [chunk.index for chunk in plan.chunks] == list(range(len(plan.chunks)))
    for chunk in plan.chunks:
        covers = plan.spoken[chunk.start : chunk.end]
        assert measure(chunk.text) <= able_to.max_size
        assert len(chunk.text) <= max(target, 1)
        assert chunk.lines
        at = 0
        for line in chunk.lines:
            assert any(map(str.isalnum, line.text))
            at = covers.index(line.text, at) + len(line.text)
        assert dialogue or len(chunk.lines) == 1
        assert all(one.speaker in {"narrator", "anna", "ben", "cleo"} for one in chunk.lines)
    letters = "".join(filter(str.isalnum, plan.spoken))
    assert "".join(filter(str.isalnum, "".join(said(plan)))) == letters


@given(SOURCES)
def test_what_is_bought_does_not_depend_on_the_pace(source: dict[str, object]) -> None:
    """With other workers, rates and patience the same text gives the same chunks and the same fingerprints."""

    def bought(**settings: object) -> list[tuple[object, str]]:
        provider = ToneProvider()
        plan = plan_of(source, able(voices=tuple(provider.capabilities.voices)), settings=settings)
        return [(chunk, fingerprint(provider.request(chunk, PLANNED))) for chunk in plan.chunks]

    try:
        once = bought(workers=1)
    except DigestError:
        return
    assert bought(workers=50, rate_per_s=100, attempts=1, stream_ahead=1) == once


TWO_SECTIONS = {"script": [{"heading": "A", "text": "One."}, {"text": "Two."}]}
PAUSES: Mapping[str, tuple[Mapping[str, object], Mapping[str, object], list[int]]] = {
    "section": (TWO_SECTIONS, {}, [900, 0]),
    "section before speaker": (
        {"script": [{"turns": turns("a: One.")}, {"turns": turns("b: Two.")}]},
        {},
        [900, 0],
    ),
    "speaker": ({"script": turns("a: One.", "b: Two.")}, {}, [350, 0]),
    "same speaker": ({"script": turns("a: One.", "a: Two.")}, {}, [500, 0]),
    "paragraph": ({"script": "One two three.\n\nFour five six."}, {"chunk_chars": 16}, [500, 0]),
    "sentence": ({"script": "One two three. Four five six."}, {"chunk_chars": 16}, [250, 0]),
    "inside": ({"script": "One two three four five"}, {"chunk_chars": 16}, [0, 0]),
    "set": (TWO_SECTIONS, {"pauses": {"section_ms": 7}}, [7, 0]),
    "the digest's own": (TWO_SECTIONS | {"pauses": {"section_ms": 8}}, {"pauses": {"section_ms": 7}}, [8, 0]),
    "none": (TWO_SECTIONS | {"pauses": {"section_ms": 0}}, {}, [0, 0]),
    "another one of the digest's": (
        TWO_SECTIONS | {"pauses": {"speaker_ms": 8}},
        {"pauses": {"section_ms": 7}},
        [7, 0],
    ),
    "an unspeakable paragraph between": (
        {"script": "One two three.\n\n...\n\nFour five."},
        {"chunk_chars": 18},
        [500, 0],
    ),
    "an unspeakable section between": (
        {"script": [{"text": "One."}, {"text": "..."}, {"text": "Two."}]},
        {},
        [900, 0],
    ),
    "ready chunks": ({"chunks": ["One.", "Two.", {"speaker": "a", "text": "Three."}]}, {}, [500, 350, 0]),
}


@pytest.mark.parametrize(("source", "settings", "expected"), PAUSES.values(), ids=PAUSES)
def test_pauses_go_by_what_lies_between(
    source: Mapping[str, object], settings: Mapping[str, object], expected: list[int]
) -> None:
    """Section, speaker, paragraph, sentence, inside, in this order; the digest overrides each setting singly."""
    assert pauses(source, settings) == expected


UNSPEAKABLE: Mapping[str, tuple[list[str], list[str], list[tuple[int, int]]]] = {
    "first": (["...", "One.", "Two."], ["One.", "Two."], [(1, 0), (2, 1)]),
    "between": (["One.", "—", "Two."], ["One.", "Two."], [(0, 0), (2, 1)]),
    "last": (["One.", "Two.", "?!"], ["One.", "Two."], [(0, 0), (1, 1)]),
    "code": (["```\nx = 1\n```", "One."], ["One."], [(1, 0)]),
}


@pytest.mark.parametrize(("texts", "spoken", "sections"), UNSPEAKABLE.values(), ids=UNSPEAKABLE)
def test_what_cannot_be_said_is_covered_and_not_sent(
    texts: list[str], spoken: list[str], sections: list[tuple[int, int]]
) -> None:
    """Punctuation and code alone go with a neighbour's share, and no chunk changes its section by it."""
    plan = plan_of({"script": [{"text": text} for text in texts]})
    assert said(plan) == spoken
    assert [(chunk.section, chunk.index) for chunk in plan.chunks] == sections
    assert plan.chunks[-1].end == len(plan.spoken)
    assert len(plan.sections) == len(texts)


def test_code_that_is_left_out_is_noted() -> None:
    """The plan says what is not read aloud, and where it stands."""
    plan = plan_of({"script": [{"text": "One.\n\n```\nx\n```"}]})
    assert plan.notes == ("/script/0/text: The code block at line 3 is not read aloud.",)


@pytest.mark.parametrize(
    ("source", "where"),
    [({"script": "..."}, "/script"), ({"script": "```\ncode()\n```"}, "/script"), ({"chunks": ["?", "—"]}, "/chunks")],
    ids=["punctuation", "code", "chunks"],
)
def test_a_digest_without_a_word_is_refused(source: Mapping[str, object], where: str) -> None:
    """There has to be a letter or a digit somewhere."""
    with pytest.raises(DigestError, match="no letter and no digit") as raised:
        plan_of(source)
    assert raised.value.where == where


class TestReady:
    """Chunks that somebody cut already."""

    def test_they_are_used_as_they_are(self) -> None:
        """No Markdown, lexicon, audio tags or target size changes them, and dialogues do not join them."""
        ready = [
            "**Bern** [laughs] " + "a" * 900,
            {"speaker": "anna", "text": "# One"},
            {"speaker": "ben", "text": "x"},
        ]
        plan = plan_of({"chunks": ready, "lexicon": {"Bern": "Bairn"}}, able(dialogue=True))
        assert said(plan) == [ready[0], "# One", "x"]

    @pytest.mark.parametrize(
        ("chunk", "where"),
        [("é" * 11, "/chunks/1"), ({"speaker": "a", "text": "é" * 11}, "/chunks/1/text")],
        ids=["text", "turn"],
    )
    def test_one_too_large_is_refused(self, chunk: object, where: str) -> None:
        """By the provider's own measure, with the way out."""
        small = able(max_size=20, measure=lambda text: len(text.encode()))
        with pytest.raises(DigestError, match=r"measures 22, and the provider takes 20 .* write it under") as raised:
            plan_of({"chunks": ["é" * 10, chunk]}, small)
        assert raised.value.where == where


class TestSpoken:
    """What is sent, and what a reader sees."""

    def test_the_lexicon_changes_what_is_said_only(self) -> None:
        """Respelled words are sent, and written words are kept for captions."""
        (chunk,) = plan_of({"script": "**Bern** is nice.", "lexicon": {"Bern": "Bairn"}}).chunks
        assert (chunk.lines[0].text, chunk.lines[0].written) == ("Bairn is nice.", "Bern is nice.")

    @pytest.mark.parametrize(("tags", "expected"), [(True, "Oh [laughs] no."), (False, "Oh no.")])
    def test_audio_tags_go_where_they_are_spoken(self, tags: bool, expected: str) -> None:
        """A provider that does not speak audio tags would read them out."""
        assert said(plan_of({"script": "Oh [laughs] no."}, able(audio_tags=tags))) == [expected]

    def test_a_character_that_fits_nowhere_is_refused(self) -> None:
        """No chunk is over a limit, whatever the text."""
        with pytest.raises(DigestError, match="single character") as raised:
            plan_of({"script": [{"speaker": "a", "text": "a" + "\u0301" * 50}]}, able(max_size=10))
        assert raised.value.where == "/script/0/text"

    @pytest.mark.parametrize(("known", "language"), [(None, "de"), (frozenset({"en"}), "EN-us")])
    def test_a_language_that_is_spoken_is_planned(self, known: frozenset[str] | None, language: str) -> None:
        """The country and the case of a language code do not matter."""
        (chunk,) = plan_of({"script": "Hi.", "language": language}, able(languages=known)).chunks
        assert chunk.language == language

    def test_a_language_that_is_not_spoken_is_refused(self) -> None:
        """The error says which ones are."""
        with pytest.raises(DigestError, match="acme speaks en, fr and not 'de'; choose") as raised:
            plan_of({"script": "Hallo.", "language": "de"}, able(languages=frozenset({"fr", "en"})))
        assert raised.value.where == "/language"

    @pytest.mark.parametrize(("setting", "expected"), [(None, 24_000), (48_000, 48_000)])
    def test_the_output_has_the_provider_s_rate_unless_told(self, setting: int | None, expected: int) -> None:
        """Resampling is a wish."""
        plan = plan_of({"script": "Hi."}, settings={"output_rate_hz": setting})
        assert (plan.source_hz, plan.rate_hz) == (24_000, expected)


class TestDialogue:
    """Providers that speak one voice at a time, and providers that speak whole dialogues."""

    SCRIPT = turns("anna: One.", "ben: Two.", "anna: Three.")

    def test_one_speaker_a_chunk(self) -> None:
        """Where no dialogue is spoken, each turn is a request."""
        plan = plan_of({"script": self.SCRIPT})
        assert [[line.speaker for line in chunk.lines] for chunk in plan.chunks] == [["anna"], ["ben"], ["anna"]]

    def test_turns_stay_together(self) -> None:
        """Where dialogues are spoken, a run of turns is one request, with a line each."""
        (chunk,) = plan_of({"script": self.SCRIPT}, able(dialogue=True)).chunks
        assert [(line.speaker, line.text) for line in chunk.lines] == [
            ("anna", "One."),
            ("ben", "Two."),
            ("anna", "Three."),
        ]

    def test_sections_stay_apart(self) -> None:
        """A chapter begins with a request of its own."""
        script = [{"turns": self.SCRIPT}, {"turns": self.SCRIPT}]
        plan = plan_of({"script": script}, able(dialogue=True))
        assert [(chunk.section, len(chunk.lines), chunk.pause_ms) for chunk in plan.chunks] == [(0, 3, 900), (1, 3, 0)]

    @given(st.lists(st.integers(1, 30), min_size=2, max_size=40))
    def test_cuts_are_between_turns(self, words: list[int]) -> None:
        """No turn that fits is cut, and no request is over the target."""
        script = [{"speaker": "ab"[n % 2], "text": "Rain falls. " * count} for n, count in enumerate(words)]
        plan = plan_of({"script": script}, able(dialogue=True), settings={"dialogue_chars": 400})
        lines = [line.text for chunk in plan.chunks for line in chunk.lines]
        assert lines == [turn["text"].strip() for turn in script]
        assert all(chunk.chars <= 400 for chunk in plan.chunks)

    @given(st.lists(st.integers(1, 120), min_size=2, max_size=12))
    def test_a_long_turn_is_cut_between_sentences(self, words: list[int]) -> None:
        """Every line ends with a sentence, and pieces of one turn in one request are one line."""
        script = [{"speaker": "ab"[n % 2], "text": "Rain falls. " * count} for n, count in enumerate(words)]
        plan = plan_of({"script": script}, able(dialogue=True), settings={"dialogue_chars": 200})
        for chunk in plan.chunks:
            assert chunk.chars <= 200
            assert all(line.text.endswith("falls.") for line in chunk.lines)
            speakers = [line.speaker for line in chunk.lines]
            assert all(one != other for one, other in pairwise(speakers))

    def test_too_many_voices_are_refused(self) -> None:
        """A request for more voices than the provider takes in a dialogue is not planned; the message says what helps."""
        script = turns(*(f"s{number}: Good morning." for number in range(4)))
        four = able(voices=("a", "b", "c", "d"), dialogue=True)
        with pytest.raises(DigestError, match="4 voices speak in one dialogue request, and acme takes 3; lower"):
            plan_of({"script": script}, replace(four, max_voices=3))
        assert len(plan_of({"script": script}, replace(four, max_voices=4)).chunks) == 1
        apart = plan_of({"script": script}, replace(four, max_voices=3), settings={"dialogue_chars": 31})
        assert 1 < len(apart.chunks) <= 4

    def test_one_speaker_is_no_dialogue(self) -> None:
        """A narrative is cut and asked for as one, whatever the provider can do."""
        (chunk,) = plan_of({"script": "Good morning."}, able(dialogue=True)).chunks
        assert not chunk.dialogue

    def test_a_turn_without_a_word_is_no_line(self) -> None:
        """A pause that somebody wrote down is not sent."""
        (chunk,) = plan_of({"script": turns("anna: One.", "ben: ...", "anna: Three.")}, able(dialogue=True)).chunks
        assert [line.text for line in chunk.lines] == ["One.", "Three."]


SCRIPT = turns("anna: One.", "ben: Two.", "anna: Three.", "cleo: Four.")
CASTS: Mapping[str, tuple[Mapping[str, object], Mapping[str, str], dict[str, str]]] = {
    "in order of appearance": ({}, {}, {"anna": "ada", "ben": "bob", "cleo": "cy"}),
    "the digest's": ({"anna": "cy", "ben": "cy", "cleo": "ada"}, {}, {"anna": "cy", "ben": "cy", "cleo": "ada"}),
    "by provider": (
        {
            "anna": {"providers": {"acme": "bob"}},
            "ben": {"voice": "cy", "providers": {"other": "zoe"}},
            "cleo": {"voice": "zoe", "providers": {"acme": {"voice": "ada"}}},
        },
        {},
        {"anna": "bob", "ben": "cy", "cleo": "ada"},
    ),
    "one overridden": ({}, {"anna": "bob"}, {"anna": "bob", "ben": "ada", "cleo": "cy"}),
    "all overridden": ({"anna": "zoe"}, {"": "cy"}, {"anna": "cy", "ben": "cy", "cleo": "cy"}),
    "all but one overridden": ({}, {"": "cy", "ben": "bob"}, {"anna": "cy", "ben": "bob", "cleo": "cy"}),
    "one of the digest's overridden": (
        {"anna": "zoe", "ben": "bob", "cleo": "bob"},
        {"anna": "cy"},
        {"anna": "cy", "ben": "bob", "cleo": "bob"},
    ),
}


class TestCasting:
    """Who speaks with which voice."""

    @pytest.mark.parametrize(("voices", "overrides", "expected"), CASTS.values(), ids=CASTS)
    def test_every_speaker_has_a_voice(
        self, voices: Mapping[str, object], overrides: Mapping[str, str], expected: dict[str, str]
    ) -> None:
        """An override goes before the digest, and that before the provider's own voices that nobody has."""
        plan = plan_of({"script": SCRIPT, "voices": voices}, voices=overrides)
        assert {chunk.lines[0].speaker: chunk.lines[0].voice.id for chunk in plan.chunks} == expected
        assert plan.notes == ()

    @pytest.mark.parametrize(
        ("choice", "expected"),
        [
            ({"voice": "ada", "settings": {"speed": 2}}, {"speed": 2}),
            ({"settings": {"speed": 2}, "providers": {"acme": "ada"}}, {"speed": 2}),
            ({"settings": {"speed": 2}, "providers": {"acme": {"voice": "ada", "settings": {"a": [1]}}}}, {"a": [1]}),
            ({"settings": {"speed": 2}, "providers": {"acme": {"voice": "ada"}}}, {}),
            ("ada", {}),
        ],
        ids=["voice", "name at a provider", "own settings", "own lack of settings", "name"],
    )
    def test_settings_come_with_the_voice(self, choice: object, expected: dict[str, object]) -> None:
        """A voice that is given with settings of its own for a provider has only those."""
        (chunk,) = plan_of({"script": "Hi.", "voices": {"narrator": choice}}).chunks
        assert chunk.lines[0].voice.settings == expected

    def test_shared_voices_are_noted(self) -> None:
        """Where there are more speakers than voices, the voices go around, and the plan says so."""
        plan = plan_of({"script": SCRIPT}, able(voices=("ada", "bob")))
        assert [chunk.lines[0].voice.id for chunk in plan.chunks] == ["ada", "bob", "ada", "ada"]
        assert plan.notes == ("3 speakers share 2 voices of acme",)

    @pytest.mark.parametrize(
        ("source", "where", "said"),
        [
            (
                {"script": SCRIPT, "voices": {"anna": "ada"}},
                "/script/1/speaker",
                "no voice is given for 'ben'; 'voices'",
            ),
            (
                {"script": [{"turns": SCRIPT}], "voices": {"anna": "ada"}},
                "/script/0/turns/1/speaker",
                "no voice is given for 'ben'",
            ),
            ({"script": "Hi.", "voices": {"anna": "ada"}}, "/script", "no voice is given for 'narrator'"),
            (
                {"script": [{"text": "Hi."}], "voices": {"anna": "ada"}},
                "/script/0/text",
                "no voice is given for 'narrator'",
            ),
            (
                {"script": "Anna: Hi.\nBen: Yo.", "voices": {"Anna": "ada"}},
                "/script",
                "no voice is given for 'Ben'",
            ),
            (
                {"script": turns("a/b: Hi."), "voices": {"a/b": {"providers": {"other": "zoe"}}}},
                "/voices/a~1b",
                "'a/b' has no voice at acme; name one",
            ),
        ],
        ids=["turn", "turn in a section", "narrator", "narrator of a section", "line", "other provider's voice"],
    )
    def test_a_speaker_without_a_voice_is_refused(self, source: Mapping[str, object], where: str, said: str) -> None:
        """Who names voices names them for everybody; the error says where the speaker first speaks."""
        with pytest.raises(DigestError, match=said) as raised:
            plan_of(source)
        assert raised.value.where == where

    @pytest.mark.parametrize(
        ("capabilities", "overrides", "said"),
        [
            (able(), {"dora": "ada"}, "No speaker is called 'dora'; this digest has anna, ben, cleo."),
            (able(), {"ben": "zoe"}, "acme has no voice 'zoe' for 'ben'; it has ada, bob, cy."),
            (able(voices=(), any_voice=True), {}, "has no voice of its own; name one"),
        ],
        ids=["unknown speaker", "unknown voice", "no voice at all"],
    )
    def test_a_voice_that_cannot_be_is_refused(
        self, capabilities: Capabilities, overrides: Mapping[str, str], said: str
    ) -> None:
        """Every message names what there is instead."""
        with pytest.raises(ConfigError, match=said):
            plan_of({"script": SCRIPT}, capabilities, voices=overrides)

    def test_any_voice_goes_where_the_provider_has_more_than_it_lists(self) -> None:
        """A cloned voice has an id that no table knows."""
        (chunk,) = plan_of({"script": "Hi."}, able(voices=(), any_voice=True), voices={"": "my-own"}).chunks
        assert chunk.lines[0].voice.id == "my-own"


class TestAdvice:
    """What a plan suggests where few large chunks leave workers idle."""

    def plan(self, *sizes: int) -> Plan:
        return plan_of({"chunks": ["a" * size for size in sizes]})

    @pytest.mark.parametrize(
        ("sizes", "at_once", "said"),
        [
            (
                [800] * 6,
                5,
                "6 chunks for 5 requests at once: chunk_chars=300 would make about 18 and save about 21% of the time",
            ),
            ([800] * 15, 5, None),
            ([800] * 6, 1, None),
            ([150] * 6, 5, None),
            ([800] * 5, 5, None),
            ([201] * 5, 5, None),
        ],
        ids=["few", "enough", "one at a time", "fine already", "a chunk each", "not worth saying"],
    )
    def test_finer_chunks_are_suggested_where_they_save_much(
        self, sizes: list[int], at_once: int, said: str | None
    ) -> None:
        """The note has the size, the number of chunks and the time saved; nothing else changes."""
        plan = self.plan(*sizes)
        advised = finer(plan, at_once=at_once, settings=Settings(chunk_chars=max(sizes)))
        assert advised.chunks == plan.chunks
        assert advised.notes == ((said,) if said else ())

    @given(st.lists(st.integers(1, 2_000), min_size=1, max_size=30), st.integers(1, 10))
    def test_the_makespan_is_possible(self, sizes: list[int], at_once: int) -> None:
        """It is no shorter than the longest chunk or an even share, and no longer than one after another."""
        each_s = [makespan_s([size], 1) for size in sizes]
        assert max(*each_s, sum(each_s) / at_once) - 1e-6 <= makespan_s(sizes, at_once) <= sum(each_s) + 1e-6


def test_a_digest_from_a_file_is_planned_like_any_other() -> None:
    """Headings of a narrative are spoken, and are its chapters."""
    plan = plan_of(Digest.from_text("Hi.\n\n# The *news*\n\nIt rains.", digest_id="today"))
    assert (plan.digest_id, plan.sections) == ("today", ("", "The news"))
    assert plan.spoken == "Hi.\n\nThe news\n\nIt rains."


class TestContext:
    LISTENS = replace(able(), context_chars=25)
    LONG = "One two three four five. Six seven eight nine ten. Eleven, twelve and thirteen."

    def test_it_is_the_words_around_a_cut(self) -> None:
        """Whole words of the neighbours, as many as the provider listens to."""
        plan = plan_of({"script": self.LONG}, self.LISTENS, settings={"chunk_chars": 30})
        assert [(chunk.before, chunk.continues, chunk.after) for chunk in plan.chunks] == [
            ("", False, "Six seven eight nine ten."),
            ("One two three four five.", True, "Eleven, twelve and"),
            ("Six seven eight nine ten.", True, ""),
        ]

    @pytest.mark.parametrize(
        "script",
        ["One two three.\n\nFour five six.", turns("anna: One two three.", "ben: Four five six.")],
        ids=["another paragraph", "another speaker"],
    )
    def test_it_ends_where_the_paragraph_or_the_voice_does(self, script: object) -> None:
        """What somebody else says, or what is said after a rest, is no context."""
        plan = plan_of({"script": script}, self.LISTENS, settings={"chunk_chars": 18})
        assert [(chunk.before, chunk.continues, chunk.after) for chunk in plan.chunks] == [("", False, "")] * 2

    def test_not_everybody_listens(self) -> None:
        """Without it being asked for, there is none."""
        plan = plan_of({"script": self.LONG}, able(), settings={"chunk_chars": 30})
        assert {(chunk.before, chunk.after) for chunk in plan.chunks} == {("", "")}
        assert [chunk.continues for chunk in plan.chunks] == [False, True, True]


def test_stitching_is_in_order() -> None:
    """A digest that asks for it is rendered in order, which its plan says; who cannot leaves it out, and says that."""
    stitched = {"script": "Good morning.", "stitch": True}
    plan = plan_of(stitched, replace(able(), stitches=True))
    assert (plan.in_order, "one by one" in plan.notes[0]) == (True, True)
    plan = plan_of(stitched)
    assert (plan.in_order, "acme does not follow on" in plan.notes[0]) == (False, True)
