"""What the bytes of an answer are, and which words are spoken where in it."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tests.providers.samples import encoded
from tts_async.core.exchange import Mark, SpeechResponse
from tts_async.core.headers import Signals
from tts_async.core.plan import Chunk, Line, Voice
from tts_async.errors import AudioError
from tts_async.providers.bodies import RAW, count_of, encoding_of, json_of, line_of, object_of
from tts_async.providers.elevenlabs import ElevenLabsProvider
from tts_async.providers.elevenlabs_answers import marks_of
from tts_async.providers.statuses import status_error

RATE_HZ = 1_000


def answer(body: bytes, kind: str = "") -> SpeechResponse:
    return SpeechResponse(status=200, headers={"content-type": kind} if kind else {}, body=body)


@pytest.mark.parametrize("asked", ["pcm", "ulaw", "mp3", "wav"])
@pytest.mark.parametrize("kind", ["", "audio/pcm", "application/octet-stream", "application/json"])
@pytest.mark.parametrize("body", [b"RIFF", b"ID3\x04", b"fLaC\0", b"OggS\0", b"FORM\0", b".snd\0"], ids=repr)
def test_a_container_says_itself_what_it_is(body: bytes, kind: str, asked: str) -> None:
    """Whatever was asked for, and whatever the header claims."""
    assert encoding_of(answer(body, kind), asked) == "file"


@pytest.mark.parametrize("audio", ["wav", "flac", "ogg", "mp3"])
def test_real_files_are_found(audio: str) -> None:
    """As an encoder writes them."""
    assert encoding_of(answer(encoded(audio), "audio/mpeg"), "pcm") == "file"


@pytest.mark.parametrize(
    ("body", "kind", "asked", "encoding"),
    [
        (b"\xff\xfb\x90", "audio/mpeg", "pcm", "file"),
        (b"\xff\xf1\x50", "AUDIO/MPEG; x=1", "pcm", "file"),
        (b"\xff\xfb\x90", "", "mp3", "file"),
        (b"\xff\xf1\x50", "audio/aac", "aac", "file"),
        (b"\xff\xfb\x90", "", "pcm", "pcm_s16le"),
        (b"\xff\xff\xfe\xff", "audio/pcm", "pcm", "pcm_s16le"),
        (b"\xff\xff\xfe\xff", "audio/basic", "ulaw", "ulaw"),
        (b"\xff\xfb", "audio/pcm", "alaw", "alaw"),
        (b"\xff", "audio/mpeg", "pcm", "pcm_s16le"),
        (b"\xff\x1f", "audio/mpeg", "pcm", "pcm_s16le"),
    ],
)
def test_what_begins_as_mpeg_does(body: bytes, kind: str, asked: str, encoding: str) -> None:
    """Quiet raw samples begin so, too: it is MPEG where raw ones were not asked for, or the header says it."""
    assert encoding_of(answer(body, kind), asked) == encoding


@pytest.mark.parametrize(
    ("asked", "encoding"), [("pcm", "pcm_s16le"), ("ulaw", "ulaw"), ("alaw", "alaw"), ("mp3", "file"), ("", "file")]
)
@pytest.mark.parametrize(
    "body", [b"\0\0", b"\x01", b"<!\x00\x00", b"{\0\0\0", b"[1, \0", b"  {", b" \n\t\r", b"\x3c\x3f\x01\x02"], ids=repr
)
def test_bytes_of_no_container(body: bytes, asked: str, encoding: str) -> None:
    """They are what was asked for, also where they happen to begin like a text."""
    assert encoding_of(answer(body, "audio/whatever"), asked) == encoding


@pytest.mark.parametrize("asked", ["pcm", "mp3"])
@pytest.mark.parametrize(
    ("body", "kind", "says"),
    [
        (b"", "audio/pcm", "the answer is empty"),
        (b'{"error": "busy"}', "", r'no audio but text: \{"error": "busy"\}$'),
        (b' \n[{"error": "busy"}]', "audio/mpeg", "no audio but text"),
        (b"{}", "audio/pcm", "no audio but text"),
        (b"<!DOCTYPE html><p>Bad gateway", "", "no audio but text: <!DOCTYPE html><p>Bad"),
        (b"<!doctype html>", "audio/pcm", "no audio but text"),
        (b"<HTML><body>", "", "no audio but text"),
        (b"\r\n<html lang=en>", "", "no audio but text"),
        (b"<?xml version='1.0'?><Error/>", "", "no audio but text"),
        (b"<!-- cached --><html>", "", "no audio but text"),
        (b"Service unavailable", "text/plain; charset=utf-8", "no audio but text: Service unavailable$"),
        (b"Service\x1b[2J unavailable\n", "Text/Plain", r"no audio but text: Service \[2J unavailable$"),
        (b"{broken", "application/problem+json", "no audio but text"),
        (b"<Error/>", "application/xml", "no audio but text"),
        (b"x" * 10_000, "text/html", "no audio but text: x{120}$"),
    ],
)
def test_what_is_no_audio(body: bytes, kind: str, says: str, asked: str) -> None:
    """Text with status 200 is an error that quotes its start in one line, never a noise."""
    with pytest.raises(AudioError, match=says) as caught:
        encoding_of(answer(body, kind), asked)
    assert str(caught.value).isprintable()


SAMPLES = [b"\x01\xfe\0", b"\0" * 4_000, b"\x7f\xff" * 400, b"\xd5" * 800, bytes(range(256)) * 20]


@pytest.mark.parametrize("kind", ["text/plain; charset=utf-8", "application/json", "Text/HTML"])
@pytest.mark.parametrize("body", SAMPLES, ids=["noise", "zeros", "quiet ulaw", "quiet alaw", "all bytes"])
def test_samples_that_are_called_text(body: bytes, kind: str) -> None:
    """Where the format that was asked for has no head, the body decides; else it is unknown, and is not quoted."""
    for asked, encoding in RAW.items():
        assert encoding_of(answer(body, kind), asked) == encoding
    with pytest.raises(AudioError, match=r"no audio that is known: [\d,]+ bytes of [a-z/]+") as caught:
        encoding_of(answer(body, kind), "mp3")
    assert "\ufffd" not in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_text_in_any_encoding(encoding: str) -> None:
    """A sentence with a few characters that are not understood is one."""
    body = "Der Dienst ist zurzeit überlastet, bitte versuchen Sie es später noch einmal.".encode(encoding)
    with pytest.raises(AudioError, match="no audio but text: Der Dienst"):
        encoding_of(answer(body, "text/plain"), "pcm")


def test_an_error_does_not_quote_bytes() -> None:
    """A status with a body that is no text has no reason."""
    body = SpeechResponse(status=500, headers={}, body=bytes(range(256)))
    assert str(status_error(body, Signals(), "acme")) == "acme answered 500: no reason given"


@given(body=st.binary(), kind=st.text(max_size=20), asked=st.sampled_from(["pcm", "mp3", "ulaw", "nonsense"]))
def test_any_bytes_have_an_encoding_or_are_none(body: bytes, kind: str, asked: str) -> None:
    """Nothing else is raised, and nothing is made up."""
    try:
        encoding = encoding_of(answer(body, kind), asked)
    except AudioError as error:
        assert str(error).isprintable()  # noqa: PT017  # either may happen
    else:
        assert encoding in {"file", {"pcm": "pcm_s16le", "ulaw": "ulaw"}.get(asked, "file")}


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'{"a": [1]}', {"a": [1]}),
        ('{"a": "ü"}'.encode("utf-16"), {"a": "ü"}),
        (b"null", None),
        (b"", None),
        (b"{", None),
        (b"\xff\xfe\xfd", None),
        (b"9" * 5_000, None),
        (b"[" * 100_000, None),
        (b'{"a":' * 100_000, None),
    ],
    ids=["object", "utf-16", "null", "empty", "broken", "no text", "endless number", "too deep", "deep objects"],
)
def test_json(body: bytes, found: object) -> None:
    """What is none is nothing, as what is too deep; an object is wanted mostly."""
    assert json_of(body) == found
    assert object_of(body) == (found or {})
    assert object_of(b'["a"]') == {}


@pytest.mark.parametrize(
    ("said", "count"),
    [
        ("28", 28),
        (" 7 ", 7),
        ("0", 0),
        ("999999999", 999_999_999),
        *((junk, None) for junk in ("", "-1", "1.5", "1234567890", "٣", "²", "many", None)),
    ],
)
def test_a_count_in_a_header(said: str | None, count: int | None) -> None:
    """A whole number of a believable length, or nothing."""
    assert count_of({} if said is None else {"x": said}, "x") == count


@given(text=st.text(), most=st.integers(0, 50))
@example(text="\x1b]0;you\x07\r\n\u202e\u2028\ud800ü", most=50)
def test_a_line_of_a_servers_text(text: str, most: int) -> None:
    """It is printable and short, and has what can be shown of the text's start."""
    line = line_of(text, most)
    assert line.isprintable()
    assert len(line) <= most
    assert line.split() == "".join(c if c.isprintable() else " " for c in text[:most]).split()


