"""What the errors of OpenAI and of servers that imitate it mean: by their code, else by the HTTP status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tts_async.core.exchange import SpeechResponse
from tts_async.core.headers import Signals
from tts_async.errors import Busy, ProviderError, Rejected
from tts_async.providers.bodies import fastapi_reason, line_of, object_of
from tts_async.providers.statuses import status_error

STOPS: Mapping[str, str] = {
    "insufficient_quota": "the account has no credit left: add some under billing",
    "billing_hard_limit_reached": "the account's spending limit is reached: raise it under billing",
    "billing_not_active": "the account cannot pay: look under billing",
    "invalid_api_key": "check the key in OPENAI_API_KEY",
    "account_deactivated": "the account is closed",
}
"""Codes after which no other request would fare better, whatever the status: a spent quota comes as 429."""

REQUEST_HELPS: Mapping[str, str] = {"model_not_found": "name another model after the colon: openai:MODEL"}
RATE = "rate_limit_exceeded"


def error_of(response: SpeechResponse, signals: Signals, provider: str) -> ProviderError:
    """Name an error, in OpenAI's wrapper, flat, or as FastAPI sends it."""
    said, code, kind = told(response.body)
    known = next((each for each in (code, kind) if each in STOPS or each in REQUEST_HELPS or each == RATE), "")
    request_id = line_of(response.headers.get("x-request-id", ""), 64)
    helps = STOPS.get(known) or REQUEST_HELPS.get(known)
    message = f"{provider} answered {response.status} ({known}): {said or 'no reason given'}" + (
        f" [{helps}]" if helps else ""
    )
    if known in STOPS or known in REQUEST_HELPS:
        stops = known in STOPS
        return Rejected(message, status=response.status, code=known, request_id=request_id, stops_job=stops)
    if known == RATE and response.status == 429:
        return Busy(message, status=429, code=known, request_id=request_id, signals=replace(signals, kind="rate"))
    # Its own sentence reads better than the JSON around it.
    plain = status_error(replace(response, body=said.encode() or response.body), signals, provider)
    plain.code, plain.request_id = code[:64], request_id
    return plain


def told(body: bytes) -> tuple[str, str, str]:
    """The message, the code and the type of an error, "" each where it is not told."""
    found = object_of(body)
    wrapped = (found.get(name) for name in ("error", "detail"))
    inner = next((each for each in wrapped if isinstance(each, dict)), found)
    message, code, kind = (inner.get(name) for name in ("message", "code", "type"))
    message = message or inner.get("error") or fastapi_reason(inner.get("detail"))
    words = (each if isinstance(each, str) else "" for each in (message, code, kind))
    said, code, kind = (line_of(word, 300) for word in words)
    return said, code, kind
