"""The gains of a file: all of its clips are waited for, and what was heard in each decides."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from tts_async.core.gain import Codec, target_lufs
from tts_async.engine.coordinator import Buying
from tts_async.engine.harvest import Harvest
from tts_async.engine.walk import OnFailure, Stretch, speaker_of, stretches
from tts_async.sound.balance import Corrected, Leveller, Limited, Measured, Speakers, Unchanged

SHORT_S = 30.0
"""What is no longer is made once without being written, to hear how loud it is: the gains that were foreseen from what each
clip has said of itself are right to 0.06 LU from half a minute on, but for a sentence or two only to 0.2."""


async def levelled(buying: Buying, codec: Codec, *, on_failure: OnFailure) -> Leveller:
    """Wait for every clip of a plan, and find the gains of all of them, by what was heard when they came."""
    plan, harvest = buying.plan, buying.harvest
    target = target_lufs(plan.loudness)
    if target is None:
        return Unchanged()
    here, speakers = [], Speakers()
    for chunk in plan.chunks:
        if await buying.arrived(chunk.index):
            here.append(chunk.index)
            for piece, heard in await harvest.profiles_of(chunk.index):
                speakers.add(speaker_of(piece, harvest), heard)
    measured = Measured(speakers.gains_db(), target)
    await _heard_by(measured, harvest, here)
    leveller: Measured | Limited = measured
    if measured.peak_db > codec.ceiling_dbtp:
        leveller = Limited(measured, codec.ceiling_dbtp)
        await _heard_by(leveller, harvest, here)
    if measured.length_s > SHORT_S:
        return leveller
    arriving = stretches(buying, on_failure=on_failure, leveller=leveller, codec=codec)
    return Corrected(leveller, target - (await _rehearsed(arriving) or target))


async def _rehearsed(arriving: AsyncGenerator[Stretch, None]) -> float | None:
    """How loud all of it comes out, in LUFS; ``None`` where it does not, or is silent."""
    loudness_lufs = None
    async with aclosing(arriving):
        async for stretch in arriving:
            if stretch.mastered:
                loudness_lufs = stretch.mastered.loudness_lufs
    return loudness_lufs


async def _heard_by(leveller: Measured | Limited, harvest: Harvest, here: list[int]) -> None:
    """Let what was heard in clips be added up, in the order of the text."""
    for index in here:
        for piece, heard in await harvest.profiles_of(index):
            leveller.add(speaker_of(piece, harvest), heard, pause_s=piece.pause_ms / 1000)
