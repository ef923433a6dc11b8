"""The schedule of waits between the attempts of a chunk; the only file that knows `backoff`.

Only its generator is used: its decorators jitter a Retry-After down, count a refusal as an attempt and
sleep inside whatever slot is held.
"""

from __future__ import annotations

from itertools import islice

import backoff

from tts_async.settings import Settings


def wait_s(attempt: int, settings: Settings, *, u: float) -> float:
    """How long to wait after that failed attempt: doubling from first to longest, times 0.5 to 1 by ``u``."""
    waits = backoff.expo(factor=settings.retry_first_s, max_value=settings.retry_max_s)
    next(waits)
    planned_s: float = next(islice(waits, attempt - 1, None))
    return planned_s * (0.5 + 0.5 * u)
