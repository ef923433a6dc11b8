"""Renders with tones: what comes out, what is told of it, and what is left behind."""

from __future__ import annotations

import asyncio
import gc
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import numpy as np
import pytest
import soundfile as sf

from tts_async import (
    ConfigError,
    Digest,
    DigestError,
    Event,
    Renderer,
    RenderFailed,
    RenderResult,
    Settings,
    generate_digest,
    generate_digest_sync,
)
from tts_async.api.source import Source
from tts_async.providers.tone import RATE_HZ, ToneProvider

if TYPE_CHECKING:
    from tests.api.conftest import Server

TURNS = [
    {"speaker": "anna", "text": "Good morning to you."},
    {"speaker": "ben", "text": "And a good morning to you, too."},
    {"speaker": "anna", "text": "It is going to rain."},
]
TALK = {"id": "talk", "title": "A talk", "script": TURNS}
QUICK = ToneProvider(s_per_char=0.03)


def temporary() -> set[Path]:
    """What renders have in the temporary folder."""
    return set(Path(tempfile.gettempdir()).rglob("*"))


def files() -> set[str]:
    """What is in the folder that a person works in."""
    return {path.name for path in Path().iterdir()}


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))


async def test_a_digest_becomes_a_file() -> None:
    """The file is where it was asked for, as long as the result says, and nothing else is beside it."""
    result = await generate_digest(TALK, output="talk.wav", provider=QUICK)
    assert files() == {"talk.wav", "talk.wav.manifest.json"}
    samples, rate_hz = sf.read(result.path, dtype="float32")
    assert (rate_hz, len(samples)) == (result.rate_hz, round(result.duration_s * result.rate_hz))
    assert np.array_equal(samples, result.read())
    assert temporary() == set()


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".mp3", ".WAV"])
async def test_every_format_holds_the_whole_speech(suffix: str) -> None:
    """The suffix chooses the format; a lossy one may add a frame of its own at the end."""
    result = await generate_digest(TALK, output=f"talk{suffix}", provider=QUICK)
    assert sf.info(str(result.path)).format == suffix[1:].upper()
    assert len(result.read()) == pytest.approx(result.duration_s * result.rate_hz, abs=2400)


async def test_cues_say_when_who_says_what() -> None:
    """They follow one another in the order of the text, inside the audio."""
    result = await generate_digest(TALK, provider=QUICK)
    assert [(cue.speaker, cue.text) for cue in result.cues] == [(turn["speaker"], turn["text"]) for turn in TURNS]
    times = [second for cue in result.cues for second in (cue.start_s, cue.end_s)]
    assert times == sorted(times)
    assert times[0] >= 0
    assert times[-1] <= result.duration_s + 1e-6


async def test_the_report_counts_what_happened() -> None:
    """Chunks, requests, characters and seconds add up."""
    result = await generate_digest(TALK, provider=QUICK, settings=Settings(rate_per_s=2))
    report = result.report
    chars = sum(len(turn["text"]) for turn in TURNS)
    assert (report.digest, report.chunks, report.requests, report.bought) == ("talk", 3, 3, 3)
    assert (report.chars, report.billed_chars) == (chars, chars)
    assert (report.failures, report.refusals, report.lost, report.stopped) == (0, 0, (), "")
    assert report.audio_s == pytest.approx(result.duration_s)
    assert report.took_s == pytest.approx(1.0, abs=0.1), "three requests at two a second"


async def test_events_tell_the_story_in_order() -> None:
    """From planned to finished, with the times of one clock that never runs back."""
    events: list[Event] = []
    await generate_digest(TALK, provider=QUICK, on_event=events.append)
    assert (events[0].kind, events[-1].kind) == ("planned", "finished")
    assert [event.chunk for event in events if event.kind == "written"] == [0, 1, 2]
    assert [event.at_s for event in events] == sorted(event.at_s for event in events)


async def test_without_output_the_file_lives_as_long_as_its_result() -> None:
    """It is a temporary WAV: read, kept by saving, and gone with the result, without a warning."""
    result = await generate_digest(TALK, provider=QUICK)
    path = result.path
    samples = result.read()
    assert (path.suffix, str(samples.dtype)) == (".wav", "float32")
    assert samples.shape == (round(result.duration_s * RATE_HZ),)
    kept = result.save("kept.wav")
    del result
    gc.collect()
    assert not path.parent.exists()
    assert np.array_equal(sf.read(kept, dtype="float32")[0], samples)


async def test_saving_under_another_formats_name_is_refused() -> None:
    """A WAV called .mp3 would puzzle whoever plays it; the sentence says how to get an MP3."""
    result = await generate_digest(TALK, provider=QUICK)
    with pytest.raises(ConfigError, match=r"'talk\.mp3' would hold a \.wav file"):
        result.save("talk.mp3")
    assert files() == set()


