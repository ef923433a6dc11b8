"""``tts-async settings``, as a person calls it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tts_async.settings import NAMES

if TYPE_CHECKING:
    from tests.faces.conftest import Call


def test_every_value_is_shown_with_its_source(run: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """As JSON: an object a setting."""
    Path("tts-async.toml").write_text("chunk_chars = 300\n", encoding="utf-8")
    monkeypatch.setenv("TTS_ASYNC_HEDGE", "yes")
    shown = json.loads(run("settings", "show", "--json", "--profile", "aggressive").out)
    assert list(shown) == list(NAMES)
    assert shown["chunk_chars"] == {"value": 300, "source": "file", "detail": "tts-async.toml"}
    assert shown["hedge"] == {"value": True, "source": "environment", "detail": "TTS_ASYNC_HEDGE"}
    assert shown["workers"] == {"value": 10, "source": "explicit", "detail": "profile aggressive"}
    assert shown["attempts"] == {"value": 3, "source": "default", "detail": ""}


def test_people_get_a_table(run: Call) -> None:
    """A line each."""
    lines = run("settings", "show").out.splitlines()
    assert [line.split()[:2] for line in lines if line.startswith("rate")] == [["rate_per_s", "10.0"]]
    assert len(lines) >= len(NAMES)


def test_what_cannot_be_is_an_error(run: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or a warning, where that was asked for."""
    monkeypatch.setenv("TTS_ASYNC_WORKERS", "0")
    said = run("settings", "show")
    assert (said.code, "The setting workers cannot be '0'" in said.err) == (1, True)
    said = run("settings", "show", "--json", "--ignore-bad-settings")
    assert (said.code, "Warning: The setting workers" in said.err) == (0, True)
    assert json.loads(said.out)["workers"]["value"] is None
