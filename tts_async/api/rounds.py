"""One digest on its way: planned, and planned once more where its provider can do less than was planned with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Self

from anyio import to_thread

from tts_async import providers
from tts_async.api.delivery import failure
from tts_async.api.source import Source, named, read, tags_of
from tts_async.core.advice import finer
from tts_async.core.digest import Digest
from tts_async.core.pace import START
from tts_async.core.plan import Plan
from tts_async.core.planner import make_plan
from tts_async.core.standin import StandIn, with_stand_ins
from tts_async.core.tags import Tags
from tts_async.engine.account import Means
from tts_async.engine.coordinator import Buying
from tts_async.engine.known import note_correction
from tts_async.engine.record import Listener, Record
from tts_async.engine.shelf import Damaged
from tts_async.engine.spare import Spare
from tts_async.errors import Correction
from tts_async.providers.base import Correctable, Provider, Remarking
from tts_async.settings import Settings

MOST_ROUNDS = 3


async def planned(
    source: Source, crew: Sequence[Provider], settings: Settings, voices: Mapping[str, str]
) -> tuple[Plan, list[Provider]]:
    """Plan a digest for the first provider of a crew, with the others to stand in; send nothing.

    Returns the crew with the options that the digest sets. Raises `DigestError` and `ConfigError`, for a cover too.
    """
    digest = await read(source)
    await tags_of(digest, source)
    return await _plan(digest, source, crew, settings, voices)


async def _plan(
    digest: Digest, source: Source, crew: Sequence[Provider], settings: Settings, voices: Mapping[str, str]
) -> tuple[Plan, list[Provider]]:
    # A book takes seconds to cut, in which other renders must go on.
    with named(source):
        return await to_thread.run_sync(partial(_planned, digest, crew, settings, voices))


def _planned(
    digest: Digest, crew: Sequence[Provider], settings: Settings, voices: Mapping[str, str]
) -> tuple[Plan, list[Provider]]:
    first, *others = crew = [providers.configured(each, digest.options.get(each.name, {})) for each in crew]
    able = first.capabilities
    plan = make_plan(digest, provider=first.name, capabilities=able, settings=settings, voices=voices)
    plan = finer(plan, at_once=able.at_once or settings.workers or START, settings=settings)
    remarks = first.remarks(plan.chunks) if isinstance(first, Remarking) else ()
    stand_ins = [StandIn(provider=each.name, capabilities=each.capabilities) for each in others]
    return with_stand_ins(replace(plan, notes=(*plan.notes, *remarks)), digest, stand_ins, settings), crew


class Rounds:
    """The plans of one render, one after the other; what one of them has bought, the next one keeps."""

    def __init__(
        self,
        source: Source,
        means: Sequence[Means],
        voices: Mapping[str, str],
        listener: Listener | None,
        priority: float,
    ) -> None:
        self._source = source
        self._means = list(means)
        self._voices = voices
        self._listener = listener
        self._priority = priority
        self._number = 0
        self._digest: Digest | None = None
        self._buying: Buying | None = None
        self._kept: dict[int, Provider] = {}

    async def begin(self, *, ahead: int | None = None, spare: Spare | None = None) -> Buying:
        """Plan the digest with what is known by now; a stream stays at the rate that it began with."""
        self._number += 1
        settings, crew = self._means[0].settings, [each.provider for each in self._means]
        self._digest = await read(self._source)
        plan, crew = await _plan(self._digest, self._source, crew, settings, self._voices)
        if self._buying is None:
            record = Record(plan.digest_id, self._listener)
        else:
            record = self._buying.record
            plan = replace(plan, rate_hz=self._buying.plan.rate_hz) if ahead else plan
        means, *others = (each.speaking_for(one) for each, one in zip(self._means, crew, strict=True))
        kept = self._kept_in(plan)
        self._buying = Buying(
            plan, means, record, others=others, kept=kept, ahead=ahead, priority=self._priority, spare=spare
        )
        return self._buying

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Record how a render ended that did not finish."""
        if self._buying is not None:
            self._buying.record.end(error)

    async def tags(self) -> Tags:
        """What the digest that was begun says of itself; raises as `tags_of` does."""
        assert self._digest is not None
        return await tags_of(self._digest, self._source)

    def _kept_in(self, plan: Plan) -> dict[int, Provider]:
        """Of what was bought, that which the new plan has in the same words."""
        if self._buying is None:
            return {}
        before, bought = self._buying.plan.chunks, self._buying.harvest.bought_of
        same = zip(before, plan.chunks, strict=False)
        return {new.index: bought[old.index] for old, new in same if old.index in bought and old.lines == new.lines}

    async def mend(self, damaged: Damaged) -> None:
        """Have all that is damaged or gone in the store bought again in the next round, and not only what showed it."""
        assert self._buying is not None
        others = await self._buying.harvest.verify()
        if self._number >= MOST_ROUNDS:
            raise damaged
        also = f", and {len(others)} more" if others else ""
        self._buying.record("warning", reason=f"{damaged}{also}: it is bought again")

    async def correct(self, correction: Correction, key: str | None) -> Provider:
        """Return the provider that can do what was found to be possible; raises `RenderFailed` where none can."""
        assert self._buying is not None
        means, *others = self._means
        provider = means.provider
        record = self._buying.record
        if not isinstance(provider, Correctable) or self._number >= MOST_ROUNDS:
            for index in self._buying.harvest.lost:
                words = self._buying.plan.chunks[index].first_words
                record("lost", chunk=index, words=words, reason=str(correction), error=type(correction).__name__)
            raise await failure(self._buying)
        corrected = provider.corrected(correction.change)
        change = ", ".join(f"{name}={value}" for name, value in correction.change.items())
        record("warning", reason=f"{correction}: planned once more with {change}")
        if means.settings.remember:
            await to_thread.run_sync(note_correction, provider, key, correction.change)
        self._means = [means.speaking_for(corrected), *others]
        return corrected
