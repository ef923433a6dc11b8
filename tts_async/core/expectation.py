"""How long a request is expected to take: a fixed part, and one that grows with its text.

The model is that of the bench the law was found with: 0.8 s and 0.010 s a character, which is 0.010 s for each of 80
characters more than there are.
"""

from __future__ import annotations

S_PER_CHAR = 0.010
FIXED_CHARS = 80
NEWS = 0.1
"""How much of the difference a new measurement makes up."""


def expected_s(chars: float, s_per_char: float = S_PER_CHAR) -> float:
    """How long a request of so many characters takes."""
    return s_per_char * (FIXED_CHARS + chars)


def learned(s_per_char: float | None, *, chars: int, took_s: float) -> float:
    """Seconds per character after one more request; ``None`` before the first."""
    seen = took_s / (FIXED_CHARS + chars)
    return seen if s_per_char is None else (1 - NEWS) * s_per_char + NEWS * seen