# The time of each word

Times = Sequence[object]


def alignment(characters: Sequence[object], starts: Times, ends: Times) -> dict[str, object]:
    return {
        "characters": characters,
        "character_start_times_seconds": starts,
        "character_end_times_seconds": ends,
    }


def evenly(text: str, each_s: float = 0.1) -> dict[str, object]:
    """Each character, and the space as well, takes as long."""
    edges = [n * each_s for n in range(len(text) + 1)]
    return alignment(list(text), edges[:-1], edges[1:])


def frames_of(marks: Sequence[Mark]) -> list[int]:
    return [mark.frames for mark in marks]


Texts = st.text(st.sampled_from("ab. \n\u00a0é😀"), max_size=30)
Believable = st.floats(0, 36_000)


@given(data=st.data(), text=Texts, frames=st.none() | st.integers(0, 50_000))
def test_marks_cover_text_and_audio(data: st.DataObject, text: str, frames: int | None) -> None:
    """Whatever the times are, decreasing ones too: all characters, all frames, none of them backwards."""
    assume(text.strip())
    times = [data.draw(st.lists(Believable, min_size=len(text), max_size=len(text))) for _ in range(2)]
    marks = marks_of(text, alignment(list(text), *times), RATE_HZ, frames=frames)
    assert "".join(text[end - mark.chars : end] for mark, end in zip(marks, _ends(marks), strict=True)) == text
    assert [len(text[end - mark.chars : end].split()) for mark, end in zip(marks, _ends(marks), strict=True)] == [
        1 for _ in text.split()
    ]
    assert all(each >= 0 for each in frames_of(marks))
    if frames is not None:
        assert sum(frames_of(marks)) == frames


