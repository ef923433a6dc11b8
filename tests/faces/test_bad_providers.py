"""Bad input for a provider behind a server: one sentence, an exit code, and nothing sent."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.faces.conftest import Call

HELLO = "Good morning, and welcome to the news."
RACHEL = "21m00Tcm4TlvDq8ikWAM"


def voiced(**settings: object) -> dict[str, object]:
    """A digest whose narrator has voice settings."""
    return {"voices": {"narrator": {"voice": RACHEL, "settings": settings}}, "script": HELLO}


CROWD: dict[str, object] = {"script": [{"speaker": f"s{number}", "text": HELLO} for number in range(11)]}

CALLS: Mapping[str, tuple[str, dict[str, object], list[str], str]] = {
    "an unknown voice": ("elevenlabs", {"script": HELLO}, ["--voice", "Nobody"], "has no voice 'Nobody'"),
    "an unknown voice of a dialogue": (
        "elevenlabs",
        {"voices": {"a": "Rachel", "b": "Nobody"}, "script": [{"speaker": s, "text": HELLO} for s in "ab"]},
        [],
        "has no voice 'Nobody'",
    ),
    "a speaker without a voice": (
        "elevenlabs",
        {"voices": {"a": RACHEL}, "script": [{"speaker": s, "text": HELLO} for s in "ab"]},
        [],
        "no voice is given for 'b'",
    ),
    "no voice at this provider": (
        "elevenlabs",
        {"voices": {"a": {"providers": {"openai": "onyx"}}}, "script": [{"speaker": "a", "text": HELLO}]},
        [],
        "'a' has no voice at elevenlabs",
    ),
    "a text over the limit": ("elevenlabs", {"chunks": ["word " * 2_100]}, [], "takes 10000 at once"),
    "a text over the limit of v3": ("elevenlabs:eleven_v3", {"chunks": ["word " * 1_100]}, [], "takes 5000 at once"),
    "a text over openai's limit": ("openai:tts-1", {"chunks": ["word " * 1_000]}, [], "takes 4096 at once"),
    "too many voices": ("elevenlabs", CROWD, [], "11 voices speak in one dialogue request, and elevenlabs takes 10"),
    "a speed out of range": ("elevenlabs", voiced(speed=1.5), [], "it takes a number from 0.7 to 1.2"),
    "openai's speed out of range": (
        "openai",
        {"voices": {"narrator": {"voice": "onyx", "settings": {"speed": 9}}}, "script": HELLO},
        [],
        "it takes a number from 0.25 to 4.0",
    ),
    "a stability that is none": ("elevenlabs:eleven_v3", voiced(stability=0.3), [], "eleven_v3 takes 0.0, 0.5, 1.0"),
    "an unknown option": ("elevenlabs", {"script": HELLO}, ["--option", "sede=1"], "knows no option 'sede'"),
    "an option of a digest": ("openai", {"options": {"openai": {"speed": 9}}, "script": HELLO}, [], "is 9; it takes"),
    "an option without a value": ("elevenlabs", {"script": HELLO}, ["--option", "seed"], "'seed' sets nothing"),
    "a language that is none": ("elevenlabs", {"language": "klingon!", "script": HELLO}, [], "/language"),
}
"""Provider, digest, more of the command line, what the sentence says."""


@pytest.fixture
def server() -> Iterator[socket.socket]:
    """A port of this machine at which somebody listens who would notice."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


@pytest.mark.parametrize("name", CALLS)
def test_nothing_is_sent(name: str, run: Call, server: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong is said in a line before anybody is asked."""
    monkeypatch.setenv("ELEVENLABS_API_KEY", "a-key")
    monkeypatch.setenv("OPENAI_API_KEY", "a-key")
    provider, digest, more, says = CALLS[name]
    Path("d.json").write_text(json.dumps(digest), encoding="utf-8")
    spec = f"{provider}+http://127.0.0.1:{server.getsockname()[1]}"
    said = run("render", "d.json", "--provider", spec, *more)
    assert said.code in {1, 2}
    assert says in said.err
    assert "Traceback" not in said.err
    assert len(said.err.strip().splitlines()) <= 1 + 3 * (said.code == 2)
    assert not Path("d.wav").exists()
    with pytest.raises(BlockingIOError):
        server.accept()


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("nobody", "There is no provider 'nobody'; there are local, elevenlabs, openai"),
        ("elevenlabs", "elevenlabs needs a key: set ELEVENLABS_API_KEY"),
        ("openai", "openai needs a key: set OPENAI_API_KEY"),
        ("openai+ftp://127.0.0.1", "'ftp://127.0.0.1' is no address of an HTTP server"),
        ("openai+127.0.0.1:8880", "'127.0.0.1:8880' is no address of an HTTP server"),
        ("local:large", "local has no models to choose from"),
    ],
)
def test_a_provider_that_cannot_be_used(spec: str, says: str, run: Call) -> None:
    """A name, a key or an address that is missing or wrong."""
    Path("d.json").write_text(json.dumps({"script": HELLO}), encoding="utf-8")
    said = run("render", "d.json", "--provider", spec)
    assert said.code == 1
    assert says in said.err
    assert len(said.err.strip().splitlines()) == 1


def test_a_key_does_not_leave_in_the_clear(run: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """A public host by plain http is refused, without showing the key."""
    monkeypatch.setenv("OPENAI_API_KEY", "a-secret-key")
    Path("d.json").write_text(json.dumps({"script": HELLO}), encoding="utf-8")
    said = run("render", "d.json", "--provider", "openai+http://tts.example.org/v1")
    assert said.code == 1
    assert "would cross the Internet unencrypted" in said.err
    assert "a-secret-key" not in said.err
