"""What a notebook shows: a bar while a render goes, and of its result a card and pictures."""

from __future__ import annotations

import asyncio
import re
import sys
import types
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tts_async import ConfigError, Event, RenderResult, Settings, generate_digest
from tts_async.core.event import Kind
from tts_async.core.report import Limit
from tts_async.core.trace import Span
from tts_async.faces import notebook
from tts_async.faces.notebook import Progress, drawing
from tts_async.faces.notebook.card import MOST_BYTES, MOST_ROWS
from tts_async.providers.tone import ToneProvider
from tts_async.testing.fake import Behaviour, FakeSpeech, Fault

QUICK = ToneProvider(s_per_char=0.03)
EVIL = "</td><script>alert('x')</script>&\"\x1b[31m"
TALK = {
    "id": "talk",
    "title": "A <b>talk",
    "chunks": ["Good <i>morning</i>.", "And good <script>alert(1)</script> night."],
}


class Tags(HTMLParser):
    """The elements of a piece of HTML; those that are opened are closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: dict[str, str] = {}
        self.words = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self._open.append(tag)
        self.attributes |= {f"{tag}.{name}": value or "" for name, value in attrs}

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def tags_of(result: RenderResult) -> Tags:
    return Tags(result._repr_html_())


async def test_the_card_has_player_figures_and_chunks() -> None:
    """A small file is inside of it; all text is escaped."""
    result = await generate_digest(TALK, output="talk.mp3", provider=QUICK)
    tags = tags_of(result)
    assert tags.names.count("audio") == 1
    assert tags.attributes["audio.src"].startswith("data:audio/mpeg;base64,")
    assert tags.names.count("tr") == 3
    assert {"script", "b", "i"}.isdisjoint(tags.names)
    for words in (
        "A <b>talk",
        "Good <i>morning</i>.",
        "2 chunks by tone",
        "0 refusals",
        f"{result.duration_s:.1f} s of",
    ):
        assert words in tags.words


async def test_the_card_tells_of_faults(fake_elevenlabs: FakeSpeech) -> None:
    """Cost, refusals and what came of each request."""
    faults = (Fault(kind="system_busy", requests=(1,)), Fault(kind="internal_error", requests=(2,)))
    fake_elevenlabs.behaviour = Behaviour(faults=faults)
    async with fake_elevenlabs.client() as client:
        result = await generate_digest(TALK, provider="elevenlabs", client=client, settings=Settings(workers=1))
    words = tags_of(result).words
    assert f"${result.report.billed_usd:.4f} for {result.report.billed_chars} characters" in words
    assert "1 refusal · 1 failure" in words
    assert "refused (Busy)" in words
    assert "failed (Unavailable)" in words


def placed(name: str, length: int | None) -> Path:
    """A file of so many bytes in the notebook's folder, or none."""
    path = Path(name).absolute()
    if length is not None:
        path.write_bytes(bytes(length))
    return path


@pytest.mark.parametrize(
    ("name", "bytes_", "found"),
    [
        pytest.param("big.wav", MOST_BYTES + 1, {"a.href": "big.wav"}, id="linked"),
        pytest.param("a 'b\" <i>.wav", MOST_BYTES + 1, {"a.href": "a%20%27b%22%20%3Ci%3E.wav"}, id="an odd name"),
        pytest.param("../home/big.wav", MOST_BYTES + 1, {}, id="outside of the notebook's folder"),
        pytest.param("gone.wav", None, {}, id="gone"),
    ],
)
async def test_a_file_that_is_not_embedded(name: str, bytes_: int | None, found: dict[str, str]) -> None:
    """A large one is linked where the notebook's server shows it, and else named."""
    result = replace(await generate_digest(TALK, provider=QUICK), path=placed(name, bytes_))
    tags = tags_of(result)
    assert "audio" not in tags.names
    assert {key: value for key, value in tags.attributes.items() if key == "a.href"} == found
    assert Path(name).name in tags.words


