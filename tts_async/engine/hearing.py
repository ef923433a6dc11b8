"""Hears a clip, in a worker thread."""

from __future__ import annotations

from anyio import to_thread

from tts_async.core.exchange import Clip
from tts_async.engine.decode import decoded
from tts_async.sound.profile import Profile, profile
from tts_async.sound.verdict import Heard, hear

EARS = 2
"""So many clips are heard at once: samples take ten times as much memory as what they are decoded from."""


async def heard(clip: Clip) -> tuple[Heard, Profile]:
    """Decode a clip; return what its verdict and what its place in a file need, whatever its text.

    Raises `AudioError` where it is no audio.
    """
    return await to_thread.run_sync(_heard, clip)


def _heard(clip: Clip) -> tuple[Heard, Profile]:
    samples, rate_hz = decoded(clip)
    return hear(samples, rate_hz), profile(samples, rate_hz)
