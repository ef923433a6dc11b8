"""A key is seen by its provider's server, and by nobody else."""

from __future__ import annotations

import io
import json
import logging
import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import httpx
import pytest

from tests.engine.fakes import Heard, distinct, patient
from tts_async import Renderer, RenderFailed, TTSError, fetch_subscription, fetch_voices
from tts_async.api.result import report_dict
from tts_async.testing.fake import FAULTS, Behaviour, FakeSpeech, Fault
from tts_async.testing.fake.serve import serving

KEY = "sk_4d1fX0secret0that0nobody0sees"
SPECS = ["elevenlabs", "openai"]


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that any library says at DEBUG level."""
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    handler.setLevel(logging.DEBUG)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield said
    root.setLevel(level)
    root.removeHandler(handler)


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def told_by(error: BaseException) -> str:
    """All that an error, its causes and their frames' arguments say."""
    seen = "".join(traceback.format_exception(error))
    for each in (error, *getattr(error, "failures", {}).values()):
        seen += f"{each!r} {each} {vars(each)}"
    return seen


@pytest.mark.parametrize("kind", [None, *FAULTS])
@pytest.mark.parametrize("spec", SPECS)
async def test_no_failure_shows_a_key(
    spec: str, kind: str | None, log: io.StringIO, nobodys_home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Not in logs, events, reports, representations, tracebacks or files, whatever goes wrong."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    faults = (Fault(kind=kind, times=2),) if kind else ()
    fake, heard, shown = FakeSpeech(Behaviour(faults=faults)), Heard(), ""
    settings = patient(retry_first_s=0.1, attempts=1)
    async with fake.client() as client:
        renderer = Renderer(spec, key=KEY, client=client, settings=settings, on_event=heard)
        async with renderer:
            shown += repr(renderer) + repr(renderer._means) + repr(renderer.provider)
            try:
                result = await renderer.render({"chunks": distinct(3)}, tmp_path / "out.wav")
                shown += repr(result) + json.dumps(report_dict(result.report))
            except TTSError as error:
                shown += told_by(error)
                if isinstance(error, RenderFailed):
                    shown += json.dumps(report_dict(error.report)) + repr(error.clips)[:100_000]
            files = everything_in(tmp_path)
        shown += repr([asdict(event) for event in heard])
    assert fake.requests
    assert kind in {"connect_error", "reset_before"} or files
    assert KEY not in shown
    assert KEY not in log.getvalue()
    assert KEY.encode() not in files + everything_in(tmp_path) + everything_in(nobodys_home)


@pytest.mark.parametrize("status", [200, 401, 403, 429, 500])
@pytest.mark.parametrize("spec", SPECS)
async def test_a_server_that_quotes_the_key(spec: str, status: int, log: io.StringIO, tmp_path: Path) -> None:
    """What it says is shown, without the key."""
    said = {"detail": {"code": "x", "message": f"bad key {KEY}"}, "error": {"message": f"bad key {KEY}"}}
    answer = httpx.Response(status, json=said, headers={"request-id": KEY, "x-request-id": KEY})
    heard = Heard()
    client = httpx.AsyncClient(transport=httpx.MockTransport(lambda request: answer))
    settings = patient(attempts=1, retry_first_s=0.1, refusal_budget_s=2)
    async with client, Renderer(spec, key=KEY, client=client, settings=settings, on_event=heard) as renderer:
        with pytest.raises(RenderFailed) as caught:
            await renderer.render({"chunks": distinct(1)})
        for fetch in (fetch_voices, fetch_subscription):
            try:
                shown = repr(await fetch("elevenlabs", key=KEY, client=client))
            except TTSError as error:
                shown = told_by(error)
            assert KEY not in shown
    assert "bad key ***" in str(caught.value)
    assert KEY not in told_by(caught.value) + repr(heard) + log.getvalue()


@pytest.mark.real_time
@pytest.mark.parametrize("spec", SPECS)
async def test_the_http_library_shows_no_key(spec: str, log: io.StringIO) -> None:
    """Over a real socket, with every line that the HTTP library logs."""
    pytest.importorskip("uvicorn")
    async with (
        serving(FakeSpeech()) as url,
        Renderer(f"{spec}+{url}", key=KEY, settings=patient()) as renderer,
    ):
        await renderer.render({"chunks": distinct(2)})
    assert "send_request_headers" in log.getvalue()
    assert KEY not in log.getvalue()
