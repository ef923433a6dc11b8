"""What ElevenLabs' API tells about voices, models and the account."""

from __future__ import annotations

import re
from collections.abc import Callable

from tts_async.testing.fake import elevenlabs_history as history
from tts_async.testing.fake.books import Books
from tts_async.testing.fake.elevenlabs_catalogue import MODELS, VOICES, StockVoice
from tts_async.testing.fake.elevenlabs_orders import SPEECH
from tts_async.testing.fake.fields import count
from tts_async.testing.fake.wire import Refused, Reply, Request, json_reply

MONTH_S = 30 * 86_400


def page(request: Request, books: Books) -> Reply:
    """Answer a request that is not for speech; raises `Refused`."""
    known = [(method, answer) for method, path, answer in PAGES if path.fullmatch(request.path)]
    for method, answer in known:
        if method == request.method:
            return answer(request, books)
    raise Refused("method_not_allowed" if known or SPEECH.fullmatch(request.path) else "not_found")


def _models(*_: object) -> Reply:
    return json_reply([model.told() for model in MODELS.values()])


def _voices(*_: object) -> Reply:
    return json_reply({"voices": [voice.told() for voice in VOICES.values()]})


def _voice(request: Request, _: Books) -> Reply:
    voice = request.path.rpartition("/")[2]
    if voice not in VOICES:
        raise Refused("voice_not_found", f"A voice with the voice_id '{voice}' was not found.")
    return json_reply(VOICES[voice].told())


def _voices_paged(request: Request, _: Books) -> Reply:
    search = request.query.get("search", "").lower()
    found = [voice for voice in VOICES.values() if search in _words(voice)]
    token = request.query.get("next_page_token", "0")
    start = int(token) if token.isdecimal() else 0
    end = start + count(request, "page_size", default=10, most=100)
    more = end < len(found)
    return json_reply(
        {
            "voices": [voice.told() for voice in found[start:end]],
            "has_more": more,
            "total_count": len(found),
            "next_page_token": str(end) if more else None,
        }
    )


def _words(voice: StockVoice) -> str:
    return f"{voice.name} {voice.gender} {voice.accent} {voice.description}".lower()


def _subscription(_: Request, books: Books) -> Reply:
    return json_reply(_plan(books))


def _user(_: Request, books: Books) -> Reply:
    return json_reply(
        {
            "user_id": "fake",
            "subscription": _plan(books),
            "is_new_user": False,
            "can_use_delayed_payment_methods": False,
            "is_onboarding_completed": True,
            "is_onboarding_checklist_completed": True,
            "created_at": 1_700_000_000,
            "seat_type": "workspace_admin",
        }
    )


def _plan(books: Books) -> dict[str, object]:
    return {
        "tier": "creator",
        "character_count": books.bill.credits,
        "character_limit": books.behaviour.character_limit,
        "max_character_limit_extension": None,
        "max_credit_limit_extension": 0,
        "can_extend_character_limit": False,
        "allowed_to_extend_character_limit": False,
        "next_character_count_reset_unix": int(books.epoch_s) + MONTH_S,
        "voice_slots_used": 0,
        "professional_voice_slots_used": 0,
        "professional_voice_slots_used_in_workspace": 0,
        "voice_limit": 30,
        "voice_add_edit_counter": 0,
        "professional_voice_limit": 1,
        "can_extend_voice_limit": False,
        "can_use_instant_voice_cloning": True,
        "can_use_professional_voice_cloning": True,
        "current_overage": {"amount": "0", "currency": "usd"},
        "currency": "usd",
        "status": "active",
        "billing_period": "monthly_period",
        "character_refresh_period": "monthly_period",
        "next_invoice": None,
        "open_invoices": [],
        "has_open_invoices": False,
    }


PAGES: tuple[tuple[str, re.Pattern[str], Callable[[Request, Books], Reply]], ...] = (
    ("GET", re.compile("/v1/models"), _models),
    ("GET", re.compile("/v2/voices"), _voices_paged),
    ("GET", re.compile("/v1/voices"), _voices),
    ("GET", re.compile("/v1/voices/[^/]+"), _voice),
    ("GET", re.compile("/v1/user/subscription"), _subscription),
    ("GET", re.compile("/v1/user"), _user),
    ("GET", re.compile("/v1/history"), history.listed),
    ("GET", re.compile("/v1/history/[^/]+"), history.one),
    ("DELETE", re.compile("/v1/history/[^/]+"), history.deleted),
    ("GET", re.compile("/v1/history/[^/]+/audio"), history.audio),
)
