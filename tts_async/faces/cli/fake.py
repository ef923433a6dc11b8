"""``tts-async fake``."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import click

from tts_async.errors import ConfigError

if TYPE_CHECKING:
    from tts_async.testing.fake import Behaviour, FakeSpeech, Fault, Window

LAST_PORT = 65_535
VOICE = "21m00Tcm4TlvDq8ikWAM"

WINDOW = re.compile(r"(?P<requests>\d+)/(?P<per_s>\d+(?:\.\d+)?)(?:@(?P<dialect>[a-z0-9-]+))?")
FAULT = re.compile(r"(?P<kind>[a-z_]+)(?:@(?:(?P<percent>\d+(?:\.\d+)?)%|(?P<requests>\d+(?:,\d+)*)))?")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Where to listen.")
@click.option("--port", type=int, default=0, metavar="N", help="Port to listen at.  [default: a free one]")
@click.option("--concurrency", type=int, metavar="N", help="Requests of a key at once.  [default: any]")
@click.option("--overflow", default="refuse", show_default=True, metavar="HOW", help="One more: refuse, queue or busy.")
@click.option(
    "--latency", "first_s", type=float, default=0.3, show_default=True, metavar="S", help="Seconds a request."
)
@click.option(
    "--latency-per-char",
    "s_per_char",
    type=float,
    default=0.0,
    metavar="S",
    show_default=True,
    help="Seconds more a character.",
)
@click.option(
    "--noise", type=float, default=0.0, metavar="SIGMA", show_default=True, help="How much the latency varies."
)
@click.option("--seed", type=int, default=0, show_default=True, metavar="N", help="What all chance comes from.")
@click.option("--window", "windows", multiple=True, metavar="N/S[@DIALECT]", help="As 60/60@openai.  [default: none]")
@click.option(
    "--fault", "faults", multiple=True, metavar="KIND[@WHICH]", help="As system_busy@3,4 or cut@5%.  [default: none]"
)
def fake(*, host: str, port: int, **told: Any) -> None:
    """Play a speech provider on this machine, without a voice: tones for words, at no cost.

    It speaks the protocols of ElevenLabs and of OpenAI, takes any key, and fails as it is told to.
    """
    from tts_async.testing.fake import FakeSpeech

    if not 0 <= port <= LAST_PORT:
        raise click.BadParameter(f"{port} is no port; the last one is {LAST_PORT}.", param_hint="--port")
    try:
        behaviour = _behaviour(**told)
    except ConfigError as error:
        raise click.UsageError(str(error)) from error
    try:
        asyncio.run(_serve(FakeSpeech(behaviour), host, port))
    except KeyboardInterrupt:
        # Nothing was interrupted: this is how it ends.
        click.echo()


async def _serve(provider: FakeSpeech, host: str, port: int) -> None:
    """Serve for ever."""
    from tts_async.testing.fake.serve import serving

    async with serving(provider, port, host=host) as address:
        click.echo(f"Listening on {address}")
        click.echo(
            f"Try: curl -o tone.mp3 -H 'xi-api-key: any' -H 'content-type: application/json' "
            f'-d \'{{"text": "Hello."}}\' {address}/v1/text-to-speech/{VOICE}'
        )
        click.echo(
            f'Clients: ElevenLabs(base_url="{address}", api_key="any"), OpenAI(base_url="{address}/v1", api_key="any")'
        )
        await asyncio.Event().wait()


def _behaviour(
    *,
    first_s: float,
    s_per_char: float,
    noise: float,
    windows: tuple[str, ...],
    faults: tuple[str, ...],
    **others: Any,
) -> Behaviour:
    from tts_async.testing.fake import Behaviour, Latency

    return Behaviour(
        latency=Latency(first_s=first_s, s_per_char=s_per_char, noise=noise),
        windows=tuple(map(_window, windows)),
        faults=tuple(map(_fault, faults)),
        **others,
    )


def _window(told: str) -> Window:
    from tts_async.testing.fake import Window

    said = WINDOW.fullmatch(told)
    if not said:
        raise click.BadParameter(f"{told!r} is no window; write it as 60/60 or 60/60@openai.", param_hint="--window")
    return Window(requests=int(said["requests"]), per_s=float(said["per_s"]), dialect=said["dialect"] or "none")


def _fault(told: str) -> Fault:
    from tts_async.testing.fake import Fault

    said = FAULT.fullmatch(told)
    if not said:
        raise click.BadParameter(f"{told!r} is no fault; write it as cut, cut@3,4 or cut@5%.", param_hint="--fault")
    share = float(said["percent"]) / 100 if said["percent"] else 1.0
    numbers = [int(number) for number in (said["requests"] or "").split(",") if number]
    return Fault(kind=said["kind"], share=share, requests=tuple(numbers))
