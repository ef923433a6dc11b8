"""What ``tts-async render --dry-run`` says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

import click

from tts_async.api.estimate import Estimate
from tts_async.core.money import Budget, total
from tts_async.errors import BudgetError
from tts_async.faces.cli.words import clock, printable
from tts_async.settings import Settings


def show_estimates(estimates: Sequence[Estimate], *, as_json: bool) -> None:
    """Print what each digest would cost and take, and what all would."""
    if as_json:
        click.echo(json.dumps([asdict(each) for each in estimates], indent=2))
        return
    for each in estimates:
        click.echo(printable(_lines(each)))
    if len(estimates) > 1:
        cost = total(each.cost for each in estimates)
        click.echo(
            f"All: {sum(each.requests for each in estimates)} requests, {cost.chars:,} characters, {money(cost.usd)}"
        )
    click.echo("Nothing was sent.")


def _lines(each: Estimate) -> str:
    here = f", of which {each.here} are here already ({each.here_chars:,} characters)" if each.here else ""
    cost = each.cost
    priced = [
        f"  price: {name}: {_price(price.usd_per_1000_chars)}"
        + (f" ({', '.join(filter(None, (price.date, price.source)))})" if price.source else "")
        for name, price in each.prices.items()
    ]
    return "\n".join(
        [
            f"{each.digest}: {each.chunks} chunks, {each.chars:,} characters by {each.provider}{here}",
            f"  to buy: {each.requests} requests, {cost.chars:,} characters, {cost.credits:,.0f} credits, {money(cost.usd)}",
            f"  time: about {clock(each.expected_s)} with {each.at_once} at once",
            *priced,
        ]
    )


def _price(usd_per_1000_chars: float | None) -> str:
    return "unknown" if usd_per_1000_chars is None else f"${usd_per_1000_chars:g} for 1,000 characters"


def money(usd: float | None) -> str:
    """A sum in USD; what is unknown is not nothing."""
    return "cost unknown" if usd is None else f"${usd:,.4f}".rstrip("0").rstrip(".") if usd else "$0"


def over_budget(estimates: Sequence[Estimate], settings: Settings) -> bool:
    """Whether all together would be more than may be spent."""
    budget = Budget(max_chars=settings.max_chars, max_cost_usd=settings.max_cost_usd)
    try:
        budget.spend(total(each.cost for each in estimates))
    except BudgetError:
        return True
    return False
