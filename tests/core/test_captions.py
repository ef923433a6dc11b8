"""Captions that can be read, in files that every player reads."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.sound.files import probed
from tts_async.core.captions import srt, vtt
from tts_async.core.cues import Cue, clock
from tts_async.core.legible import LONGEST_MS, MOST_COLUMNS, SHORTEST_MS
from tts_async.core.shown import one_line

TIME = r"(\d\d+):([0-5]\d):([0-5]\d)[.,](\d{3})"
TIMES = re.compile(f"{TIME} --> {TIME}")


@dataclass(frozen=True)
class Shown:
    """A caption as it was read from a file: times in milliseconds, lines as they are seen."""

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]
    speaker: str = ""
    estimated: bool = False
    stamps_ms: tuple[int, ...] = ()


def cue(text: str, start_ms: int, end_ms: int, *, chunk: int = 0, speaker: str = "anna", exact: bool = True) -> Cue:
    """Words at 1000 Hz, so that a frame is a millisecond."""
    return Cue(
        chunk=chunk,
        section=0,
        speaker=speaker,
        text=text,
        start_frame=start_ms,
        end_frame=end_ms,
        rate_hz=1_000,
        exact=exact,
    )


def words(text: str, start_ms: int, word_ms: int, *, chunk: int = 0) -> list[Cue]:
    """A cue a word, as from a provider that tells when each begins."""
    edges = range(start_ms, start_ms + word_ms * (len(text.split()) + 1), word_ms)
    return [cue(word, *span, chunk=chunk) for word, span in zip(text.split(), pairwise(edges), strict=True)]


def ms_of(time: tuple[str, ...]) -> int:
    hours, minutes, seconds, thousandths = map(int, time)
    return ((hours * 60 + minutes) * 60 + seconds) * 1_000 + thousandths


def read_srt(file: str) -> list[Shown]:
    """Read SRT and accept nothing that a strict reader does not."""
    found = []
    for number, block in enumerate(file.removesuffix("\n").split("\n\n") if file else (), 1):
        first, times, *lines = block.split("\n")
        assert first == str(number)
        edges = TIMES.fullmatch(times)
        assert edges is not None
        assert "." not in times
        assert lines
        assert all(lines)
        assert "-->" not in "\n".join(lines)
        found.append(Shown(ms_of(edges.groups()[:4]), ms_of(edges.groups()[4:]), tuple(lines)))
    return found


def read_vtt(file: str) -> list[Shown]:
    """Read WebVTT by the syntax of the specification (W3C, WebVTT 1, section 4); anything else fails."""
    head, *blocks = file.removesuffix("\n").split("\n\n")
    assert head.rstrip("\n") == "WEBVTT"
    found, estimated = [], False
    for block in blocks:
        times, *lines = block.split("\n")
        if times.startswith("NOTE"):
            assert (times, lines) == ("NOTE estimated", [])
            estimated = True
            continue
        edges = TIMES.fullmatch(times)
        assert edges is not None
        assert "," not in times
        payload = "\n".join(lines)
        assert "-->" not in payload
        assert "\r" not in file
        start_ms, end_ms = ms_of(edges.groups()[:4]), ms_of(edges.groups()[4:])
        speaker, shown, stamps = read_payload(payload)
        assert all(one < other for one, other in pairwise([start_ms, *stamps, end_ms]))
        found.append(Shown(start_ms, end_ms, tuple(shown.split("\n")), speaker, estimated, stamps))
        estimated = False
    assert not estimated
    return found


def read_payload(payload: str) -> tuple[str, str, tuple[int, ...]]:
    """Speaker, text and times inside a cue; every character is part of a tag, an escape or the text."""
    voice, shown, stamps = "", "", []
    at = 0
    if tag := re.match(r"<v ((?:[^\n\r&>]|&(?:amp|lt|gt);)+)>", payload):
        voice, at = html.unescape(tag[1]), tag.end()
    part = re.compile(rf"<{TIME}>|&(?:amp|lt|gt);|[^&<>]")
    while at < len(payload):
        found = part.match(payload, at)
        assert found is not None, payload[at:]
        if found[1]:
            stamps.append(ms_of(found.groups()))
        else:
            shown += html.unescape(found[0])
        at = found.end()
    assert all(shown.split("\n"))
    return voice, shown, tuple(stamps)


def texts(found: list[Shown]) -> list[str]:
    return [" / ".join(each.lines) for each in found]


LONG = (
    "Dr. Smith said no, and then he went a very long way round the house, past the old well and the new one,"
    " until at last he came to the door of the room."
)


@pytest.mark.parametrize(
    ("cues", "expected"),
    [
        ([], []),
        ([cue("", 0, 900)], []),
        ([cue("One is here.", 0, 1_500)], [(0, 1_500, "One is here.")]),
        (
            [cue("One is here. Two is there.", 0, 2_600)],
            [(0, 1_238, "One is here."), (1_238, 2_600, "Two is there.")],
        ),
        (
            [
                cue("One is", 0, 1_000),
                cue("here.", 1_100, 1_500),
                cue("Two is", 1_700, 2_500),
                cue("there.", 2_500, 3_000),
            ],
            [(0, 1_500, "One is here."), (1_700, 3_000, "Two is there.")],
        ),
        (
            [cue(LONG, 0, 12_000)],
            [
                (0, 5_949, "Dr. Smith said no, and then he went a / very long way round the house, past"),
                (5_949, 12_000, "the old well and the new one, until at / last he came to the door of the room."),
            ],
        ),
        (
            [cue("Chapter One\n\nIt was night.", 0, 3_000)],
            [(0, 1_429, "Chapter One"), (1_429, 3_000, "It was night.")],
        ),
        (
            [cue("Yes.", 0, 300), cue("No.", 300, 600), cue("I do not know.", 600, 1_900)],
            [(0, 1_900, "Yes. No. I do not know.")],
        ),
        ([cue("Yes.", 0, 300), cue("No.", 0, 300, chunk=1)], [(0, 1, "Yes."), (1, 834, "No.")]),
        ([cue("Yes.", 0, 300), cue("No.", 600, 900, chunk=1)], [(0, 600, "Yes."), (600, 1_433, "No.")]),
        ([cue("Yes.", 0, 300), cue("No.", 300, 600, speaker="ben")], [(0, 300, "Yes."), (300, 1_133, "No.")]),
        (
            [cue("So slow a speaker.", 0, 16_000)],
            [(0, 6_400, "So slow"), (6_400, 7_467, "a"), (7_467, 14_467, "speaker.")],
        ),
        (
            [cue("Wow!Really?Yes. Next one is here.", 0, 8_000)],
            [(0, 4_138, "Wow!Really?Yes."), (4_138, 8_000, "Next one is here.")],
        ),
        ([cue("Loooong.", 0, 60_000)], [(0, 7_000, "Loooong.")]),
    ],
    ids=[
        "nothing",
        "no words",
        "a sentence",
        "two sentences",
        "words",
        "a long sentence",
        "a heading",
        "short ones together",
        "at the same time",
        "room behind it",
        "another speaker",
        "slow",
        "ends inside a word",
        "a word for a minute",
    ],
)
def test_a_sentence_is_a_caption(cues: list[Cue], expected: list[tuple[int, int, str]]) -> None:
    """Where it fits; and none is there for less than 0.83 s if there is room, nor for more than 7 s."""
    for found in (read_srt(srt(cues)), read_vtt(vtt(cues))):
        assert [(each.start_ms, each.end_ms, " / ".join(each.lines)) for each in found] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("今日は雨です。明日は晴れです。", ["今日は雨です。", "明日は晴れです。"]),
        (
            "明日は晴れるでしょうから「みんなで公園に行って」お弁当を食べながら過ごしたい。",
            ["明日は晴れるでしょうから「みんなで公園に / 行って」お弁当を食べながら過ごしたい。"],
        ),
        ("x" * 100, [f"{'x' * 34} / {'x' * 34}", "x" * 32]),
        ("👩‍👩‍👧‍👦" * 30, [f"{'👩‍👩‍👧‍👦' * 15} / {'👩‍👩‍👧‍👦' * 15}"]),
    ],
    ids=["sentences", "a long sentence", "a word without end", "families"],
)
def test_without_spaces_lines_break_between_characters(text: str, expected: list[str]) -> None:
    """What is wide takes two columns, marks stay behind their word, and a family of four is not divorced."""
    assert texts(read_srt(srt([cue(text, 0, 6_000)], language="ja"))) == expected


def test_srt_markup_is_shown_and_not_obeyed() -> None:
    """Text that looks like a time, a tag or an override is text."""
    (seen,) = read_srt(srt([cue("0:1 --> <b>x</b> {\\an8} a < b ---> c", 0, 2_000)]))
    assert seen.lines[0].replace("\u2060", "|") == "0:1 → <|b>x<|/b> {|\\an8} a < b -→ c"


def test_vtt_text_is_escaped() -> None:
    """What is written comes back, and a speaker's name cannot end its tag."""
    file = vtt([cue("a --> b & <i>c</i> &amp;", 0, 2_000, speaker="A>na\n<& Co")])
    assert "<v A&gt;na &lt;&amp; Co>a --&gt; b &amp; &lt;i&gt;c&lt;/i&gt; &amp;amp;\n" in file
    assert read_vtt(file) == [Shown(0, 2_000, ("a --> b & <i>c</i> &amp;",), "A>na <& Co")]