async def test_a_long_digest_has_a_short_card() -> None:
    """So many rows are shown, and how many more there are."""
    chunks = [f"Number {number}." for number in range(MOST_ROWS + 5)]
    result = await generate_digest(
        {"chunks": chunks}, output="long.mp3", provider=QUICK, settings=Settings(rate_per_s=1_000)
    )
    tags = tags_of(result)
    assert tags.names.count("tr") == MOST_ROWS + 1
    assert "… and 5 more" in tags.words


async def test_plots_show_what_happened(fake_elevenlabs: FakeSpeech) -> None:
    """A bar an attempt in the colour of its outcome, and an outline as long as the audio."""
    fake_elevenlabs.behaviour = Behaviour(faults=(Fault(kind="internal_error", requests=(1,)),))
    async with fake_elevenlabs.client() as client:
        result = await generate_digest(TALK, provider="elevenlabs", client=client)
    [axes] = result.plot_timeline().axes
    assert len(axes.patches) == len(result.report.trace.spans) == 3
    assert axes.get_legend_handles_labels()[1] == ["limit", "2 bought", "1 failed"]
    figure = result.plot_waveform()
    [axes] = figure.axes
    assert axes.get_xlim() == (0, result.duration_s)
    outline = axes.collections[0].get_paths()[0].vertices
    assert np.abs(np.asarray(outline)[:, 1]).max() == pytest.approx(np.abs(result.read()).max(), abs=0.01)
    assert isinstance(figure, drawing.Drawing)
    assert figure._repr_png_().startswith(b"\x89PNG")


def span(start_s: float, end_s: float | None) -> Span:
    return Span(chunk=0, attempt=1, chars=1, start_s=start_s, end_s=end_s)


@pytest.mark.parametrize(
    ("spans", "rows"),
    [
        pytest.param([], [], id="none"),
        pytest.param([span(0, 1), span(1, 2)], [0, 0], id="one after the other"),
        pytest.param([span(0, 3), span(1, 2), span(2, 4), span(3.5, 5)], [0, 1, 1, 0], id="the lowest that is free"),
        pytest.param([span(0, None), span(1, 2)], [0, 1], id="broken off"),
    ],
)
def test_no_two_bars_cover_each_other(spans: list[Span], rows: list[int]) -> None:
    """As many rows as there were requests at once."""
    assert drawing.lanes(spans, 9.0) == rows


async def test_a_render_without_requests_has_a_timeline() -> None:
    """Nothing to draw is no error."""
    result = await generate_digest(TALK, provider=QUICK)
    empty = replace(result.report, trace=type(result.report.trace)(), limits=(), took_s=0.0)
    assert drawing.timeline(empty).axes
    crowded = replace(empty, limits=(Limit(at_s=0.0, limit=3, reason=""),), took_s=1.0)
    assert drawing.timeline(crowded).axes


async def test_without_matplotlib_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message has the command, and everything else goes on."""
    result = await generate_digest(TALK, provider=QUICK)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.delitem(sys.modules, "tts_async.faces.notebook.drawing")
    monkeypatch.delattr(notebook, "drawing", raising=False)
    with pytest.raises(ConfigError, match=r"pip install 'tts-async\[notebook\]'"):
        result.plot_timeline()
    assert result._repr_html_()


class Handle:
    """Notes what is shown, as IPython's display handle would show it."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.displays = 0

    def display(self, html: Any, *, display_id: bool) -> Handle:
        self.displays += 1
        assert display_id
        self.update(html)
        return self

    def update(self, html: Any) -> None:
        self.shown.append(html.data)


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Handle:
    """A notebook whose cells are shown here."""
    display = pytest.importorskip("IPython.display", reason="IPython is not installed")
    handle = Handle()
    monkeypatch.setattr(display, "display", handle.display)
    return handle


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process is one that runs a notebook's cells."""
    monkeypatch.setattr("IPython.get_ipython", lambda: types.SimpleNamespace(kernel=object()))


