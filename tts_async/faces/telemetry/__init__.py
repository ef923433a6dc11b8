"""Traces and metrics by OpenTelemetry: one span a render, one a chunk, one an attempt."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from tts_async.core.event import Event
from tts_async.errors import ConfigError
from tts_async.faces.telemetry.counts import Counts
from tts_async.faces.telemetry.spans import RenderSpans

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider


class Telemetry:
    """A listener to a Renderer's events; its spans and metrics hold neither text nor keys.

    A render's span is a child of the span that is current where the render begins. Providers that are not passed in are
    OpenTelemetry's global ones.
    """

    def __init__(
        self, *, tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None
    ) -> None:
        """Raises `ConfigError` where OpenTelemetry is not installed."""
        try:
            from opentelemetry import metrics, trace
        except ImportError as error:
            raise ConfigError("OpenTelemetry is not installed. Run: pip install 'tts-async[otel]'") from error
        ours = version("tts-async")
        self._tracer = trace.get_tracer("tts_async", ours, tracer_provider)
        self._counts = Counts(metrics.get_meter("tts_async", ours, meter_provider))
        self._renders: dict[str, RenderSpans] = {}

    def __call__(self, event: Event) -> None:
        """Hear one event."""
        if event.kind == "planned" and event.render not in self._renders:
            self._renders[event.render] = RenderSpans(self._tracer, self._counts, event)
        if render := self._renders.get(event.render):
            render.hear(event)
            if event.kind in {"finished", "unfinished"}:
                del self._renders[event.render]
