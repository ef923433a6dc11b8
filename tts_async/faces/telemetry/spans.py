"""The spans of one render, made of its events; a span is opened and ended at the times that those say."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tts_async.core.event import Event
from tts_async.faces.telemetry.counts import OPERATION, Counts, by

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

MOST_ID_CHARS = 100
"""So much of a request's id is kept: it comes from a server."""

Attributes = Mapping[str, str | int | float | bool]


@dataclass(kw_only=True)
class Attempt:
    """One request; it stays open for a while after its end, as what was bought may still prove bad."""

    span: Span
    provider: str
    start_s: float
    hedge: bool
    end_s: float | None = None


@dataclass(kw_only=True)
class Chunk:
    span: Span
    outcome: str = "abandoned"
    end_s: float = 0.0
    attempts: list[Attempt] = field(default_factory=list)


class RenderSpans:
    """The spans of one render, as far as they are open; times are seconds since it began."""

    def __init__(self, tracer: Tracer, counts: Counts, planned: Event) -> None:
        self._tracer = tracer
        self._counts = counts
        self._provider = planned.provider
        self._began_ns = time.time_ns() - round(planned.at_s * 1e9)
        self._chunks: dict[int, Chunk] = {}
        told = {"tts.render.id": planned.render, "tts.digest.id": planned.digest}
        self._span = self._begin("render", planned, told, None)

    def hear(self, event: Event) -> None:
        """Hear one event of this render."""
        match event.kind:
            case "planned":
                self._plan(event)
            case "sent" | "hedged":
                self._send(event)
            case "refused" | "failed" | "lost":
                self._fail(event)
            case "bought" | "found" | "here":
                self._arrive(event)
            case "instead":
                self._pass_on(event)
            case "written" | "gap":
                self._close(event, event.chunk)
            case "finished" | "unfinished":
                self._end(event)

    def _plan(self, event: Event) -> None:
        """Begin with a plan; where it is one more, the chunks of the last one are over."""
        self._close(event, *self._chunks)
        told = {"tts.chunks": event.chunks, "tts.characters": event.chars, "tts.plans": event.attempt}
        self._span.set_attributes({**told, "tts.workers": event.limit})

    def _send(self, event: Event) -> None:
        chunk, provider, hedge = self._chunk(event), event.provider or self._provider, event.kind == "hedged"
        told = {"tts.attempt.number": event.attempt, "tts.attempt.hedge": hedge, "tts.characters": event.chars}
        span = self._begin("attempt", event, told, chunk.span)
        chunk.attempts.append(Attempt(span=span, provider=provider, start_s=event.at_s, hedge=hedge))
        self._counts.requests.add(1, by(provider))
        self._counts.in_flight.add(1, by(provider))

    def _fail(self, event: Event) -> None:
        from opentelemetry.trace import StatusCode

        chunk = self._chunk(event)
        told = {**by(event.provider or self._provider), "error.type": event.error}
        attempt = self._over(chunk, event, told)
        if attempt is None and event.kind == "failed" and chunk.attempts:
            attempt = chunk.attempts[-1]  # It was bought, and has proved bad.
        if attempt:
            attempt.span.set_attribute("error.type", event.error)
            attempt.span.set_status(StatusCode.ERROR)
        if event.kind == "lost":
            chunk.outcome, chunk.end_s = "lost", event.at_s
            chunk.span.set_attribute("error.type", event.error)
            chunk.span.set_status(StatusCode.ERROR)
        else:
            chunk.outcome, chunk.end_s = "abandoned", 0.0
            (self._counts.refusals if event.kind == "refused" else self._counts.failures).add(1, told)

    def _pass_on(self, event: Event) -> None:
        """Another provider is asked: whatever the one before was at has come to nothing."""
        from opentelemetry.trace import StatusCode

        chunk = self._chunk(event)
        for attempt in chunk.attempts:
            if attempt.end_s is None:
                self._ended(attempt, event.at_s)
                attempt.span.set_attribute("error.type", "_OTHER")
                attempt.span.set_status(StatusCode.ERROR)
        chunk.span.add_event("instead", by(event.provider), self._ns(event.at_s))

    def _arrive(self, event: Event) -> None:
        chunk, provider = self._chunk(event), by(event.provider or self._provider)
        chunk.outcome, chunk.end_s = event.kind, event.at_s
        attempt = self._over(chunk, event, provider)
        if event.kind == "here":
            return
        self._counts.characters.add(event.chars, provider)
        told: dict[str, str | int | float] = {"tts.billed_characters": event.chars}
        if event.cost_usd is not None:
            self._counts.cost.add(event.cost_usd, provider)
            told["tts.cost_usd"] = event.cost_usd
        if event.request_id:
            told["gen_ai.response.id"] = event.request_id[:MOST_ID_CHARS]
        (attempt or chunk).span.set_attributes(told)

    def _over(self, chunk: Chunk, event: Event, told: Attributes) -> Attempt | None:
        """Note that a request ended, and its hedge with it; ``None`` where none was under way.

        Of several pieces that a stand-in makes of a chunk, it is the oldest.
        """
        provider = event.provider or self._provider
        here = [each for each in chunk.attempts if each.end_s is None and each.provider == provider]
        first = next((each for each in here if not each.hedge), None)
        for each in here:
            if each is first or each.hedge:
                done_s = each.start_s + event.took_s if event.took_s and each is first else event.at_s
                self._ended(each, min(done_s, event.at_s))
        if first and first.end_s is not None:
            self._counts.chunk_s.record(first.end_s - first.start_s, {**told, "gen_ai.operation.name": OPERATION})
        return first

    def _end(self, event: Event) -> None:
        from opentelemetry.trace import StatusCode

        self._close(event, *self._chunks)
        told: dict[str, str] = {"tts.outcome": event.kind}
        if event.error:
            told["error.type"] = event.error
            self._span.set_status(StatusCode.ERROR)
        self._span.set_attributes({**told, "tts.audio_s": event.audio_s})
        self._span.end(self._ns(event.at_s))
        self._counts.render_s.record(event.at_s, {**by(self._provider), **told})

    def _chunk(self, event: Event) -> Chunk:
        """The chunk that an event is about; it begins with the first of them."""
        assert event.chunk is not None
        if event.chunk not in self._chunks:
            span = self._begin("chunk", event, {"tts.chunk.index": event.chunk}, self._span)
            self._chunks[event.chunk] = Chunk(span=span)
        return self._chunks[event.chunk]

    def _close(self, event: Event, *indexes: int | None) -> None:
        """End the spans of some chunks where their last request ended, and what is still under way with an event."""
        for index in indexes:
            if index is None or (chunk := self._chunks.pop(index, None)) is None:
                continue
            chunk.end_s = chunk.end_s or event.at_s
            for attempt in chunk.attempts:
                self._ended(attempt, chunk.end_s)
                attempt.span.end(self._ns(attempt.end_s or chunk.end_s))
            told = {"tts.outcome": chunk.outcome}
            chunk.span.set_attributes({**told, "tts.attempts": len(chunk.attempts)})
            chunk.span.end(self._ns(chunk.end_s))
            self._counts.chunks.add(1, {**by(self._provider), **told})

    def _ended(self, attempt: Attempt, at_s: float) -> None:
        if attempt.end_s is None:
            attempt.end_s = at_s
            self._counts.in_flight.add(-1, by(attempt.provider))

    def _begin(self, what: str, event: Event, told: Attributes, parent: Span | None) -> Span:
        from opentelemetry.trace import SpanKind, set_span_in_context

        of = {
            **by(event.provider or self._provider),
            "gen_ai.operation.name": OPERATION,
            "gen_ai.output.type": "speech",
        }
        return self._tracer.start_span(
            f"{OPERATION} {what}",
            context=set_span_in_context(parent) if parent else None,
            kind=SpanKind.CLIENT if what == "attempt" else SpanKind.INTERNAL,
            attributes={**of, **told},
            start_time=self._ns(event.at_s),
        )

    def _ns(self, at_s: float) -> int:
        return self._began_ns + round(at_s * 1e9)