def test_estimates_are_noted() -> None:
    """A note stands before each caption whose time is not exact, and before no other."""
    found = read_vtt(vtt([cue("One is here. Two is there.", 0, 4_000, exact=False), cue("Three.", 4_000, 5_000)]))
    assert [each.estimated for each in found] == [True, True, False]


def test_the_rest_of_a_long_sentence_is_estimated() -> None:
    """When a sentence begins may be known, and then not yet when its second half does; its words may tell."""
    assert [each.estimated for each in read_vtt(vtt([cue(LONG, 0, 12_000)]))] == [False, True]
    assert [each.estimated for each in read_vtt(vtt(words(LONG, 0, 250)))] == [False, False]


def test_words_have_their_times() -> None:
    """Each word that begins after its caption and whose time was told is stamped; the shares of a sentence are not."""
    said = [*words("The fox jumps over it all.", 500, 300), cue("It sleeps.", 2_500, 4_000)]
    file = vtt(said, words=True)
    assert "<v anna>The <00:00:00.800>fox <00:00:01.100>jumps " in file
    assert [each.stamps_ms for each in read_vtt(file)] == [(800, 1_100, 1_400, 1_700, 2_000), ()]
    assert [each.lines for each in read_vtt(file)] == [each.lines for each in read_vtt(vtt(said))]
    assert not any(each.stamps_ms for each in read_vtt(vtt(said)))
    guessed = [cue("One two", 0, 1_000, exact=False), cue("three.", 1_000, 2_000, exact=False)]
    assert read_vtt(vtt(guessed, words=True)) == [Shown(0, 2_000, ("One two three.",), "anna", estimated=True)]


