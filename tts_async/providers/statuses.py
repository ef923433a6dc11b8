"""What an HTTP status means where a provider's own table says nothing else."""

from __future__ import annotations

from tts_async.core.exchange import SpeechResponse
from tts_async.core.headers import Signals
from tts_async.errors import Busy, ProviderError, Rejected, Unavailable
from tts_async.providers.bodies import line_of, text_of

RETRIED = frozenset({408, 409, 425})
"""What is worth another attempt below 500; everything else there is a request that will never be accepted."""

STOPS_JOB = frozenset({401, 402, 403})
BUSY = frozenset({429, 503, 529})
QUOTED_CHARS = 200


def status_error(response: SpeechResponse, signals: Signals, provider: str) -> ProviderError:
    """Name an unsuccessful answer by its status alone; the message quotes the start of its body.

    A server that says that a request should be retried is believed, but for `STOPS_JOB`; one that says it should not
    is not: a full queue was seen to say so.
    """
    status = response.status
    said = line_of(text_of(response.body), QUOTED_CHARS)
    message = f"{provider} answered {status}: {said or 'no reason given'}"
    if status in BUSY:
        return Busy(message, status=status, signals=signals)
    retried = status in RETRIED or (signals.should_retry and status not in STOPS_JOB)
    if status < 500 and not retried:
        return Rejected(message, status=status, signals=signals, stops_job=status in STOPS_JOB)
    return Unavailable(message, status=status)
