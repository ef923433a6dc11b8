"""Which chunk of all digests is bought next."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tts_async.core.backlog import Backlog

TAIL = 3
"""The longest chunk goes first once at most this many times the limit wait."""
CLASS = math.log(1.25)
"""Lengths are compared in classes of 25 %, so that near-equal chunks keep the order of the text."""


def best(backlogs: Sequence[Backlog], limit: int) -> tuple[Backlog, int]:
    """Choose the next chunk over all digests; every one given has a ready chunk within its window.

    First the first chunk of each digest, then the least-served digest in the order of its text; when
    little is left, the longest chunk. (Makespan within 1 to 2 % of longest-first, and audio can be
    played in order from the start.)
    """
    for backlog in backlogs:
        if backlog.first() == 0:
            return backlog, 0
    if sum(backlog.waiting for backlog in backlogs) > TAIL * limit:
        backlog = min(backlogs, key=lambda each: each.share)
        index = backlog.first()
        assert index is not None
        return backlog, index
    choices = [(backlog, index) for backlog in backlogs for index in backlog.ready()]
    return max(choices, key=lambda choice: (_length_class(choice[0].chars[choice[1]]), -choice[1]))


def _length_class(chars: int) -> int:
    return int(math.log(max(1, chars)) / CLASS)