def _ends(marks: Sequence[Mark]) -> list[int]:
    return list(accumulate(mark.chars for mark in marks))


@given(text=Texts, each_s=st.floats(0.01, 1), extra=st.integers(0, 5_000))
def test_words_begin_where_the_server_says(text: str, each_s: float, extra: int) -> None:
    """With times in order, each word's mark begins with its first letter, and the last ends with the audio."""
    assume(text.strip())
    told = evenly(text, each_s)
    end = round(each_s * len(text) * RATE_HZ)
    begins: list[int] = []
    for place, letter in enumerate(text):
        if letter.strip() and not text[max(0, place - 1) : place].strip():
            begins.append(round(place * each_s * RATE_HZ))
    for frames in (None, end + extra):
        marks = marks_of(text, told, RATE_HZ, frames=frames)
        assert [0, *begins[1:]] == list(accumulate(frames_of(marks)[:-1], initial=0))
        assert sum(frames_of(marks)) == (end if frames is None else frames)


@pytest.mark.parametrize(
    ("frames", "wanted"),
    [(None, [300, 300, 200]), (800, [300, 300, 200]), (1_500, [300, 300, 900]), (500, [300, 200, 0]), (0, [0, 0, 0])],
    ids=["unknown", "as told", "longer", "shorter", "none"],
)
def test_an_alignment_that_drifts(frames: int | None, wanted: list[int]) -> None:
    """The last word takes what is left of longer audio; marks never go on behind the end of shorter audio."""
    assert frames_of(marks_of("ab cd ef", evenly("ab cd ef"), RATE_HZ, frames=frames)) == wanted


def test_times_that_go_back_are_held() -> None:
    """A word does not begin before the one that is said before it."""
    told = alignment(list("a b c"), [0.0, 0.1, 0.5, 0.6, 0.2], [0.1, 0.5, 0.6, 0.7, 0.3])
    assert frames_of(marks_of("a b c", told, RATE_HZ, frames=None)) == [500, 0, 0]


NAN = float("nan")


