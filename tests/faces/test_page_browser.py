"""The report's page, as a browser shows it."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from tests.faces.conftest import Call
from tests.faces.test_page import EVIL, long_story, shown

if TYPE_CHECKING:
    from playwright.async_api import Page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

pytestmark = [
    pytest.mark.real_time,
    pytest.mark.timeout(120),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
]

HEARD = """past => new Promise(done => {
  const audio = document.querySelector("audio");
  const look = () => audio.currentTime > past * (audio.duration || Infinity) ? done() : setTimeout(look, 20);
  look();
})"""
"""Waits until so large a share of the audio was heard; the page's policy forbids what `wait_for_function` does."""
OPENS_WITHIN_S = 10
"""2 s are meant, and 1.0 s were measured; a machine with other work to do may take longer."""


@pytest.fixture
def said() -> list[str]:
    """What a tab's console says, and which addresses it asks for."""
    return []


@pytest.fixture
async def tab(said: list[str]) -> AsyncIterator[Page]:
    """A tab; whatever its console says fails the test, and so does every request to a host."""
    api = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
    async with api.async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        )
        tab: Page = await browser.new_page(viewport={"width": 1000, "height": 1000})
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.on("request", lambda request: said.append(request.url))
        yield tab
        await browser.close()
    assert [each for each in said if not each.startswith(("file:", "data:"))] == []


SCRIPT = [
    {"speaker": "anna", "text": "Good morning. The river rose by half a meter, and it is falling again."},
    {"speaker": "ben", "text": f"And the trains {EVIL} run late. Nobody knows for how long."},
]


@pytest.fixture(params=["wav", "mp3", "linked"])
def report(request: pytest.FixtureRequest, run: Call, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page of a dialogue, rendered with tones; its audio is inside, or too large for that."""
    if request.param == "linked":
        monkeypatch.setattr("tts_async.faces.page.sound.MOST_EMBEDDED_BYTES", 1_000)
    output = "talk.mp3" if request.param == "mp3" else "talk.wav"
    Path("talk.json").write_text(json.dumps({"title": f"A talk {EVIL}", "script": SCRIPT}), encoding="utf-8")
    asked = ("render", "talk.json", "--provider", "tone", "--no-store", "-o", output, "--report", "report.html")
    assert run(*asked).code == 0
    assert ("data:audio" in Path("report.html").read_text(encoding="utf-8")) == (request.param != "linked")
    return Path("report.html").absolute()


async def test_play_and_click_a_sentence(report: Path, tab: Page) -> None:
    """The audio runs, jumps to what is clicked, and the sentence that is heard is marked."""
    await tab.goto(report.as_uri())
    await tab.evaluate("document.querySelector('audio').play()")
    await tab.evaluate(HEARD, 0.01)
    assert await tab.locator(".on").inner_text() == "Good morning."
    last = tab.locator("[data-t]").last
    start_s = float((await last.get_attribute("data-t") or "").split()[0])
    assert start_s > 3
    await last.click()
    await tab.evaluate(HEARD, start_s / await tab.evaluate("document.querySelector('audio').duration"))
    assert await tab.locator(".on").inner_text() == "Nobody knows for how long."
    assert await tab.locator(".unplayable").is_hidden()


async def test_click_the_waveform(report: Path, tab: Page) -> None:
    """The audio goes to the place, and the part before it is coloured."""
    await tab.goto(report.as_uri())
    await tab.locator("audio").evaluate(
        "each => each.readyState || new Promise(done => each.addEventListener('loadedmetadata', () => done()))"
    )
    wave = tab.locator(".wave")
    box = await wave.bounding_box()
    assert box is not None
    await wave.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    await tab.evaluate(HEARD, 0.49)
    played = await wave.evaluate("each => getComputedStyle(each).getPropertyValue('--played')")
    assert 49 < float(played.rstrip("%")) < 100


@pytest.mark.parametrize("report", ["linked"], indirect=True)
async def test_audio_that_is_gone_is_said_to_be(report: Path, tab: Page, said: list[str]) -> None:
    """A page that was sent without its file says why nothing is heard."""
    report.with_name("talk.wav").rename(report.with_name("away.wav"))  # nothing else is running
    await tab.goto(report.as_uri())
    await tab.locator(".unplayable").wait_for(state="visible")
    said.remove("Failed to load resource: net::ERR_FILE_NOT_FOUND")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_book_opens_at_once(scheme: Literal["light", "dark"], tmp_path: Path, tab: Page) -> None:
    """2,000 chunks are drawn in 2 s, on a ground of the scheme that the reader wants."""
    path = tmp_path / "report.html"
    path.write_text(shown(long_story()), encoding="utf-8")
    await tab.emulate_media(color_scheme=scheme)
    async with asyncio.timeout(OPENS_WITHIN_S):
        await tab.goto(path.as_uri())
        await tab.evaluate("new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    ground = await tab.evaluate("getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number)")
    assert (sum(ground) > 600) == (scheme == "light")
