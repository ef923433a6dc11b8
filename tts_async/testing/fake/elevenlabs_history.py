"""ElevenLabs' history: the clips that were made, the newest first."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tts_async.testing.fake.books import Books, Item
from tts_async.testing.fake.fields import count
from tts_async.testing.fake.wire import Refused, Reply, Request, json_reply

FILTERS: Mapping[str, Callable[[Item, str], bool]] = {
    "voice_id": lambda item, value: value in {line.voice for line in item.order.lines},
    "model_id": lambda item, value: item.order.model == value,
    "search": lambda item, value: value.lower() in item.order.text.lower(),
    "date_after_unix": lambda item, value: value.isdecimal() and int(item.epoch_s) >= int(value),
    "date_before_unix": lambda item, value: value.isdecimal() and int(item.epoch_s) < int(value),
}
"""Query parameter -> whether an item passes it."""


def listed(request: Request, books: Books) -> Reply:
    """A page of the history."""
    found = [item for item in books.history.values() if _passes(item, request)]
    if request.query.get("sort_direction", "desc") == "desc":
        found.reverse()
    start = 0
    if after := request.query.get("start_after_history_item_id"):
        ids = [item.item_id for item in found]
        start = ids.index(after) + 1 if after in ids else len(ids)
    size = count(request, "page_size", default=100, most=1000)
    page = found[start : start + size]
    return json_reply(
        {
            "history": [told(item, books) for item in page],
            "last_history_item_id": page[-1].item_id if page else None,
            "has_more": start + size < len(found),
            "scanned_until": None,
        }
    )


def _passes(item: Item, request: Request) -> bool:
    return all(passes(item, request.query[name]) for name, passes in FILTERS.items() if name in request.query)


def told(item: Item, books: Books) -> dict[str, object]:
    """An item as the API tells it; a dialogue has its words in ``dialogue`` only."""
    order = item.order
    first = None if order.dialogue else order.lines[0]
    said = [{"text": line.text, "voice_id": line.voice, "voice_name": line.voice_name} for line in order.lines]
    return {
        "history_item_id": item.item_id,
        "request_id": item.made.request_id,
        "voice_id": first and first.voice,
        "voice_name": first and first.voice_name,
        "voice_category": first and "premade",
        "model_id": order.model,
        "text": first and first.text,
        "date_unix": int(item.epoch_s),
        "character_count_change_from": item.credits_before,
        "character_count_change_to": item.credits_before + order.credits,
        "content_type": order.format.content_type,
        "output_format": order.format.name,
        "state": "created" if item.epoch_s + books.behaviour.processing_s <= books.epoch_s else "processing",
        "settings": {},
        "share_link_id": None,
        "source": "TTD" if order.dialogue else "TTS",
        "alignments": None,
        "dialogue": said if order.dialogue else None,
    }


def one(request: Request, books: Books) -> Reply:
    """One item."""
    return json_reply(told(_item(request, books), books))


def audio(request: Request, books: Books) -> Reply:
    """The very bytes that were billed."""
    item = _item(request, books)
    headers = {"content-type": item.order.format.content_type, "content-length": str(len(item.audio))}
    return Reply(status=200, headers=headers, body=item.audio)


def deleted(request: Request, books: Books) -> Reply:
    """Forget an item; the bill stays as it is."""
    del books.history[_item(request, books).item_id]
    return json_reply({"status": "ok"})


def _item(request: Request, books: Books) -> Item:
    item_id = request.path.split("/")[3]
    if item_id not in books.history:
        raise Refused("history_item_not_found", f"A history item with the ID {item_id} was not found.")
    return books.history[item_id]
