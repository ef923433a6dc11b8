"""Questions to the providers' servers: voices, models, the account, and what was spoken."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import httpx
import pytest
import respx
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.fakes import patient
from tts_async.core.exchange import PLANNED, Found, SpeechResponse, Talk
from tts_async.core.plan import Chunk, Line, Voice
from tts_async.engine.client import HttpSender
from tts_async.errors import Busy, ProviderError, Rejected, Unavailable
from tts_async.providers.base import KnownVoice
from tts_async.providers.elevenlabs import ElevenLabsProvider
from tts_async.providers.openai import VOICES, OpenAIProvider

T = TypeVar("T")

ELEVENLABS, OPENAI = ElevenLabsProvider(), OpenAIProvider()
KOKORO = OpenAIProvider(base_url="http://127.0.0.1:8880")
API = "https://api.elevenlabs.io"
KEY = "k-secret-key"
NOBODY = Line(speaker="a", voice=Voice(id="nobody"), text="x", written="x")
RACHEL, GEORGE = "21m00Tcm4TlvDq8ikWAM", "JBFqnCBsd6RMkjVDRZzb"


async def asked(provider: ElevenLabsProvider | OpenAIProvider, talk: Talk[T], router: respx.Router) -> T:
    """Lead a talk with a server that the router plays."""
    async with httpx.AsyncClient(transport=httpx.MockTransport(router.async_handler)) as client:
        return await HttpSender(provider, client, key=KEY, settings=patient()).converse(talk)


def queries(route: respx.Route) -> list[dict[str, str]]:
    """What was asked for, call by call."""
    return [dict(call.request.url.params) for call in route.calls]


def voices(*ids: str, **more: object) -> httpx.Response:
    return httpx.Response(200, json={"voices": [{"voice_id": each, "name": each.upper()} for each in ids], **more})


# Voices of ElevenLabs


async def test_voices_come_page_by_page() -> None:
    """Until the server has no more; each voice once, in its order, and the key with every question."""
    router = respx.Router()
    route = router.get(f"{API}/v2/voices")
    route.side_effect = [
        voices("a", "b", has_more=True, next_page_token="2"),
        voices("b", "c", has_more=True, next_page_token="3"),
        voices("d", has_more=False, next_page_token="4"),
    ]
    found = await asked(ELEVENLABS, ELEVENLABS.list_voices(), router)
    assert [voice.id for voice in found] == ["a", "b", "c", "d"]
    tokens = [{}, {"next_page_token": "2"}, {"next_page_token": "3"}]
    assert queries(route) == [{"page_size": "100", **token} for token in tokens]
    assert [call.request.headers["xi-api-key"] for call in route.calls] == [KEY] * 3


@pytest.mark.parametrize(
    ("pages", "asked_for"),
    [
        ([{"has_more": True, "next_page_token": "1"}], 2),
        ([{"has_more": True, "next_page_token": str(n)} for n in range(2)], 100),
        ([{"has_more": True, "next_page_token": str(n)} for n in range(1_000)], 100),
        ([{"has_more": True}], 1),
        ([{"has_more": True, "next_page_token": ""}], 1),
        ([{"has_more": True, "next_page_token": 7}], 1),
        ([{"has_more": "yes", "next_page_token": "1"}], 1),
        ([{}], 1),
    ],
    ids=["one token", "two in turn", "always more", "no token", "empty token", "a number", "more or less", "neither"],
)
async def test_pages_come_to_an_end(pages: Sequence[Mapping[str, object]], asked_for: int) -> None:
    """A server that never says that it is done is not asked for ever."""
    router = respx.Router()
    route = router.get(f"{API}/v2/voices")
    route.side_effect = [voices("a", **pages[n % len(pages)]) for n in range(200)]
    assert await asked(ELEVENLABS, ELEVENLABS.list_voices(), router) == [KnownVoice(id="a", description="A")]
    assert route.call_count == asked_for


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        (
            [
                {
                    "voice_id": "v",
                    "name": "Ann",
                    "category": "premade",
                    "labels": {"accent": "dry", "age": "", "x": None},
                }
            ],
            [KnownVoice(id="v", description="Ann, premade, dry")],
        ),
        ([{"voice_id": "v"}], [KnownVoice(id="v", description="")]),
        ([{"voice_id": "v", "labels": ["a"]}], [KnownVoice(id="v", description="")]),
        ([{"voice_id": 7}, {"name": "Ann"}, "v", None], []),
        ({"voice_id": "v"}, []),
        (None, []),
    ],
    ids=["all", "only an id", "other labels", "no ids", "no list", "nothing"],
)
async def test_what_is_said_of_a_voice(listed: object, found: list[KnownVoice]) -> None:
    """Name, category and labels; what is no voice is left out."""
    router = respx.Router()
    router.get(f"{API}/v2/voices").respond(json={"voices": listed})
    assert await asked(ELEVENLABS, ELEVENLABS.list_voices(), router) == found


# Models and account of ElevenLabs

MODEL = {
    "model_id": "eleven_v3",
    "name": "Eleven v3",
    "can_do_text_to_speech": True,
    "can_use_style": False,
    "maximum_text_length_per_request": 3_000,
    "concurrency_group": "group_of_v3",
    "model_rates": {"character_cost_multiplier": 0.5},
}


async def test_models_are_planned_with() -> None:
    """Limit, group and cost of each that speaks, by our names; the provider that hears of them plans so."""
    others = [{**MODEL, "model_id": "sts", "can_do_text_to_speech": False}, {"model_id": None}, "x"]
    router = respx.Router()
    router.get(f"{API}/v1/models").respond(json=[MODEL, *others, {"model_id": "bare", "model_rates": []}])
    models = await asked(ELEVENLABS, ELEVENLABS.list_models(), router)
    assert models["eleven_v3"] == {
        "max_chars": 3_000,
        "group": "group_of_v3",
        "style": False,
        "name": "Eleven v3",
        "cost": 0.5,
    }
    assert models.keys() == {"eleven_v3", "bare"}
    assert set(models["bare"].values()) == {None}
    informed = ElevenLabsProvider(model="eleven_v3").informed(models)
    assert (informed.capabilities.max_size, informed.capabilities.family) == (3_000, "group_of_v3")
    assert informed.models["eleven_v3"]["cost"] == 0.5


async def test_the_subscription() -> None:
    """What people ask for, by ElevenLabs' names, and nothing else of it."""
    told = {"tier": "pro", "character_count": 7, "character_limit": 9, "next_character_count_reset_unix": 1}
    router = respx.Router()
    router.get(f"{API}/v1/user/subscription").respond(json={**told, "next_invoice": {"amount_due_cents": 9900}})
    assert await asked(ELEVENLABS, ELEVENLABS.subscription(), router) == told


