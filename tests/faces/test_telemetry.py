"""Spans and metrics, as an exporter and a reader in memory get them."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from tts_async import ConfigError, Event, Renderer, RenderFailed, RenderResult, Settings, generate_digest, tee
from tts_async.core.event import Kind
from tts_async.faces.telemetry import Telemetry
from tts_async.testing.fake import Behaviour, FakeSpeech, Fault, Latency

TEXTS = ["The secret river rose.", "It fell by half a meter in one night, and people slept.", "A new day."]
NEWS = {"id": "news", "chunks": TEXTS}


@dataclass
class Seen:
    """What came out of a telemetry."""

    exporter: InMemorySpanExporter = field(default_factory=InMemorySpanExporter)
    reader: InMemoryMetricReader = field(default_factory=InMemoryMetricReader)

    def __post_init__(self) -> None:
        self.tracers = TracerProvider(shutdown_on_exit=False)
        self.tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.meters = MeterProvider([self.reader], shutdown_on_exit=False)
        self.telemetry = Telemetry(tracer_provider=self.tracers, meter_provider=self.meters)

    def spans(self, what: str) -> list[ReadableSpan]:
        """The spans of a kind by the time at which they began; each has ended at its beginning or later."""
        found = [span for span in self.exporter.get_finished_spans() if span.name == f"text_to_speech {what}"]
        assert all((span.start_time or 0) <= (span.end_time or 0) for span in found)
        return sorted(found, key=lambda span: (span.start_time or 0, of(span).get("tts.chunk.index", 0)))

    def points(self, name: str) -> dict[tuple[str, ...], Any]:
        """The points of a metric under the values of their attributes, in the order of the attributes' names."""
        read = self.reader.get_metrics_data()
        metrics = [
            metric
            for resource in (read.resource_metrics if read else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
        ]
        return {
            tuple(str(value) for _, value in sorted((point.attributes or {}).items())): point
            for metric in metrics
            for point in metric.data.data_points
        }

    def values(self, name: str) -> dict[tuple[str, ...], float]:
        return {key: point.value for key, point in self.points(name).items()}


@pytest.fixture
def seen() -> Iterator[Seen]:
    seen = Seen()
    yield seen
    seen.tracers.shutdown()
    seen.meters.shutdown()


def of(span: ReadableSpan) -> Mapping[str, Any]:
    return span.attributes or {}


def parents(children: list[ReadableSpan]) -> list[int | None]:
    return [child.parent.span_id if child.parent else None for child in children]


def ids(spans: list[ReadableSpan]) -> list[int]:
    return [span.context.span_id for span in spans if span.context]


async def rendered(seen: Seen, fake: FakeSpeech, *faults: Fault, **settings: Any) -> RenderResult:
    fake.behaviour = Behaviour(latency=Latency(first_s=1.0, s_per_char=0.1), faults=faults)
    async with fake.client() as client:
        return await generate_digest(
            NEWS, provider="elevenlabs", client=client, settings=Settings(**settings), on_event=seen.telemetry
        )


async def test_one_span_a_render_a_chunk_and_an_attempt(seen: Seen, fake_elevenlabs: FakeSpeech) -> None:
    """Each has its parent, though the chunks end in another order than they began."""
    result = await rendered(seen, fake_elevenlabs, workers=3)
    [render], chunks, attempts = seen.spans("render"), seen.spans("chunk"), seen.spans("attempt")
    assert render.parent is None
    assert parents(chunks) == ids([render]) * 3
    assert sorted(map(str, parents(attempts))) == sorted(map(str, ids(chunks)))
    assert [of(span)["tts.chunk.index"] for span in chunks] == [0, 1, 2]
    ended = sorted(chunks, key=lambda span: span.end_time or 0)
    assert [of(span)["tts.chunk.index"] for span in ended] == [2, 0, 1], "the shortest first"
    assert [span.kind for span in attempts] == [SpanKind.CLIENT] * 3
    assert {of(span)["gen_ai.provider.name"] for span in (render, *chunks, *attempts)} == {"elevenlabs"}
    took_s = ((render.end_time or 0) - (render.start_time or 0)) / 1e9
    assert took_s == pytest.approx(result.report.took_s, abs=0.001)


async def test_spans_have_the_times_of_the_events(seen: Seen, fake_elevenlabs: FakeSpeech) -> None:
    """An attempt is as long as its request took, however long the chunk waited to be written."""
    await rendered(seen, fake_elevenlabs, workers=3)
    took_s = [((span.end_time or 0) - (span.start_time or 0)) / 1e9 for span in seen.spans("attempt")]
    assert sorted(took_s) == pytest.approx(sorted(1.0 + 0.1 * len(text) for text in TEXTS), abs=0.3)


async def test_faults_are_attempts_of_the_same_chunk(seen: Seen, fake_elevenlabs: FakeSpeech) -> None:
    """What was refused or failed is an error by its class, and the chunk is bought in the end."""
    faults = Fault(kind="system_busy", requests=(1,)), Fault(kind="silence", requests=(2,))
    result = await rendered(seen, fake_elevenlabs, *faults, workers=1)
    attempts = seen.spans("attempt")
    assert [of(span).get("error.type") for span in attempts] == ["Busy", "AudioError", None, None, None]
    failed = [span.status.status_code is StatusCode.ERROR for span in attempts]
    assert failed == [True, True, False, False, False]
    assert {of(span)["tts.outcome"] for span in seen.spans("chunk")} == {"bought"}
    assert max(Counter(parents(attempts)).values()) >= 2
    report = result.report
    assert (report.refusals, report.failures) == (1, 1)
    assert seen.values("tts.requests") == {("elevenlabs",): 5}
    assert seen.values("tts.refusals") == {("Busy", "elevenlabs"): 1}
    assert seen.values("tts.failures") == {("AudioError", "elevenlabs"): 1}


async def test_metrics_are_the_reports_figures(seen: Seen, fake_elevenlabs: FakeSpeech) -> None:
    """Characters, cost and times add up to the same, and nothing is in flight at the end."""
    report = (await rendered(seen, fake_elevenlabs)).report
    assert seen.values("tts.characters") == {("elevenlabs",): report.billed_chars}
    assert seen.values("tts.cost") == {("elevenlabs",): pytest.approx(report.billed_usd)}
    assert seen.values("tts.chunks") == {("elevenlabs", "bought"): 3}
    assert seen.values("tts.in_flight") == {("elevenlabs",): 0}
    [took] = seen.points("gen_ai.client.operation.duration").values()
    assert (took.count, took.sum) == (3, pytest.approx(report.provider_s))
    [whole] = seen.points("tts.render.duration").values()
    assert whole.sum == pytest.approx(report.took_s)


async def test_no_text_and_no_key_leave_the_process(seen: Seen, fake_elevenlabs: FakeSpeech) -> None:
    """Neither in spans nor in metrics, not even where the server repeats the text in its error."""
    with pytest.raises(RenderFailed):
        await rendered(seen, fake_elevenlabs, Fault(kind="unprocessable", text="secret"))
    told = " ".join(span.to_json() for span in seen.exporter.get_finished_spans())
    told += json.dumps(str(seen.reader.get_metrics_data()))
    assert not [text for text in (*TEXTS, "secret", "xi-api-key") if text in told]
    [render] = seen.spans("render")
    assert (of(render)["tts.outcome"], of(render)["error.type"]) == ("unfinished", "RenderFailed")
    assert render.status.status_code is StatusCode.ERROR
    lost = [span for span in seen.spans("chunk") if of(span)["tts.outcome"] == "lost"]
    assert [of(span)["error.type"] for span in lost] == ["Rejected"]
    assert seen.values("tts.in_flight") == {("elevenlabs",): 0}


async def test_what_was_bought_before_is_a_chunk_without_attempts(seen: Seen, fake_elevenlabs: FakeSpeech) -> None:
    """It costs nothing and takes no time."""
    async with fake_elevenlabs.client() as client, Renderer("elevenlabs", client=client, store=False) as renderer:
        await renderer.render(NEWS)
        renderer._on_event = seen.telemetry
        await renderer.render(NEWS)
    assert [of(span)["tts.outcome"] for span in seen.spans("chunk")] == ["here"] * 3
    assert seen.spans("attempt") == []


async def test_a_render_belongs_to_the_span_around_it(seen: Seen, fake_elevenlabs: FakeSpeech) -> None:
    """A service's trace goes on inside; renders of one digest at the same time stay apart."""
    tracer = seen.tracers.get_tracer("service")
    with tracer.start_as_current_span("request"):
        async with (
            fake_elevenlabs.client() as client,
            Renderer("elevenlabs", client=client, on_event=seen.telemetry) as renderer,
        ):
            await renderer.render_many([NEWS, NEWS])
    [request] = [span for span in seen.exporter.get_finished_spans() if span.name == "request"]
    renders = seen.spans("render")
    assert parents(renders) == ids([request]) * 2
    assert Counter(parents(seen.spans("chunk"))) == dict.fromkeys(ids(renders), 3)


def event(kind: Kind, at_s: float, chunk: int | None = None, **facts: Any) -> Event:
    return Event(kind=kind, digest="d", at_s=at_s, chunk=chunk, render="r", **facts)


PLANNED = event("planned", 0.0, provider="first", chunks=1, attempt=1)
SENT = event("sent", 1.0, 0, attempt=1)


@pytest.mark.parametrize(
    ("story", "attempts", "chunks"),
    [
        pytest.param(
            [SENT, event("bought", 3.0, 0, took_s=1.5), event("failed", 5.0, 0, error="AudioError")],
            [(1.0, 2.5, "AudioError")],
            [(1.0, 9.0, "abandoned")],
            id="judged later",
        ),
        pytest.param([SENT], [(1.0, 9.0, None)], [(1.0, 9.0, "abandoned")], id="broken off"),
        pytest.param(
            [SENT, event("hedged", 4.0, 0), event("bought", 6.0, 0, took_s=5.0)],
            [(1.0, 6.0, None), (4.0, 6.0, None)],
            [(1.0, 6.0, "bought")],
            id="asked for twice",
        ),
        pytest.param(
            [
                SENT,
                event("instead", 2.0, 0, provider="second"),
                event("sent", 3.0, 0, provider="second"),
                event("bought", 4.0, 0, provider="second", took_s=1.0),
                event("written", 8.0, 0),
            ],
            [(1.0, 2.0, "_OTHER"), (3.0, 4.0, None)],
            [(1.0, 4.0, "bought")],
            id="by a stand-in",
        ),
        pytest.param(
            [SENT, event("planned", 2.0, attempt=2), event("here", 3.0, 0)],
            [(1.0, 2.0, None)],
            [(1.0, 2.0, "abandoned"), (3.0, 3.0, "here")],
            id="planned once more",
        ),
    ],
)
def test_when_spans_end(
    seen: Seen,
    story: list[Event],
    attempts: list[tuple[float, float, str | None]],
    chunks: list[tuple[float, float, str]],
) -> None:
    """At the moment that the events say, and all with the render at the latest."""
    for each in (PLANNED, *story, event("unfinished", 9.0)):
        seen.telemetry(each)
    [render] = seen.spans("render")

    def at_s(span: ReadableSpan) -> tuple[float, float]:
        began = render.start_time or 0
        return round(((span.start_time or 0) - began) / 1e9, 3), round(((span.end_time or 0) - began) / 1e9, 3)

    assert [(*at_s(span), of(span).get("error.type")) for span in seen.spans("attempt")] == attempts
    assert [(*at_s(span), of(span)["tts.outcome"]) for span in seen.spans("chunk")] == chunks
    assert set(seen.values("tts.in_flight").values()) == {0}


def test_several_listeners_hear_the_same() -> None:
    """Telemetry goes together with any other listener."""
    first: list[Event] = []
    second: list[Event] = []
    tee(first.append, second.append)(PLANNED)
    assert first == second == [PLANNED]


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message has the command."""
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(ConfigError, match=r"pip install 'tts-async\[otel\]'"):
        Telemetry()
