"""Requests counted by the length of their text."""

from __future__ import annotations

from collections.abc import Mapping

SIZES = (250, 500, 1_000, 2_000)
"""Lengths of text by which requests are counted, in characters."""

BySize = Mapping[str, Mapping[str, int]]


def counted(by_size: BySize, chars: int, what: str) -> BySize:
    """Count a request among those of its size."""
    size = next((f"up to {most} characters" for most in SIZES if chars <= most), "longer")
    counts = by_size.get(size, {})
    return {**by_size, size: {**counts, what: counts.get(what, 0) + 1}}
