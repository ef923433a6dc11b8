"""What can be read as a digest, and what is said of what cannot."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.plans import turns
from tts_async.core.digest import Digest
from tts_async.core.faults import MAX_DEPTH, TOO_DEEP, WORDS, pointer
from tts_async.core.script import passages
from tts_async.errors import DigestError

ROOT = Path(__file__).resolve().parents[2]

TURNS = turns("anna: Hi.", "ben: Yo.")
FORMS: Mapping[str, tuple[Mapping[str, object], Sequence[tuple[int, str, str, str, str]]]] = {
    "text": ({"script": "Hi."}, [(0, "", "narrator", "Hi.", "/script")]),
    "text with headings": (
        {"script": "Hi.\n\n# *One*\nA.\n\nTwo\n===\nB."},
        [
            (0, "", "narrator", "Hi.\n", "/script"),
            (1, "One", "narrator", "# *One*\nA.\n", "/script"),
            (2, "Two", "narrator", "Two\n===\nB.", "/script"),
        ],
    ),
    "text in turns": (
        {"script": "# One\nAnna: Hi.\nBen: Yo."},
        [(0, "One", "Anna", "Hi.", "/script"), (0, "One", "Ben", "Yo.", "/script")],
    ),
    "text that is meant as a narrative": (
        {"mode": "narrative", "script": "Anna: Hi.\nBen: Yo."},
        [(0, "", "narrator", "Anna: Hi.\nBen: Yo.", "/script")],
    ),
    "text with a voice for its narrator": (
        {"voices": {"narrator": "x"}, "script": "Anna: Hi.\nBen: Yo."},
        [(0, "", "narrator", "Anna: Hi.\nBen: Yo.", "/script")],
    ),
    "turns": (
        {"script": TURNS},
        [(0, "", "anna", "Hi.", "/script/0/text"), (0, "", "ben", "Yo.", "/script/1/text")],
    ),
    "sections of text": (
        {"script": [{"text": "A."}, {"heading": "Two", "text": "B."}]},
        [(0, "", "narrator", "A.", "/script/0/text"), (1, "Two", "narrator", "B.", "/script/1/text")],
    ),
    "sections of both": (
        {"script": [{"heading": "One", "turns": TURNS[:1]}, {"text": "B."}]},
        [(0, "One", "anna", "Hi.", "/script/0/turns/0/text"), (1, "", "narrator", "B.", "/script/1/text")],
    ),
    "ready chunks": (
        {"chunks": [" A. ", {"speaker": "anna", "text": "B."}]},
        [(0, "", "narrator", "A.", "/chunks/0"), (0, "", "anna", "B.", "/chunks/1/text")],
    ),
    "nothing where nothing is": (
        {"script": "Hi.", "chunks": None, "mode": None, "title": "", "lexicon": {}},
        [(0, "", "narrator", "Hi.", "/script")],
    ),
}

EVERYTHING: Mapping[str, object] = {
    "version": 1,
    "id": "news",
    "title": "The news",
    "date": "2026-11-20",
    "language": "pt-BR",
    "mode": "dialogue",
    "voices": {
        "anna": "heart",
        "ben": {"voice": "x", "settings": {"speed": 1.1}, "providers": {"a": "y", "b": {"voice": "z"}}},
    },
    "script": TURNS,
    "pauses": {"speaker_ms": 0},
    "lexicon": {"Bern": "Bairn"},
    "metadata": {"author": "Me", "cover": "a.png", "tags": ["x", {"y": [1, None, True, 0.5]}]},
}


@pytest.mark.parametrize(("source", "expected"), FORMS.values(), ids=FORMS)
def test_every_form_is_read(source: Mapping[str, object], expected: Sequence[tuple[int, str, str, str, str]]) -> None:
    """A script may be text, turns, sections of either, or ready chunks; each passage knows where it stands."""
    found = passages(Digest.read(source))
    assert [(each.section, each.heading, each.speaker, each.text, each.where) for each in found] == expected
    assert {each.kind == "ready" for each in found} == {"chunks" in source and source["chunks"] is not None}


def test_all_fields_are_kept() -> None:
    """What is read is what was written, names of the user's own in the metadata included."""
    read = Digest.from_json(json.dumps(EVERYTHING))
    assert read.model_dump(mode="json", exclude_unset=True) == EVERYTHING
    assert read == Digest.read(EVERYTHING)


