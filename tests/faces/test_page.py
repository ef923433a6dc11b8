"""The report as a page, as it is written."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.faces.conftest import Call
from tts_async.core.receipt import Receipt
from tts_async.core.report import Limit, Report
from tts_async.core.trace import Outcome, Span, Trace
from tts_async.errors import ConfigError
from tts_async.faces.page import page
from tts_async.faces.page.scatter import scatter
from tts_async.faces.page.sound import MOST_EMBEDDED_BYTES, sound_of
from tts_async.faces.page.story import Heading, Said, Setting, Story, stories
from tts_async.faces.page.tables import by_size, costs, ranges, troubles
from tts_async.faces.page.timeline import rows_of, ticks, timeline
from tts_async.faces.page.transcript import paragraphs

TONE = ("--provider", "tone", "--no-store")
EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"


class Seen(HTMLParser):
    """Which elements a page has, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def shown(*told: Story, folder: Path = Path()) -> str:
    return page(told, page_path=folder / "report.html", folder=folder)


def test_a_page_of_a_render(run: Call, talk: Path) -> None:
    """With its audio inside, its sentences in order, and a bar for each attempt."""
    assert run("render", talk, *TONE, "--report", "report.html").code == 0
    text = Path("report.html").read_text(encoding="utf-8")
    held = base64.b64encode(Path("talk.wav").read_bytes()).decode()
    assert f'src="data:audio/wav;base64,{held}"' in text
    seen = Seen(text)
    assert seen.tags.count("rect") == 2
    assert re.findall(r'<span data-t="[\d. ]+">(.*?)</span>', text) == [
        "Good morning to you.",
        "And a good morning to you.",
    ]
    assert "A talk" in seen.text


def test_a_page_of_a_report(run: Call, talk: Path) -> None:
    """It is the same page, whether it is written at once or made of the JSON later."""
    assert run("render", talk, *TONE, "--chunk-chars", "700", "--report", "report.json").code == 0
    said = run("report", "report.json", "-o", "later.html")
    assert (said.code, said.out) == (0, "later.html\n")
    told = json.loads(Path("report.json").read_text(encoding="utf-8"))
    assert [each["outcome"] for each in told["trace"]["spans"]] == ["bought", "bought"]
    assert [each["text"] for each in told["cues"]] == ["Good morning to you.", "And a good morning to you."]
    later = Path("later.html").read_text(encoding="utf-8")
    assert later == shown(*stories(Path("report.json").read_bytes()))
    assert told["settings"]["chunk_chars"]["source"] == "explicit"
    assert told["settings"]["rate_per_s"] == {"value": 10.0, "source": "default", "detail": ""}


def test_the_audio_of_a_report_is_found_from_its_folder(run: Call, talk: Path) -> None:
    """Wherever the command runs, and wherever the page goes."""
    for name in ("reports", "pages"):
        Path(name).mkdir()
    assert run("render", talk, *TONE, "--report", "reports/r.json").code == 0
    assert run("report", "reports/r.json", "-o", "pages/p.html").code == 0
    assert "data:audio/wav;base64," in Path("pages/p.html").read_text(encoding="utf-8")


def test_several_digests_share_a_page(run: Call, talk: Path) -> None:
    """An article each; one that failed says why."""
    Path("bad.json").write_text('{"chunks": ["Good morning to all of you, and good evening."]}', encoding="utf-8")
    assert run("render", talk, "bad.json", *TONE, "--max-chars", "60", "--report", "r.html").code == 5
    seen = Seen(Path("r.html").read_text(encoding="utf-8"))
    assert seen.tags.count("article") == 2
    assert any("are missing" in each for each in seen.text)


