"""What a render would cost, and what it may: on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.faces.conftest import Call
from tts_async.faces.cli.estimate import money
from tts_async.testing.fake import Behaviour, FakeSpeech, Fault

TEXT = "Good morning. It is a bright cold day in April."


@pytest.fixture(autouse=True)
def digests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two digests of equal length in the working folder."""
    monkeypatch.chdir(tmp_path)
    for name, greeting in (("a", "Hello."), ("b", "Howdy.")):
        Path(f"{name}.json").write_text(json.dumps({"id": name, "chunks": [TEXT, greeting]}), encoding="utf-8")


CHARS = len(TEXT) + 6


def test_a_dry_run_says_what_it_costs(run: Call) -> None:
    """Chunks, characters, credits, money, requests and time, with the price and its source; nothing is made."""
    said = run("render", "a.json", "--provider", "elevenlabs", "--dry-run")
    assert said.code == 0
    assert "a: 2 chunks, 53 characters by elevenlabs\n" in said.out
    assert "to buy: 2 requests, 53 characters, 53 credits, $0.0053\n" in said.out
    assert "time: about 0:01 with 5 at once" in said.out
    assert "price: elevenlabs:eleven_multilingual_v2: $0.1 for 1,000 characters (2026-06, https://" in said.out
    assert said.out.endswith("Nothing was sent.\n")
    assert sorted(path.name for path in Path().iterdir() if path.is_file()) == ["a.json", "b.json"]


def test_what_is_unknown_is_called_unknown(run: Call) -> None:
    """And never nothing."""
    said = run("render", "a.json", "--provider", "openai:kokoro+http://127.0.0.1:9", "--dry-run")
    assert "53 credits, cost unknown" in said.out
    assert "price: openai:kokoro+http://127.0.0.1:9/v1: unknown\n" in said.out


def test_what_is_here_is_deducted(run: Call) -> None:
    """The store is asked, and only the rest is to be bought."""
    assert run("render", "a.json", "--provider", "tone", "--quiet").code == 0
    said = run("render", "a.json", "b.json", "--provider", "tone", "--dry-run")
    assert "a: 2 chunks, 53 characters by tone, of which 2 are here already (53 characters)" in said.out
    assert "to buy: 1 requests, 6 characters" in said.out
    assert "All: 1 requests, 6 characters, $0" in said.out
    (told, _) = json.loads(run("render", "a.json", "b.json", "--provider", "tone", "--dry-run", "--json").out)
    assert (told["requests"], told["here"], told["cost"]["usd"]) == (0, 2, 0)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--max-cost", "0.0106"], 0),
        (["--max-cost", "0.0105"], 5),
        (["--max-chars", str(2 * CHARS)], 0),
        (["--max-chars", str(2 * CHARS - 1)], 5),
        (["--max-cost", "1", "--provider", "elevenlabs:eleven_v4"], 5),
    ],
)
def test_a_dry_run_over_its_budget(options: list[str], code: int, run: Call) -> None:
    """All digests of a command have one budget."""
    assert run("render", "a.json", "b.json", "--provider", "elevenlabs", "--dry-run", *options).code == code


@pytest.mark.parametrize(
    ("options", "code"),
    [(["--max-cost", "1"], 5), ([], 0)],
    ids=["its price is unknown", "no budget"],
)
@pytest.mark.parametrize("way", ["fail", "silence", "skip"])
def test_a_stand_in_over_the_budget(
    way: str, options: list[str], code: int, run: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The budget is the reason, whether the file is written with a gap or not at all."""
    fake = FakeSpeech(Behaviour(faults=(Fault(kind="unprocessable", text="Hello.", times=1),)))
    monkeypatch.setattr("tts_async.engine.account.new_client", lambda *_, **__: fake.client())
    monkeypatch.setenv("ELEVENLABS_API_KEY", "k-secret-key")
    asked = ("--provider", "elevenlabs", "--fallback", "elevenlabs:eleven_v4", "--on-failure", way, "--quiet")
    said = run("render", "a.json", *asked, *options)
    assert said.code == code
    assert ("What this costs is unknown" in said.err) == bool(code)
    assert Path("a.wav").exists() == (code == 0 or way != "fail")


def test_a_batch_over_its_budget(run: Call) -> None:
    """What fits is rendered, the command says what did not, and goes on from there with a larger budget."""
    options = ("a.json", "b.json", "--provider", "tone", "--quiet", "--sequential")
    said = run("render", *options, "--max-chars", CHARS)
    assert said.code == 5
    assert "106 characters would be over the 53 of max_chars; what was bought is kept" in said.err
    assert len(list(Path().glob("*.wav"))) == 1
    assert run("render", *options, "--max-chars", 6).code == 0


@pytest.mark.parametrize("options", [["--max-cost", "-1"], ["--max-chars", "-1"], ["--max-cost", "nan"]])
def test_a_budget_that_is_none(options: list[str], run: Call) -> None:
    """A mistake in usage."""
    assert run("render", "a.json", *options).code == 2


@pytest.mark.parametrize(
    ("usd", "shown"), [(None, "cost unknown"), (0.0, "$0"), (0.0053, "$0.0053"), (1234.5, "$1,234.5"), (2.0, "$2")]
)
def test_money(usd: float | None, shown: str) -> None:
    """As short as it can be said."""
    assert money(usd) == shown