def test_models_may_be_given_instead_of_their_fields() -> None:
    """A digest built in Python may hold the turns of another."""
    script = Digest.read({"script": TURNS}).script
    assert Digest.read({"script": script}) == Digest.read({"script": TURNS})


@pytest.mark.parametrize("name", ["digest.json", "dialogue.json"])
def test_the_examples_are_digests(name: str) -> None:
    """The examples of the repository can be read."""
    assert passages(Digest.from_json((ROOT / "examples" / name).read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        pytest.param('\ufeff{"script": "Hi."}', "Hi.", id="byte order mark"),
        pytest.param('{"script": "One\\r\\ntwo\\rthree"}', "One\ntwo\nthree", id="line ends"),
        pytest.param('{"script": "Cafe\\u0301"}', "Café", id="composed"),
        pytest.param('{"script": "\\ud83c\\udf89 Hi."}', "🎉 Hi.", id="a whole surrogate pair"),
        pytest.param('{"script": "Hi.", "metadata": {"x": ' + "[" * 40 + "]" * 40 + "}}", "Hi.", id="40 deep"),
    ],
)
def test_json_is_read_leniently_where_nothing_is_lost(written: str, read: str) -> None:
    """Byte order marks, repeated names and foreign line ends are no reason to refuse a digest."""
    assert Digest.from_json(written).script == read


def deep(levels: int, opening: str = "[", closing: str = "]") -> str:
    return opening * levels + "1" + closing * levels


def in_metadata(written: str) -> str:
    return '{"script": "a", "metadata": {"x": ' + written + "}}"


NOT_JSON = {
    "nothing": ("", "line 1, column 1: this is not JSON: Expecting value"),
    "cut off": ('{\n"script": "a', "line 2, column 11: this is not JSON: Unterminated string starting"),
    "raw control character": ('{"script": "a\x07"}', "line 1, column 14: this is not JSON: Invalid control character"),
    "null": ("null", "it has to be an object in braces"),
    "a list": ("[]", "it has to be an object in braces"),
    "a number": ("7", "it has to be an object in braces"),
    "a number of 5,000 digits": ('{"version": %s}' % ("9" * 5_000), "it holds a number with thousands of digits"),
    "10,000 lists": (deep(10_000), TOO_DEEP),
    "100,000 lists": (deep(100_000), TOO_DEEP),
    "10,000 objects": (deep(10_000, '{"a":', "}"), TOO_DEEP),
    "10,000 in the metadata": (in_metadata(deep(10_000)), TOO_DEEP),
    "900 in the metadata": (in_metadata(deep(900)), TOO_DEEP),
    "500 in the script": ('{"script": ' + deep(500) + "}", TOO_DEEP),
    "never closed": ("[" * 100_000, TOO_DEEP),
}


@pytest.mark.parametrize(("text", "said"), NOT_JSON.values(), ids=NOT_JSON)
def test_what_is_no_json_object_is_refused(text: str, said: str) -> None:
    """The line is named; deep nesting is refused alike by every Python."""
    with pytest.raises(DigestError) as raised:
        Digest.from_json(text)
    assert str(raised.value) == said


