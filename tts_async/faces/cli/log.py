"""What ``-v`` and ``--log-format`` show: the package's log, a line a record, on standard error."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Literal

from tts_async.core.event import Event
from tts_async.core.said import NOTABLE, words
from tts_async.core.shown import one_line, printable

Write = Callable[[str], None]
Form = Literal["text", "json"]

LOGGER = "tts_async"
"""Only ours: the libraries below us would also log what is sent, with its keys."""

EVENTS = logging.getLogger(f"{LOGGER}.events")
DEFAULTS = {field.name: field.default for field in fields(Event)}
LEVELS = {0: logging.WARNING, 1: logging.INFO}
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""What every record has; the rest is what a line says besides its words."""


@contextmanager
def logging_to(write: Write, *, verbose: int, form: Form) -> Iterator[None]:
    """Hand the lines of the log to ``write``: warnings, from ``-v`` on INFO, from ``-vv`` on everything."""
    logger = logging.getLogger(LOGGER)
    before = logger.level, logger.propagate
    handler = _Lines(write)
    handler.setFormatter(_Json() if form == "json" else _Text())
    logger.addHandler(handler)
    logger.setLevel(LEVELS.get(verbose, logging.DEBUG))
    logger.propagate = False  # Else Python's last resort could say it again.
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before[0])
        logger.propagate = before[1]


def logged(event: Event) -> None:
    """Log one event, at INFO or DEBUG, with what it tells besides."""
    level = logging.INFO if event.kind in NOTABLE else logging.DEBUG
    if EVENTS.isEnabledFor(level):
        facts = {f"tts_{name}": value for name, value in asdict(event).items() if value != DEFAULTS[name]}
        EVENTS.log(level, "%s: %s", event.digest, words(event), extra=facts)


class _Lines(logging.Handler):
    def __init__(self, write: Write) -> None:
        super().__init__()
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._write(self.format(record))
        except Exception:  # noqa: BLE001  # As all handlers do: a log that cannot be written ends no render.
            self.handleError(record)


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created).astimezone()
        said = printable(one_line(super().format(record)))
        return f"{at:%H:%M:%S} {record.levelname} {record.name}: {said}"


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        extra = {name.removeprefix("tts_"): value for name, value in vars(record).items() if name not in STANDARD}
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return json.dumps({**extra, **told}, default=str)  # In ASCII, so that nothing in it steers a terminal.
