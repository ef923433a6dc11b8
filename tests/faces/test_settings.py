"""``tts-async settings``, as a person calls it."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tts_async.api.render import Renderer
from tts_async.faces.cli import render as _  # noqa: F401  # for its module, which has the name of its command
from tts_async.settings import NAMES, Settings

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


def test_a_render_uses_all_sources(run: Call, talk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its flags go before the environment, that before the file; flags that were not given say nothing."""
    Path("tts-async.toml").write_text(
        "max_chars = 5\nhedge = true\ntimestamps = true\nremember = false\n", encoding="utf-8"
    )
    seen: list[Settings] = []
    render = importlib.import_module("tts_async.faces.cli.rendering")

    class Watched(Renderer):
        def __init__(self, *arguments: Any, settings: Settings, **more: Any) -> None:
            seen.append(settings)
            super().__init__(*arguments, settings=settings, **more)

    monkeypatch.setattr(render, "Renderer", Watched)
    assert run("render", talk, "--provider", "tone").code == 5
    monkeypatch.setenv("TTS_ASYNC_MAX_CHARS", "500")
    assert run("render", talk, "--provider", "tone", "--rate", "900", "--profile", "aggressive").code == 0
    assert run("render", talk, "--provider", "tone", "--max-chars", "1", "--overwrite", "--sequential").code == 0
    assert [each.max_chars for each in seen] == [5, 500, 1]
    assert [(each.workers, each.rate_per_s) for each in seen] == [(None, 10), (10, 900), (1, 10)]
    assert {(each.hedge, each.timestamps, each.remember) for each in seen} == {(True, True, False)}


def test_a_bad_flag_is_a_mistake_in_usage(run: Call, talk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bad value of another source is an error."""
    assert run("render", talk, "--workers", "0", "--ignore-bad-settings").code == 2
    monkeypatch.setenv("TTS_ASYNC_WORKERS", "0")
    assert run("render", talk, "--provider", "tone").code == 1
    said = run("render", talk, "--provider", "tone", "--ignore-bad-settings")
    assert (said.code, said.err.startswith("Warning: The setting workers cannot be '0'")) == (0, True)


def test_a_plan_uses_all_sources(run: Call, talk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is cut by them is shown so."""
    monkeypatch.setenv("TTS_ASYNC_PAUSES_SPEAKER_MS", "1234")
    assert "1234" in run("plan", talk, "--provider", "tone").out