CONTROL = "Character 2 of the text, U+0007, is a control character; remove it."
SURROGATE = "Character 1 of the text, U+D800, is half a surrogate pair; remove it."
MISTAKES: Mapping[str, tuple[str, str, str]] = {
    "neither script nor chunks": ("{}", "", "a digest has either 'script' or 'chunks'"),
    "both": ('{"script": "a", "chunks": ["a"]}', "", "a digest has either 'script' or 'chunks'"),
    "unknown field": ('{"script": "a", "skript": 1}', "/skript", WORDS["extra_forbidden"]),
    "unknown version": ('{"script": "a", "version": 2}', "/version", "it has to be 1"),
    "version as text": ('{"script": "a", "version": "1"}', "/version", "it has to be 1"),
    "unknown mode": ('{"script": "a", "mode": "play"}', "/mode", "it has to be 'narrative' or 'dialogue'"),
    "no language code": ('{"script": "a", "language": "English!"}', "/language", WORDS["string_pattern_mismatch"]),
    "empty id": ('{"id": "", "script": "a"}', "/id", "it cannot be empty"),
    "empty script": ('{"script": ""}', "/script", "there is nothing to say in it"),
    "blank script": ('{"script": " \\n\\u2003"}', "/script", "there is nothing to say in it"),
    "no turns": ('{"script": []}', "/script", WORDS["too_short"]),
    "no chunks": ('{"chunks": []}', "/chunks", WORDS["too_short"]),
    "no turns in a section": ('{"script": [{"turns": []}]}', "/script/0/turns", WORDS["too_short"]),
    "script is a number": ('{"script": 5}', "/script", WORDS["union_tag_not_found"]),
    "script is an object": ('{"script": {"text": "a"}}', "/script", WORDS["union_tag_not_found"]),
    "script of texts": ('{"script": ["a"]}', "/script/0", WORDS["model_type"]),
    "turn without text": ('{"script": [{"speaker": "a"}]}', "/script/0/text", WORDS["missing"]),
    "turn without speaker": (
        '{"script": [{"speaker": "a", "text": "b"}, {"text": "c"}]}',
        "/script/1/speaker",
        WORDS["missing"],
    ),
    "turn without words": ('{"script": [{"speaker": "a", "text": " "}]}', "/script/0/text", "there is nothing to say"),
    "speaker on two lines": (
        '{"script": [{"speaker": "a\\nb", "text": "c"}]}',
        "/script/0/speaker",
        "a name has to be",
    ),
    "speaker of 201 characters": (
        '{"script": [{"speaker": "%s", "text": "c"}]}' % ("a" * 201),
        "/script/0/speaker",
        WORDS["too_long"],
    ),
    "section of nothing": ('{"script": [{"heading": "a"}]}', "/script/0", "a section has either 'text' or 'turns'"),
    "section of both": (
        '{"script": [{"text": "a", "turns": [{"speaker": "a", "text": "b"}]}]}',
        "/script/0",
        "a section has either 'text' or 'turns'",
    ),
    "number in a section": (
        '{"script": [{"text": "a"}, {"turns": [{"speaker": "a", "text": 5}]}]}',
        "/script/1/turns/0/text",
        WORDS["string_type"],
    ),
    "turns are an object": ('{"script": [{"turns": {}}]}', "/script/0/turns", WORDS["tuple_type"]),
    "chunk is a number": ('{"chunks": ["a", 5]}', "/chunks/1", WORDS["string_type"]),
    "empty chunk": ('{"chunks": ["a", ""]}', "/chunks/1", "there is nothing to say in it"),
    "empty chunk with a speaker": (
        '{"chunks": [{"speaker": "a", "text": ""}]}',
        "/chunks/0/text",
        "there is nothing to say",
    ),
    "voices are a list": ('{"script": "a", "voices": []}', "/voices", WORDS["dict_type"]),
    "voice is a number": ('{"script": "a", "voices": {"n": 5}}', "/voices/n", WORDS["string_type"]),
    "voice at a provider is a number": (
        '{"script": "a", "voices": {"n/~": {"providers": {"x": {"voice": 1}}}}}',
        "/voices/n~1~0/providers/x/voice",
        WORDS["string_type"],
    ),
    "unknown field of a voice": ('{"script": "a", "voices": {"n": {"voise": "x"}}}', "/voices/n/voise", "there is no"),
    "empty word in the lexicon": (
        '{"script": "a", "lexicon": {"": "b"}}',
        "/lexicon/",
        "it cannot be empty",
    ),
    "number in the lexicon": ('{"script": "a", "lexicon": {"a": 5}}', "/lexicon/a", WORDS["string_type"]),
    "negative pause": ('{"script": "a", "pauses": {"inside_ms": -1}}', "/pauses/inside_ms", "it has to be greater"),
    "endless pause": ('{"script": "a", "pauses": {"inside_ms": 60001}}', "/pauses/inside_ms", "it has to be less"),
    "huge pause": ('{"script": "a", "pauses": {"inside_ms": 1%s}}' % ("0" * 4_000), "/pauses/inside_ms", "it has to"),
    "pause in parts of a millisecond": ('{"script": "a", "pauses": {"inside_ms": 1.5}}', "/pauses/inside_ms", "it has"),
    "pause is not a number": ('{"script": "a", "pauses": {"inside_ms": NaN}}', "/pauses/inside_ms", "nan is no number"),
    "infinite setting": (
        '{"script": "a", "voices": {"n": {"voice": "x", "settings": {"speed": [1e999]}}}}',
        "/voices/n/settings/speed/0",
        "inf is no number",
    ),
    "author is a number": ('{"script": "a", "metadata": {"author": 5}}', "/metadata/author", WORDS["string_type"]),
    "control character in the script": ('{"script": "a\\u0007"}', "/script", CONTROL),
    "control character in a turn": ('{"script": [{"speaker": "a", "text": "a\\u0007"}]}', "/script/0/text", CONTROL),
    "control character in a chunk": ('{"chunks": ["a", "a\\u0007"]}', "/chunks/1", CONTROL),
    "control character in own metadata": (
        '{"script": "a", "metadata": {"x": [["a\\u0007"]]}}',
        "/metadata/x/0/0",
        CONTROL,
    ),
    "half a pair in the script": ('{"script": "\\ud800"}', "/script", SURROGATE),
    "half a pair in a setting": (
        '{"script": "a", "voices": {"n": {"voice": "x", "settings": {"y": "\\ud800"}}}}',
        "/voices/n/settings/y",
        SURROGATE,
    ),
    "half a pair in a name": ('{"script": "a", "voices": {"\\ud800": "x"}}', "/voices", SURROGATE),
    "half a pair in a field": ('{"script": "a", "\\ud800": 1}', "", SURROGATE),
    "half a pair in the language": ('{"script": "a", "language": "\\ud800"}', "/language", SURROGATE),
    "innermost of two": ('{"script": 5, "voices": {"n": {"voise": "x"}}}', "/voices/n/voise", "there is no such field"),
}


