"""Advice: on a plan, where finer chunks would save time; on a render, where other workers would."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from heapq import heapreplace

from tts_async.core.expectation import expected_s
from tts_async.core.pace import CEILING
from tts_async.core.plan import Plan
from tts_async.core.report import Report
from tts_async.settings import Settings

FEW = 3
"""With fewer chunks than this for every worker, the last ones leave workers idle for long."""

FINEST_CHARS = 200
WORTH_SAYING = 0.1


def finer(plan: Plan, *, at_once: int, settings: Settings) -> Plan:
    """Note on a plan of few chunks which smaller target would save how much time, where that is much.

    The cut itself never depends on the workers: a rerun with others would buy everything again.
    """
    sizes = [chunk.chars for chunk in plan.chunks]
    if at_once < 2 or len(sizes) >= FEW * at_once or plan.in_order:
        return plan
    target = "dialogue_chars" if plan.chunks[0].dialogue else "chunk_chars"
    smaller = max(FINEST_CHARS, sum(sizes) // (FEW * at_once) // 50 * 50)
    if smaller >= getattr(settings, target):
        return plan
    pieces = [size / parts for size in sizes for parts in [math.ceil(size / smaller)] for _ in range(parts)]
    saved = 1 - makespan_s(pieces, at_once) / makespan_s(sizes, at_once)
    if saved < WORTH_SAYING:
        return plan
    note = (
        f"{len(sizes)} chunks for {at_once} requests at once: {target}={smaller} would make about"
        f" {len(pieces)} and save about {saved:.0%} of the time"
    )
    return replace(plan, notes=(*plan.notes, note))


def makespan_s(sizes: Sequence[float], at_once: int) -> float:
    """How long chunks of these lengths take, started in their order as slots become free."""
    free_s = [0.0] * at_once
    for chars in sizes:
        heapreplace(free_s, free_s[0] + expected_s(chars))
    return max(free_s)


def faster(report: Report) -> str:
    """Say in a line what would have made a render faster, or nothing; of workers that were not set, nothing is said."""
    workers, allowed = report.workers, report.allowed
    if workers >= CEILING or not allowed or not report.bought:
        return ""
    allows = f"the provider allowed {allowed} at once"
    if allowed > workers and report.most_in_flight >= workers:
        return f"{allows}; you capped at {workers}: leave workers unset"
    if allowed < workers and report.refusals:
        return f"{allows}; asking for {workers} brought {report.refusals} refusals: leave workers unset"
    return ""