@pytest.mark.usefixtures("kernel")
async def test_a_bar_comes_by_itself_in_a_notebook(screen: Handle) -> None:
    """It is one output, is full at the end, and the user's own listener hears everything too."""
    heard: list[Event] = []
    result = await generate_digest(TALK, provider=QUICK, on_event=heard.append)
    assert screen.displays == 1
    assert f'value="{len(TALK["chunks"])}" max="2"' in screen.shown[-1]
    assert f"{result.duration_s:.1f} s of speech" in screen.shown[-1]
    assert heard[-1].kind == "finished"


@pytest.mark.usefixtures("kernel")
async def test_a_bar_can_be_left_out(screen: Handle) -> None:
    """`progress=False` shows nothing."""
    await generate_digest(TALK, provider=QUICK, progress=False)
    assert screen.shown == []


async def test_there_is_no_bar_elsewhere(screen: Handle) -> None:
    """IPython on a terminal, or only imported, is no notebook."""
    await generate_digest(TALK, provider=QUICK)
    assert screen.shown == []


def event(kind: Kind, at_s: float = 1.0, render: str = "r", **facts: Any) -> Event:
    return Event(kind=kind, digest=f"talk {EVIL}", at_s=at_s, render=render, **facts)


async def test_the_bar_shows_nothing_foreign_and_no_more_often_than_can_be_seen(screen: Handle) -> None:
    """A thousand events in a moment are one picture, which comes a moment later, and one at the end."""
    shown = Progress()
    shown(event("planned", chunks=3))
    for _ in range(1_000):
        shown(event("refused", chunk=0, reason=EVIL))
    await asyncio.sleep(1)
    assert len(screen.shown) == 1
    shown(event("unfinished", error="RenderFailed"))
    await asyncio.sleep(1)
    assert len(screen.shown) == 2
    for html in screen.shown:
        assert set(Tags(html).names) <= {"div", "b", "progress"}
        assert "\x1b" not in html
    assert "1000 refused" in screen.shown[-1]
    assert "RenderFailed" in screen.shown[-1]


STORY = [
    event("planned", 0.0, chunks=4),
    event("here", 0.0, chunk=3),
    event("sent", 0.0, chunk=0, in_flight=1, limit=5),
    event("bought", 2.0, chunk=0, cost_usd=0.5),
]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        pytest.param([], r"2 of 4 chunks · 2.0 s · about 4 s left · 1 of 5 in flight · \$0.5000", id="on its way"),
        pytest.param(
            [event("failed", 3.0, chunk=0, reason="too short")], "1 of 4 chunks .* failed: too short", id="again"
        ),
        pytest.param(
            [event("waiting", 3.0, wait_s=12.0, reason="the provider asked")], "waiting 12 s: the prov", id="waits"
        ),
        pytest.param(
            [event("bought", 3.0, chunk=1)], r"3 of 4 chunks · 3.0 s · about 2 s left · [^$]*$", id="no price"
        ),
        pytest.param([event("planned", 3.0, chunks=7)], "0 of 7 chunks", id="planned once more"),
    ],
)
async def test_what_the_bar_says(screen: Handle, more: list[Event], words: str) -> None:
    """How far it is, how long it will take at the measured speed, what it waits for, what it cost."""
    shown = Progress()
    for each in (*STORY, *more):
        shown(each)
    await asyncio.sleep(1)
    assert re.search(words, Tags(screen.shown[-1]).words)


async def test_renders_at_the_same_time_have_a_line_each(screen: Handle) -> None:
    """Though they are called the same."""
    shown = Progress()
    for render in ("a", "b"):
        shown(event("planned", chunks=1, render=render))
    shown(event("finished", render="a"))
    await asyncio.sleep(1)
    assert screen.shown[-1].count("<progress") == 2
