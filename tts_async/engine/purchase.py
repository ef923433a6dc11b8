"""One chunk bought: claim, send, commit; cancellation interrupts none of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tts_async.core.exchange import SpeechRequest, SpeechResponse
from tts_async.core.headers import Signals
from tts_async.engine.sender import Sender
from tts_async.engine.shield import finished
from tts_async.engine.store import Claim, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be bought, and under which name it is kept."""

    fingerprint: str
    request: SpeechRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """The end of a purchase: ``response`` is there when this one paid for it."""

    claim: Claim
    response: SpeechResponse | None = None


class Watch(Protocol):
    """Hears how far a purchase is."""

    def sent(self) -> None:
        """The claim is ours, and the request leaves."""

    def headers(self, signals: Signals) -> None:
        """An answer has begun."""

    def body(self) -> None:
        """Nothing more will come from the server, and the commit begins: the moment to leave the slot."""


async def buy(order: Order, *, sender: Sender, store: Store, watch: Watch, grace_s: float) -> Bought:
    """Buy one response; raises `TTSError` when it was not to be had.

    Cancelled from the claim on, it goes on for at most ``grace_s``, so that what was paid for is kept;
    a commit that has begun is given as long again.
    """
    return await finished(_buy(order, sender, store, watch, grace_s), grace_s=grace_s)


async def _buy(order: Order, sender: Sender, store: Store, watch: Watch, grace_s: float) -> Bought:
    claim = await store.claim(order.fingerprint)
    if claim is not Claim.MINE:
        return Bought(claim=claim)
    try:
        watch.sent()
        response = await sender.send(order.request, watch.headers)
        watch.body()
        await finished(store.commit(order.fingerprint, response, request=order.request), grace_s=grace_s)
    except BaseException:
        await store.release(order.fingerprint)
        raise
    return Bought(claim=claim, response=response)
