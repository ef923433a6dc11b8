"""When a second request for a chunk is worth what it may cost.

Under one stall in a hundred requests it takes the tail off a render, for less than 1 % more characters; the constants
are those of the bench that the law was found with.
"""

from __future__ import annotations

from tts_async.core.expectation import expected_s

SLOW = 2.5
"""A chunk that takes so many times as long as expected is asked for once more."""
SHARE = 0.03
"""So much of a digest's characters may be asked for twice; one chunk always may."""


def due_s(began_s: float, chars: int, s_per_char: float) -> float:
    """When a chunk that began then is slow enough."""
    return began_s + SLOW * expected_s(chars, s_per_char)


def affordable(chars: int, *, hedged_chars: int, total_chars: int) -> bool:
    """Whether a second request for so many characters stays within the share."""
    return not hedged_chars or hedged_chars + chars <= SHARE * total_chars
