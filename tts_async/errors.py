"""Everything that can go wrong, as one tree.

TTSError
├── ConfigError        a wrong setting, a missing key, an unknown provider or voice
├── DigestError        the digest cannot be read or planned; ``where`` says the place
├── ProviderError      the service answered, and not with speech
│   ├── Rejected       it will never accept this request
│   │   └── Correction it will accept another one: the render is planned once more
│   ├── Busy           not now: no audio was made, no attempt is spent
│   └── Unavailable    it failed, or nothing came back; worth another attempt
├── AudioError         bytes that are not the promised audio
├── OutputError        the finished file cannot be written
├── BudgetError        it would cost more than may be spent; what was bought is kept
└── RenderFailed       some chunks failed for good, or the job was stopped
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tts_async.core.exchange import Clip
    from tts_async.core.headers import Signals
    from tts_async.core.report import Report


FAILED_FROM = 400


class TTSError(Exception):
    """The root of every error that this package raises on purpose.

    ``retryable``: sending the same request again may succeed.
    ``billed``: the provider has probably charged for it.
    """

    retryable = False
    billed = False


class ConfigError(TTSError):
    """A setting, a key, a provider or a voice is wrong or missing; raised before any request."""


class DigestError(TTSError):
    """The digest cannot be read or planned; ``where`` is a JSON pointer, a line or a chunk."""

    def __init__(self, message: str, *, where: str = "") -> None:
        super().__init__(f"{where}: {message}" if where else message)
        self.where = where


class ProviderError(TTSError):
    """The service answered, and not with speech.

    ``status`` is ``None`` where no answer came; ``stops_job`` means that every other request of the
    render would meet the same end, so none is sent.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str = "",
        request_id: str = "",
        signals: Signals | None = None,
        stops_job: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.request_id = request_id
        self.signals = signals
        self.stops_job = stops_job


class Rejected(ProviderError):
    """The request itself is refused (400, 401, 402, 403, 404, 422) and is never sent again."""


class Correction(Rejected):
    """A provider can do less than was planned with; ``change`` says what it can, by the names of its options.

    The render in progress stops, and is planned once more with the change; what was bought stays bought.
    """

    def __init__(
        self,
        message: str,
        *,
        change: Mapping[str, object],
        status: int | None = None,
        code: str = "",
        request_id: str = "",
    ) -> None:
        super().__init__(message, status=status, code=code, request_id=request_id, stops_job=True)
        self.change = change


class Busy(ProviderError):
    """The service has no room now (429, 503, 529); nothing was made, and no attempt is spent."""

    retryable = True


class Unavailable(ProviderError):
    """The service failed or fell silent (408, other 5xx, no answer, body cut off); an attempt is spent.

    ``unreachable``: no connection was made at all. Then nothing was billed, nor where the service said itself that it
    failed; where it fell silent, something may have been.
    """

    retryable = True

    def __init__(self, message: str, *, status: int | None = None, unreachable: bool = False) -> None:
        super().__init__(message, status=status)
        self.unreachable = unreachable
        self.billed: bool = not unreachable and (status is None or status < FAILED_FROM)


class AudioError(TTSError):
    """The bytes that arrived are not the promised audio; they were paid for."""

    retryable = True
    billed = True


class OutputError(TTSError):
    """What was bought cannot be kept, or the finished file cannot be written."""

    billed = True


class BudgetError(TTSError):
    """It would cost more than may be spent, or nobody knows; the request did not leave, and what was bought is kept."""


class RenderFailed(TTSError):
    """Some chunks failed for good, or the render was stopped; all that arrived is kept.

    ``failures`` maps a chunk's index to its last error, ``clips`` an index to what arrived
    (several clips where a stand-in spoke in parts),
    ``report`` is the whole story of the run.
    """

    def __init__(
        self, message: str, *, failures: Mapping[int, TTSError], clips: Mapping[int, tuple[Clip, ...]], report: Report
    ) -> None:
        super().__init__(message)
        self.failures = failures
        self.clips = clips
        self.report = report