@pytest.mark.parametrize(
    "told",
    [
        None,
        [],
        "alignment",
        {},
        {"characters": list("a b")},
        alignment([], [], []),
        alignment(list("a b"), [0, 1], [1, 2, 3]),
        alignment(list("a b"), [0, 1, 2], [1, 2, 3, 4]),
        alignment(list("a c"), [0, 1, 2], [1, 2, 3]),
        alignment(list("a bc"), [0, 1, 2, 3], [1, 2, 3, 4]),
        alignment(list("a"), [0], [1]),
        alignment(list("A b"), [0, 1, 2], [1, 2, 3]),
        alignment(list("a b"), [0, 1, NAN], [1, 2, 3]),
        alignment(list("a b"), [0, 1, 2], [1, 2, NAN]),
        alignment(list("a b"), [0, 1, float("inf")], [1, 2, 3]),
        alignment(list("a b"), [-0.1, 1, 2], [1, 2, 3]),
        alignment(list("a b"), [0, 1, 36_001], [1, 2, 3]),
        alignment(list("a b"), [0, 1, 10**400], [1, 2, 3]),
        alignment(list("a b"), [0, 1, "2"], [1, 2, 3]),
        alignment(list("a b"), [0, 1, None], [1, 2, 3]),
        alignment(list("a b"), [0, 1, True], [1, 2, 3]),
        {"characters": "a b", "character_start_times_seconds": "012", "character_end_times_seconds": "123"},
    ],
    ids=repr,
)
def test_no_marks(told: object) -> None:
    """Times that cannot be, that are too few or of another text tell nothing, and are no error."""
    assert marks_of("a b", told, RATE_HZ, frames=3_000) == ()


@pytest.mark.parametrize("text", ["", " ", "\n\u00a0"])
def test_no_marks_of_nothing(text: str) -> None:
    """Where there is no word there is none to mark."""
    assert marks_of(text, evenly(text), RATE_HZ, frames=3_000) == ()


@pytest.mark.parametrize(
    "characters",
    [["a", " ", "b"], ["a", "b"], [" ", "a", "", "\n\n", "b"], ["ab"], ["a", None, "b"]],
    ids=["as sent", "without spaces", "other spaces", "two at once", "junk"],
)
def test_what_is_between_the_letters_is_the_servers_affair(characters: list[object]) -> None:
    """Only the letters are compared; turns of a dialogue are joined as the server likes."""
    times = [n * 0.1 for n in range(len(characters) + 1)]
    marks = marks_of("a b", alignment(characters, times[:-1], times[1:]), RATE_HZ, frames=900)
    assert [mark.chars for mark in marks] == ([] if None in characters else [2, 1])
    assert sum(frames_of(marks)) == (0 if None in characters else 900)


# In an answer of ElevenLabs

TIMED = Chunk(
    index=0,
    section=0,
    lines=(Line(speaker="a", voice=Voice(id="Rachel"), text="a b", written="a b"),),
    language="en",
    pause_ms=0,
    start=0,
    end=3,
    timed=True,
)


@pytest.mark.parametrize(
    ("output_format", "audio", "encoding", "frames"),
    [
        ("pcm_8000", b"\0" * 4_000, "pcm_s16le", [1_600, 400]),
        ("ulaw_8000", b"\0" * 4_000, "ulaw", [1_600, 800]),
        ("mp3_44100_128", b"ID3\0", "file", [8_820, 4_410]),
    ],
)
def test_an_answer_with_times(output_format: str, audio: bytes, encoding: str, frames: list[int]) -> None:
    """The audio is taken out of the JSON; its length is known where 16-bit samples can be counted."""
    body = {"audio_base64": b64encode(audio).decode(), "alignment": evenly("a b")}
    provider = ElevenLabsProvider(output_format=output_format)
    clip = provider.clip(TIMED, answer(json.dumps(body).encode(), "application/json"))
    assert (clip.audio, clip.encoding) == (audio, encoding)
    assert frames_of(clip.marks) == frames


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"audio_base64": "no base64!"}, "the audio in the answer is no base64"),
        ({"audio_base64": "YQ"}, "is no base64"),
        ({"audio_base64": "ü"}, "is no base64"),
        ({"audio_base64": 7}, "the answer is empty"),
        ({"audio_base64": None}, "the answer is empty"),
        ({"audio_base64": b64encode(b'{"error": "busy"}').decode()}, "no audio but text"),
        ({"audio": ""}, "no audio but text"),
        ({"detail": "Not Found"}, "no audio but text: .*Not Found"),
    ],
)
def test_an_answer_with_times_but_no_audio(told: Mapping[str, Any], says: str) -> None:
    """It was paid for, and is asked for once more."""
    with pytest.raises(AudioError, match=says) as caught:
        ElevenLabsProvider().clip(TIMED, answer(json.dumps(told).encode(), "application/json"))
    assert caught.value.retryable


def test_audio_alone_where_times_were_asked_for() -> None:
    """As a clip from the history is: it is heard, and has no marks."""
    clip = ElevenLabsProvider().clip(TIMED, answer(b"ID3\0", "audio/mpeg"))
    assert (clip.encoding, clip.marks, clip.audio) == ("file", (), b"ID3\0")
