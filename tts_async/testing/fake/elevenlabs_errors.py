"""ElevenLabs' words for what it refuses, in its three shapes."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import NamedTuple

from tts_async.testing.fake.order import hexadecimal
from tts_async.testing.fake.wire import Refused, Reply, json_reply

DOCS = "https://elevenlabs.io/docs/eleven-api/resources/errors#rate-limiting-and-concurrency"
TOO_MANY = (
    "Too many concurrent requests. Your current subscription is associated with a maximum of {} concurrent requests "
    "(running in parallel). This is done such that a single user does not overwhelm our systems and affect other users "
    "negatively. Please upgrade your subscription or contact sales if you want to increase this limit."
)
BUSY = "We are sorry, the system is experiencing heavy traffic, please try again. Higher subscriptions have higher priority."


class Row(NamedTuple):
    """An error: its status, type, code, older name and words; without a type it has the older shape."""

    http: int
    type: str
    code: str
    status: str
    message: str = ""


ERRORS: Mapping[str, Row] = {
    "text_too_long": Row(400, "validation_error", "text_too_long", "max_character_limit_exceeded"),
    "input_text_empty": Row(400, "validation_error", "invalid_parameters", "input_text_empty", "Input text is empty."),
    "invalid_voice_settings": Row(400, "validation_error", "invalid_voice_settings", "invalid_voice_settings"),
    "invalid_ttd_stability": Row(400, "validation_error", "invalid_ttd_stability", "invalid_ttd_stability"),
    "unsupported_model": Row(400, "validation_error", "unsupported_model", "unsupported_model"),
    # What the real one says to more than ten voices is not known.
    "too_many_voices": Row(400, "validation_error", "invalid_parameters", "too_many_voices"),
    "model_not_found": Row(400, "", "", "model_not_found"),
    "missing_api_key": Row(
        401,
        "authentication_error",
        "missing_api_key",
        "needs_authorization",
        "Neither authorization header nor xi-api-key received, please provide one.",
    ),
    "invalid_api_key": Row(401, "authentication_error", "unauthorized", "invalid_api_key", "Invalid API key"),
    "quota_exceeded": Row(401, "", "", "quota_exceeded", "This request exceeds your quota."),
    "insufficient_credits": Row(
        402, "payment_required", "insufficient_credits", "insufficient_credits", "You have too few credits for this."
    ),
    "feature_not_available": Row(
        403, "authorization_error", "feature_not_available", "feature_not_available", "Your plan does not include this."
    ),
    "invalid_output_format": Row(403, "authorization_error", "invalid_output_format", "invalid_output_format"),
    "voice_not_found": Row(404, "not_found", "voice_not_found", "voice_not_found", "This voice was not found."),
    "history_item_not_found": Row(404, "not_found", "history_item_not_found", "history_item_not_found"),
    "already_running": Row(409, "conflict", "already_running", "already_running", "This is being done already."),
    "concurrent_limit_exceeded": Row(
        429, "rate_limit_error", "concurrent_limit_exceeded", "too_many_concurrent_requests", TOO_MANY.format(1)
    ),
    "rate_limit_exceeded": Row(
        429, "rate_limit_error", "rate_limit_exceeded", "rate_limit_exceeded", "Too many requests. Please slow down."
    ),
    "system_busy": Row(429, "rate_limit_error", "system_busy", "system_busy", BUSY),
    "internal_error": Row(500, "internal_error", "internal_error", "internal_error", "Something went wrong."),
    "service_unavailable": Row(
        503, "service_unavailable", "service_unavailable", "service_unavailable", "We will be back soon."
    ),
}

BARE = {"not_found": (404, "Not Found"), "method_not_allowed": (405, "Method Not Allowed")}
"""What the router says before anybody has read the request."""


def error(refused: Refused, dice: Random) -> Reply:
    """Say what is refused, in the shape that ElevenLabs has for it."""
    trace = hexadecimal(dice)
    headers = {"x-trace-id": trace, **refused.headers}
    if refused.kind in BARE:
        http, said = BARE[refused.kind]
        return json_reply({"detail": said}, status=http, headers=headers)
    if refused.where or refused.kind == "unprocessable":
        fault = {"type": refused.kind, "loc": list(refused.where or ("body",)), "msg": refused.message or "Refused"}
        return json_reply({"detail": [fault]}, status=422, headers=headers)
    row = ERRORS[refused.kind]
    return json_reply({"detail": _detail(row, refused, trace)}, status=row.http, headers=headers)


def _detail(row: Row, refused: Refused, trace: str) -> dict[str, str]:
    message = refused.message or row.message
    if not row.type:
        return {"status": row.status, "message": message}
    detail = {"type": row.type, "code": row.code, "message": message, "status": row.status, "request_id": trace}
    return {**detail, "docs_url": DOCS} if row.http == 429 else detail
