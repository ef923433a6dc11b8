"""What a render leaves in the log."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tts_async import Event, Renderer, RenderFailed, generate_digest
from tts_async.providers.tone import ToneProvider
from tts_async.testing.fake import Behaviour, FakeSpeech, Fault

if TYPE_CHECKING:
    from tests.api.conftest import Server

QUICK = ToneProvider(s_per_char=0.03)
TALK = {"id": "talk", "title": "A talk", "chunks": ["A secret word.", "And a second one.", "And a third."]}


@pytest.fixture(autouse=True)
def heard(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "tts_async")


def lines(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [line for line in caplog.records if line.name == "tts_async.render"]


def facts(line: logging.LogRecord) -> dict[str, Any]:
    """The structured part of a line."""
    return {name.removeprefix("tts_"): value for name, value in vars(line).items() if name.startswith("tts_")}


async def test_one_line_a_render(caplog: pytest.LogCaptureFixture) -> None:
    """At INFO, with the report's figures beside the words, all of which JSON can hold."""
    result = await generate_digest(TALK, provider=QUICK)
    [line] = lines(caplog)
    told = facts(line)
    assert line.levelno == logging.INFO
    assert line.getMessage().startswith("'talk' finished: ")
    assert (told["digest"], told["provider"], told["outcome"], told["error"]) == ("talk", "tone", "finished", "")
    assert (told["chunks"], told["bought"], told["refusals"], told["lost"]) == (3, 3, 0, 0)
    assert told["took_s"] == result.report.took_s
    assert told["sequential_s"] == result.report.provider_s
    assert told["mean_chunk_s"] == result.report.mean_chunk_s
    assert told["peak_mb"] == result.report.peak_mb
    assert json.dumps(told)


async def test_the_line_counts_faults_by_size_and_kind(
    caplog: pytest.LogCaptureFixture, fake_elevenlabs: FakeSpeech
) -> None:
    """A refusal and a failure among five requests are 20 % each."""
    faults = (Fault(kind="system_busy", requests=(1,)), Fault(kind="internal_error", requests=(2,)))
    fake_elevenlabs.behaviour = Behaviour(faults=faults)
    async with fake_elevenlabs.client() as client:
        await generate_digest(TALK, provider="elevenlabs", client=client)
    told = facts(lines(caplog)[0])
    assert (told["requests"], told["refusals"], told["failures"]) == (5, 1, 1)
    assert told["error_rates"] == {"up to 250 characters": {"Busy": 0.2, "Unavailable": 0.2}}


async def test_a_failed_render_has_its_line_too(
    caplog: pytest.LogCaptureFixture, server: Server, client: httpx.AsyncClient
) -> None:
    """It names the kind of error and neither the text nor what the server said of it."""
    server.refuses.append("secret")
    events: list[Event] = []
    with pytest.raises(RenderFailed):
        await generate_digest(TALK, provider=QUICK, client=client, on_event=events.append)
    [line] = lines(caplog)
    assert (facts(line)["outcome"], facts(line)["error"], facts(line)["lost"]) == ("unfinished", "RenderFailed", 1)
    assert "secret" not in f"{line.getMessage()} {facts(line)}"
    assert "not this" not in f"{line.getMessage()} {facts(line)}"
    assert [event.kind for event in events].count("unfinished") == 1
    assert events[-1].error == "RenderFailed"


@pytest.mark.parametrize("blocks", [1, 1_000], ids=["left early", "read whole"])
async def test_a_stream_ends_once(caplog: pytest.LogCaptureFixture, blocks: int) -> None:
    """Finished where it was read to its end, else unfinished without an error."""
    async with Renderer(QUICK) as renderer, renderer.stream(TALK) as speech:
        async for _ in speech:
            blocks -= 1
            if not blocks:
                break
    told = [(facts(line)["outcome"], facts(line)["error"]) for line in lines(caplog)]
    assert told == [("unfinished" if not blocks else "finished", "")]


async def test_a_cancelled_render_says_so(caplog: pytest.LogCaptureFixture) -> None:
    """It is as unfinished as any other, and the cancellation goes on."""
    events: list[Event] = []

    def cancel(event: Event) -> None:
        events.append(event)
        if event.kind == "sent":
            rendering.cancel()

    rendering = asyncio.create_task(generate_digest(TALK, provider=QUICK, on_event=cancel))
    with pytest.raises(asyncio.CancelledError):
        await rendering
    assert [(facts(line)["outcome"], facts(line)["error"]) for line in lines(caplog)] == [
        ("unfinished", "CancelledError")
    ]
    assert events[-1].kind == "unfinished"


async def test_renders_of_one_digest_can_be_told_apart(caplog: pytest.LogCaptureFixture) -> None:
    """All events of a render have its own mark, and its line in the log has it too."""
    events: list[Event] = []
    async with Renderer(QUICK, on_event=events.append) as renderer:
        await renderer.render_many([TALK, TALK])
    assert len({event.render for event in events}) == 2
    assert {facts(line)["render"] for line in lines(caplog)} == {event.render for event in events}
