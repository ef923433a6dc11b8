"""A speech provider without a voice: it speaks ElevenLabs' and OpenAI's protocols, and misbehaves as told.

fake = FakeSpeech(Behaviour(concurrency=5, latency=Latency(first_s=0.3), faults=(Fault(kind="cut", share=0.05),)))
async with fake.client() as client:
    ...
assert fake.bill.paid_again == {}
"""

from tts_async.testing.fake.behaviour import Behaviour, Latency
from tts_async.testing.fake.books import Bill, Item
from tts_async.testing.fake.faults import FAULTS, Fault
from tts_async.testing.fake.recorded import Recorded
from tts_async.testing.fake.speech import FakeSpeech
from tts_async.testing.fake.windows import DIALECTS, Window
from tts_async.testing.fake.wire import ConnectionBroken, Reply, Request

__all__ = [
    "DIALECTS",
    "FAULTS",
    "Behaviour",
    "Bill",
    "ConnectionBroken",
    "FakeSpeech",
    "Fault",
    "Item",
    "Latency",
    "Recorded",
    "Reply",
    "Request",
    "Window",
]
