"""Digests for a reader, as they are bought: blocks of samples, or the bytes of a file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from functools import partial
from typing import Generic, TypeVar, TypeVarTuple

import numpy as np
from anyio import CancelScope, to_thread
from numpy.typing import NDArray

from tts_async.api.delivery import failure
from tts_async.api.rounds import Rounds
from tts_async.core.gain import CODECS, EXACT, Codec
from tts_async.core.report import Report
from tts_async.engine.coordinator import Buying
from tts_async.engine.encoded import StreamEncoder
from tts_async.engine.finish import serial_of
from tts_async.engine.groups import alone
from tts_async.engine.record import Record
from tts_async.engine.shelf import Damaged
from tts_async.engine.shield import finished
from tts_async.engine.walk import stretches
from tts_async.errors import Correction, RenderFailed

Samples = NDArray[np.float32]
Correct = Callable[[Rounds, Correction], Awaitable[None]]
Read = Callable[[Buying, int], AsyncGenerator[Samples, None]]
Piece = TypeVar("Piece")
T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class _Pieces(Generic[Piece]):
    """What a digest becomes, piece by piece, for one reader."""

    def __init__(self, pieces: AsyncGenerator[Piece, None], rate_hz: int, record: Record) -> None:
        self.rate_hz: int = rate_hz
        self._pieces = pieces
        self._record = record

    def __repr__(self) -> str:
        return f"<{type(self).__name__} at {self.rate_hz} Hz>"

    def __aiter__(self) -> AsyncIterator[Piece]:
        return self._pieces

    @property
    def report(self) -> Report:
        """The figures until now; ``first_audio_s`` is when the first audio was handed out."""
        return self._record.report


class Speech(_Pieces[Samples]):
    """Audio as it is bought: iterate over it once for float32 blocks of shape (frames,) in order."""


class EncodedSpeech(_Pieces[bytes]):
    """A sound file as it is bought: iterate over it once for its bytes in order.

    ``media_type`` is what to send as its Content-Type.
    """

    def __init__(self, pieces: AsyncGenerator[bytes, None], rate_hz: int, record: Record, *, media_type: str) -> None:
        super().__init__(pieces, rate_hz, record)
        self.media_type: str = media_type


@asynccontextmanager
async def streaming(rounds: Rounds, correct: Correct, *, ahead: int) -> AsyncIterator[Speech]:
    """Buy a digest while its blocks are read, no further than ``ahead`` chunks past the reader."""
    with rounds:
        buying = await rounds.begin(ahead=ahead)
        async with _streaming(buying, rounds, correct, ahead, EXACT) as blocks:
            yield Speech(blocks, buying.plan.rate_hz, buying.record)


@asynccontextmanager
async def streaming_encoded(rounds: Rounds, correct: Correct, form: str, *, ahead: int) -> AsyncIterator[EncodedSpeech]:
    """Buy a digest while the bytes of its file are read; raises `ConfigError` where there can be no such file."""
    with rounds:
        buying = await rounds.begin(ahead=ahead)
        plan = buying.plan
        make = partial(StreamEncoder, form, plan.rate_hz, serial=serial_of(plan), tags=await rounds.tags())
        async with (
            _streaming(buying, rounds, correct, ahead, CODECS.get(f".{form}", EXACT)) as blocks,
            _made(make) as encoder,
            aclosing(_encoded(blocks, encoder)) as pieces,
        ):
            yield EncodedSpeech(pieces, plan.rate_hz, buying.record, media_type=encoder.media_type)


@asynccontextmanager
async def _streaming(
    buying: Buying, rounds: Rounds, correct: Correct, ahead: int, codec: Codec
) -> AsyncIterator[AsyncGenerator[Samples, None]]:
    """Nothing is bought before the first block is asked for, nor after the end of this."""
    with alone():
        async with asyncio.TaskGroup() as group:
            read = partial(_to_reader, codec=codec)
            async with aclosing(_blocks(buying, rounds, correct, group, ahead, read)) as blocks:
                yield blocks


async def _blocks(
    buying: Buying, rounds: Rounds, correct: Correct, group: asyncio.TaskGroup, ahead: int, read: Read
) -> AsyncGenerator[Samples, None]:
    """Yield a digest's audio while it is bought in the group.

    Before the first block the plan may still change. A stored clip that proves damaged is bought again, and the stream goes on.
    """
    given = 0
    while True:
        bought = group.create_task(buying.run())
        try:
            async with aclosing(read(buying, given)) as blocks:
                async for block in blocks:
                    given += len(block)
                    yield block
        except Correction as correction:
            await correct(rounds, correction)
            buying = await rounds.begin(ahead=ahead)
        except Damaged as damaged:
            await rounds.mend(damaged)
            buying = await rounds.begin(ahead=ahead)
        else:
            return
        finally:
            bought.cancel()
            with CancelScope(shield=True):  # Else anyio would cancel the group's wait for it over and over.
                await asyncio.wait({bought})


async def _to_reader(buying: Buying, given: int, *, codec: Codec) -> AsyncGenerator[Samples, None]:
    """Yield blocks in order, behind the ``given`` frames, while somebody else runs ``buying``.

    Raises `RenderFailed` at the first gap, and `Correction` where that is to be planned otherwise and nothing was yielded yet.
    """
    frames = 0
    async with aclosing(stretches(buying, codec=codec)) as arriving:
        async for stretch in arriving:
            for block in stretch.blocks:
                fresh = block[max(0, given - frames) :]
                if not frames and not given:
                    buying.record("audible")
                frames += len(block)
                if len(fresh):
                    yield fresh
            if stretch.mastered:
                buying.record("mastered", mastered=stretch.mastered)
            if stretch.whole:
                buying.record("written", chunk=stretch.part.chunk.index, audio_s=frames / buying.plan.rate_hz)
    if buying.harvest.lost:
        if buying.correction and not frames and not given:
            raise buying.correction
        raise await failure(buying)
    buying.record("finished", audio_s=frames / buying.plan.rate_hz)


@asynccontextmanager
async def _made(make: Callable[[], StreamEncoder]) -> AsyncIterator[StreamEncoder]:
    encoder = await _in_thread(make)
    try:
        yield encoder
    finally:
        with CancelScope(shield=True):
            await _in_thread(encoder.__exit__, None, None, None)


async def _encoded(blocks: AsyncGenerator[Samples, None], encoder: StreamEncoder) -> AsyncGenerator[bytes, None]:
    """Yield bytes as soon as there are any; what the encoder still holds comes at the end, or before a gap's error."""
    failed = None
    try:
        async for block in blocks:
            if piece := await _in_thread(encoder.feed, block):
                yield piece
    except RenderFailed as error:
        failed = error
    if rest := await _in_thread(encoder.finish):
        yield rest
    if failed:
        raise failed


async def _in_thread(work: Callable[[*Ts], T], *args: *Ts) -> T:
    """Work in a worker thread, which a cancelled reader waits for: two threads in one encoder end in a crash."""
    return await finished(to_thread.run_sync(work, *args))
