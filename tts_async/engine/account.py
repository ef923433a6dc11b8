"""One provider, key and family of models on one event loop: its client and its gate.

Both are borrowed, and the last borrower closes them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from weakref import WeakKeyDictionary

import httpx
from anyio import to_thread

from tts_async.core.law import Law
from tts_async.core.money import Budget
from tts_async.core.pace import CEILING, START, Pace
from tts_async.engine import memory
from tts_async.engine.client import HttpSender, new_client
from tts_async.engine.gate import Gate
from tts_async.engine.hearing import EARS
from tts_async.engine.local import LocalSender
from tts_async.engine.pacing import Pacing
from tts_async.engine.sender import Sender
from tts_async.engine.shield import finished
from tts_async.engine.slots import Cap
from tts_async.engine.store import Store
from tts_async.errors import ConfigError
from tts_async.providers.base import EmbeddedProvider, HttpProvider, Provider
from tts_async.settings import Settings

AccountKey = tuple[str, str, str, str | None]


@dataclass(slots=True, kw_only=True, repr=False)
class Account:
    """What all renders with one provider and key on one event loop share.

    ``paces`` are what its borrowers have set, and the lowest rate holds for all. ``client`` is there once somebody
    needs it, ``sender`` where there is no server.
    """

    gate: Gate
    sender: Sender | None = None
    client: httpx.AsyncClient | None = None
    paces: list[Pacing] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a Renderer buys with."""

    provider: Provider
    sender: Sender
    gate: Gate
    store: Store
    cap: Cap
    settings: Settings
    pacing: Pacing | None = None
    budget: Budget = field(default_factory=Budget)
    ears: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(EARS))

    def speaking_for(self, provider: Provider) -> Means:
        """The same means for a provider with other options."""
        if provider is self.provider:
            return self
        return replace(self, provider=provider, sender=self.sender.speaking_for(provider))


_ACCOUNTS: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[AccountKey, Account]] = WeakKeyDictionary()


@asynccontextmanager
async def borrow(
    provider: Provider,
    *,
    key: str | None,
    settings: Settings,
    client: httpx.AsyncClient | None = None,
    pacing: Pacing | None = None,
) -> AsyncIterator[tuple[Gate, Sender]]:
    """Lend the gate of a provider and key, and a sender; a client that is passed in is used and left open."""
    accounts = _ACCOUNTS.setdefault(asyncio.get_running_loop(), {})
    name = _name(provider, key)
    account = accounts.get(name)
    opened = account is None
    if account is None:
        account = accounts[name] = _open(provider, settings)
    pacing = pacing or Pacing(settings=settings)
    account.paces.append(pacing)
    remembers = settings.remember and isinstance(provider, HttpProvider)
    try:
        if opened and remembers and (limit := await to_thread.run_sync(remembered, provider, key)):
            account.gate.remember(limit)
        _space(account)
        if settings.workers and isinstance(provider, HttpProvider):
            account.gate.allow(settings.workers)
        yield account.gate, _sender(account, provider, key, pacing, client)
    finally:
        account.paces.remove(pacing)
        if account.paces:
            _space(account)
        else:
            del accounts[name]
            await finished(_close(account, memory.account_id(name) if remembers else None))


def _name(provider: Provider, key: str | None) -> AccountKey:
    return (provider.name, getattr(provider, "base_url", ""), provider.capabilities.family, key)


def remembered(provider: Provider, key: str | None) -> int | None:
    """How many requests at once a server was found to take in an earlier run; blocks."""
    if not isinstance(provider, HttpProvider):
        return None
    limit: int | None = memory.LIMITS.recall(memory.account_id(_name(provider, key)))
    return limit


def _space(account: Account) -> None:
    if account.sender is None:
        account.gate.space(min(pacing.settings.rate_per_s for pacing in account.paces))


async def _close(account: Account, remembered_as: str | None) -> None:
    """Close what was opened; what the gate knows of the server's limit is kept for the next run."""
    known = account.gate.law.pace
    if remembered_as and known.known:
        await to_thread.run_sync(memory.LIMITS.keep, remembered_as, known.good)
    if account.client:
        await account.client.aclose()


def in_flight(provider: Provider, settings: Settings) -> int:
    """How many requests of a Renderer may be in flight: what the engine can do, else the setting, else what is found."""
    most = settings.workers or CEILING
    return min(most, provider.capabilities.at_once or most)


def repace(means: Sequence[Means], settings: Settings) -> None:
    """Move the pace of a Renderer that is open; what is in flight goes on, and no gate is shut."""
    first, pacing = means[0], means[0].pacing
    assert pacing is not None
    pacing.settings = settings
    first.cap.limit = in_flight(first.provider, settings)
    first.budget.max_chars, first.budget.max_cost_usd = settings.max_chars, settings.max_cost_usd
    for account in _ACCOUNTS[asyncio.get_running_loop()].values():
        if pacing in account.paces:
            _space(account)
            account.gate.budget_s = settings.refusal_budget_s
            if settings.workers and account.sender is None:
                account.gate.allow(settings.workers)
            account.gate.turn()


def _open(provider: Provider, settings: Settings) -> Account:
    budget_s = settings.refusal_budget_s
    if isinstance(provider, EmbeddedProvider):
        limit = provider.capabilities.at_once or START
        start = Law(pace=Pace(limit=limit, good=limit, ceiling=limit))
        return Account(gate=Gate(start, budget_s=budget_s), sender=LocalSender(provider))
    if not isinstance(provider, HttpProvider):
        raise ConfigError(f"The provider {provider.name!r} is neither an HTTP service nor an embedded engine.")
    return Account(gate=Gate(Law(rate_per_s=settings.rate_per_s), budget_s=budget_s))


def _sender(
    account: Account, provider: Provider, key: str | None, pacing: Pacing, client: httpx.AsyncClient | None
) -> Sender:
    """Make a Renderer's sender: its own settings and client, else the account's client."""
    if account.sender is not None:
        return account.sender
    assert isinstance(provider, HttpProvider)
    if client is None:
        client = account.client = account.client or new_client(provider, http2=pacing.settings.http2)
    return HttpSender(provider, client, key=key, settings=pacing.settings, pacing=pacing)
