"""What ElevenLabs' errors mean: by their code, else by their legacy status, else by the HTTP status."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from tts_async.core.exchange import SpeechResponse
from tts_async.core.headers import MOST_AT_ONCE, Kind, Signals
from tts_async.errors import Busy, Correction, ProviderError, Rejected, Unavailable
from tts_async.providers.bodies import fastapi_reason, line_of, object_of
from tts_async.providers.statuses import status_error

NAME = "ElevenLabs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a code means: what becomes of the request, whether all others stop, why it is not now, and what helps."""

    then: Literal["rejected", "stop", "busy", "unavailable"]
    kind: Kind = "unknown"
    helps: str = ""


KEY = Verdict(then="stop", helps="check the key in ELEVENLABS_API_KEY")
CREDITS = Verdict(then="stop", helps="buy credits or wait for the quota's reset; `tts-async subscription` says when")
PLAN = Verdict(then="stop", helps="choose a voice, a model or an option that your plan includes, or upgrade it")
REQUEST = Verdict(then="rejected")
CONFLICT = Verdict(then="busy", kind="busy")

CODES: Mapping[str, Verdict] = {
    "invalid_api_key": KEY,
    "missing_api_key": KEY,
    "missing_permissions": Verdict(then="stop", helps="give the key the permission for text to speech"),
    "unauthorized": KEY,
    "quota_exceeded": CREDITS,
    "insufficient_credits": CREDITS,
    "detected_unusual_activity": Verdict(then="stop", helps="the free tier is closed to you; use a paid plan"),
    "paid_plan_required": PLAN,
    "subscription_required": PLAN,
    "feature_not_available": PLAN,
    "voice_access_denied": PLAN,
    "model_access_denied": PLAN,
    "only_for_creator+": PLAN,
    "invalid_output_format": Verdict(then="stop", helps="choose another output_format"),
    "text_too_long": Verdict(then="rejected", helps="lower chunk_chars or dialogue_chars"),
    "max_character_limit_exceeded": Verdict(then="rejected", helps="lower chunk_chars or dialogue_chars"),
    "empty_text": REQUEST,
    "invalid_parameters": REQUEST,
    "input_text_empty": REQUEST,
    "invalid_voice_settings": REQUEST,
    "invalid_ttd_stability": REQUEST,
    "unsupported_model": REQUEST,
    "model_not_found": Verdict(then="rejected", helps="`tts-async models --provider elevenlabs` lists the models"),
    "malformed_json": REQUEST,
    "missing_required_field": REQUEST,
    "voice_not_found": Verdict(then="rejected", helps="`tts-async voices --provider elevenlabs` lists your voices"),
    "already_running": CONFLICT,
    "already_processing": CONFLICT,
    "concurrent_modification": CONFLICT,
    "concurrent_limit_exceeded": Verdict(then="busy", kind="concurrency"),
    "too_many_concurrent_requests": Verdict(then="busy", kind="concurrency"),
    "rate_limit_exceeded": Verdict(then="busy", kind="rate"),
    "system_busy": Verdict(then="busy", kind="busy"),
    "internal_error": Verdict(then="unavailable"),
    "service_unavailable": CONFLICT,
    "maintenance": CONFLICT,
}

FORMATS = frozenset({"invalid_output_format"})
LENGTHS = frozenset({"text_too_long", "max_character_limit_exceeded"})

_CEILING = re.compile(r"maximum of (\d{1,6}) concurrent requests")
_LIMIT = re.compile(r"maximum text length of (\d{1,7}) characters")


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """The body of an error, whichever of its shapes it has."""

    code: str = ""
    status: str = ""
    message: str = ""
    request_id: str = ""

    @property
    def known(self) -> str:
        """The one of its codes that says most; "" where none is known."""
        told = [code for code in (self.code, self.status) if code in CODES]
        # Live answers were seen with the code "unauthorized" and the reason in the legacy field.
        return next((code for code in told if code != "unauthorized"), "".join(told[:1]))


def complaint(body: bytes) -> Complaint:
    """Read ``{"detail": {…}}`` with or without a code, FastAPI's list, and a bare sentence."""
    detail = object_of(body).get("detail")
    if isinstance(detail, dict):
        told = {name: str(detail.get(name) or "") for name in ("code", "status", "message", "request_id")}
        return Complaint(**told)
    return Complaint(message=fastapi_reason(detail))


def error_of(
    response: SpeechResponse, signals: Signals, *, formats: Mapping[str, object], max_chars: int
) -> ProviderError:
    """Name an error.

    ``formats`` are the options to plan with where a format is not allowed, if any; ``max_chars`` is the limit that was
    planned with, which the server may know to be smaller.
    """
    told = complaint(response.body)
    known = told.known
    request_id = line_of(told.request_id or response.headers.get("x-trace-id", ""), 64)
    verdict = CODES.get(known)
    if verdict is None:
        # Its own sentence reads better than the JSON around it.
        body = told.message.encode("utf-8", "replace") or response.body
        plain = status_error(replace(response, body=body), signals, NAME)
        plain.code, plain.request_id = line_of(told.code or told.status, 64), request_id
        return plain
    said = line_of(told.message, 300) or known
    message = f"{NAME} answered {response.status} ({known}): {said}"
    if change := _change(known, told.message, formats, max_chars):
        return Correction(message, change=change, status=response.status, code=known, request_id=request_id)
    message += f" [{verdict.helps}]" if verdict.helps else ""
    if verdict.then == "unavailable":
        failed = Unavailable(message, status=response.status)
        failed.code, failed.request_id = known, request_id
        return failed
    make = Busy if verdict.then == "busy" else Rejected
    return make(
        message,
        status=response.status,
        code=known,
        request_id=request_id,
        signals=_refined(signals, verdict.kind, told.message),
        stops_job=verdict.then == "stop",
    )


def _change(known: str, message: str, formats: Mapping[str, object], max_chars: int) -> Mapping[str, object]:
    if known in FORMATS:
        return formats
    limit = _LIMIT.search(message) if known in LENGTHS else None
    return {"max_chars": int(limit[1])} if limit and 0 < int(limit[1]) < max_chars else {}


def _refined(signals: Signals, kind: Kind, message: str) -> Signals:
    """What the body tells of limits: why, and in the message how many requests may be in flight."""
    most = _CEILING.search(message) if kind == "concurrency" else None
    ceiling = min(int(most[1]), MOST_AT_ONCE) if most else 0
    return replace(signals, kind=kind, ceiling=ceiling or signals.ceiling)