@pytest.mark.parametrize("name", ["report.txt", "talk.mp3", "report"])
def test_a_page_has_a_name_of_its_own(run: Call, name: str) -> None:
    """So that no finished file is written over by mistake."""
    Path("report.json").write_text("{}", encoding="utf-8")
    said = run("report", "report.json", "-o", name)
    assert said.code == 2
    assert "has to end in .html" in said.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "it is no JSON"),
        ("[1]", "This is no report; one is written by"),
        ('{"version": 1}', "This is no report; one is written by"),
        ('{"chunks": "many"}', "report.chunks: Input should be a valid integer"),
        ('{"chunks": 1, "cues": [{"text": 1}]}', "cues.0.start_s: Field required"),
        ("[" * 100_000, "it is no JSON"),
    ],
)
def test_what_is_no_report(run: Call, text: str, said: str) -> None:
    """Is said in a sentence that names the file."""
    with pytest.raises(ConfigError, match=re.escape(said)):
        stories(text)
    Path("x.json").write_text(text, encoding="utf-8")
    told = run("report", "x.json")
    assert told.code == 1
    assert told.err.startswith("Error: x.json: This is no report")


def test_text_is_text(run: Call) -> None:
    """Whatever a digest holds, no element of a page comes from it."""
    digest = {
        "id": f"x{EVIL}",
        "title": EVIL,
        "script": [{"heading": f"News {EVIL}", "turns": [{"text": "1 < 2 & 3.", "speaker": EVIL}]}],
    }
    Path("evil.json").write_text(json.dumps(digest), encoding="utf-8")
    assert run("render", "evil.json", *TONE, "--report", "r.html").code == 0
    seen = Seen(Path("r.html").read_text(encoding="utf-8"))
    assert (seen.tags.count("script"), seen.tags.count("img")) == (1, 0)
    assert EVIL in seen.text
    assert not [name for name, _ in seen.attributes if name.startswith("on")]


def test_a_report_is_no_more_trusted_than_a_digest() -> None:
    """Nor is what it says of pictures, errors, settings and files."""
    evil = Span(chunk=0, attempt=1, chars=1, start_s=0.0, end_s=1.0, outcome="failed", error=EVIL, reason=EVIL)
    told = Story(
        report=Report(digest=EVIL, provider=EVIL, stopped=EVIL, warnings=(EVIL,), trace=Trace(spans=(evil,))),
        audio=f"{EVIL}.wav",
        waveform_svg=f"<svg>{EVIL}",
        settings={EVIL: Setting(value=EVIL, source=EVIL, detail=EVIL)},
    )
    seen = Seen(shown(told))
    assert (seen.tags.count("script"), seen.tags.count("img")) == (1, 0)
    assert not [name for name, _ in seen.attributes if name.startswith("on")]


def test_only_audio_is_put_into_a_page(tmp_path: Path) -> None:
    """A report from elsewhere gets nothing else of this machine."""
    secret = tmp_path / "secret.txt"
    secret.write_text("secret", encoding="utf-8")
    assert sound_of(secret, tmp_path / "r.html").src == ""


@pytest.mark.parametrize(
    ("size", "begins", "note"),
    [
        (MOST_EMBEDDED_BYTES, "data:audio/wav;base64,", "in this page"),
        (MOST_EMBEDDED_BYTES + 1, "my%20talks/a%23.wav", "has to stay where it is"),
    ],
    ids=["inside", "linked"],
)
def test_a_large_file_is_linked(size: int, begins: str, note: str, tmp_path: Path) -> None:
    """Relative to the page, which says so."""
    audio = tmp_path / "my talks" / "a#.wav"
    audio.parent.mkdir()
    with audio.open("wb") as file:
        file.truncate(size)
    found = sound_of(audio, tmp_path / "r.html")
    assert found.src.startswith(begins)
    assert note in found.note


def test_audio_that_is_gone(tmp_path: Path) -> None:
    """The page says so, and shows the rest."""
    found = sound_of(tmp_path / "gone.wav", tmp_path / "r.html")
    assert (found.src, found.note) == ("", "gone.wav could not be read: No such file or directory.")


