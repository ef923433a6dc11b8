"""Speech to measure, and the judges that measure it too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tts_async.core.exchange import PLANNED
from tts_async.core.plan import Chunk, Line, Voice
from tts_async.providers.local import LocalProvider

NEWS = (
    "Rain is moving in from the west this evening. Trains will run later than usual, so plan for a longer way home. "
    "What happens when the river rises? Nobody knows! The bridge was built long ago, and was repaired only twice."
)
Measure = Callable[[NDArray[np.float32], int], float]


@pytest.fixture(scope="session")
def speech() -> NDArray[np.float32]:
    """About 15 s of the embedded engine at 24 kHz."""
    pytest.importorskip("hibari", reason="the extra 'local' is not installed")
    line = Line(speaker="narrator", voice=Voice(id="heart"), text=NEWS, written=NEWS)
    chunk = Chunk(index=0, section=0, lines=(line,), language="en", pause_ms=0, start=0, end=len(NEWS))
    provider = LocalProvider()
    request = provider.request(chunk, PLANNED)
    return np.concatenate([provider.say(request, n, text) for n, text in enumerate(provider.sentences(request))])


def libebur128(mode: str, read: Callable[[Any, Any], Any]) -> Measure:
    """What the reference implementation measures in a mode."""
    judge = pytest.importorskip("pyebur128", reason="libebur128 has no wheel for this Python")

    def measure(samples: NDArray[np.float32], rate_hz: int) -> float:
        state = judge.R128State(1, rate_hz, getattr(judge.MeasurementMode, mode))
        state.add_frames(np.ascontiguousarray(samples), len(samples))
        return float(read(judge, state))

    return measure


@pytest.fixture(scope="session")
def libebur128_lufs() -> Measure:
    """What the reference implementation says of mono samples."""
    return libebur128("MODE_I", lambda judge, state: judge.get_loudness_global(state))


@pytest.fixture(scope="session")
def libebur128_dbtp() -> Measure:
    """The true peak that the reference implementation finds."""
    return libebur128("MODE_TRUE_PEAK", lambda judge, state: 20 * np.log10(judge.get_true_peak(state, 0)))
