"""Words for people: nothing in them can steer a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_async.core.shown import clock, printable

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["clock", "printable", "table"]


def table() -> Table:
    """An empty table, narrow enough for words to have room beside its numbers."""
    from rich import box
    from rich.table import Table

    return Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False, show_edge=False)
