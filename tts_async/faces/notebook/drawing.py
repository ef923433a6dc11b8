"""Draws renders with matplotlib, without its global state: a figure is shown where it is a cell's value."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from heapq import heappop, heappush

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from tts_async.core.report import Limit, Report
from tts_async.core.trace import Span

COLOURS = {
    "bought": "#0072b2",
    "found": "#56b4e9",
    "refused": "#e69f00",
    "failed": "#d55e00",
    "lost": "#000000",
    "open": "#999999",
}
"""Okabe and Ito's, which people with any kind of colour vision tell apart."""

MOST_NUMBERED = 60
"""With more requests than these, their chunks' numbers would not be readable."""

THINNEST = 0.003
"""A refusal takes no time; it is drawn as so much of the whole."""

Levels = NDArray[np.float32]


class Drawing(Figure):
    """A figure that shows itself in a notebook, whether or not anybody has set matplotlib up."""

    def _repr_png_(self) -> bytes:
        file = io.BytesIO()
        self.savefig(file, format="png", dpi=110)
        return file.getvalue()


def timeline(report: Report) -> Figure:
    """One bar an attempt by what came of it, stacked as they were under way together, and the gate's limit over them."""
    spans, whole_s = report.trace.spans, report.took_s or 1.0
    rows = lanes(spans, whole_s)
    figure = Drawing(figsize=(9, min(6.0, 1.8 + 0.28 * (max(rows, default=0) + 1))), layout="constrained")
    axes = figure.add_subplot()
    for outcome, colour in COLOURS.items():
        here = [at for at, span in enumerate(spans) if span.outcome == outcome]
        if here:
            _bars(axes, [spans[at] for at in here], [rows[at] for at in here], whole_s, colour)
    if len(spans) <= MOST_NUMBERED:
        _number(axes, spans, rows, whole_s)
    _limits(axes, report.limits, whole_s)
    axes.set(xlabel="seconds since the render began", ylabel="requests in flight", xlim=(0, whole_s))
    top = max([*rows, *(limit.limit - 1 for limit in report.limits), 0]) + 1
    axes.set_ylim(0, top * 1.04)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    if axes.get_legend_handles_labels()[1]:
        figure.legend(loc="outside upper center", ncols=4, frameon=False)
    return figure


def waveform(low: Levels, high: Levels, duration_s: float, chapters_s: Iterable[float] = ()) -> Figure:
    """The outline of the audio, and a line where each chapter begins; levels of shape (columns,)."""
    figure = Drawing(figsize=(9, 2), layout="constrained")
    axes = figure.add_subplot()
    times_s = np.linspace(0, duration_s, len(low))
    axes.fill_between(times_s, low, high, color=COLOURS["bought"], linewidth=0.3)
    for start_s in chapters_s:
        axes.axvline(start_s, color=COLOURS["failed"], linewidth=0.8)
    axes.set(xlabel="seconds", ylabel="level", xlim=(0, duration_s or 1), ylim=(-1, 1))
    return figure


def lanes(spans: Sequence[Span], whole_s: float) -> list[int]:
    """Return the row of each span, the lowest in which nothing else is under way; spans are in order of their starts."""
    free: list[int] = []
    busy: list[tuple[float, int]] = []
    rows = []
    for span in spans:
        while busy and busy[0][0] <= span.start_s:
            heappush(free, heappop(busy)[1])
        row = heappop(free) if free else len(busy)
        heappush(busy, (_end_s(span, whole_s), row))
        rows.append(row)
    return rows


def _end_s(span: Span, whole_s: float) -> float:
    return whole_s if span.end_s is None else span.end_s


def _bars(axes: Axes, spans: Sequence[Span], rows: Sequence[int], whole_s: float, colour: str) -> None:
    widths = [max(_end_s(span, whole_s) - span.start_s, THINNEST * whole_s) for span in spans]
    middles = [row + 0.5 for row in rows]
    starts = [span.start_s for span in spans]
    label = f"{len(spans)} {spans[0].outcome}"
    axes.barh(middles, widths, 0.8, starts, color=colour, edgecolor="white", linewidth=0.4, label=label)


def _number(axes: Axes, spans: Sequence[Span], rows: Sequence[int], whole_s: float) -> None:
    for span, row in zip(spans, rows, strict=True):
        end_s = _end_s(span, whole_s)
        if end_s - span.start_s > 0.03 * whole_s:
            middle_s = (span.start_s + end_s) / 2
            axes.text(middle_s, row + 0.5, str(span.chunk), ha="center", va="center", color="white", fontsize=8)


def _limits(axes: Axes, limits: Sequence[Limit], whole_s: float) -> None:
    if limits:
        times_s = [limit.at_s for limit in limits] + [whole_s]
        heights = [limit.limit for limit in limits]
        axes.step(times_s, [*heights, heights[-1]], where="post", color="#555555", linewidth=1.4, label="limit")
