"""What ``tts-async render`` shows while it works: bars or lines, and the log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import click

from tts_async.core.event import Event
from tts_async.faces.cli.log import Form, logged, logging_to

if TYPE_CHECKING:
    from tts_async.faces.live import Live


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A listener to a Renderer's events: hands them to the display and to the log."""

    live: Live
    write: Callable[[str], None]
    """Writes a line that stands above whatever is drawn."""

    def __call__(self, event: Event) -> None:
        """Log before it is shown, so that a line stands above what follows from it."""
        logged(event)
        self.live(event)


@contextmanager
def watching(*, hidden: bool, verbose: int, form: Form | None) -> Iterator[Watch]:
    """Show what happens until the block is left.

    A log is instead of the plain lines, and goes above the bars; one in JSON is for programs, so there are no bars then.
    """
    from tts_async.faces.live import Live

    verbose = max(verbose, form == "json")
    bars = not hidden and form != "json"
    with Live(bars=bars, lines=not (hidden or verbose)) as live:
        write = live.write if bars else partial(click.echo, err=True)
        with logging_to(write, verbose=verbose, form=form or "text"):
            yield Watch(live=live, write=write)