def span(start_s: float, end_s: float | None, chunk: int = 0, outcome: Outcome = "bought") -> Span:
    return Span(chunk=chunk, attempt=1, chars=500, start_s=start_s, end_s=end_s, outcome=outcome)


@pytest.mark.parametrize(
    ("spans", "rows"),
    [
        ([], []),
        ([span(0, 1), span(1, 2)], [0, 0]),
        ([span(0, 3), span(0, 1), span(0, 2), span(1, 4), span(2, 4)], [0, 1, 2, 1, 2]),
        ([span(0, None), span(1, 2)], [0, 1]),
    ],
    ids=["none", "one after another", "the lowest free", "open to the end"],
)
def test_rows(spans: list[Span], rows: list[int]) -> None:
    """As many as attempts at once, and each is where there was room."""
    assert rows_of(spans, end_s=9.0) == rows


@pytest.mark.parametrize(
    ("end", "most", "marks"),
    [(10, 5, [0, 2, 4, 6, 8, 10]), (0.3, 8, [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3]), (7, 8, [0, 1, 2, 3, 4, 5, 6, 7])],
)
def test_ticks(end: float, most: int, marks: list[float]) -> None:
    """Round numbers, and not too many."""
    assert ticks(end, most) == marks


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e308", "1" + "0" * 400])
@pytest.mark.parametrize("name", ["took_s", "duration_s", "bought", "chars"])
def test_a_number_that_is_no_figure(name: str, number: str) -> None:
    """A report is not trusted: what cannot be drawn is a sentence."""
    with pytest.raises(ConfigError, match="This is no report"):
        stories(f'{{"chunks": 1, "{name}": {number}}}')


def test_a_report_replaces_reports_only(run: Call, talk: Path) -> None:
    """And what is linked to the digest is the digest; where it is wanted, anything is replaced but that."""
    Path("notes.json").write_text('{"mine": true}', encoding="utf-8")
    Path("notes.html").write_text("<p>mine</p>", encoding="utf-8")
    Path("link.json").symlink_to(talk)
    render = ("render", str(talk), "--provider", "tone", "--quiet")
    for name in ("notes.json", "notes.html"):
        said = run(*render, "--report", name)
        assert (said.code, "is there already, and is no report" in said.err) == (1, True)
    assert "would replace 'link.json'" in run(*render, "--report", "link.json", "--overwrite").err
    assert run(*render, "--report", "notes.html", "--overwrite").code == 0
    assert run(*render, "--report", "notes.html").code == 0
    for _ in range(2):
        assert run(*render, "--report", "r.json").code == 0


def test_a_digest_that_never_began_is_in_the_report(run: Call, talk: Path) -> None:
    """With why, beside those that were rendered."""
    assert run("render", str(talk), "missing.json", "--provider", "tone", "--report", "r.json").code == 1
    first, second = json.loads(Path("r.json").read_text("utf-8"))
    assert (first["digest"], second["digest"], second["chunks"]) == ("talk", "missing.json", 0)
    assert "cannot be read" in second["error"]
    assert run("report", "r.json").code == 0
    assert "cannot be read" in Path("r.html").read_text("utf-8")


def test_the_limit_is_a_line_of_steps() -> None:
    """At the height of as many rows; what is far over all that was used is cut, and that is told."""
    limits = (Limit(at_s=0.0, limit=90, reason=""), Limit(at_s=5.0, limit=1, reason="refused"))
    drawn = timeline(Report(took_s=10.0, limits=limits, trace=Trace(spans=(span(0, 5), span(0, 10)))))
    assert drawn is not None
    assert drawn.limit == "M64.0 8.0H532.0V108.0H1000"
    assert drawn.above == 90, "and that it goes on above is said"
    assert [bar.y < drawn.floor for bar in drawn.bars] == [True, True]
    assert timeline(Report()) is None


