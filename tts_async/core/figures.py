"""The few figures of a render that a log, a dashboard and a notebook all show."""

from __future__ import annotations

from collections.abc import Mapping

from tts_async.core.report import Report

NAMES = (
    "chunks",
    "chars",
    "here",
    "bought",
    "found",
    "requests",
    "refusals",
    "failures",
    "billed_chars",
    "billed_usd",
    "audio_s",
    "took_s",
    "mean_chunk_s",
    "speedup",
    "most_in_flight",
    "peak_mb",
)
"""Those that a report has by itself."""


def figures(report: Report) -> dict[str, object]:
    """Return a render's figures as plain values; ``sequential_s`` is what one request after another would have taken."""
    found: dict[str, object] = {name: getattr(report, name) for name in NAMES}
    return {**found, "sequential_s": report.provider_s, "lost": len(report.lost), "error_rates": error_rates(report)}


def error_rates(report: Report) -> Mapping[str, Mapping[str, float]]:
    """Return the share of requests that ended in each kind of error, by the length of their text."""
    return {
        size: {error: count / counts["sent"] for error, count in counts.items() if error != "sent"}
        for size, counts in report.by_size.items()
        if counts.get("sent")
    }
