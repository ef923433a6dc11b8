"""The log of a render."""

from __future__ import annotations

import json
import logging
import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tts_async.faces.cli.log import logging_to

if TYPE_CHECKING:
    from tests.faces.conftest import Call

TONE = ("--provider", "tone", "--rate", "1000", "--no-store")
LINE = re.compile(r"\d\d:\d\d:\d\d (DEBUG|INFO|WARNING) tts_async[.\w]*: .+")


@pytest.mark.parametrize(
    ("options", "levels"),
    [
        (("-v",), {"INFO"}),
        (("-vv",), {"INFO", "DEBUG"}),
        (("-v", "--quiet"), {"INFO"}),
        (("-v", "--json"), {"INFO"}),
        (("--verbose", "--verbose"), {"INFO", "DEBUG"}),
    ],
    ids=["v", "vv", "quiet", "json", "long"],
)
def test_how_much(run: Call, talk: Path, options: tuple[str, ...], levels: set[str]) -> None:
    """A line a record on standard error, in place of the plain lines; results stay where they are."""
    said = run("render", talk, *TONE, *options)
    matches = [LINE.fullmatch(line) for line in said.err.splitlines()]
    assert None not in matches, said.err
    assert {match.group(1) for match in matches if match} == levels
    assert "INFO tts_async.events: talk: 2 chunks, 46 characters\n" in said.err
    assert said.out.startswith({"--quiet": "", "--json": "["}.get(options[-1], "talk.wav: "))


@pytest.mark.parametrize("options", [(), ("-v",), ("-vv",)], ids=["alone", "v", "vv"])
def test_json(run: Call, talk: Path, options: tuple[str, ...]) -> None:
    """An object a line, with a moment, and what the record tells besides its words."""
    said = run("render", talk, *TONE, "--log-format", "json", *options)
    lines = [json.loads(line) for line in said.err.splitlines()]
    assert {"time", "level", "logger", "message"} <= set.intersection(*(set(line) for line in lines))
    assert {line["level"] for line in lines} == ({"INFO", "DEBUG"} if "-vv" in options else {"INFO"})
    [planned] = [line for line in lines if line.get("kind") == "planned"]
    assert (planned["digest"], planned["chunks"], planned["chars"]) == ("talk", 2, 46)
    assert datetime.fromisoformat(planned["time"]).tzinfo
    bought = [line for line in lines if line.get("kind") == "bought"]
    assert [line["chunk"] for line in sorted(bought, key=lambda line: line["chunk"])] == (
        [0, 1] if "-vv" in options else []
    )


def test_the_log_is_as_it_was(run: Call, talk: Path) -> None:
    """After the command; other libraries' lines, which may hold a key, are not shown."""
    logger = logging.getLogger("tts_async")
    before = (list(logger.handlers), logger.level, logger.propagate)
    lines: list[str] = []
    with logging_to(lines.append, verbose=2, form="text"):
        logging.getLogger("hpack").debug("xi-api-key: secret")
        logger.debug("ours\x1b[31m\u202e\nforged")
    assert [line[9:] for line in lines] == ["DEBUG tts_async: ours [31m forged"]
    run("render", talk, *TONE, "-vv")
    assert (list(logger.handlers), logger.level, logger.propagate) == before


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_exception_is_one_line(form: str) -> None:
    """And the line says what it was."""
    lines: list[str] = []
    with logging_to(lines.append, verbose=1, form="json" if form == "json" else "text"):
        logging.getLogger("tts_async").error("it failed", exc_info=ValueError("odd"))
    [line] = lines
    assert "it failed" in line
    assert "ValueError: odd" in line
    assert "\n" not in line


def test_no_digest_steers_the_terminal(run: Call) -> None:
    """By what is logged of it."""
    Path("bad.json").write_text(json.dumps({"id": "a\u202e", "script": "Hi."}), encoding="utf-8")
    for form in ("text", "json"):
        said = run("render", "bad.json", *TONE, "-vv", "--log-format", form, "-o", f"{form}.wav")
        assert said.code == 0
        assert not [char for char in said.err if not char.isprintable() and char != "\n"]
