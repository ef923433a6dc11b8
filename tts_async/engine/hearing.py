"""Hears a clip, in a worker thread."""

from __future__ import annotations

from anyio import to_thread

from tts_async.core.exchange import Clip
from tts_async.engine.decode import decoded
from tts_async.sound.verdict import Heard, hear


async def heard(clip: Clip) -> Heard:
    """Decode a clip and return what is heard in it, whatever its text; raises `AudioError` where it is no audio."""
    return await to_thread.run_sync(_heard, clip)


def _heard(clip: Clip) -> Heard:
    return hear(*decoded(clip))