# The history of ElevenLabs


def said(*texts: str, dialogue: bool = False) -> Chunk:
    ids = ["Rachel", GEORGE]
    lines = tuple(
        Line(speaker=str(n), voice=Voice(id=ids[n % 2] if dialogue else "Rachel"), text=text, written=text)
        for n, text in enumerate(texts)
    )
    return Chunk(index=0, section=0, lines=lines, language="en", pause_ms=0, start=0, end=9, dialogue=dialogue)


def item(number: int, text: str | None = None, **more: object) -> dict[str, object]:
    return {"history_item_id": f"item-{number}", "text": text, **more}


def history(*items: object, **more: object) -> httpx.Response:
    return httpx.Response(200, json={"history": list(items), "has_more": False, **more})


async def found(
    chunk: Chunk, *pages: httpx.Response, audio: int = 200, used: Sequence[str] = ()
) -> tuple[SpeechResponse | None, respx.Router]:
    """Look for a chunk on these pages of the history; also what was asked for."""
    router = respx.Router()
    router.get(f"{API}/v1/history", name="pages").side_effect = [*pages]
    router.get(url__regex=rf"{API}/v1/history/[^/]+/audio", name="audio").respond(audio, content=b"ID3")
    talk = ELEVENLABS.find(ELEVENLABS.request(chunk, PLANNED), since_s=1_234.9, used=used)
    found = await asked(ELEVENLABS, talk, router)
    assert not found.processing
    return found.response, router


async def test_what_was_spoken_is_fetched() -> None:
    """The one item with just that text and voice, since then, that is nobody else's answer."""
    items = history(item(1, "Hello"), item(2, "Hello."), item(3, "Hello."))
    answer, router = await found(said("Hello."), items, used=["item-3"])
    assert answer is not None
    assert (answer.status, answer.body) == (200, b"ID3")
    assert [call.request.url.path for call in router["audio"].calls] == ["/v1/history/item-2/audio"]
    wanted = {"page_size": "100", "sort_direction": "desc", "date_after_unix": "1234", "voice_id": RACHEL}
    assert queries(router["pages"]) == [wanted]


