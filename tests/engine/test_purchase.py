"""Rule 5: from the claim to the journal row, nothing that was paid for is lost to cancellation."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from tests.engine.fakes import MemoryStore, now, turns
from tts_async.core.exchange import SpeechRequest, SpeechResponse
from tts_async.core.headers import Signals
from tts_async.engine.purchase import Bought, Order, buy
from tts_async.engine.sender import OnHeaders
from tts_async.engine.slots import Slot
from tts_async.engine.store import Claim
from tts_async.engine.temporary import TemporaryStore
from tts_async.errors import OutputError, Unavailable
from tts_async.providers.base import Provider

REQUEST = SpeechRequest(origin="o", path="/", body={}, chars=1)
BODY = SpeechResponse(status=200, headers={}, body=b"paid")
ORDER = Order(fingerprint="f", request=REQUEST)
GRACE_S = 5.0


class Watch:
    """Notes what it hears, and holds a slot as an attempt does."""

    def __init__(self) -> None:
        self.left = 0
        self.heard: list[str] = []
        self.slot = Slot(self._leave)

    def _leave(self) -> None:
        self.left += 1

    def sent(self) -> None:
        self.heard.append("sent")

    def headers(self, signals: Signals) -> None:
        self.heard.append("headers")

    def body(self) -> None:
        self.heard.append("body")
        self.slot.leave()

    def unkept(self, error: OutputError) -> None:
        self.heard.append("unkept")


class Sender:
    """Several awaits, then a complete body; ``silent_s`` more of waiting in the middle."""

    def __init__(self, *, silent_s: float = 0.0, error: Exception | None = None) -> None:
        self.handed_over = 0
        self.cancelled = 0
        self.silent_s = silent_s
        self.error = error

    def speaking_for(self, provider: Provider) -> Sender:
        return self

    async def warm_up(self) -> None:
        return

    async def send(self, request: SpeechRequest, on_headers: OnHeaders) -> SpeechResponse:
        try:
            for _ in range(3):
                await asyncio.sleep(0)
            on_headers(Signals())
            await asyncio.sleep(self.silent_s)
            await anyio.lowlevel.checkpoint()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.error:
            raise self.error
        self.handed_over += 1
        return BODY


@pytest.fixture
async def store() -> AsyncIterator[TemporaryStore]:
    async with TemporaryStore() as kept:
        yield kept


class Purchase:
    """One purchase in an attempt's task, and three ways to cancel it."""

    def __init__(self, store: TemporaryStore | MemoryStore, sender: Sender | None = None) -> None:
        self.sender = sender or Sender()
        self.store = store
        self.watch = Watch()
        self.scope = anyio.CancelScope()
        self.saw_cancellation = False
        self.done = asyncio.Event()
        self.blow = asyncio.Event()

    async def attempt(self) -> Bought | None:
        try:
            return await buy(ORDER, sender=self.sender, store=self.store, watch=self.watch, grace_s=GRACE_S)
        except asyncio.CancelledError:
            self.saw_cancellation = True
            raise
        finally:
            self.watch.slot.leave()
            self.done.set()

    async def natively(self, when: Callable[[], Awaitable[None]]) -> None:
        task = asyncio.create_task(self.attempt())
        await when()
        task.cancel()
        await asyncio.wait({task})

    async def by_sibling(self, when: Callable[[], Awaitable[None]]) -> None:
        async def siblings() -> None:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.attempt())
                await when()
                raise ValueError

        with pytest.raises(ExceptionGroup):
            await siblings()

    async def by_scope(self, when: Callable[[], Awaitable[None]]) -> None:
        async def scoped() -> None:
            with self.scope:
                await self.attempt()

        task = asyncio.create_task(scoped())
        await when()
        self.scope.cancel()
        await task


WAYS = [Purchase.natively, Purchase.by_sibling, Purchase.by_scope]
by_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)


def after(seconds: float) -> Callable[[], Awaitable[None]]:
    return lambda: asyncio.sleep(seconds)


