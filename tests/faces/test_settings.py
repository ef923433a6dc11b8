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


URL = "sqlite+aiosqlite:///app.db"


def test_a_database_is_made_changed_and_shown(run: Call) -> None:
    """In three commands."""
    pytest.importorskip("sqlalchemy")
    assert run("settings", "init-db", "--seed", "--settings-url", URL).out == "The table is there; 2 rows were added.\n"
    assert run("settings", "set", "workers", "7", "--settings-url", URL).out == "tts_max_concurrent_requests is 7\n"
    shown = json.loads(run("settings", "show", "--json", "--settings-url", URL).out)
    assert (shown["workers"]["value"], shown["workers"]["source"]) == (7, "database")
    said = run("settings", "set", "workers", "0", "--settings-url", URL)
    assert (said.code, "greater than or equal to 1" in said.err) == (1, True)


def test_a_database_may_be_optional(run: Call) -> None:
    """What cannot be read is a warning then."""
    pytest.importorskip("sqlalchemy")
    said = run("settings", "show", "--settings-url", URL)
    assert (said.code, "There is no database file 'app.db'" in said.err) == (1, True)
    said = run("settings", "show", "--settings-url", URL, "--settings-optional")
    assert (said.code, "Warning: There is no database file 'app.db'" in said.err) == (0, True)
