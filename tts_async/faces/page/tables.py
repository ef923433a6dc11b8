"""The tables of a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from tts_async.core.report import Report
from tts_async.core.trace import Span
from tts_async.faces.page.story import Story

MOST_ROWS = 30


def figures(story: Story) -> Iterator[tuple[str, str]]:
    """What a reader wants to know first: names and values."""
    report = story.report
    yield "speech", clock(story.duration_s or report.audio_s)
    yield "rendered in", f"{report.took_s:.1f} s"
    if report.bought:
        yield "bought in", f"{report.bought_s:.1f} s"
    if report.speedup:
        yield "one by one", f"{report.provider_s:.1f} s ({report.speedup:.1f} ×)"
    if report.of_possible:
        yield "of what was possible", f"{report.of_possible:.0%}"
    if report.mean_chunk_s is not None:
        yield "mean chunk", f"{report.mean_chunk_s:.2f} s"
    yield "chunks", f"{report.chunks:,}"
    yield "from the store", f"{report.here:,}"
    yield "requests", f"{report.requests:,}"
    yield "refusals", f"{report.refusals:,}"
    yield "failures", f"{report.failures:,}"
    if report.lost:
        yield "lost", f"{len(report.lost):,}"
    if report.mastered and report.mastered.loudness_lufs is not None:
        yield "loudness", f"{report.mastered.loudness_lufs:.1f} LUFS"
    if report.peak_mb:
        yield "peak memory", f"{report.peak_mb:,.0f} MB"


def costs(report: Report) -> list[tuple[str, str, str, str]]:
    """Who was paid by this run: a provider, its clips, its characters, USD."""
    receipts = [each for each in report.receipts if each.chunk not in report.trace.found]
    names = dict.fromkeys(each.provider for each in receipts)
    rows = [(name, [each for each in receipts if each.provider == name]) for name in names]
    return [
        (
            name,
            f"{len(theirs):,}",
            f"{sum(each.billed_chars for each in theirs):,}",
            usd(_sum([each.cost_usd for each in theirs])),
        )
        for name, theirs in rows
    ]


def _sum(costs_usd: Sequence[float | None]) -> float | None:
    """What is unknown in part is unknown."""
    return None if None in costs_usd else sum(filter(None, costs_usd))


def troubles(spans: Sequence[Span]) -> list[tuple[str, str, str, int]]:
    """What came instead of speech, the most frequent first: outcome, error, what was said, how often."""
    counts = Counter((each.outcome, each.error, each.reason) for each in spans if each.error)
    return [(*what, times) for what, times in counts.most_common(MOST_ROWS)]


def by_size(report: Report) -> list[tuple[str, int, int, str, str]]:
    """Requests by the length of their text: sent, gone wrong, the share of it, and how."""
    rows = []
    for size, counts in report.by_size.items():
        sent = counts.get("sent", 0)
        wrong = {name: count for name, count in counts.items() if name != "sent"}
        total = sum(wrong.values())
        how = ", ".join(f"{name} {count}" for name, count in wrong.items())
        rows.append((size, sent, total, f"{total / sent:.0%}" if sent else "", how))
    return rows


def ranges(numbers: Sequence[int]) -> str:
    """Numbers as people write them: 0–3, 7."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(f"{first}–{last}" if last > first else f"{first}" for first, last in runs)


def usd(cost: float | None) -> str:
    """An amount, to the tenth of a cent where it is small."""
    if cost is None:
        return "not known"
    return f"{cost:,.2f} USD" if cost >= 10 or not cost else f"{cost:,.4f} USD"


def clock(seconds: float) -> str:
    """Minutes and seconds, and hours where there are any."""
    hours, minutes, whole = round(seconds) // 3_600, round(seconds) // 60 % 60, round(seconds) % 60
    return f"{hours}:{minutes:02}:{whole:02}" if hours else f"{minutes}:{whole:02}"