async def test_a_file_that_is_there_is_replaced_on_purpose_only() -> None:
    """It stays as it is, and nothing is bought, unless `overwrite` says so."""
    precious = as_file("talk.wav", "precious")
    events: list[Event] = []
    with pytest.raises(ConfigError, match="is there already"):
        await generate_digest(TALK, output="talk.wav", provider=QUICK, on_event=events.append)
    assert precious.stat().st_size == len("precious")
    assert events == []
    await generate_digest(TALK, output="talk.wav", provider=QUICK, overwrite=True)
    assert sf.info("talk.wav").frames


def as_file(name: str, text: str) -> Path:
    path = Path(name)
    path.write_text(text, encoding="utf-8")
    return path


SOURCES: dict[str, Callable[[], Source]] = {
    "mapping": lambda: TALK,
    "digest": lambda: Digest.read(TALK),
    "path": lambda: as_file("talk.json", json.dumps(TALK)),
    "string": lambda: str(as_file("talk.json", json.dumps(TALK))),
    "byte-order mark": lambda: as_file("talk.json", "\ufeff" + json.dumps(TALK)),
    "Markdown": lambda: as_file("talk.md", "anna: Good *morning*.\n\nben: Good morning."),
    "text": lambda: as_file("talk.txt", "Good morning to you."),
    "upper case": lambda: as_file("talk.TXT", "Good morning to you."),
}


@pytest.mark.parametrize("make", SOURCES.values(), ids=SOURCES)
async def test_a_digest_comes_in_many_forms(make: Callable[[], Source]) -> None:
    """All of them are rendered, and called as they call themselves or as their file."""
    result = await generate_digest(make(), provider=QUICK)
    assert result.report.digest == "talk"


@pytest.mark.parametrize(
    ("name", "called"),
    [("news", "news"), ("a\x1b[31mb", "a_[31mb"), ("x" * 240, "x" * 200), (" ", "digest")],
    ids=["plain", "escape", "long", "blank"],
)
@pytest.mark.parametrize("suffix", [".json", ".txt"])
async def test_a_digest_without_id_is_called_as_its_file(name: str, called: str, suffix: str) -> None:
    """Whatever the file's name is made of."""
    source = as_file(name + suffix, '{"script": "Good morning."}' if suffix == ".json" else "Good morning.")
    plan = await Renderer(QUICK).plan(source)
    assert plan.digest_id == called


async def test_text_in_place_of_a_path_is_explained() -> None:
    """The likeliest mistake of all gets the way out, and is not quoted at length."""
    with pytest.raises(DigestError, match="give text itself as") as caught:
        await generate_digest("It was a dark and stormy night. " * 200, provider=QUICK)
    assert len(str(caught.value)) < 300


async def test_nothing_is_bought_twice_in_a_renderer(server: Server, client: httpx.AsyncClient) -> None:
    """The second render of a digest sends no request and gives the same samples."""
    async with Renderer(QUICK, client=client) as renderer:
        first, second = await renderer.render(TALK), await renderer.render(TALK)
    assert (first.report.requests, first.report.here) == (3, 0)
    assert (second.report.requests, second.report.here, second.report.bought) == (0, 3, 0)
    assert len(server.requests) == 3
    assert np.array_equal(first.read(), second.read())


async def test_a_client_that_is_passed_in_is_used_and_stays_open(server: Server, client: httpx.AsyncClient) -> None:
    """Its owner closes it."""
    async with Renderer(QUICK, client=client) as renderer:
        await renderer.render(TALK)
    assert len(server.requests) == 3
    assert not client.is_closed


async def test_a_renderer_lives_once_and_inside_its_block() -> None:
    """Before, after and again each give a sentence that says what to do."""
    renderer = Renderer(QUICK)
    with pytest.raises(RuntimeError, match="inside its block: async with Renderer"):
        await renderer.render(TALK)
    with pytest.raises(RuntimeError, match="inside its block"):
        await renderer.render_many([TALK])
    with pytest.raises(RuntimeError, match="inside its block"):
        async with renderer.stream(TALK):
            pass
    async with renderer:
        with pytest.raises(RuntimeError, match="entered once; make another one"):
            await renderer.__aenter__()
        await renderer.render(TALK)
    with pytest.raises(RuntimeError, match="inside its block"):
        await renderer.render(TALK)
    with pytest.raises(RuntimeError, match="entered once"):
        await renderer.__aenter__()
    assert temporary() == set()


async def test_planning_needs_no_block() -> None:
    """Nothing is sent for it."""
    plan = await Renderer(QUICK).plan(TALK)
    assert [chunk.text for chunk in plan.chunks] == [turn["text"] for turn in TURNS]


@pytest.mark.parametrize("provider", ["nope", ""])
def test_an_unknown_provider_is_refused_at_once(provider: str) -> None:
    """No name at all is not the default either."""
    with pytest.raises(ConfigError, match=r"There is no provider|names no provider"):
        Renderer(provider)


