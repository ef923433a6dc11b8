"""What the bytes of an answer are: the bytes say it, whatever was asked for and whatever the header claims."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast

from tts_async.core.exchange import Encoding, SpeechResponse
from tts_async.errors import AudioError

CONTAINERS = (b"RIFF", b"ID3", b"OggS", b"fLaC", b"FORM", b".snd")
RAW: Mapping[str, Encoding] = {"pcm": "pcm_s16le", "ulaw": "ulaw", "alaw": "alaw"}
TEXTS = ("text/", "application/json", "application/problem", "application/xml")
PAGES = (b"<!doctype", b"<!--", b"<html", b"<?xml")
"""How they begin, longer than what raw samples begin with by chance."""
QUOTED_CHARS = 120
READ_BYTES = 2_000
UNREADABLE = 0.1
"""A text may have so many characters that are none, as in another encoding; of samples most are none."""
SPACES = "\t\n\r\f\v\x1b"
"""What is not printable, and yet found in texts."""


def encoding_of(response: SpeechResponse, asked: str) -> Encoding:
    """Say how the audio in an answer is encoded; raises `AudioError` where it is none.

    ``asked`` is the format that was asked for, such as ``pcm``: bytes without a container can be nothing else.
    """
    body, kind = response.body, response.headers.get("content-type", "").lower()
    if not body:
        raise AudioError("the answer is empty")
    if body.startswith(CONTAINERS) or (_is_mpeg(body) and (asked not in RAW or "mpeg" in kind)):
        return "file"
    said = text_of(body)
    if _is_text(body) or (said and kind.startswith(TEXTS)):
        raise AudioError(f"the answer is no audio but text: {line_of(said, QUOTED_CHARS)}")
    if kind.startswith(TEXTS) and asked not in RAW:
        raise AudioError(f"the answer is no audio that is known: {len(body):,} bytes of {line_of(kind, 40)}")
    return RAW.get(asked, "file")


def _is_mpeg(body: bytes) -> bool:
    return len(body) > 1 and body[0] == 0xFF and body[1] & 0xE0 == 0xE0


def _is_text(body: bytes) -> bool:
    """Whether it is JSON or a page, as some servers send them with status 200."""
    start = body[:64].lstrip().lower()
    if start.startswith(PAGES):
        return True
    return start.startswith((b"{", b"[")) and json_of(body) is not None


def text_of(body: bytes) -> str:
    """The start of a body as text; "" where it is none."""
    text = body[:READ_BYTES].decode("utf-8", "replace")
    unreadable = sum(not (each.isprintable() or each in SPACES) or each == "\ufffd" for each in text)
    return text if unreadable <= UNREADABLE * len(text) else ""


def json_of(body: bytes) -> object | None:
    """Decode JSON; ``None`` where it is none, or too deep."""
    try:
        return cast(object, json.loads(body))
    except (ValueError, RecursionError):
        return None


def object_of(body: bytes) -> Mapping[str, object]:
    """Decode a JSON object; an empty one where it is none."""
    found = json_of(body)
    return found if isinstance(found, dict) else {}


def fastapi_reason(detail: object) -> str:
    """What FastAPI says is wrong: a sentence, or the first of a list of fields; "" where it is neither."""
    if isinstance(detail, list) and detail and isinstance(detail[0], dict):
        loc = detail[0].get("loc")
        where = ".".join(map(str, loc)) + ": " if isinstance(loc, list) and loc else ""
        return f"{where}{detail[0].get('msg') or 'it is not valid'}"
    return detail if isinstance(detail, str) else ""


def line_of(text: str, most_chars: int) -> str:
    """One printable line of a server's text."""
    return "".join(c if c.isprintable() else " " for c in text[:most_chars]).strip()


def count_of(headers: Mapping[str, str], name: str) -> int | None:
    """Read a header that is a whole number of a believable length."""
    said = headers.get(name, "").strip()
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 10 else None
