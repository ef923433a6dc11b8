"""Makes docs/images/report.png: a render with refusals and failures, its page, and what a browser shows of it.

python -m tests.bench.picture [light.png dark.png]
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tts_async import Renderer, SettingsSources
from tts_async.faces.cli.report import write_report
from tts_async.testing.clock import VirtualClockLoop
from tts_async.testing.fake import Behaviour, FakeSpeech, Fault, Latency

ROOT = Path(__file__).parents[2]
CHROMIUM = "/usr/bin/chromium"
SOURCES = SettingsSources(explicit={"chunk_chars": 60, "retry_first_s": 1.0})
BEHAVIOUR = Behaviour(
    concurrency=7,
    concurrency_headers=False,
    latency=Latency(first_s=0.6, s_per_char=0.012, noise=0.3, tail_share=0.04, tail_factor=3),
    faults=(
        Fault(kind="bad_gateway", requests=(9, 26)),
        Fault(kind="reset_within", requests=(17,)),
    ),
    seed=3,
)


async def render(folder: Path) -> None:
    """Write the report of the example's render, as a page and as JSON."""
    fake, found = FakeSpeech(BEHAVIOUR), await SOURCES.read()
    async with (
        fake.client() as client,
        Renderer(
            "elevenlabs", key="a fake needs none", client=client, settings=found.settings, store=False
        ) as renderer,
    ):
        digest = json.loads((ROOT / "examples" / "digest.json").read_text("utf-8"))
        digest["script"] = digest["script"][:1]
        result = await renderer.render(digest, folder / "digest.mp3")
    for name in ("report.json", "report.html"):
        write_report(folder / name, [Path("digest.json")], [result], found)


def photograph(page_path: Path, picture: Path, scheme: str) -> None:
    """Show a page in a browser, somewhere in its audio, and take a picture of its first screens."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1000, "height": 1210}, color_scheme=scheme)  # type: ignore[arg-type]
        page.goto(page_path.as_uri())
        page.evaluate("document.querySelector('audio').currentTime = 14")
        page.wait_for_selector(".on")
        page.screenshot(path=picture, full_page="--full" in sys.argv)
        browser.close()


def main() -> None:
    """Render once, and take a picture in the light and in the dark."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
            runner.run(render(folder))
        report = folder / "report.html"
        print(f"{report.stat().st_size / 1e6:.2f} MB")
        pictures = [each for each in sys.argv[1:] if each.endswith(".png")] or [str(ROOT / "docs/images/report.png")]
        for picture, scheme in zip(pictures, ("light", "dark"), strict=False):
            photograph(report, Path(picture), scheme)


if __name__ == "__main__":
    main()
