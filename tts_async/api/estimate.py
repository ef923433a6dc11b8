"""Says what a render would cost and take, before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from anyio import to_thread

from tts_async.core.advice import makespan_s
from tts_async.core.exchange import PLANNED, SpeechRequest, fingerprint
from tts_async.core.money import Cost, cost_of, total
from tts_async.core.pace import START
from tts_async.core.plan import Plan
from tts_async.core.prices import Price, price_of
from tts_async.core.verdict import usable
from tts_async.engine.account import in_flight, remembered
from tts_async.engine.look import Look
from tts_async.providers.base import Provider
from tts_async.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a render would do; ``cost`` is that of the ``requests``, and what is ``here`` costs nothing.

    ``expected_s``: how long it would take with ``at_once`` requests in flight. ``prices`` are those that were reckoned
    with, by their names; a ``usd`` of ``None`` is a price that nobody knows.
    """

    digest: str
    provider: str
    chunks: int
    chars: int
    here: int
    here_chars: int
    requests: int
    cost: Cost
    at_once: int
    expected_s: float
    prices: Mapping[str, Price]


async def estimate(
    plan: Plan, provider: Provider, settings: Settings, *, store: Path | None, key: str | None
) -> Estimate:
    """Reckon with a plan; what the same text is asked for twice is one request."""
    wanted = {fingerprint(each): each for each in (provider.request(chunk, PLANNED) for chunk in plan.chunks)}
    here = await _here(store, list(wanted), settings)
    missing = [request for name, request in wanted.items() if name not in here]
    at_once = await to_thread.run_sync(_at_once, provider, settings, key)
    return Estimate(
        digest=plan.digest_id,
        provider=plan.provider,
        chunks=len(plan.chunks),
        chars=sum(chunk.chars for chunk in plan.chunks),
        here=len(here),
        here_chars=sum(wanted[name].chars for name in here),
        requests=len(missing),
        cost=total(cost_of(each.chars, _price(each, settings)) for each in missing),
        at_once=at_once,
        expected_s=max(makespan_s([each.chars for each in missing], at_once), (len(missing) - 1) / settings.rate_per_s),
        prices={each.tariff: _price(each, settings) for each in wanted.values()},
    )


async def _here(store: Path | None, names: list[str], settings: Settings) -> set[str]:
    """What is kept of these and was not found bad; a store that is not there yet is not made."""
    if store is None:
        return set()
    async with Look(store) as look:
        return usable(await look.have(names), mode=settings.verdict)


def _price(request: SpeechRequest, settings: Settings) -> Price:
    return price_of(request.tariff, settings.prices)


def _at_once(provider: Provider, settings: Settings, key: str | None) -> int:
    """How many requests are in flight from the start, as far as it is known."""
    known = remembered(provider, key) if settings.remember else None
    return min(in_flight(provider, settings), settings.workers or known or provider.capabilities.at_once or START)
