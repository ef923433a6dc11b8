"""The dialect of ElevenLabs: who asks, for what, and how the answer looks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from tts_async.testing.fake import elevenlabs_errors, elevenlabs_orders, elevenlabs_pages, timestamps
from tts_async.testing.fake.behaviour import Behaviour
from tts_async.testing.fake.books import Books
from tts_async.testing.fake.elevenlabs_orders import SPEECH
from tts_async.testing.fake.order import Made, Order, hexadecimal
from tts_async.testing.fake.wire import PIECES, Refused, Reply, Request

# Nothing is known of the type in which lines of JSON really come.
BODIES: Mapping[str, tuple[str, Callable[[Order, Made], bytes]]] = {
    "timestamps": ("application/json", timestamps.whole),
    "timestamps-stream": ("application/json", timestamps.lines),
}
"""Shape -> content type and body, where it is not the audio itself."""


class ElevenLabs:
    """Reads and writes as ElevenLabs' API does."""

    name = "elevenlabs"

    def key(self, request: Request) -> str:
        """Who asks; raises `Refused` if nobody does. Any key is good."""
        if not (key := request.headers.get("xi-api-key", "")):
            raise Refused("missing_api_key")
        return key

    def is_speech(self, request: Request) -> bool:
        """Whether it is one of the eight ways to ask for speech."""
        return request.method == "POST" and SPEECH.fullmatch(request.path) is not None

    def order(self, request: Request, behaviour: Behaviour) -> Order:
        """Understand a request for speech; raises `Refused`."""
        return elevenlabs_orders.order(request, self.key(request), behaviour)

    def page(self, request: Request, books: Books) -> Reply:
        """Answer any other request; raises `Refused`."""
        return elevenlabs_pages.page(request, books)

    def too_many(self, limit: int) -> Refused:
        """The refusal of one request more than there may be at once."""
        return Refused("concurrent_limit_exceeded", elevenlabs_errors.TOO_MANY.format(limit))

    def over_quota(self, limit: int, left: int, needed: int) -> Refused:
        """The refusal of a request that costs more than is left."""
        said = f"This request exceeds your quota of {limit}. You have {left} credits remaining, while {needed} credits"
        return Refused("quota_exceeded", f"{said} are required for this request.")

    def error(self, refused: Refused, dice: Random) -> Reply:
        """Put a refusal into words."""
        return elevenlabs_errors.error(refused, dice)

    def speech(self, order: Order, made: Made, dice: Random) -> Reply:
        """Send what was made."""
        content_type, write = BODIES.get(order.shape, (order.format.content_type, _audio))
        body = write(order, made)
        headers = {
            "content-type": content_type,
            "request-id": made.request_id,
            "x-trace-id": hexadecimal(dice),
            # Whether the real one tells it of streams, too, is not known.
            "character-cost": str(order.credits),
            "history-item-id": made.item_id if order.logged else "not_stored",
            "tts-latency-ms": str(round(made.latency_s * 1000)),
        }
        if order.streams:
            return Reply(status=200, headers=headers, body=body, pieces=PIECES)
        return Reply(status=200, headers={**headers, "content-length": str(len(body))}, body=body)

    def at_once(self, now: int, limit: int) -> Mapping[str, str]:
        """Headers that tell how many requests are in flight and how many may be."""
        return {"current-concurrent-requests": str(now), "maximum-concurrent-requests": str(limit)}


def _audio(_: Order, made: Made) -> bytes:
    return made.audio
