"""One chunk bought: claim, send, commit; cancellation interrupts none of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

from tts_async.core.exchange import SpeechRequest, SpeechResponse
from tts_async.core.headers import Signals
from tts_async.engine.history import History
from tts_async.engine.sender import Sender
from tts_async.engine.shield import finished
from tts_async.engine.spare import Spare
from tts_async.engine.store import Claim, Store
from tts_async.errors import OutputError, TTSError

TRIED_AGAIN_S = 2.0
"""How long a body in hand is held before it is tried once more to keep it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be bought, and under which name it is kept."""

    fingerprint: str
    request: SpeechRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """The end of a purchase; ``found``: it was billed to an earlier request, and found in the provider's history."""

    claim: Claim
    found: bool = False


class Watch(Protocol):
    """Hears how far a purchase is."""

    def sent(self) -> None:
        """The claim is ours, and the request leaves, unless this raises `TTSError`."""

    def headers(self, signals: Signals) -> None:
        """An answer has begun."""

    def body(self) -> None:
        """Nothing more will come from the server, and the commit begins: the moment to leave the slot."""

    def unkept(self, error: OutputError) -> None:
        """What came could not be kept, and is tried once more: nothing else must be bought."""


async def buy(
    order: Order,
    *,
    sender: Sender,
    store: Store,
    watch: Watch,
    grace_s: float,
    history: History | None = None,
    spare: Spare | None = None,
) -> Bought:
    """Buy one response; raises `TTSError` when it was not to be had.

    Cancelled from the claim on, it goes on for at most ``grace_s``, so that what was paid for is kept;
    a commit that has begun is given as long again. What the ``store`` does not take, ``spare`` does.
    """
    return await finished(_buy(order, sender, store, watch, grace_s, history, spare), grace_s=grace_s)


async def _buy(
    order: Order,
    sender: Sender,
    store: Store,
    watch: Watch,
    grace_s: float,
    history: History | None,
    spare: Spare | None,
) -> Bought:
    claim = await store.claim(order.fingerprint)
    if claim is not Claim.MINE:
        return Bought(claim=claim)
    try:
        found = await history.find(order.fingerprint, order.request) if history else None
        response = found or await _sent(order, sender, watch)
        watch.body()
        await finished(_kept(order, response, store, spare, watch), grace_s=grace_s)
    except BaseException as error:
        await store.release(order.fingerprint, unsure=_may_be_billed(error))
        raise
    return Bought(claim=claim, found=found is not None)


async def _sent(order: Order, sender: Sender, watch: Watch) -> SpeechResponse:
    watch.sent()
    return await sender.send(order.request, watch.headers)


async def _kept(order: Order, response: SpeechResponse, store: Store, spare: Spare | None, watch: Watch) -> None:
    """Commit what came; where that fails all else stops, it is tried once more, and written elsewhere."""
    try:
        await store.commit(order.fingerprint, response, request=order.request)
    except OutputError as error:
        watch.unkept(error)
        await asyncio.sleep(TRIED_AGAIN_S)
        try:
            await store.commit(order.fingerprint, response, request=order.request)
        except OutputError as again:
            if spare is None:
                raise
            raise await spare.keep(order.fingerprint, order.request, response, again) from error


def _may_be_billed(error: BaseException) -> bool:
    """Whether a purchase that came to nothing may have to be paid all the same; a cancelled one may."""
    return not isinstance(error, TTSError) or error.billed
