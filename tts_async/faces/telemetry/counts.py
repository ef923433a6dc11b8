"""The instruments: what is counted and measured of all renders."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.metrics import Counter, Histogram, Meter, UpDownCounter

OPERATION = "text_to_speech"
BUCKETS_S = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
"""Those that OpenTelemetry's conventions for generative AI name."""


class Counts:
    """The instruments."""

    def __init__(self, meter: Meter) -> None:
        self.requests: Counter = meter.create_counter("tts.requests", "{request}", "Requests sent")
        self.refusals: Counter = meter.create_counter(
            "tts.refusals", "{refusal}", "Requests that came at the wrong moment"
        )
        self.failures: Counter = meter.create_counter("tts.failures", "{failure}", "Attempts that were spent in vain")
        self.characters: Counter = meter.create_counter("tts.characters", "{character}", "Characters billed")
        self.cost: Counter = meter.create_counter("tts.cost", "{USD}", "Cost, as far as prices are known")
        self.chunks: Counter = meter.create_counter("tts.chunks", "{chunk}", "Chunks by what became of them")
        self.in_flight: UpDownCounter = meter.create_up_down_counter("tts.in_flight", "{request}", "Requests under way")
        self.chunk_s: Histogram = meter.create_histogram(
            "gen_ai.client.operation.duration",
            "s",
            "Time from a request to its last byte, or to its error",
            explicit_bucket_boundaries_advisory=BUCKETS_S,
        )
        self.render_s: Histogram = meter.create_histogram("tts.render.duration", "s", "Time that a render took")


def by(provider: str) -> dict[str, str]:
    """Whom something is counted for."""
    return {"gen_ai.provider.name": provider}
