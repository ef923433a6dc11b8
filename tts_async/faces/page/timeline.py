"""The picture of all attempts: a row for each that was under way at once, time from left to right."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tts_async.core.report import Limit, Report
from tts_async.core.trace import Span

WIDTH, LEFT, TOP, BOTTOM = 1_000, 64, 8, 24
AIR = 3
"""How many times as high as what was used the picture is at most."""
HEIGHT, THINNEST, THICKEST = 220, 2.5, 20.0
"""Of all rows together, and of one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """An attempt, and what is said of it."""

    x: float
    y: float
    width: float
    height: float
    outcome: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A mark of an axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """From seconds and rows to places in the picture; rows grow upwards from its ``floor``."""

    end_s: float
    rows: int

    @property
    def row(self) -> float:
        """How high a row is."""
        return min(THICKEST, max(THINNEST, HEIGHT / self.rows))

    @property
    def floor(self) -> float:
        """Where the lowest row stands."""
        return TOP + self.rows * self.row

    def x(self, at_s: float) -> float:
        """The place of a moment."""
        return LEFT + (WIDTH - LEFT) * at_s / self.end_s

    def y(self, rows: float) -> float:
        """The place of the top of so many rows."""
        return self.floor - min(rows, self.rows) * self.row


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """What is drawn; ``limit`` is the path of the gate's limit over it, ``above`` the highest that is above the picture, or 0."""

    height: float
    floor: float
    bars: tuple[Bar, ...]
    limit: str
    above: int
    seconds: tuple[Tick, ...]
    rows: tuple[Tick, ...]


def timeline(report: Report) -> Timeline | None:
    """Draw the attempts of a render, and how many could be under way; ``None`` where nothing was sent."""
    spans = report.trace.spans
    if not spans:
        return None
    end_s = max(report.took_s, *(each.end_s or each.start_s for each in spans)) or 1.0
    rows = rows_of(spans, end_s)
    used = max(rows) + 1
    highest = max((each.limit for each in report.limits), default=0)
    # A limit far over what was used would leave a picture of air.
    scale = Scale(end_s=end_s, rows=max(used, min(highest, AIR * used)))
    return Timeline(
        height=scale.floor + BOTTOM,
        floor=scale.floor,
        bars=tuple(_bar(span, row, scale) for span, row in zip(spans, rows, strict=True)),
        limit=_path(report.limits, scale),
        above=highest if highest > scale.rows else 0,
        seconds=tuple(Tick(at=scale.x(at), label=f"{at:g} s") for at in ticks(end_s, 8)),
        rows=tuple(Tick(at=scale.y(at), label=f"{at:g}") for at in ticks(scale.rows, 6) if at and at % 1 == 0),
    )


def rows_of(spans: Sequence[Span], end_s: float) -> list[int]:
    """The row of each span, the lowest that is free when it begins; spans are in the order in which they begin."""
    busy: list[tuple[float, int]] = []
    free: list[int] = []
    rows = []
    for span in spans:
        while busy and busy[0][0] <= span.start_s:
            heapq.heappush(free, heapq.heappop(busy)[1])
        row = heapq.heappop(free) if free else len(busy)
        rows.append(row)
        heapq.heappush(busy, (end_s if span.end_s is None else span.end_s, row))
    return rows


def ticks(end: float, most: int) -> list[float]:
    """Round numbers from 0 to an end, so many at most but for the first."""
    size = 10 ** math.floor(math.log10(end / most))
    step = next(size * each for each in (1, 2, 5, 10, 20) if end / (size * each) <= most)
    return [round(number * step, 9) for number in range(int(end / step + 1e-9) + 1)]


def _bar(span: Span, row: int, scale: Scale) -> Bar:
    left = scale.x(span.start_s)
    right = scale.x(scale.end_s if span.end_s is None else span.end_s)
    gap = min(1.0, scale.row / 5)
    return Bar(
        x=round(left, 1),
        y=round(scale.y(row + 1) + gap / 2, 1),
        width=round(max(2.0, right - left - 0.5), 1),
        height=round(scale.row - gap, 1),
        outcome=span.outcome,
        said="".join(_said(span)),
    )


def _said(span: Span) -> Iterator[str]:
    yield f"chunk {span.chunk}, {span.chars} characters: {span.outcome}"
    if span.end_s is not None:
        yield f" after {span.end_s - span.start_s:.2f} s"
    if span.attempt > 1:
        yield f", attempt {span.attempt}"
    if span.hedged:
        yield ", asked for twice"
    if span.error:
        yield f" ({span.error})"


def _path(limits: Sequence[Limit], scale: Scale) -> str:
    """Steps: each limit holds until the next one."""
    if not limits:
        return ""
    first, *others = limits
    steps = "".join(f"H{scale.x(each.at_s):.1f}V{scale.y(each.limit):.1f}" for each in others)
    return f"M{scale.x(first.at_s):.1f} {scale.y(first.limit):.1f}{steps}H{WIDTH}"
