"""Judges what has come: whether it is what was paid for; what is not is taken again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from tts_async.core.exchange import Clip
from tts_async.core.plan import Chunk, Plan
from tts_async.core.prefix import Prefix
from tts_async.core.verdict import Verdict
from tts_async.engine.account import Means
from tts_async.engine.hearing import heard
from tts_async.engine.orders import Orders
from tts_async.engine.outcomes import Outcomes
from tts_async.errors import AudioError, OutputError
from tts_async.sound.verdict import flaw

Spoiled = Callable[[int, AudioError], Awaitable[None]]
Unkept = Callable[[int, OutputError], None]
Came = Callable[[Clip], None]


class Judge:
    """The judge of one plan's clips; ``spoiled`` hears of each to be taken again, ``unkept`` where a verdict cannot be kept."""

    def __init__(
        self, plan: Plan, means: Means, orders: Orders, outcomes: Outcomes, spoiled: Spoiled, unkept: Unkept
    ) -> None:
        self._mode = means.settings.verdict
        self._ears = means.ears
        self._orders = orders
        self._outcomes = outcomes
        self._spoiled = spoiled
        self._unkept = unkept
        texts, voices = [chunk.text for chunk in plan.chunks], [_key(chunk) for chunk in plan.chunks]
        self._prefix = Prefix(texts, voices, juries=outcomes.backlog.window is None)
        self._before: set[int] = set()
        self._turn = asyncio.Lock()

    def earlier(self, verdicts: Mapping[int, Verdict | None]) -> None:
        """Take what was judged in an earlier run as it was judged then; what is to be judged otherwise now is left."""
        for index, verdict in verdicts.items():
            if verdict and (self._mode != "retake" or not verdict.flaw):
                self._prefix.known(index, verdict)
                self._outcomes.here(index)
                self._warn(index, verdict.flaw)

    async def hear(self, index: int, *, came: Came | None) -> None:
        """Hear a clip, and judge it, and others that waited for it; raises `AudioError` for what is no speech.

        What needs no expectation is judged at once, the length in the order of the text. ``came`` hears of one that has
        just been bought, and is speech; ``None`` where it was here before.
        """
        async with self._ears:
            clip = await self._orders.clip(index)
            found, profile = await heard(clip)
        wrong = "" if self._mode == "off" else flaw(found)
        if wrong and self._mode == "retake":
            raise AudioError(f"the audio {wrong}")
        await self._orders.note_heard(index, profile)
        self._orders.heard(index, clip.request_id)
        if came:
            came(clip)
        else:
            self._before.add(index)
        self._outcomes.backlog.arrive(index)
        if self._mode == "off":
            self._good(index)
            return
        self._prefix.came(index, Verdict(speech_s=found.speech_s, trail_s=found.trail_s, flaw=wrong))
        await self.go_on()

    async def go_on(self) -> None:
        """Judge all whose turn it is."""
        async with self._turn:
            while judged := self._prefix.next(self._passed_over):
                await self._end(*judged)

    def _passed_over(self, index: int) -> bool:
        backlog = self._outcomes.backlog
        return backlog.settled(index) or backlog.parked(index)

    async def _end(self, index: int, verdict: Verdict) -> None:
        if verdict.flaw and self._mode == "retake":
            self._before.discard(index)
            await self._spoiled(index, AudioError(f"the audio {verdict.flaw}"))
            return
        try:
            await self._orders.judge(index, verdict)
        except OutputError as error:  # It may be judged in the attempt at another chunk, which is not to blame.
            self._unkept(index, error)
            return
        self._warn(index, verdict.flaw)
        self._good(index)

    def _good(self, index: int) -> None:
        if index in self._before:
            self._outcomes.here(index)
        else:
            self._outcomes.good(index)

    def _warn(self, index: int, wrong: str) -> None:
        if wrong and self._mode == "warn":
            self._outcomes.warn(f"chunk {index}: the audio {wrong}")


def _key(chunk: Chunk) -> tuple[object, ...]:
    """What has a tempo of its own: who speaks, how, and in which language."""
    return (chunk.language, *dict.fromkeys(repr(line.voice) for line in chunk.lines))