@pytest.mark.parametrize(("text", "where", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_found_and_placed(text: str, where: str, said: str) -> None:
    """One sentence says what is wrong, after the JSON pointer to it."""
    with pytest.raises(DigestError) as raised:
        Digest.from_json(text)
    assert raised.value.where == where
    assert str(raised.value).startswith(f"{where}: {said}" if where else said)
    assert len(str(raised.value).splitlines()) == 1


def test_a_digest_that_holds_itself_is_refused() -> None:
    """A Python value may be endless; it is too deep like any other."""
    endless: dict[str, object] = {"script": "a"}
    endless["metadata"] = endless
    with pytest.raises(DigestError, match=TOO_DEEP):
        Digest.read(endless)


def test_the_limit_of_nesting_is_exact() -> None:
    """As many levels as allowed are read, and one more is not."""

    Digest.from_json(in_metadata(deep(MAX_DEPTH - 2)))
    with pytest.raises(DigestError, match=TOO_DEEP):
        Digest.from_json(in_metadata(deep(MAX_DEPTH - 1)))


@pytest.mark.parametrize(
    ("source", "where", "said"),
    [
        ([], "", WORDS["model_type"]),
        ({1: 2, "script": "a"}, "/1", "Keys should be strings"),
        ({"script": "a", "metadata": {"x": object()}}, "/metadata/x", "not a valid JSON value"),
    ],
    ids=["a list", "a number as a name", "an object that is no JSON"],
)
def test_python_values_that_json_cannot_hold_are_refused(source: Any, where: str, said: str) -> None:
    """A decoded digest holds what JSON holds, and is refused before anything is sent where it does not."""
    with pytest.raises(DigestError) as raised:
        Digest.read(source)
    assert raised.value.where == where
    assert said in str(raised.value)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec=None)), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(Digest.model_fields)), JSON_VALUES))
def test_whatever_json_says_there_is_one_kind_of_error(source: dict[str, object]) -> None:
    """Any JSON value in any field is read, or refused with a sentence that can be printed."""
    try:
        Digest.read(source)
    except DigestError as error:
        str(error).encode()


@given(st.text())
def test_any_text_can_be_read_or_is_refused(text: str) -> None:
    """Text and JSON files with anything in them give a digest or a `DigestError`."""
    for read in (Digest.from_json, Digest.from_text):
        try:
            passages(read(text))
        except DigestError as error:
            str(error).encode()


