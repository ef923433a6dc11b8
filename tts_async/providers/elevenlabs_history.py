"""Finds in ElevenLabs' history what was billed and never came."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from math import isclose

from tts_async.core.exchange import Found, Query, SpeechRequest, Talk
from tts_async.providers.base import Naming
from tts_async.providers.elevenlabs_talks import PAGE, asked, objects
from tts_async.providers.options import is_number

MOST_PAGES = 3
"""How far back it is looked: 300 items, newest first."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_VOICE = re.compile(r"/v1/text-to-speech/([A-Za-z0-9_-]+)")


def spoken(name_error: Naming, request: SpeechRequest, *, since_s: float, used: Collection[str]) -> Talk[Found]:
    """Find the one item that answers a request; two that do are as good as none."""
    query = {"page_size": PAGE, "sort_direction": "desc", "date_after_unix": str(int(since_s))}
    if voice := _VOICE.match(request.path):
        query["voice_id"] = voice[1]
    found: list[Mapping[str, object]] = []
    for _ in range(MOST_PAGES):
        page = yield from asked(Query(path="/v1/history", query=query), name_error)
        found += [item for item in objects(page.get("history")) if answers(item, request) and _id(item) not in used]
        last = page.get("last_history_item_id")
        if page.get("has_more") is not True or not isinstance(last, str):
            break
        query["start_after_history_item_id"] = last
    if len(found) != 1:
        return Found()
    item, item_id = found[0], _id(found[0])
    if item.get("state") == "processing":
        return Found(processing=True)
    answer = yield Query(path=f"/v1/history/{item_id}/audio")
    if answer.status != 200:
        return Found()
    # What the answer itself would have said; its audio may have another codec, and says so.
    told = {"history-item-id": item_id, "request-id": str(item.get("request_id") or ""), **_cost(item)}
    kind = answer.headers.get("content-type", "")
    return Found(response=replace(answer, headers={"content-type": kind, **told}), item=item_id)


def answers(item: Mapping[str, object], request: SpeechRequest) -> bool:
    """Whether an item has the words, the model and the settings of a request, as far as it tells them."""
    body = request.body
    words = body.get("text") or [(each.get("text"), each.get("voice_id")) for each in objects(body.get("inputs"))]
    turns = [(each.get("text"), each.get("voice_id")) for each in objects(item.get("dialogue"))]
    same = words in (item.get("text"), turns) and item.get("model_id") in {body.get("model_id"), None}
    return same and bool(_id(item)) and _agree(body.get("voice_settings"), item.get("settings"))


def _agree(sent: object, told: object) -> bool:
    """Whether settings are the same where both name them; the server tells more than were sent."""
    if not isinstance(sent, dict) or not isinstance(told, dict):
        return True
    pairs = [(sent[name], told[name]) for name in sent if told.get(name) is not None]
    return all(isclose(a, b, abs_tol=1e-3) if is_number(a) and is_number(b) else a == b for a, b in pairs)


def _id(item: Mapping[str, object]) -> str:
    """The id of an item, where it can be part of a path."""
    told = item.get("history_item_id")
    return told if isinstance(told, str) and _ID.fullmatch(told) else ""


def _cost(item: Mapping[str, object]) -> dict[str, str]:
    """What was charged, where it can be told."""
    before, after = (item.get(f"character_count_change_{edge}") for edge in ("from", "to"))
    cost = after - before if isinstance(before, int) and isinstance(after, int) else -1
    return {"character-cost": str(cost)} if cost >= 0 else {}