async def test_a_dialogue_is_found_by_its_turns() -> None:
    """It has several voices, and its text is in its turns."""
    turns = [{"text": "Hello.", "voice_id": RACHEL}, {"text": "Hi.", "voice_id": GEORGE}]
    others = [item(1, dialogue=turns[:1]), item(2, "", dialogue=None), item(3, "Hello."), item(4, "", dialogue=turns)]
    answer, router = await found(said("Hello.", "Hi.", dialogue=True), history(*others))
    assert answer is not None
    assert [call.request.url.path for call in router["audio"].calls] == ["/v1/history/item-4/audio"]
    assert "voice_id" not in queries(router["pages"])[0]


async def test_the_history_is_read_three_pages_back() -> None:
    """From where the last page ended; farther back nothing is lost that could be awaited."""
    pages = [history(item(n, "x"), has_more=True, last_history_item_id=f"item-{n}") for n in range(5)]
    answer, router = await found(said("Hello."), *pages)
    assert answer is None
    after = [each.get("start_after_history_item_id") for each in queries(router["pages"])]
    assert after == [None, "item-0", "item-1"]
    answer, _ = await found(said("Hello."), *pages[:2], history(item(9, "Hello.")))
    assert answer is not None


@pytest.mark.parametrize(
    ("page", "audio"),
    [
        (history(), 200),
        (history(item(1, "Hello")), 200),
        (history(item(1, " Hello.")), 200),
        (history(item(1, "Hello.")), 404),
        (history(item(1, "Hello.")), 500),
        (history(item(1, "Hello.", history_item_id=None)), 200),
        (history(item(1, "Hello.", history_item_id="../../user?x=")), 200),
        (history(item(1, "Hello.", history_item_id="a\nb")), 200),
        (history(None, "x", {}), 200),
        (history(has_more=True), 200),
        (history(has_more=True, last_history_item_id=7), 200),
        (httpx.Response(200, json={"history": "none"}), 200),
        (httpx.Response(200, json=[]), 200),
    ],
    ids=[
        "empty",
        "other",
        "almost",
        "gone",
        "broken",
        "no id",
        "a path",
        "a line",
        "junk",
        "more",
        "7",
        "text",
        "list",
    ],
)
async def test_nothing_is_found(page: httpx.Response, audio: int) -> None:
    """Then the chunk is lost as it was before; nobody else's speech is taken for it."""
    answer, router = await found(said("Hello."), page, audio=audio)
    assert answer is None
    assert router["pages"].call_count == 1
    assert router["audio"].call_count == (audio != 200)


async def test_a_history_that_cannot_be_read() -> None:
    """It is an error like others, and no sign that nothing was spoken."""
    with pytest.raises(Rejected, match="missing_permissions"):
        await found(said("Hello."), httpx.Response(401, json={"detail": {"status": "missing_permissions"}}))


# Refusals


@pytest.mark.parametrize("ask", ["list_voices", "list_models", "subscription"])
@pytest.mark.parametrize(
    ("status", "body", "kind", "says"),
    [
        (
            401,
            {"detail": {"status": "invalid_api_key", "message": "Bad."}},
            Rejected,
            "check the key in ELEVENLABS_API",
        ),
        (429, {"detail": {"code": "system_busy", "message": "Busy."}}, Busy, "Busy."),
        (404, {"detail": "Not Found"}, Rejected, "answered 404: Not Found"),
        (500, {}, Unavailable, "answered 500"),
        (302, {}, Rejected, "answered 302"),
    ],
)
async def test_a_question_that_elevenlabs_refuses(
    ask: str, status: int, body: object, kind: type[ProviderError], says: str
) -> None:
    """It is named as a refusal to speak is."""
    router = respx.Router()
    router.get(url__startswith=API).respond(status, json=body)
    with pytest.raises(kind, match=says) as caught:
        await asked(ELEVENLABS, getattr(ELEVENLABS, ask)(), router)
    assert caught.value.status == status


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"null", b"[" * 100_000])
@pytest.mark.parametrize("ask", ["list_voices", "list_models", "subscription"])
async def test_an_answer_that_is_no_json(ask: str, body: bytes) -> None:
    """It is a failure that names the question, and no empty list."""
    router = respx.Router()
    router.get(url__startswith=API).respond(200, content=body)
    with pytest.raises(Unavailable, match=r"ElevenLabs answered /v[12]/[a-z/]+ with something that is no JSON"):
        await asked(ELEVENLABS, getattr(ELEVENLABS, ask)(), router)


