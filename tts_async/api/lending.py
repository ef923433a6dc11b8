"""What a Renderer works with while it is open."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import httpx

from tts_async.core.money import Budget
from tts_async.engine.account import Means, borrow, in_flight
from tts_async.engine.pacing import Pacing
from tts_async.engine.slots import Cap
from tts_async.engine.store import Store
from tts_async.providers.base import Provider
from tts_async.settings import Settings


@asynccontextmanager
async def lent(
    crew: Sequence[Provider],
    keys: Sequence[str | None],
    *,
    store: AbstractAsyncContextManager[Store],
    settings: Settings,
    client: httpx.AsyncClient | None,
) -> AsyncIterator[list[Means]]:
    """Open the store, and lend gate and sender of each provider; they share one cap and one budget."""
    cap = Cap(limit=in_flight(crew[0], settings))
    budget = Budget(max_chars=settings.max_chars, max_cost_usd=settings.max_cost_usd)
    pacing, means = Pacing(settings=settings), []
    async with AsyncExitStack() as stack:
        kept = await stack.enter_async_context(store)
        for provider, key in zip(crew, keys, strict=True):
            borrowed = borrow(provider, key=key, settings=settings, client=client, pacing=pacing)
            gate, sender = await stack.enter_async_context(borrowed)
            await sender.warm_up()
            means.append(
                Means(
                    provider=provider,
                    sender=sender,
                    gate=gate,
                    store=kept,
                    cap=cap,
                    budget=budget,
                    settings=settings,
                    pacing=pacing,
                )
            )
        yield means