@pytest.mark.parametrize(
    ("frame", "rate_hz", "ms"), [(0, 44_100, 0), (22, 44_100, 0), (23, 44_100, 1), (12, 24_000, 1)]
)
def test_times_are_rounded_once(frame: int, rate_hz: int, ms: int) -> None:
    """A frame's millisecond is its own, a half upwards; nothing is added up."""
    one = Cue(chunk=0, section=0, speaker="", text="x", start_frame=frame, end_frame=10**9, rate_hz=rate_hz, exact=True)
    assert one.start_ms == ms == read_srt(srt([one]))[0].start_ms
    assert one.end_ms == (10**12 + rate_hz // 2) // rate_hz


@pytest.mark.parametrize(
    ("ms", "shown"), [(0, "00:00:00.000"), (3_723_004, "01:02:03.004"), (400_000_000, "111:06:40.000")]
)
def test_clock(ms: int, shown: str) -> None:
    """Two digits of hours at least, and as many as are needed."""
    assert clock(ms) == shown


SAID = st.tuples(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
    | st.text(" .aÄ漢-><&é\n", max_size=300)
    | st.sampled_from(["One is here.", LONG, "00:00:01,000 --> 00:00:02,000", "1\n2"]),
    st.integers(0, 20_000) | st.just(0),
    st.integers(0, 3_000),
    st.sampled_from(["anna", "ben\n\nx", ""]),
    st.booleans(),
    st.booleans(),
)


@given(st.lists(SAID, max_size=12), st.sampled_from([8_000, 44_100, 48_000]), st.booleans())
@example([("\ud800x", 900, 0, "a\udfff", True, False)], 24_000, False)
@example([("a", 0, 0, "anna", True, False)] * 5, 24_000, True)
def test_whatever_is_said_can_be_read(
    said: list[tuple[str, int, int, str, bool, bool]], rate_hz: int, with_words: bool
) -> None:
    """Both files are strict, all words are there in order, lines fit, and no two captions are there at once."""
    cues, at, chunk = [], 0, 0
    for text, length_ms, gap_ms, speaker, exact, new in said:
        chunk, start, at = chunk + new, at, at + length_ms * rate_hz // 1_000
        cues.append(
            Cue(
                chunk=chunk,
                section=0,
                speaker=speaker,
                text=text,
                start_frame=start,
                end_frame=at,
                rate_hz=rate_hz,
                exact=exact,
            )
        )
        at += gap_ms * rate_hz // 1_000
    plain, web = read_srt(srt(cues)), read_vtt(vtt(cues, words=with_words))
    assert [(each.start_ms, each.end_ms) for each in plain] == [(each.start_ms, each.end_ms) for each in web]
    written = "".join(one_line(each.text) for each in cues)
    # Two turns that share a caption are parted by " / ".
    assert "".join("".join(texts(web)).replace("/", "").split()) == "".join(written.replace("/", "").split())
    assert all(1 <= each.end_ms - each.start_ms <= max(LONGEST_MS, SHORTEST_MS) for each in web)
    assert all(one.end_ms <= other.start_ms for one, other in pairwise(web))
    assert all(len(each.lines) <= 2 for each in web)
    assert all(len(line) <= MOST_COLUMNS for each in web for line in each.lines if line.isascii())


@pytest.mark.parametrize("suffix", ["srt", "vtt"])
def test_ffprobe_reads_every_caption(suffix: str, tmp_path: Path) -> None:
    """As many captions as were written, each at its time."""
    cues = [
        cue(f"Größe {number} --> & <b>.", number * 1_100, number * 1_100 + 1_000, chunk=number) for number in range(90)
    ]
    cues[5:5] = [cue(word, 5_400, 5_400, chunk=1_000) for word in ("Zu", "keiner", "Zeit.")]
    path = tmp_path / f"a.{suffix}"
    path.write_text({"srt": srt, "vtt": vtt}[suffix](cues), encoding="utf-8")
    found, expected = probed(path), read_srt(srt(cues))
    assert [round(float(each["pts_time"]) * 1_000) for each in found["packets"]] == [each.start_ms for each in expected]
    assert len(expected) >= 90


def test_writing_twice_gives_the_same_text() -> None:
    """Nothing but the cues is in the files."""
    cues = words(LONG, 0, 250)
    assert srt(cues) == srt(cues)
    assert vtt(cues, words=True) == vtt(cues, words=True)
