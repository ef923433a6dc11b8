"""Renders digests with one provider: to a file, to files in one go, and as a stream."""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, aclosing, asynccontextmanager
from functools import partial
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
from anyio import to_thread

from tts_async import providers
from tts_async.api.delivery import to_file, to_reader
from tts_async.api.result import RenderResult, Speech, TemporaryFolder
from tts_async.api.source import Source, named, read
from tts_async.core.advice import finer
from tts_async.core.pace import START
from tts_async.core.plan import Plan
from tts_async.core.planner import make_plan
from tts_async.engine.account import borrow, in_flight
from tts_async.engine.coordinator import Buying, Means
from tts_async.engine.groups import alone
from tts_async.engine.output import OutputFile, check_output
from tts_async.engine.record import Listener, Record
from tts_async.engine.slots import Cap
from tts_async.engine.store import TemporaryStore
from tts_async.errors import ConfigError, TTSError
from tts_async.providers.base import HttpProvider, Provider
from tts_async.settings import Settings

Output = str | PathLike[str]


class Renderer:
    """Renders any number of digests with one provider and key, at the same time if asked to.

    All Renderers with that provider and key on one event loop share its limits; ``settings.workers`` caps
    this one. What was bought is kept until it is closed, so rendering a digest again buys nothing.
    A ``client`` that is passed in is used for HTTP and left open.
    """

    def __init__(
        self,
        provider: str | Provider | None = None,
        *,
        settings: Settings | None = None,
        voices: Mapping[str, str] | None = None,
        key: str | None = None,
        client: httpx.AsyncClient | None = None,
        on_event: Listener | None = None,
    ) -> None:
        """Choose a provider, by name or as an object; raises `ConfigError` for an unknown one.

        ``voices`` maps speakers to voices and goes before the digest's own; "" means every speaker.
        """
        named = providers.DEFAULT if provider is None else provider
        self.provider: Provider = providers.find(named) if isinstance(named, str) else named
        self.settings: Settings = settings or Settings()
        self._voices = dict(voices or {})
        self._key = key
        self._client = client
        self._on_event = on_event
        self._means: Means | None = None
        self._entered = False
        self._open = AsyncExitStack()

    def __repr__(self) -> str:
        return f"<Renderer {self.provider.name}, {self._means.gate if self._means else 'not entered'}>"

    async def __aenter__(self) -> Self:
        if self._entered:
            raise RuntimeError("A Renderer is entered once; make another one for another block.")
        self._entered = True
        async with AsyncExitStack() as stack:
            gate, sender = await stack.enter_async_context(
                borrow(self.provider, key=self._key_or_environment(), settings=self.settings, client=self._client)
            )
            store = await stack.enter_async_context(TemporaryStore())
            await sender.warm_up()
            self._open = stack.pop_all()
        cap = Cap(limit=in_flight(self.provider, self.settings))
        self._means = Means(
            provider=self.provider, sender=sender, gate=gate, store=store, cap=cap, settings=self.settings
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._means = None
        await self._open.aclose()

    def _key_or_environment(self) -> str | None:
        auth = self.provider.auth if isinstance(self.provider, HttpProvider) else None
        return self._key or (os.environ.get(auth.variable) if auth else None)

    async def plan(self, source: Source) -> Plan:
        """Plan a digest and send nothing; needs no open Renderer. Raises `DigestError`."""
        made = partial(
            make_plan,
            await read(source),
            provider=self.provider.name,
            capabilities=self.provider.capabilities,
            settings=self.settings,
            voices=self._voices,
        )
        # A book takes seconds to cut, in which other renders must go on.
        with named(source):
            plan = await to_thread.run_sync(made)
        at_once = self.provider.capabilities.at_once or self.settings.workers or START
        return finer(plan, at_once=at_once, target_chars=self.settings.chunk_chars)

    async def render(
        self, source: Source, output: Output | None = None, *, overwrite: bool = False, priority: float = 1.0
    ) -> RenderResult:
        """Render a digest to a file, in a format by its suffix; a temporary WAV when no output is named.

        A digest of ``priority`` 2 is served twice as many characters as one of 1 while both are under way.
        Raises `DigestError` or `ConfigError` before anything is sent, and `RenderFailed` when it is over
        and chunks are missing; then no file is written, and what arrived is in the error.
        """
        self._check_open()
        plan = await self.plan(source)
        with ExitStack() as unless_kept:
            folder = None
            if output is None:
                folder = TemporaryFolder()
                unless_kept.callback(folder.remove)
            path = folder.path / "speech.wav" if folder else Path(os.fspath(output or ""))
            check_output(path, plan.rate_hz, overwrite=overwrite)
            buying = self._buying(plan, priority=priority)
            async with OutputFile(path, plan.rate_hz) as file:
                cues = await to_file(buying, file)
                await file.keep()
            unless_kept.pop_all()
        duration_s = file.frames / plan.rate_hz
        buying.record("finished", audio_s=duration_s)
        return RenderResult(
            path=path,
            duration_s=duration_s,
            rate_hz=plan.rate_hz,
            report=buying.record.report,
            cues=tuple(cues),
            _folder=folder,
        )

    async def render_many(
        self, sources: Sequence[Source], outputs: Sequence[Output | None] | None = None, *, overwrite: bool = False
    ) -> list[RenderResult | TTSError]:
        """Render digests at the same time, through one gate; the results in the order of the sources.

        One that fails is in the list as its error, and does not disturb the others. Raises `ConfigError`
        where the outputs do not fit the sources, before anything is sent.
        """
        self._check_open()
        outputs = [None] * len(sources) if outputs is None else outputs
        _check_pairs(sources, outputs)

        async def one(source: Source, output: Output | None) -> RenderResult | TTSError:
            try:
                return await self.render(source, output, overwrite=overwrite)
            except TTSError as error:
                return error

        with alone():
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(*pair)) for pair in zip(sources, outputs, strict=True)]
        return [task.result() for task in tasks]

    @asynccontextmanager
    async def stream(self, source: Source, *, priority: float = 1.0) -> AsyncIterator[Speech]:
        """Render a digest to blocks of samples, each as soon as all before it are there.

        A slow reader holds buying back at ``settings.stream_ahead`` chunks past it. Iterating raises
        `RenderFailed` where a chunk never comes; leaving the block early stops buying. ``priority`` is as for `render`.
        """
        self._check_open()
        plan = await self.plan(source)
        buying = self._buying(plan, ahead=self.settings.stream_ahead, priority=priority)
        with alone():
            async with asyncio.TaskGroup() as group, aclosing(to_reader(buying)) as blocks:
                bought = group.create_task(buying.run())
                try:
                    yield Speech(blocks, plan.rate_hz)
                finally:
                    bought.cancel()

    def _check_open(self) -> Means:
        if self._means is None:
            raise RuntimeError("A Renderer is used inside its block: async with Renderer(...) as renderer.")
        return self._means

    def _buying(self, plan: Plan, *, ahead: int | None = None, priority: float) -> Buying:
        if not 0 < priority < math.inf:
            raise ConfigError(f"A priority cannot be {priority}; it has to be a number over 0, and 1 is normal.")
        record = Record(plan.digest_id, self._on_event)
        return Buying(plan, self._check_open(), record, ahead=ahead, priority=priority)


def _check_pairs(sources: Sequence[Source], outputs: Sequence[Output | None]) -> None:
    if len(sources) != len(outputs):
        raise ConfigError(f"There are {len(sources)} sources and {len(outputs)} outputs; give one output a source.")
    named = [os.path.normpath(Path(output).absolute()) for output in outputs if output is not None]
    if twice := {path for path in named if named.count(path) > 1}:
        raise ConfigError(f"Two digests would be written to {min(twice)!r}; give each a file of its own.")