async def test_a_missing_chunk_is_named_and_the_rest_handed_over(server: Server, client: httpx.AsyncClient) -> None:
    """One of three is refused: no file, two clips, and an error that says which chunk and why."""
    server.refuses = ["rain"]
    async with Renderer(QUICK, client=client) as renderer:
        with pytest.raises(RenderFailed, match=r"1 of 3 chunks of 'talk' are missing: chunk 2 \(It is") as caught:
            await renderer.render(TALK, "talk.wav")
    assert set(caught.value.failures) == {2}
    assert set(caught.value.clips) == {0, 1}
    assert [loss.chunk for loss in caught.value.report.lost] == [2]
    assert files() == set()


async def test_one_bad_digest_does_not_disturb_the_others() -> None:
    """The results stand in the order of the sources, the bad one's as its error."""
    sources: list[Source] = [TALK, {"script": ""}, {"id": "last", "script": "The end."}]
    async with Renderer(QUICK) as renderer:
        first, second, third = await renderer.render_many(sources, ["a.wav", "b.wav", "c.wav"])
    assert isinstance(first, RenderResult)
    assert isinstance(second, DigestError)
    assert isinstance(third, RenderResult)
    assert (first.report.digest, third.report.digest) == ("talk", "last")
    assert files() == {name + end for name in ("a.wav", "c.wav") for end in ("", ".manifest.json")}


@pytest.mark.parametrize(
    ("outputs", "said"),
    [
        (["a.wav"], "2 sources and 1 outputs"),
        ([], "2 sources and 0 outputs"),
        (["a.wav", "./x/../a.wav"], "would be written to"),
    ],
    ids=["too few", "none", "the same twice"],
)
async def test_outputs_that_do_not_fit_are_refused_before_anything_is_sent(outputs: list[str], said: str) -> None:
    """Two digests never write over one another."""
    events: list[Event] = []
    async with Renderer(QUICK, on_event=events.append) as renderer:
        with pytest.raises(ConfigError, match=said):
            await renderer.render_many([TALK, {"script": "The end."}], outputs)
    assert events == []


async def test_rendering_no_digest_gives_no_result() -> None:
    """An empty list is not a mistake."""
    async with Renderer(QUICK) as renderer:
        assert await renderer.render_many([]) == []


@pytest.mark.parametrize("output", [None, "talk.wav"], ids=["temporary", "named"])
async def test_cancelling_leaves_nothing_behind(output: str | None) -> None:
    """No file, no half of one, no temporary folder."""
    begun = asyncio.Event()

    def listen(event: Event) -> None:
        if event.kind == "written":
            begun.set()

    settings = Settings(rate_per_s=0.1)
    task = asyncio.create_task(generate_digest(TALK, output=output, provider=QUICK, settings=settings, on_event=listen))
    await begun.wait()
    assert len(files()) == (1 if output else 0), "it was under way"
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert files() == set()
    assert temporary() == set()


async def test_a_failed_render_leaves_no_temporary_folder(server: Server, client: httpx.AsyncClient) -> None:
    """Even while the error is still held."""
    server.refuses = ["rain"]
    async with Renderer(QUICK, client=client) as renderer:
        with pytest.raises(RenderFailed) as caught:
            await renderer.render(TALK)
        assert not [path for path in temporary() if "speech" in path.name]
    assert caught.value.clips
    assert temporary() == set()


@pytest.mark.real_time
def test_a_script_renders_without_a_loop_and_twice() -> None:
    """Each call has a loop of its own."""
    first = generate_digest_sync(TALK, provider=QUICK)
    second = generate_digest_sync(TALK, output="talk.wav", provider=QUICK)
    assert np.array_equal(first.read(), second.read())


async def test_the_call_for_scripts_is_refused_inside_a_loop() -> None:
    """It would stop the loop for as long as the render takes; the sentence says what to write instead."""
    with pytest.raises(RuntimeError, match=r"write await generate_digest\(\.\.\.\) instead"):
        generate_digest_sync(TALK, provider=QUICK)


@pytest.mark.real_time
async def test_planning_a_book_does_not_stop_the_loop() -> None:
    """Other renders go on while it is cut."""
    book = {"script": "It was a dark and stormy night, and nobody was on the road. " * 4000}
    planning = asyncio.create_task(Renderer(QUICK).plan(book))
    longest_s, looked_s = 0.0, time.monotonic()
    while not planning.done():
        await asyncio.sleep(0.005)
        now_s = time.monotonic()
        longest_s, looked_s = max(longest_s, now_s - looked_s), now_s
    assert len((await planning).chunks) > 100
    assert longest_s < 0.25


async def test_the_embedded_voice_renders_too() -> None:
    """Its cues are exact: a sentence each."""
    pytest.importorskip("hibari", reason="the extra 'local' is not installed")
    result = await generate_digest({"script": "Good morning. It is going to rain."}, provider="local")
    assert [(cue.text, cue.exact) for cue in result.cues] == [("Good morning.", True), ("It is going to rain.", True)]
    assert np.abs(result.read()).max() > 0.05
