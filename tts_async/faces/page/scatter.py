"""The picture of how long attempts took, against the length of their text."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from tts_async.core.trace import Trace
from tts_async.faces.page.timeline import Tick, ticks

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 1_000, 260, 64, 8, 24
FLOOR = HEIGHT - BOTTOM


@dataclass(frozen=True, slots=True, kw_only=True)
class Scatter:
    """Dots by outcome, each kind of them one path of strokes without length."""

    dots: dict[str, str]
    chars: tuple[Tick, ...]
    seconds: tuple[Tick, ...]


def scatter(trace: Trace) -> Scatter | None:
    """Draw the attempts that came to an end; ``None`` where none did."""
    ended = [(each.chars, each.end_s - each.start_s, each.outcome) for each in trace.spans if each.end_s is not None]
    if not ended:
        return None
    most_chars = 1.02 * max(1, *(chars for chars, _, _ in ended), 1)
    most_s = 1.05 * max(1e-3, *(took_s for _, took_s, _ in ended), 1e-3)
    dots: defaultdict[str, str] = defaultdict(str)
    for chars, took_s, outcome in ended:
        dots[outcome] += f"M{_x(chars / most_chars):.0f} {_y(took_s / most_s):.0f}h0"
    return Scatter(
        dots=dict(dots),
        chars=tuple(Tick(at=_x(at / most_chars), label=f"{at:g}") for at in ticks(most_chars, 8)),
        seconds=tuple(Tick(at=_y(at / most_s), label=f"{at:g} s") for at in ticks(most_s, 5) if at),
    )


def _x(share: float) -> float:
    return LEFT + (WIDTH - LEFT) * share


def _y(share: float) -> float:
    return FLOOR - (FLOOR - TOP) * share
