"""Renders digests with one provider: to a file, to files in one go, and as streams."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import httpx
from anyio import to_thread

from tts_async import providers
from tts_async.api.delivery import Output, to_result
from tts_async.api.estimate import Estimate, estimate
from tts_async.api.lending import lent
from tts_async.api.result import RenderResult
from tts_async.api.rounds import Rounds, planned
from tts_async.api.settings import SettingsSources, repaced
from tts_async.api.several import Results, at_once
from tts_async.api.source import Source
from tts_async.api.streams import EncodedSpeech, Speech, streaming, streaming_encoded
from tts_async.core.plan import Plan
from tts_async.engine.account import Means, repace
from tts_async.engine.disk import DiskStore
from tts_async.engine.keys import key_for, key_in_use
from tts_async.engine.known import as_known
from tts_async.engine.record import Listener
from tts_async.engine.shelf import Damaged, default_folder
from tts_async.engine.spare import Spare
from tts_async.engine.temporary import TemporaryStore
from tts_async.engine.walk import OnFailure
from tts_async.errors import ConfigError, Correction, TTSError
from tts_async.providers.base import Provider
from tts_async.settings import MergedSettings, Settings


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
        fallback: Sequence[str | Provider] = (),
        key: str | None = None,
        client: httpx.AsyncClient | None = None,
        store: Output | Literal[False] | None = None,
        on_event: Listener | None = None,
    ) -> None:
        """Choose a provider, by its spec or as an object; raises `ConfigError` for an unknown one.

        ``voices`` maps speakers to voices and goes before the digest's own; "" means every speaker. What the provider
        does not speak after all attempts, those of ``fallback`` do, in their order, each with a key from the environment,
        if a digest has voices for them. What is bought is kept in ``store``, a folder (the user's own where none is named);
        ``False`` keeps it for as long as the Renderer is open.
        """
        if not isinstance(settings, Settings | None):
            raise ConfigError(
                f"settings is a {type(settings).__name__}; write Settings(workers=3), or Settings.of(...)."
            )
        self.settings: Settings = settings or Settings()
        self._given = {name: getattr(self.settings, name) for name in self.settings.model_fields_set}
        self._crew = [_found(each) for each in (providers.DEFAULT if provider is None else provider, *fallback)]
        self._voices = dict(voices or {})
        self._key = key
        self._client = client
        self._store: TemporaryStore | DiskStore = (
            TemporaryStore() if store is False else DiskStore(Path(store) if store else default_folder())
        )
        self._on_event = on_event
        self._known = False
        self._means: list[Means] = []
        self._entered = False
        self._open = AsyncExitStack()

    def __repr__(self) -> str:
        return f"<Renderer {self.provider.name}, {self._means[0].gate if self._means else 'not entered'}>"

    @property
    def provider(self) -> Provider:
        """The provider that is asked first, with what is known of it by now."""
        return self._crew[0]

    async def __aenter__(self) -> Self:
        if self._entered:
            raise RuntimeError("A Renderer is entered once; make another one for another block.")
        self._entered = True
        keys = [key_for(each, self._key_of(each), over_http=self.settings.key_over_http) for each in self._crew]
        await self._recall()
        lending = lent(self._crew, keys, store=self._store, settings=self.settings, client=self._client)
        self._means = await self._open.enter_async_context(lending)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._means = []
        await self._open.aclose()

    def _key_of(self, provider: Provider) -> str | None:
        """The key that was passed in is the first provider's; all others have theirs in the environment."""
        return self._key if provider is self._crew[0] else None

    async def _recall(self) -> None:
        """Learn once what earlier runs learned: a plan does not change because another run learns something."""
        if self.settings.remember and not self._known:
            pairs = [(each, key_in_use(each, self._key_of(each))) for each in self._crew]
            self._crew = await to_thread.run_sync(lambda: [as_known(*pair) for pair in pairs])
        self._known = True

    async def reload_settings(self, sources: SettingsSources | None = None) -> MergedSettings:
        """Read the settings anew, and from now on keep to their pace: workers, rate, timeouts, budgets.

        What is in flight goes on, and what can be heard stays. What was given to this Renderer explicitly counts as
        explicit among the ``sources``, too. Raises `ConfigError`; then all stays as it is.
        """
        sources = sources or SettingsSources()
        found = await replace(sources, explicit={**self._given, **sources.explicit}).read()
        self.settings = repaced(self.settings, found.settings)
        if self._means:
            repace(self._means, self.settings)
            self._means = [replace(each, settings=self.settings) for each in self._means]
        return found

    async def plan(self, source: Source) -> Plan:
        """Plan a digest and send nothing; needs no open Renderer. Raises `DigestError`."""
        await self._recall()
        plan, _ = await planned(source, self._crew, self.settings, self._voices)
        return plan

    async def estimate(self, source: Source) -> Estimate:
        """Say what a render would cost and take; sends nothing, and needs no open Renderer and no key.

        Raises `DigestError` and `ConfigError` where the digest cannot be rendered.
        """
        await self._recall()
        plan, (provider, *_) = await planned(source, self._crew, self.settings, self._voices)
        store = self._store.folder if isinstance(self._store, DiskStore) else None
        key = key_in_use(provider, self._key)
        return await estimate(plan, provider, self.settings, store=store, key=key)

    async def render(
        self,
        source: Source,
        output: Output | None = None,
        *,
        overwrite: bool = False,
        on_failure: OnFailure = "fail",
        priority: float = 1.0,
    ) -> RenderResult:
        """Render a digest to a file, in a format by its suffix; a temporary WAV when no output is named.

        A digest of ``priority`` 2 is served twice as many characters as one of 1 while both are under way.
        Raises `DigestError` or `ConfigError` before anything is sent, and `RenderFailed` when it is over
        and chunks are missing; then no file is written, and what arrived is in the error.
        """
        with self._rounds(source, priority) as rounds:
            while True:
                buying = await rounds.begin(spare=Spare(Path(output)) if output else None)
                try:
                    tags = await rounds.tags()
                    return await to_result(buying, output, tags=tags, overwrite=overwrite, on_failure=on_failure)
                except Correction as correction:
                    await self._correct(rounds, correction)
                except Damaged as damaged:
                    await rounds.mend(damaged)

    async def render_many(
        self,
        sources: Sequence[Source],
        outputs: Sequence[Output | None] | None = None,
        *,
        overwrite: bool = False,
        on_failure: OnFailure = "fail",
        over: Results | None = None,
    ) -> list[RenderResult | TTSError]:
        """Render digests at the same time, through one gate; the results in the order of the sources.

        One that fails is in the list as its error, and does not disturb the others. ``over``, a dictionary, gets each by
        its number as soon as it is there: what is finished is not lost where this is cancelled. Raises `ConfigError`
        where the outputs do not fit the sources, before anything is sent.
        """
        self._check_open()
        render = partial(self.render, overwrite=overwrite, on_failure=on_failure)
        return await at_once(render, sources, outputs, over=over)

    def stream(self, source: Source, *, priority: float = 1.0) -> AbstractAsyncContextManager[Speech]:
        """Render a digest to blocks of samples, each as soon as all before it are there.

        A slow reader holds buying back at ``settings.stream_ahead`` chunks past it. Iterating raises
        `RenderFailed` where a chunk never comes; leaving the block early stops buying. ``priority`` is as for `render`.
        """
        return streaming(self._rounds(source, priority), self._correct, ahead=self.settings.stream_ahead)

    def stream_encoded(
        self,
        source: Source,
        format: str = "mp3",  # noqa: A002  # what everybody calls it
        *,
        priority: float = 1.0,
    ) -> AbstractAsyncContextManager[EncodedSpeech]:
        """Render a digest to the bytes of a file, as soon as they are certain: ``wav``, ``flac``, ``ogg``, ``opus``, ``mp3``.

        ``pcm`` is 16 bits, little-endian, without a header. As no header can say how long the speech will be, it says
        nothing. Everything else is as for `stream`, and entering raises `ConfigError` where a format cannot hold the rate.
        """
        return streaming_encoded(
            self._rounds(source, priority), self._correct, format, ahead=self.settings.stream_ahead
        )

    def _check_open(self) -> None:
        if not self._means:
            raise RuntimeError("A Renderer is used inside its block: async with Renderer(...) as renderer.")

    def _rounds(self, source: Source, priority: float) -> Rounds:
        self._check_open()
        if not 0 < priority < math.inf:
            raise ConfigError(f"A priority cannot be {priority}; it has to be a number over 0, and 1 is normal.")
        return Rounds(source, self._means, self._voices, self._on_event, priority)

    async def _correct(self, rounds: Rounds, correction: Correction) -> None:
        """Plan with what was found to be possible, from now on."""
        key = key_in_use(self.provider, self._key)
        corrected = await rounds.correct(correction, key)
        self._crew[0] = corrected
        self._means[0] = self._means[0].speaking_for(corrected)


def _found(provider: str | Provider) -> Provider:
    return providers.find(provider) if isinstance(provider, str) else provider