async def check(purchase: Purchase) -> None:
    """Whatever was handed over is kept, its slot left once, and nobody is left behind."""
    response = SpeechResponse(status=0, headers={}, body=b"")
    claim = await purchase.store.claim("f")
    if purchase.sender.handed_over:
        assert claim is Claim.HERE
        response = await purchase.store.read("f")
        assert response.body == b"paid"
    else:
        assert claim is Claim.MINE, "a claim that came to nothing is given back"
    assert purchase.watch.left == (1 if purchase.done.is_set() else 0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_purchase(store: TemporaryStore) -> None:
    """The claim is announced, the request sent, the slot left at the end of the body, the response kept."""
    purchase = Purchase(store)
    bought = await purchase.attempt()
    assert bought == Bought(claim=Claim.MINE)
    assert purchase.watch.heard == ["sent", "headers", "body"]
    await check(purchase)


@by_way
async def test_cancelled_at_every_await(way: Callable[..., Awaitable[None]]) -> None:
    """Cancelled after any number of turns of the loop, a body that was handed over is in the store afterwards."""
    kept = cancelled = 0
    for count in range(400):
        async with TemporaryStore() as store:
            purchase = Purchase(store)
            finished_first = False

            async def when(purchase: Purchase = purchase, count: int = count) -> None:
                nonlocal finished_first
                await turns(count)
                finished_first = purchase.done.is_set()

            await way(purchase, when)
            await check(purchase)
            if finished_first:
                break
            kept += purchase.sender.handed_over
            cancelled += purchase.saw_cancellation
    else:
        pytest.fail("the purchase never ended")
    assert kept > 5
    assert cancelled > 5, "the caller is told of its cancellation"


@by_way
async def test_a_slow_answer_is_waited_for(way: Callable[..., Awaitable[None]]) -> None:
    """A body that comes within the grace is kept, and the cancelled one waits for it no longer than that."""
    store = MemoryStore()
    purchase = Purchase(store, Sender(silent_s=4.0))
    await way(purchase, after(1.0))
    assert now() == pytest.approx(4.0, abs=0.01)
    assert purchase.saw_cancellation
    assert store.kept == {"f": BODY}
    await check(purchase)


@by_way
async def test_a_hanging_sender_is_cancelled_at_the_deadline(way: Callable[..., Awaitable[None]]) -> None:
    """A sender that falls silent is cancelled once the grace is over, the claim given back."""
    purchase = Purchase(MemoryStore(), Sender(silent_s=1e6))
    await way(purchase, after(1.0))
    assert now() == pytest.approx(1.0 + GRACE_S, abs=0.01)
    assert purchase.sender.cancelled == 1
    assert purchase.saw_cancellation
    await check(purchase)


async def test_a_sender_may_close_what_it_opened() -> None:
    """The deadline cancels once: what a sender awaits in its own cleaning up is not cut off."""
    cleaned: list[bool] = []

    class Closing(Sender):
        async def send(self, request: SpeechRequest, on_headers: OnHeaders) -> SpeechResponse:
            try:
                await asyncio.sleep(1e6)
            finally:
                await asyncio.sleep(0.5)
                cleaned.append(True)
            return BODY

    purchase = Purchase(MemoryStore(), Closing())
    await purchase.natively(after(1.0))
    assert cleaned == [True]
    assert now() == pytest.approx(1.0 + GRACE_S + 0.5, abs=0.01)


async def test_a_commit_that_has_begun_is_finished() -> None:
    """A body that came in the last moment of the grace is still committed."""
    store = MemoryStore(commit_s=4.0)
    purchase = Purchase(store, Sender(silent_s=GRACE_S + 0.9))
    await purchase.natively(after(1.0))
    assert store.kept == {"f": BODY}
    await check(purchase)


@pytest.mark.parametrize("again_s", [0.0, 0.5, 2.9])
async def test_a_second_cancellation_loses_nothing(again_s: float) -> None:
    """Cancelled again, and again, while it waits for the body, a purchase still ends with the response kept."""
    store = MemoryStore()
    purchase = Purchase(store, Sender(silent_s=4.0))
    task = asyncio.create_task(purchase.attempt())
    await asyncio.sleep(1)
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(again_s / 3)
    await asyncio.wait({task})
    assert task.cancelled()
    assert store.kept == {"f": BODY}
    await check(purchase)


async def test_cancelled_by_both_kinds() -> None:
    """A native cancellation inside a cancelled scope loses nothing either."""
    store = MemoryStore()
    purchase = Purchase(store, Sender(silent_s=4.0))

    async def scoped() -> None:
        with purchase.scope:
            await purchase.attempt()

    task = asyncio.create_task(scoped())
    await asyncio.sleep(1)
    purchase.scope.cancel()
    await asyncio.sleep(1)
    task.cancel()
    await asyncio.wait({task})
    assert store.kept == {"f": BODY}
    await check(purchase)


async def test_an_error_gives_the_claim_back() -> None:
    """What a sender raises is raised, nothing is kept, and the next one may buy."""
    purchase = Purchase(MemoryStore(), Sender(error=Unavailable("broken")))
    with pytest.raises(Unavailable, match="broken"):
        await purchase.attempt()
    assert await purchase.store.claim("f") is Claim.MINE


async def test_an_error_after_a_cancellation_is_seen() -> None:
    """Whoever was cancelled is told that, and nobody complains of an error that was never looked at."""
    purchase = Purchase(MemoryStore(), Sender(silent_s=2.0, error=Unavailable("broken")))
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    await purchase.natively(after(1.0))
    assert purchase.saw_cancellation
    assert complaints == []
    await check(purchase)


@pytest.mark.parametrize("claim", [Claim.HERE, Claim.THEIRS])
async def test_what_is_claimed_already_is_not_bought(claim: Claim) -> None:
    """What is here, or being bought by another, is not sent for."""
    store = MemoryStore()
    await store.claim("f")
    if claim is Claim.HERE:
        await store.commit("f", BODY)
    purchase = Purchase(store)
    assert await purchase.attempt() == Bought(claim=claim)
    assert purchase.watch.heard == []


async def test_three_hundred_cancelled_purchases_lose_none() -> None:
    """Of 300 purchases, cancelled at random moments in both ways, every paid body is in the store."""
    dice = random.Random(7)
    paid = 0
    async with TemporaryStore() as store:

        async def one(number: int) -> None:
            nonlocal paid
            sender = Sender(silent_s=dice.uniform(0, 6))
            order = Order(fingerprint=f"f{number}", request=REQUEST)
            scope = anyio.CancelScope()

            async def attempt() -> None:
                with scope:
                    await buy(order, sender=sender, store=store, watch=Watch(), grace_s=8)

            task = asyncio.create_task(attempt())
            await asyncio.sleep(dice.uniform(0, 6))
            (task if number % 2 else scope).cancel()
            await asyncio.wait({task})
            paid += sender.handed_over
            assert (await store.read(order.fingerprint)).body == b"paid"

        async with asyncio.TaskGroup() as group:
            for number in range(300):
                group.create_task(one(number))
    assert paid == 300
