"""``tts-async render --play``: the speech is heard on this machine while it is bought."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO

import click
from anyio import CancelScope, to_thread

from tts_async.api.delivery import check_place
from tts_async.api.render import Renderer
from tts_async.api.result import RenderResult
from tts_async.api.source import Source
from tts_async.core.report import Report
from tts_async.errors import TTSError
from tts_async.faces.cli.words import printable

PLAYERS = {
    "ffplay": "-nodisp -autoexit -loglevel error -f s16le -sample_rate {rate_hz} -i pipe:0",
    "paplay": "--raw --format=s16le --channels=1 --rate={rate_hz}",
    "aplay": "-q -t raw -f S16_LE -c 1 -r {rate_hz}",
    "play": "-q -t raw -e signed-integer -b 16 -L -c 1 -r {rate_hz} -",
}
"""Programs that play bare samples from their standard input, and how they are asked to: mono, 16 bits, little-endian."""

DEVICE = "-m tts_async.faces.cli.device {rate_hz}"
"""The same by the library sounddevice; in a process of its own, as a sound system may hang or crash."""

LEAVES_S = 2.0
"""How long a player may take to end, by itself and when it is told to."""

MOST_WORDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Player:
    """A program that plays; ``arguments`` have a place for the rate."""

    name: str
    program: str
    arguments: str

    def command(self, rate_hz: int) -> list[str]:
        """What is started to hear mono samples of that rate."""
        return [self.program, *self.arguments.format(rate_hz=rate_hz).split()]


def find_player() -> Player:
    """The first player of this machine; none is a mistake in usage."""
    for name, arguments in PLAYERS.items():
        if program := shutil.which(name):
            return Player(name=name, program=program, arguments=arguments)
    if find_spec("sounddevice"):
        return Player(name="sounddevice", program=sys.executable, arguments=DEVICE)
    raise click.UsageError(
        f"--play found no player: install one of {', '.join(PLAYERS)} (FFmpeg has ffplay),"
        " or sounddevice with: pip install 'tts-async[play]'."
    )


async def played(
    player: Player, renderer: Renderer, sources: Sequence[Source], outputs: Sequence[Path], *, overwrite: bool
) -> list[Report | None]:
    """Buy digests and play them, one after the other; the reports, ``None`` for what was not bought to its end.

    What goes wrong there is not told here: rendering the file goes on from it, and comes to the same end.
    """
    reports: list[Report | None] = []
    for source, output in zip(sources, outputs, strict=True):
        try:
            await check_place(await renderer.plan(source), output, overwrite=overwrite)
            reports.append(await _one(player, renderer, source))
        except TTSError:
            reports.append(None)
    return reports


def with_reports(
    results: Sequence[RenderResult | TTSError], reports: Sequence[Report | None]
) -> list[RenderResult | TTSError]:
    """Tell of files that were made of what was bought for a player how it was bought."""
    pairs = zip(results, reports, strict=True)
    return [replace(one, report=told) if told and isinstance(one, RenderResult) else one for one, told in pairs]


async def _one(player: Player, renderer: Renderer, source: Source) -> Report:
    async with (
        renderer.stream_encoded(source, "pcm") as speech,
        _started(player, speech.rate_hz) as listener,
    ):
        try:
            async for pcm in speech:
                await listener.hear(pcm)
        except TTSError:
            await listener.end()  # What came before it is heard.
            raise
        await listener.end()
    return speech.report


@asynccontextmanager
async def _started(player: Player, rate_hz: int) -> AsyncIterator[_Listener]:
    """Start a player; when this ends, it has ended too."""
    with tempfile.TemporaryFile() as says:
        process = await asyncio.create_subprocess_exec(
            *player.command(rate_hz),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=says,
            start_new_session=True,  # Ctrl-C is for us, and we end it.
        )
        listener = _Listener(player.name, process, says)
        try:
            yield listener
        finally:
            with CancelScope(shield=True):
                await listener.stop()


class _Listener:
    """A player at work; one that ends too early is told of once, and hears nothing more."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, says: BinaryIO) -> None:
        assert process.stdin is not None
        self._name = name
        self._process = process
        self._stdin: asyncio.StreamWriter = process.stdin
        self._says = says
        self._gone = False

    async def hear(self, pcm: bytes) -> None:
        """Hand samples on, and wait until there is room for more."""
        if self._gone:
            return
        try:
            self._stdin.write(pcm)
            await self._stdin.drain()
        except ConnectionError:
            await self._tell()

    async def end(self) -> None:
        """Wait until all is heard."""
        if self._gone:
            return
        self._stdin.close()
        if await self._process.wait():
            await self._tell()

    async def stop(self) -> None:
        """End it now, if it has not ended."""
        self._stdin.close()
        for tell_it in (self._process.terminate, self._process.kill):
            if self._process.returncode is None:
                with suppress(ProcessLookupError):
                    tell_it()
                await self._leaves()

    async def _leaves(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(LEAVES_S):
                await self._process.wait()

    async def _tell(self) -> None:
        self._gone = True
        await self._leaves()  # By itself: asyncio loses the exit code of what is told to end while it ends.
        await self.stop()
        words = await to_thread.run_sync(_last_words, self._says)
        why = f": {words}" if words else ""
        said = f"Warning: {self._name} ended with exit code {self._process.returncode}{why}. The rest is not played."
        click.echo(printable(said), err=True)


def _last_words(says: BinaryIO) -> str:
    """The last line that a player wrote, as one that can be shown."""
    says.seek(0)
    lines = says.read(1_000_000).decode(errors="replace").split("\n")
    return next((" ".join(line.split())[:MOST_WORDS].rstrip(".") for line in reversed(lines) if line.strip()), "")