@pytest.mark.parametrize(
    ("steps", "expected"), [((), ""), (("a", 0), "/a/0"), (("a/b~c",), "/a~1b~0c"), (("",), "/")], ids=str
)
def test_a_pointer_is_as_the_rfc_has_it(steps: tuple[object, ...], expected: str) -> None:
    """RFC 6901: "~" is "~0" and "/" is "~1" inside a step."""
    assert pointer(*steps) == expected


DIALOGUES: Mapping[str, tuple[str, Sequence[tuple[str, str]]]] = {
    "two lines": ("Anna: Hi.\nBen: Yo.", [("Anna", "Hi."), ("Ben", "Yo.")]),
    "windows": ("\ufeffAnna: Hi.\r\nBen: Yo.\r\n", [("Anna", "Hi."), ("Ben", "Yo.")]),
    "same speaker twice": ("Anna: Hi.\nAnna: Yo.", [("Anna", "Hi."), ("Anna", "Yo.")]),
    "turns of several lines": ("Anna: Hi\nyou.\n\nMore.\n\nBen: Yo.", [("Anna", "Hi\nyou.\n\nMore."), ("Ben", "Yo.")]),
    "bold names": ("**Anna:** Hi.\n__Ben__: Yo.", [("Anna", "Hi."), ("Ben", "Yo.")]),
    "names of several words": (
        "Dr. Anna Maria: Hi.\nMr. O’Neil-Smith: Yo.",
        [("Dr. Anna Maria", "Hi."), ("Mr. O’Neil-Smith", "Yo.")],
    ),
    "full-width colon": ("小明：你好。\n小红：再见。", [("小明", "你好。"), ("小红", "再见。")]),
    "names with marks": ("अमित: नमस्ते।\nरीता: हाँ।", [("अमित", "नमस्ते।"), ("रीता", "हाँ।")]),
    "speaker with a number": ("Host: Hi.\nGuest 2: Yo.", [("Host", "Hi."), ("Guest 2", "Yo.")]),
    "time and address": (
        "Anna: At\n10:30 see\nhttp://a.org\nBen: Yo.",
        [("Anna", "At\n10:30 see\nhttp://a.org"), ("Ben", "Yo.")],
    ),
    "below a heading": ("# News\nAnna: Hi.\nBen: Yo.", [("Anna", "Hi."), ("Ben", "Yo.")]),
    "below an underlined heading": ("News\n====\nAnna: Hi.\nBen: Yo.", [("Anna", "Hi."), ("Ben", "Yo.")]),
    "below two headings": ("# News\n## Rain\nAnna: Hi.\nBen: Yo.", [("Anna", "Hi."), ("Ben", "Yo.")]),
    "before a last heading": ("Anna: Hi.\nBen: Yo.\n# End", [("Anna", "Hi."), ("Ben", "Yo.")]),
    "below an empty heading": ("#\nAnna: Hi.\nBen: Yo.", [("Anna", "Hi."), ("Ben", "Yo.")]),
}
FRIENDS = {
    "one note": "Note: rain.\nIt rains.",
    "a note later": "It rains.\nNote: rain.\nNote: sun.",
    "a recipe": "Serves: four\nTime: twenty minutes\nLevel: easy",
    "times of day": "10:30: go\n10:45: stop\n10:30: go",
    "addresses": "http://a.org\nhttp://b.org",
    "no space": "a:b\nc:d\na:b",
    "four words": "The big bad wolf: huff\nThe big bad wolf: puff",
    "a list": "- Anna: Hi.\n- Anna: Yo.",
    "a name without words": "Anna:\nHi.\nAnna:\nYo.",
}


@pytest.mark.parametrize(("text", "expected"), DIALOGUES.values(), ids=DIALOGUES)
def test_lines_with_names_are_a_dialogue(text: str, expected: Sequence[tuple[str, str]]) -> None:
    """``Name: line`` at line starts is a dialogue; other lines belong to the turn before them."""
    assert [(each.speaker, each.text) for each in passages(Digest.from_text(text))] == expected