Json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["voices", "voice_id", "labels", "model_id", "model_rates", "data", "id", "history", "text"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@given(body=Json.filter(lambda each: each is not None), ask=st.sampled_from(["list_voices", "list_models", "find"]))
def test_any_answer_is_understood_or_refused(body: object, ask: str) -> None:
    """Whatever JSON a server sends, nothing but an error of ours comes of it."""
    response = SpeechResponse(status=200, headers={}, body=json.dumps(body).encode())
    for provider in (ELEVENLABS, KOKORO):
        if ask == "find":
            request = ELEVENLABS.request(said("Hello."), PLANNED)
            talk: Talk[Any] = ELEVENLABS.find(request, since_s=0.0, used=())
        else:
            talk = getattr(provider, ask)()
        next(talk)
        with pytest.raises((StopIteration, Unavailable)) as caught:
            talk.send(response)
        if isinstance(caught.value, StopIteration):
            assert isinstance(caught.value.value, (list, dict) if ask != "find" else Found)


# OpenAI and its like


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ({"voices": ["af_heart", "af_bella"]}, [("af_heart", ""), ("af_bella", "")]),
        ({"voices": [{"id": "af_heart", "name": "Heart"}]}, [("af_heart", "Heart")]),
        ({"voices": [{"voice_id": "v", "id": "i", "name": "i"}]}, [("v", "i")]),
        ({"voices": [{"name": "Ann", "id": 7}, {"gender": "f"}, 7, None, "x"]}, [("Ann", ""), ("x", "")]),
        (["alloy", "x"], [("alloy", ""), ("x", "")]),
    ],
    ids=["Kokoro", "objects", "three names", "junk", "a list alone"],
)
async def test_voices_of_another_server(body: object, wanted: list[tuple[str, str]]) -> None:
    """In each of the shapes in which such servers list them."""
    router = respx.Router()
    route = router.get("http://127.0.0.1:8880/v1/audio/voices")
    route.respond(json=body)
    listed = await asked(KOKORO, KOKORO.list_voices(), router)
    assert [(voice.id, voice.description) for voice in listed] == wanted
    assert route.calls.last.request.headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, b'{"detail": "Not Found"}'),
        (500, b"oops"),
        (302, b""),
        *((200, body) for body in (b"<html>", b"{}", b"[]", b'{"voices": {}}', b'"alloy"')),
    ],
)
async def test_a_server_that_lists_no_voices(status: int, body: bytes) -> None:
    """Then those of OpenAI are shown, which most such servers know."""
    router = respx.Router()
    router.get("http://127.0.0.1:8880/v1/audio/voices").respond(status, content=body)
    listed = await asked(KOKORO, KOKORO.list_voices(), router)
    assert {voice.id: voice.description for voice in listed} == VOICES


async def test_openai_itself_is_not_asked_for_voices() -> None:
    """It has no list to give."""
    router = respx.Router()
    listed = await asked(OPENAI, OPENAI.list_voices(), router)
    assert {voice.id: voice.description for voice in listed} == VOICES
    assert router.calls.call_count == 0


@pytest.mark.parametrize("status", [401, 403])
async def test_a_key_that_another_server_refuses(status: int) -> None:
    """It is said, and no list made up."""
    router = respx.Router()
    router.get("http://127.0.0.1:8880/v1/audio/voices").respond(status, json={"detail": "Invalid key"})
    with pytest.raises(Rejected, match=f"openai answered {status}: Invalid key") as caught:
        await asked(KOKORO, KOKORO.list_voices(), router)
    assert caught.value.stops_job


async def test_models_of_openai() -> None:
    """By their ids; nothing else is told of them."""
    router = respx.Router()
    router.get("https://api.openai.com/v1/models").respond(json={"data": [{"id": "tts-1"}, {"id": 7}, "x", {}]})
    assert await asked(OPENAI, OPENAI.list_models(), router) == {"tts-1": {"name": "tts-1"}}


@pytest.mark.parametrize(
    ("status", "body", "kind", "says"),
    [
        (200, b"<html>", Unavailable, "answered /models with no list of models"),
        (200, b'{"data": {}}', Unavailable, "answered /models with no list of models"),
        (200, b"[]", Unavailable, "answered /models with no list of models"),
        (
            401,
            b'{"error": {"code": "invalid_api_key", "message": "Bad."}}',
            Rejected,
            "check the key in OPENAI_API_KEY",
        ),
        (503, b"", Busy, "answered 503"),
    ],
)
async def test_models_that_are_not_told(status: int, body: bytes, kind: type[ProviderError], says: str) -> None:
    """It is an error, for they were asked for."""
    router = respx.Router()
    router.get("https://api.openai.com/v1/models").respond(status, content=body)
    with pytest.raises(kind, match=says):
        await asked(OPENAI, OPENAI.list_models(), router)
