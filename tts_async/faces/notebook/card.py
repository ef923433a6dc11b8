"""A result as a notebook shows it: a player, the figures, the chunks. All that is foreign in it is escaped."""

from __future__ import annotations

import base64
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

from tts_async.core.report import Report
from tts_async.core.trace import Span

if TYPE_CHECKING:
    from tts_async.api.result import RenderResult

MOST_BYTES = 1_500_000
"""So large a file is part of the notebook; a larger one is linked."""

MOST_ROWS = 200
MOST_TEXT_CHARS = 40
MEDIA_TYPES = {
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
    ".m4b": "audio/mp4",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".wav": "audio/wav",
}
HEADS = ("chunk", "text", "heard at", "requests", "took", "characters", "cost", "by")
CELL = "padding:2px 8px;text-align:left;vertical-align:top;white-space:nowrap"


def card(result: RenderResult) -> str:
    """Return a result as HTML; blocks while a file of up to 1.5 MB is read."""
    title = result.tags.title or result.report.digest
    wave = result.waveform_svg(800, 60).replace("<svg ", '<svg style="width:100%;height:60px;opacity:.6" ', 1)
    return (
        '<div style="max-width:60em">'
        f'<div style="font-size:1.1em;font-weight:bold">{escape(title)}</div>'
        f"{wave}{_player(result)}"
        f'<p style="margin:4px 0">{escape(" · ".join(_figures(result)))}</p>'
        f"{''.join(f'<p>Note: {escape(each)}</p>' for each in result.report.warnings)}"
        f"{_table(result)}</div>"
    )


def _player(result: RenderResult) -> str:
    try:
        size = result.path.stat().st_size
        if size <= MOST_BYTES:
            kind = MEDIA_TYPES.get(result.path.suffix.lower(), "application/octet-stream")
            sound = base64.b64encode(result.path.read_bytes()).decode()
            return f'<audio controls preload="metadata" style="width:100%" src="data:{kind};base64,{sound}"></audio>'
    except OSError:
        return f"<p>{escape(str(result.path))} is not there any more.</p>"
    place = os.path.relpath(result.path)
    if place.startswith(os.pardir):  # A notebook's server shows nothing from outside its folder.
        return f"<p>{escape(str(result.path))} ({size / 1e6:.1f} MB)</p>"
    return f'<p><a href="{escape(quote(place))}" target="_blank">{escape(place)}</a> ({size / 1e6:.1f} MB)</p>'


def _figures(result: RenderResult) -> Iterator[str]:
    report = result.report
    yield f"{result.duration_s:.1f} s of speech in {report.took_s:.1f} s"
    if report.speedup and report.speedup > 1:
        yield f"{report.speedup:.1f} × as fast as one request after another"
    yield f"{_count(report.chunks, 'chunk')} by {report.provider}"
    if report.here:
        yield f"{report.here} bought before"
    yield _cost(report)
    yield _count(report.refusals, "refusal")
    yield _count(report.failures, "failure")
    if report.gaps:
        yield f"{len(report.gaps)} missing"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _cost(report: Report) -> str:
    return f"{_price(report.billed_usd)} for {report.billed_chars:,} characters"


def _price(cost_usd: float | None) -> str:
    if cost_usd is None:
        return "cost unknown"
    return f"${cost_usd:.4f}" if cost_usd else "no cost"


def _table(result: RenderResult) -> str:
    rows = list(_rows(result))
    more = f"<p>… and {len(rows) - MOST_ROWS:,} more</p>" if len(rows) > MOST_ROWS else ""
    lines = "".join(_line("td", row) for row in rows[:MOST_ROWS])
    return (
        f"<details><summary>{_count(len(rows), 'chunk')}</summary>"
        f'<div style="max-height:24em;overflow:auto"><table><thead>{_line("th", HEADS)}</thead>'
        f"<tbody>{lines}</tbody></table>{more}</div></details>"
    )


def _line(cell: str, row: Iterable[str]) -> str:
    return "<tr>" + "".join(f'<{cell} style="{CELL}">{escape(each)}</{cell}>' for each in row) + "</tr>"


def _rows(result: RenderResult) -> Iterator[tuple[str, ...]]:
    """A row a chunk, as `HEADS` says."""
    report = result.report
    spans: dict[int, list[Span]] = defaultdict(list)
    for span in report.trace.spans:
        spans[span.chunk].append(span)
    said: dict[int, list[str]] = defaultdict(list)
    heard_s: dict[int, float] = {}
    for cue in result.cues:
        said[cue.chunk].append(cue.text)
        heard_s.setdefault(cue.chunk, cue.start_s)
    bills = {receipt.chunk: receipt for receipt in report.receipts}
    for chunk in range(report.chunks):
        bill, tried, here = bills.get(chunk), spans[chunk], chunk in report.trace.here
        text = " ".join(said[chunk])
        yield (
            str(chunk),
            text if len(text) <= MOST_TEXT_CHARS else f"{text[: MOST_TEXT_CHARS - 1]}…",
            f"{heard_s[chunk]:.1f} s" if chunk in heard_s else "missing",
            "bought before" if here and not tried else _tried(tried),
            f"{tried[-1].end_s - tried[-1].start_s:.1f} s" if tried and tried[-1].end_s else "",
            f"{bill.billed_chars:,}" if bill else "",
            _price(bill.cost_usd) if bill else "",
            bill.provider if bill else "",
        )


def _tried(spans: Iterable[Span]) -> str:
    """What came of each request for a chunk, in their order."""
    return ", ".join(f"{span.outcome} ({span.error})" if span.error else span.outcome for span in spans)
