"""``tts-async store``, as a person calls it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.faces.conftest import Call


@pytest.fixture(autouse=True)
def rendered(run: Call) -> None:
    """A digest of two chunks that was rendered."""
    Path("d.json").write_text(json.dumps({"chunks": ["One.", "Two."]}), encoding="utf-8")
    assert run("render", "d.json", "--provider", "tone", "--quiet").code == 0


def clips() -> list[Path]:
    return [path for path in Path.home().rglob("clips/??/*") if not path.suffix]


def test_what_is_kept_is_listed(run: Call) -> None:
    """As a table, and as JSON."""
    assert "2 clips" in run("store", "ls").out
    rows = json.loads(run("store", "ls", "--json").out)
    assert {row["origin"] for row in rows} == {"tone/1"}


def test_verify_says_what_is_damaged(run: Call) -> None:
    """By its exit code, too."""
    assert run("store", "verify").code == 0
    clips()[0].write_bytes(b"x")
    said = run("store", "verify")
    assert (said.code, f"damaged: {clips()[0].name}" in said.out or "1 damaged" in said.out) == (1, True)


def test_gc_clears_up(run: Call) -> None:
    """Only what it is told to."""
    assert "0 clips removed" in run("store", "gc", "--older-than", "30d").out
    assert "0 clips removed" in run("store", "gc", "--max-size", "5GB").out
    assert "2 clips removed" in run("store", "gc", "--max-size", "0").out
    assert clips() == []


def test_a_look_makes_nothing(run: Call) -> None:
    """A name that is mistyped is an empty store, and stays none."""
    assert "0 clips" in run("store", "ls", "--store", "mistyped").out
    assert not Path("mistyped").exists()


def test_what_was_set_aside_is_told(run: Call) -> None:
    """And goes with the next clearing up by size."""
    clips()[0].write_bytes(b"x")
    run("store", "verify")
    assert "1 more set aside" in run("store", "ls").out
    run("store", "gc", "--max-size", "5GB")
    assert "set aside" not in run("store", "ls").out


def test_a_journal_that_is_damaged_is_a_sentence(run: Call) -> None:
    """With a way out that loses no clip: by every command, and it works."""
    (journal,) = Path.home().rglob("journal.sqlite")
    journal.write_bytes(b"no database" * 1_000)
    for command in (["store", "ls"], ["store", "verify"], ["store", "why", "d.json"], ["render", "d.json"]):
        said = run(*command)
        assert (said.code, "move 'journal.sqlite' away" in said.err) == (1, True)
    for path in journal.parent.glob("journal.sqlite*"):
        path.unlink()
    assert "2 of 2 chunks are here" in run("store", "why", "d.json", "--provider", "tone").out
    assert run("store", "verify").code == 0
    assert "2 clips" in run("store", "ls").out


def test_why_is_asked_as_a_render_is(run: Call) -> None:
    """How a digest is spoken and cut is part of what is asked for; a change far into a text is shown where it is."""
    long = "It rained all day long in the town by the sea, and nobody went out. "
    Path("l.json").write_text(json.dumps({"chunks": [long + "Not one."]}), encoding="utf-8")
    run("render", "l.json", "--provider", "tone", "--option", "s_per_char=0.05", "--quiet", "-o", "l.wav")
    assert (
        "1 of 1 chunks are here"
        in run("store", "why", "l.json", "--provider", "tone", "--option", "s_per_char=0.05").out
    )
    assert "s_per_char" in run("store", "why", "l.json", "--provider", "tone").out
    Path("l.json").write_text(json.dumps({"chunks": [long + "Only one."]}), encoding="utf-8")
    said = run("store", "why", "l.json", "--provider", "tone", "--option", "s_per_char=0.05", "--json").out
    (found,) = json.loads(said)
    assert "Not one." in found["changed"]
    assert "Only one." in found["changed"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["ls", "--store", ""], "it names nothing"),
        (["gc"], "Say what may go"),
        (["gc", "--older-than", "soon"], "'soon' is none"),
        (["gc", "--max-size", "5 apples"], "'5 apples' is none"),
    ],
)
def test_a_mistake_is_a_sentence(run: Call, arguments: list[str], says: str) -> None:
    """And an exit code of its own."""
    said = run("store", *arguments)
    assert (said.code, says in said.err) == (2, True)


def test_why(run: Call) -> None:
    """Each chunk is here, or what changed is said."""
    assert "2 of 2 chunks are here" in run("store", "why", "d.json", "--provider", "tone").out
    Path("d.json").write_text(json.dumps({"chunks": ["One.", "Three."]}), encoding="utf-8")
    found = json.loads(run("store", "why", "d.json", "--provider", "tone", "--json").out)
    assert [each["here"] for each in found] == [True, False]


def test_a_store_of_ones_own(run: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """By option or environment; without one, nothing is kept."""
    assert run("render", "d.json", "--provider", "tone", "--store", "mine", "-o", "a.wav").code == 0
    assert "2 clips" in run("store", "ls", "--store", "mine").out
    monkeypatch.setenv("TTS_ASYNC_STORE", "theirs")
    assert "0 clips" in run("store", "ls").out
    assert run("render", "d.json", "--provider", "tone", "--no-store", "-o", "b.wav").code == 0
    assert "0 clips" in run("store", "ls").out
