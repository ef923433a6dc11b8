"""OpenAI's words for what it refuses."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import NamedTuple

from tts_async.testing.fake.order import hexadecimal
from tts_async.testing.fake.wire import Refused, Reply, json_reply

QUOTA = "You exceeded your current quota, please check your plan and billing details."


class Row(NamedTuple):
    """An error: its status, type, code and words."""

    http: int
    type: str
    code: str | None
    message: str = ""


ERRORS: Mapping[str, Row] = {
    "json_invalid": Row(400, "invalid_request_error", None, "We could not parse the JSON body of your request."),
    "no_encoder": Row(400, "invalid_request_error", None),
    "unsupported": Row(400, "invalid_request_error", None),
    "unknown_parameter": Row(400, "invalid_request_error", "unknown_parameter"),
    "missing_api_key": Row(
        401, "invalid_request_error", None, "You didn't provide an API key. Send it as Authorization: Bearer KEY."
    ),
    "invalid_api_key": Row(401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided."),
    "not_found": Row(404, "invalid_request_error", None),
    "model_not_found": Row(404, "invalid_request_error", "model_not_found"),
    "quota_exceeded": Row(429, "insufficient_quota", "insufficient_quota", QUOTA),
    "rate_limit_exceeded": Row(429, "requests", "rate_limit_exceeded", "Rate limit reached for requests."),
    # The rest is not OpenAI's own; it is for the faults, under the status that ElevenLabs gives them.
    "insufficient_credits": Row(402, "insufficient_quota", "insufficient_quota", QUOTA),
    "feature_not_available": Row(403, "invalid_request_error", "unsupported_model", "You have no access to this."),
    "voice_not_found": Row(404, "invalid_request_error", "voice_not_found", "There is no such voice."),
    "already_running": Row(409, "invalid_request_error", "already_running", "This is being done already."),
    "unprocessable": Row(422, "invalid_request_error", None, "This cannot be processed."),
    "concurrent_limit_exceeded": Row(429, "requests", "rate_limit_exceeded", "Rate limit reached: too many at once."),
    "system_busy": Row(429, "server_error", "system_busy", "The engine is currently overloaded, please try again."),
    "internal_error": Row(500, "server_error", None, "The server had an error while processing your request."),
    "service_unavailable": Row(503, "server_error", None, "The engine is currently overloaded, please try again."),
}

MISTAKE = Row(400, "invalid_request_error", None)
"""Of a field that is wrong."""


def error(refused: Refused, dice: Random) -> Reply:
    """Say what is refused."""
    row = ERRORS.get(refused.kind, MISTAKE)
    param = str(refused.where[-1]) if refused.where and refused.kind != "json_invalid" else None
    message = row.message if refused.kind == "json_invalid" else refused.message or row.message
    if refused.kind == "string_too_long":
        message = f"[{{'type': 'string_too_long', 'loc': {refused.where!r}, 'msg': {refused.message!r}, "
        message, param = message + "'ctx': {'max_length': 4096}}]", None
    told = {"message": message, "type": row.type, "param": param, "code": row.code}
    headers = {"x-request-id": f"req_{hexadecimal(dice)}", **refused.headers}
    return json_reply({"error": told}, status=row.http, headers=headers)