@pytest.mark.parametrize("text", FRIENDS.values(), ids=FRIENDS)
def test_what_only_looks_like_a_dialogue_is_none(text: str) -> None:
    """Notes, labels, times, addresses and lists are read by the narrator, all of them."""
    (only,) = passages(Digest.from_text(text))
    assert (only.speaker, only.text) == ("narrator", text)


def test_a_dialogue_has_its_headings_as_sections() -> None:
    """Headings make chapters of a dialogue, in plain words, and are not spoken."""
    found = passages(Digest.from_text("# The *news*\nAnna: Hi.\n\n## 1. Rain\nBen: Yo.\nAnna: Oh."))
    assert [(each.section, each.heading, each.text) for each in found] == [
        (0, "The news", "Hi."),
        (1, "1. Rain", "Yo."),
        (1, "1. Rain", "Oh."),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "there is nothing to say in it"),
        ("\ufeff \r\n\t", "there is nothing to say in it"),
        ("One.\r\nTw\x00.", "line 2: Character 3 of the text, U+0000, is a control character; remove it."),
        ("One.\rTwo.\r\ud800", f"line 3: {SURROGATE}"),
    ],
    ids=["empty", "blank", "binary", "surrogate"],
)
def test_a_text_that_cannot_be_read_says_its_line(text: str, said: str) -> None:
    """Of a text the line is named."""
    with pytest.raises(DigestError, match=f"^{re.escape(said)}$"):
        Digest.from_text(text)


@given(st.lists(st.sampled_from(["# A", "A\n===", "", "Hi.", "```", "> # no", "Anna: Hi.", "- x", "    # code"])))
def test_sections_of_a_text_lose_nothing(lines: list[str]) -> None:
    """What a text is cut into at its headings is the text, but for blank lines before the first heading."""
    text = "\n".join([*lines, "End."])
    read = passages(Digest.read({"mode": "narrative", "script": text}))
    assert text.endswith("\n".join(each.text for each in read))
    assert "\n".join(each.text for each in read).strip() == text.strip()


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"mode": "narrative", "script": TURNS}, "/mode: a narrative has one speaker, 'narrator', and this has ['anna"),
        ({"mode": "dialogue", "script": "Hi."}, "/mode: a dialogue is a list of turns with speakers"),
        ({"mode": "dialogue", "chunks": ["Hi."]}, "/mode: a dialogue is a list of turns with speakers"),
    ],
    ids=["narrative in turns", "dialogue without names", "dialogue of nameless chunks"],
)
def test_the_mode_has_to_fit_the_script(source: Mapping[str, object], said: str) -> None:
    """Who says a mode gets that mode, or an error."""
    with pytest.raises(DigestError) as raised:
        passages(Digest.read(source))
    assert str(raised.value).startswith(said)


