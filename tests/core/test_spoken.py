"""What is said of what is written, and the way back from one to the other."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts_async.core.spoken import Spoken, Stretch, check, speak

BLOCKS = {
    "heading": ("# The news\n\nIt rains.", "The news\n\nIt rains."),
    "underlined heading": ("The news\n========\nIt rains.", "The news\n\nIt rains."),
    "list": ("Today:\n\n- one *thing*\n- another\n  - inner", "Today:\n\none thing\n\nanother\n\ninner"),
    "numbered list": ("1. First.\n2. Second.", "First.\n\nSecond."),
    "a year is no list": ("1986. What a summer!", "1986. What a summer!"),
    "a year alone": ("1986.\n\nIt rained.", "1986.\n\nIt rained."),
    "tasks": ("- [x] bread\n- [ ] milk", "bread\n\nmilk"),
    "quote": ("> It rains,\n> he said.\n\nIt did.", "It rains, he said.\n\nIt did."),
    "table": ("| City | Rain |\n|---|--:|\n| Bern | **5** mm |\n| Rome | |", "City, Rain\n\nBern, 5 mm\n\nRome"),
    "rule": ("One.\n\n---\n\nTwo.", "One.\n\nTwo."),
    "indented prose": ("One.\n\n    Two, indented.", "One.\n\nTwo, indented."),
    "soft line end": ("One\ntwo.", "One two."),
    "hard line end": ("One  \ntwo\\\nthree.", "One two three."),
    "chinese line end": ("今天\n天气，\n很好", "今天天气，很好"),
    "mixed line end": ("今天 Bern\n天气\n한국어\n한국", "今天 Bern 天气 한국어 한국"),
    "many blank lines": ("One.\n\n\n\n\nTwo.", "One.\n\nTwo."),
    "nothing": ("", ""),
    "white space": (" \n\n\t\n", ""),
}
MARKS = {
    "emphasis": ("It *really* **rains** ***now*** _here_ __there__.", "It really rains now here there."),
    "struck": ("It ~~snows~~ rains.", "It snows rains."),
    "inline code": ("Call `read_file` with `**options`.", "Call read_file with options."),
    "link": ("Read [the **report**](https://a.org/b_c_d) now.", "Read the report now."),
    "reference link": ("Read [it][1].\n\n[1]: https://a.org 'A'", "Read it."),
    "a label is no reference": ("[Note]: rain", "[Note]: rain"),
    "image": ("![A *wet* street](street.png) today", "A wet street today"),
    "footnote": ("It rains.[^1]", "It rains."),
    "wiki link": ("Read [[the report]] now.", "Read the report now."),
    "escapes": (r"\*not\* \_emphasis\_", "not emphasis"),
    "stray marks": ("A ** b ~~ c ## d | e ` f * g _ h # i", "A b c d e f g h i"),
    "stray quote mark": ("\\> It rains", "It rains"),
    "marks with meaning": (
        "#1 of 5 > 3 in C# & snake_case: ~5 km, 2 * 3",
        "#1 of 5 > 3 in C# & snake_case: ~5 km, 2 * 3",
    ),
    "punctuation": ("“Well…” – he said (twice); ‘yes’!?", "“Well…” – he said (twice); ‘yes’!?"),
    "spaces": ("a  b\u00a0 c\u2003d\u2028e", "a b c d e"),
    "invisible": ("\ufeffsoft\u00adware\u200b b\u2060c &shy;d", "software bc d"),
    "joiners stay": ("क्\u200dष می\u200cخواهم", "क्\u200dष می\u200cخواهم"),
}
ADDRESSES = {
    "bare": ("See https://www.example.com/a/b?q=1#x.", "See example.com."),
    "www": ("See www.example.com/a, please.", "See example.com, please."),
    "in angles": ("See <https://example.com/a>!", "See example.com!"),
    "as its own text": ("[https://a.org/b](https://a.org/b)", "a.org"),
    "with user and port": ("ftp://me:pw@files.a.org:21/x (http://b.org)", "files.a.org (b.org)"),
    "underscores": ("https://a.org/b_c_d_e now", "a.org now"),
    "in chinese": ("请看https://a.org/b查看。", "请看a.org查看。"),
    "no host": ("http:// is how it starts", "http:// is how it starts"),
    "mail": ("Write to first_last@a.org or <mailto:b@c.org>.", "Write to first_last@a.org or b@c.org."),
}
HTML = {
    "inline": ("a <b class='x'>b</b> c<br>d <!-- e --> f", "a b c d f"),
    "block": ("<div>\n<p>One &amp; <em>two</em></p><p>Three</p>\n</div>\n\nFour", "One & two\n\nThree\n\nFour"),
    "script": ("<script>\nx()\n\ny()\n</script>\n\nOne", "One"),
    "script inside": ("<div><style>p {}</style>One</div>", "One"),
    "script in a line": ("One <script>x()</script> two </style> three", "One two three"),
    "comment": ("<!-- One\n\nTwo -->\nThree", "Three"),
    "unclosed comment": ("<!-- One\n\nTwo", ""),
    "entities": ("Caf&eacute; &lt;b&gt; &#8364;5 5 < 6", "Café <b> €5 5 < 6"),
}
EMOJI = {
    "between words": ("Rain 🌧️ again", "Rain again"),
    "before a mark": ("Rain 🎉!", "Rain!"),
    "at the ends": ("🎉 Rain 🎉🎉", "Rain"),
    "inside a word": ("a🎉b", "ab"),
    "families": ("The 👨‍👩‍👧‍👦 and 👩🏽‍🚀 go", "The and go"),
    "flags": ("From 🇩🇪 to 🏴󠁧󠁢󠁳󠁣󠁴󠁿.", "From to."),
    "keycaps": ("1️⃣ One, #️⃣ two", "One, two"),
    "old pictures": ("I ❤ it ☀️ ✔", "I it"),
    "signs": ("© 2024 Acme™ ®️ 3 # 4", "© 2024 Acme™ ® 3 4"),
}


@pytest.mark.parametrize(
    ("written", "said"),
    [
        pytest.param(*case, id=f"{name}: {key}")
        for name, table in {
            "blocks": BLOCKS,
            "marks": MARKS,
            "addresses": ADDRESSES,
            "html": HTML,
            "emoji": EMOJI,
        }.items()
        for key, case in table.items()
    ],
)
def test_what_is_said(written: str, said: str) -> None:
    """Words are said, marks are not; what is said here is also what a reader sees."""
    spoken = speak(written)
    assert spoken.text == said
    assert spoken.written(0, len(said)) == said
    assert spoken.left_out == ()


def test_code_is_left_out() -> None:
    """A fenced code block is not read aloud, and that is told."""
    spoken = speak("Run this:\n\n```sh\nrm -r x\n```\n\n> ~~~\n> unclosed")
    assert spoken.text == "Run this:"
    assert spoken.left_out == (
        "The code block at line 3 is not read aloud.",
        "The code block at line 7 is not read aloud.",
    )


@pytest.mark.parametrize(
    ("written", "removed"),
    [
        ("Hello [laughs] there.", "Hello there."),
        ("[whispers softly] Hello.", "Hello."),
        ("Hello [sighs]. Bye [laughs]", "Hello. Bye"),
        ("[laughs] [sighs] Well", "Well"),
        ("He said [the minister] knew [1] and [OK].", "He said [the minister] knew [1] and [OK]."),
        ("One.\n\n[laughs]\n\nTwo.", "One.\n\nTwo."),
        ("[laughs]\n\nTwo.\n\n[sighs]", "Two."),
        ("Read [this](https://a.org).", "Read this."),
    ],
)
def test_audio_tags(written: str, removed: str) -> None:
    """Tags are said where the provider speaks them; elsewhere they are gone with their space, but still written."""
    kept, gone = speak(written, audio_tags=True), speak(written)
    assert gone.text == removed
    assert gone.written(0, len(gone.text)) == kept.text
    assert kept.text.count("[") == written.replace("[this]", "").count("[")


LEXICON = {
    "nvidia": "en-vidia",
    "SQL": "sequel",
    "C++": "see plus plus",
    "C": "see",
    "New York": "Noo York",
    "new": "noo",
    "北京": "Beijing",
    "laughs": "cackles",
    "cafe\u0301": "kaffay",
    " ": "space",
}


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("NVIDIA, nvidia's and Nvidia.", "en-vidia, en-vidia's and en-vidia."),
        ("SQL is not sql nor MySQL or SQLs.", "sequel is not sql nor MySQL or SQLs."),
        ("C++, C and AC.", "see plus plus, see and AC."),
        ("New York is new; renew it.", "Noo York is noo; renew it."),
        ("我在北京大学", "我在Beijing大学"),
        ("She laughs [laughs] loud.", "She cackles [laughs] loud."),
        ("A **café**.", "A kaffay."),
        ("nvidia\u0301 C\u0301", "nvidi\u00e1 \u0106"),
    ],
    ids=["any case", "exact case", "marks", "longest first", "chinese", "not in tags", "composed", "marked letters"],
)
def test_lexicon(written: str, said: str) -> None:
    """Entries replace whole words, and the written words are remembered."""
    spoken = speak(check(written), lexicon=LEXICON, audio_tags=True)
    assert spoken.text == said
    assert spoken.written(0, len(said)) == speak(check(written), audio_tags=True).text


def test_written_words_of_a_range() -> None:
    """A respelled word belongs to the range with its first character, plain text is cut where the range is."""
    spoken = speak("Ask SQL [laughs] twice", lexicon={"SQL": "sequel"})
    assert spoken.stretches == (
        Stretch(spoken="Ask ", written="Ask "),
        Stretch(spoken="sequel", written="SQL"),
        Stretch(spoken=" ", written=" "),
        Stretch(spoken="", written="[laughs] "),
        Stretch(spoken="twice", written="twice"),
    )
    assert spoken.text == "Ask sequel twice"
    assert [spoken.written(0, 6), spoken.written(6, 13), spoken.written(13, 16)] == ["Ask SQL", " [laughs] tw", "ice"]


def test_words_that_are_only_written() -> None:
    """Where nothing is said, all that is written belongs to the empty range, and past the end there is nothing."""
    spoken = speak("[laughs]")
    assert (spoken.text, spoken.written(0, 0)) == ("", "[laughs]")
    assert Spoken(stretches=()).written(0, 0) == ""
    assert speak("Well [laughs]").written(4, 4) == ""


MARKDOWN = st.sampled_from(
    [
        *(
            "\n",
            "\n\n",
            " ",
            "  \n",
            "# ",
            "- ",
            "1. ",
            "1986. ",
            "> ",
            "|",
            "a|b\n-|-\n",
            "```\n",
            "`",
            "*",
            "**",
            "_",
            "~~",
        ),
        *("[", "]", "(", ")", "![", "<b>", "<div>", "<!--", "-->", "<script>", "</script>", "&amp;", "&#0;", "\\", "#"),
        *("[laughs]", " [sighs softly] ", "https://a.org/b", "www.", "mailto:a@b.c", "👨‍👩‍👧", "1️⃣", "\u200b"),
        *("今天", "SQL", "C++", "a"),
    ]
)


@settings(max_examples=250, deadline=None)
@given(
    written=st.lists(st.one_of(MARKDOWN, st.characters()), max_size=40).map("".join),
    tags=st.booleans(),
    shares=st.lists(st.floats(0, 1), max_size=5),
)
def test_any_text(written: str, tags: bool, shares: list[float]) -> None:
    """No text crashes it; paragraphs are neat, and ranges in a row give back all that is written."""
    spoken = speak(written, lexicon={"sql": "sequel", "a": "", "C++": "see plus plus", "今": "x"}, audio_tags=tags)
    assert all(paragraph == paragraph.strip("\n") for paragraph in spoken.text.split("\n\n"))
    assert "\n" not in spoken.text.replace("\n\n", "")
    assert "**" not in spoken.text
    places = sorted({0, len(spoken.text), *(int(share * len(spoken.text)) for share in shares)})
    ranges = list(pairwise(places)) or [(0, 0)]
    whole = "".join(stretch.written for stretch in spoken.stretches)
    assert "".join(spoken.written(start, end) for start, end in ranges) == whole


@settings(max_examples=100, deadline=None)
@given(text=st.text("abc éß今天.,!?’ \n", max_size=60))
def test_plain_prose_is_said_as_it_is(text: str) -> None:
    """Without marks, nothing but white space is touched."""
    assert "".join(speak(text).text.split()) == "".join(text.split())


@pytest.mark.parametrize(
    "written",
    [
        ">" * 10_000 + " deep",
        "> " * 10_000 + "deep",
        "- " * 10_000 + "deep",
        "".join("  " * depth + "- deep\n" for depth in range(300)),
        "*" * 10_000 + "deep" + "*" * 10_000,
        "[" * 10_000 + "not deep" + "](x)" * 10_000,
    ],
    ids=["quotes", "spaced quotes", "lists", "indented lists", "emphasis", "links"],
)
def test_deep_nesting_loses_nothing(written: str) -> None:
    """What is nested deeper than anybody means is still said."""
    assert speak(written).text.count("deep") == written.count("deep")


@pytest.mark.parametrize(
    "unit",
    ["It *rains* in [Bern](x).\n\n", "It rains again. ", "<!-- ", "<a", "#", "_a ", "mailto:", "[ab ", "<div>\n", "~"],
    ids=repr,
)
def test_long_text(unit: str) -> None:
    """A long text of anything takes well under the test's time limit: nothing is quadratic."""
    speak("<p>" + unit * (120_000 // len(unit)), lexicon={f"word{number}": "x" for number in range(100)})


@pytest.mark.parametrize(
    ("text", "checked"),
    [
        ("a\r\nb\rc\n\td", "a\nb\nc\n\td"),
        ("e\u0301", "\u00e9"),
        ("\u200d\u2028 👨‍👩‍👧", "\u200d\u2028 👨‍👩‍👧"),
        ("", ""),
    ],
    ids=["line ends", "composed", "untouched", "nothing"],
)
def test_check(text: str, checked: str) -> None:
    """Text is composed, and its line ends are of one kind."""
    assert check(text) == checked


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("ab\ud83d", "Character 3 of the text, U+D83D, is half a surrogate pair; remove it."),
        ("\x00", "Character 1 of the text, U+0000, is a control character; remove it."),
        ("a\n\x1bb", "Character 3 of the text, U+001B, is a control character; remove it."),
        ("a\x85", "Character 2 of the text, U+0085, is a control character; remove it."),
    ],
    ids=["surrogate", "null", "escape", "C1"],
)
def test_check_refuses(text: str, sentence: str) -> None:
    """What nobody can say is named with its place."""
    with pytest.raises(ValueError, match="Character") as caught:
        check(text)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Wait.[laughs] Next one.", "Wait. Next one."),
        ("Stop![sighs]", "Stop!"),
        ("Hello[laughs]there", "Hello there"),
        ("Hello[laughs] there", "Hello there"),
        ("Hello [laughs]there", "Hello there"),
        ("Hello [laughs] there", "Hello there"),
        ("[laughs] Hello", "Hello"),
        ("Hello [laughs].", "Hello."),
    ],
)
def test_a_removed_tag_keeps_its_neighbours_apart(written: str, said: str) -> None:
    """Whatever spaces are around it, words and sentences stay what they are."""
    assert speak(written).text == said