def said(text: str, start_s: float, speaker: str = "") -> Said:
    return Said(start_s=start_s, end_s=start_s + 1, speaker=speaker, text=text, chunk=0, exact=True)


def test_paragraphs() -> None:
    """One for each turn, under the heading of its chapter; a name is not said again."""
    cues = [said("One.", 0, "anna"), said("Two.", 1, "anna"), said("Three.", 2, "ben"), said("Four.", 3, "ben")]
    found = list(paragraphs(cues, [Heading(title="News", start_s=0.0), Heading(title="Weather", start_s=3.0)]))
    assert [(each.heading, each.speaker, [cue.text for cue in each.cues]) for each in found] == [
        ("News", "anna", ["One.", "Two."]),
        ("", "ben", ["Three."]),
        ("Weather", "", ["Four."]),
    ]


@pytest.mark.parametrize(("numbers", "text"), [((), ""), ((3,), "3"), ((0, 1, 2, 7), "0–2, 7"), ((2, 1, 1), "1–2")])
def test_ranges(numbers: tuple[int, ...], text: str) -> None:
    """Neighbours are a range."""
    assert ranges(numbers) == text


def test_the_cost_table_has_what_this_run_paid() -> None:
    """By provider; what an earlier request was billed for is none of it, and what is unknown in part is unknown."""
    receipts = (
        Receipt(chunk=0, provider="acme", billed_chars=1_000, cost_usd=0.1),
        Receipt(chunk=1, provider="acme", billed_chars=500, cost_usd=0.05),
        Receipt(chunk=2, provider="acme", billed_chars=70, cost_usd=0.007),
        Receipt(chunk=3, provider="other", billed_chars=80),
    )
    assert costs(Report(receipts=receipts, trace=Trace(found=(2,)))) == [
        ("acme", "2", "1,500", "0.1500 USD"),
        ("other", "1", "80", "not known"),
    ]


def test_what_went_wrong_is_counted() -> None:
    """The most frequent first, and by the length of the text."""
    busy, cut = (replace(span(0, 1), outcome="refused", error=name, reason=name) for name in ("Busy", "Unavailable"))
    assert [times for *_, times in troubles([busy, cut, cut, span(0, 1)])] == [2, 1]
    report = Report(by_size={"up to 250 characters": {"sent": 4, "Busy": 1, "Unavailable": 1}})
    assert by_size(report) == [("up to 250 characters", 4, 2, "50%", "Busy 1, Unavailable 1")]


def test_the_scatter_stays_in_its_picture() -> None:
    """Every attempt that came to an end is a dot."""
    drawn = scatter(Trace(spans=(span(0, 9), span(0, None), span(1, 1, outcome="refused"))))
    assert drawn is not None
    assert drawn.dots == {"bought": "M982 19h0", "refused": "M982 236h0"}
    assert scatter(Trace(spans=(span(0, None),))) is None


def long_story() -> Story:
    """A book of 2,000 chunks, with a sentence of 130 characters every 10 s, and every tenth request refused."""
    spans = tuple(
        span(number / 20, number / 20 + 1.3, number, "refused" if number % 10 == 9 else "bought")
        for number in range(2_200)
    )
    limits = tuple(Limit(at_s=number / 10, limit=20 + number % 9, reason="one more") for number in range(1_000))
    cues = tuple(
        said("Words, and more of them. " * 5 + "They end.", 10.0 * number, "narrator") for number in range(12_000)
    )
    return Story(
        report=Report(digest="book", chunks=2_000, took_s=112.0, limits=limits, trace=Trace(spans=spans)),
        audio="book.mp3",
        cues=cues,
    )


def test_a_book_is_a_page_that_a_browser_can_take() -> None:
    """2,000 chunks are under 3 MB, without the audio."""
    text = shown(long_story())
    assert len(text.encode()) < 3_000_000
    assert text.count("<rect") == 2_200
    assert text.count("data-t=") == 12_000