class TestSchema:
    """docs/digest.schema.json, which editors and other programs check digests with."""

    SCHEMA = json.loads((ROOT / "docs" / "digest.schema.json").read_text(encoding="utf-8"))

    def accepts(self, value: object, rule: Mapping[str, Any] | None = None) -> bool:
        """Check a value by the words of JSON Schema that the digest's one uses; any other word is an error."""
        words = dict(self.SCHEMA if rule is None else rule)
        for aside in ("$defs", "default", "description", "title"):
            words.pop(aside, None)
        return all(getattr(self, f"_{word.strip('$')}")(value, meant, words) for word, meant in words.items())

    def _ref(self, value: object, name: str, _: object) -> bool:
        return self.accepts(value, self.SCHEMA["$defs"][name.removeprefix("#/$defs/")])

    def _anyOf(self, value: object, rules: Sequence[Mapping[str, Any]], _: object) -> bool:  # noqa: N802
        return any(self.accepts(value, rule) for rule in rules)

    def _oneOf(self, value: object, rules: Sequence[Mapping[str, Any]], _: object) -> bool:  # noqa: N802
        return sum(self.accepts(value, rule) for rule in rules) == 1

    def _type(self, value: object, name: str, _: object) -> bool:
        kinds = {"object": dict, "array": list, "string": str, "integer": int, "null": type(None)}
        return isinstance(value, kinds[name]) and not isinstance(value, bool)

    def _const(self, value: object, only: object, _: object) -> bool:
        return value == only

    def _enum(self, value: object, known: Sequence[object], _: object) -> bool:
        return value in known

    def _minimum(self, value: Any, least: int, _: object) -> bool:
        return not isinstance(value, int) or value >= least

    def _maximum(self, value: Any, most: int, _: object) -> bool:
        return not isinstance(value, int) or value <= most

    def _minItems(self, value: Any, least: int, _: object) -> bool:  # noqa: N802
        return not isinstance(value, list) or len(value) >= least

    def _maxLength(self, value: Any, most: int, _: object) -> bool:  # noqa: N802
        return not isinstance(value, str) or len(value) <= most

    def _pattern(self, value: Any, pattern: str, _: object) -> bool:
        return not isinstance(value, str) or re.search(pattern, value) is not None

    def _items(self, value: Any, rule: Mapping[str, Any], _: object) -> bool:
        return not isinstance(value, list) or all(self.accepts(each, rule) for each in value)

    def _required(self, value: Any, names: Sequence[str], _: object) -> bool:
        return not isinstance(value, dict) or all(name in value for name in names)

    def _properties(self, value: Any, rules: Mapping[str, Any], _: object) -> bool:
        known = value.items() if isinstance(value, dict) else ()
        return all(self.accepts(inner, rules[name]) for name, inner in known if name in rules)

    def _additionalProperties(self, value: Any, rule: Any, words: Mapping[str, Any]) -> bool:  # noqa: N802
        others = set(value) - set(words.get("properties", ())) if isinstance(value, dict) else ()
        return rule is True or all(rule is not False and self.accepts(value[name], rule) for name in others)

    def _propertyNames(self, value: Any, rule: Mapping[str, Any], _: object) -> bool:  # noqa: N802
        return not isinstance(value, dict) or all(self.accepts(name, rule) for name in value)

    def test_the_file_is_made_from_the_models(self) -> None:
        """The page in docs/ is today's models' own schema; `nox -s docs -- --write` makes it anew."""
        assert Digest.model_json_schema() == self.SCHEMA

    @pytest.mark.parametrize(
        "source", [EVERYTHING, *(source for source, _ in FORMS.values())], ids=["everything", *FORMS]
    )
    def test_the_schema_accepts_what_is_read(self, source: Mapping[str, object]) -> None:
        """No editor complains of a digest that renders."""
        assert self.accepts(source)

    @pytest.mark.parametrize("name", ["digest.json", "dialogue.json"])
    def test_the_schema_accepts_the_examples(self, name: str) -> None:
        """The examples are valid."""
        assert self.accepts(json.loads((ROOT / "examples" / name).read_text(encoding="utf-8")))

    @pytest.mark.parametrize(
        "text",
        [
            pytest.param(text, id=name)
            for name, (text, where, said) in MISTAKES.items()
            if said not in {CONTROL, SURROGATE}
            and not said.startswith(
                (
                    "there is nothing to say",
                    "it cannot be empty",
                    "a digest has",
                    "a section has",
                    "a name has",
                    "inf is",
                )
            )
        ],
    )
    def test_the_schema_refuses_what_it_can(self, text: str) -> None:
        """Wrong types, fields, names and sizes are seen by an editor too."""
        assert not self.accepts(json.loads(text))


def test_a_name_that_is_there_twice_is_refused() -> None:
    """One of the two texts would be lost, and nobody would know."""
    with pytest.raises(DigestError, match="the name 'script' is there twice"):
        Digest.from_json('{"script": "first", "script": "second"}')


@pytest.mark.parametrize(
    "digest",
    [
        pytest.param({"mode": "dialogue"}, id="said to be a dialogue"),
        pytest.param({"voices": {"Anna": "a", "Ben": "b", "Carla": "c"}}, id="voices for its speakers"),
    ],
)
def test_names_that_never_come_back_are_a_dialogue_where_somebody_says_so(digest: dict[str, object]) -> None:
    """Three labels are a recipe, unless the digest calls them speakers."""
    script = "Anna: one\nBen: two\nCarla: three"
    said = [(each.speaker, each.text) for each in passages(Digest.read({"script": script, **digest}))]
    assert said == [("Anna", "one"), ("Ben", "two"), ("Carla", "three")]
    assert len(passages(Digest.read({"script": script}))) == 1
