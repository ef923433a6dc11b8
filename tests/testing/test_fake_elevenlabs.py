"""The fake answers, refuses and bills as ElevenLabs does."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.testing.asking import GEORGE, KEY, RACHEL, SARAH, SPEECH, dialogue, get, speak
from tts_async.testing.fake import Behaviour, FakeSpeech
from tts_async.testing.fake.elevenlabs_catalogue import MODELS, VOICES

IDS = list(VOICES)
V3 = {"model_id": "eleven_v3"}


async def test_an_answer_tells_what_it_cost_and_how_it_is_called() -> None:
    """The headers of a real capture; what is in flight only where there is a limit."""
    fake = FakeSpeech(Behaviour(concurrency=3))
    answer = await speak(fake, "Grüße 👋", output="mp3_44100_128")
    assert re.fullmatch("[0-9A-Za-z]{20}", answer.headers["request-id"])
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-trace-id"])
    assert answer.headers["history-item-id"] in fake.history
    told = {"content-type": "audio/mpeg", "character-cost": "7", "content-length": str(len(answer.content))}
    told |= {"current-concurrent-requests": "1", "maximum-concurrent-requests": "3", "tts-latency-ms": "0"}
    assert told.items() <= answer.headers.items()
    assert not [name for name in answer.headers if "ratelimit" in name or "retry" in name]


@pytest.mark.parametrize(
    "behaviour", [Behaviour(), Behaviour(concurrency=3, concurrency_headers=False)], ids=["no limit", "not told"]
)
async def test_what_is_in_flight_may_go_untold(behaviour: Behaviour) -> None:
    """The two headers are optional."""
    answer = await speak(FakeSpeech(behaviour))
    assert not [name for name in answer.headers if "concurrent" in name]


async def test_a_stream_has_no_length() -> None:
    """It is chunked, and otherwise the same."""
    answer = await speak(FakeSpeech(), path=f"{SPEECH}/stream")
    assert "content-length" not in answer.headers
    assert answer.headers["character-cost"] == "12"


async def test_without_a_key_nothing_is_told() -> None:
    """Neither a missing key nor OpenAI's way to send one is enough; any other key is."""
    fake = FakeSpeech()
    answers = [await get(fake, "/v1/user", headers) for headers in ({}, {"authorization": "Bearer k"}, KEY)]
    assert [answer.status_code for answer in answers] == [401, 401, 200]
    assert answers[0].json()["detail"]["code"] == "missing_api_key"


MISTAKES: dict[str, tuple[dict[str, object], int, str]] = {
    "unknown model": ({"model_id": "eleven_v9"}, 400, "model_not_found"),
    "v3 with text before": ({**V3, "previous_text": "Well."}, 400, "unsupported_model"),
    "v3 with text after": ({**V3, "next_text": "Well."}, 400, "unsupported_model"),
    "v3 with requests before": ({**V3, "previous_request_ids": ["a"]}, 400, "unsupported_model"),
    "v3 with nothing to say": ({**V3, "text": ""}, 400, "input_text_empty"),
    "v3 between its stabilities": ({**V3, "voice_settings": {"stability": 0.3}}, 400, "invalid_ttd_stability"),
    "too fast": ({"voice_settings": {"speed": 1.3}}, 400, "invalid_voice_settings"),
    "too slow": ({"voice_settings": {"speed": 0.6}}, 400, "invalid_voice_settings"),
    "no stability": ({"voice_settings": {"stability": 2}}, 422, "less_than_equal"),
    "four requests before": ({"previous_request_ids": ["a"] * 4}, 422, "too_long"),
    "four dictionaries": ({"pronunciation_dictionary_locators": [{}] * 4}, 422, "too_long"),
    "a dictionary without a name": ({"pronunciation_dictionary_locators": [{}]}, 422, "missing"),
    "text that is none": ({"text": 7}, 422, "string_type"),
    "seed that is none": ({"seed": True}, 422, "int_type"),
    "unknown normalization": ({"apply_text_normalization": "maybe"}, 422, "enum"),
}


@pytest.mark.parametrize(("body", "status", "code"), MISTAKES.values(), ids=MISTAKES)
async def test_mistakes_are_refused_in_its_words(body: dict[str, object], status: int, code: str) -> None:
    """With the status, in the shape and under the name that ElevenLabs has for it; nothing is billed."""
    fake = FakeSpeech()
    answer = await speak(fake, **{"text": "Hello.", **body})  # type: ignore[arg-type]
    assert answer.status_code == status
    detail = answer.json()["detail"]
    names = {detail[0]["type"]} if status == 422 else {detail.get("code"), detail["status"]}
    assert code in names
    assert fake.bill.requests == 0


@pytest.mark.parametrize(
    ("path", "output"),
    [(SPEECH, "mp3_1_1"), (f"{SPEECH}/stream", "wav_16000"), (f"{SPEECH}/stream/with-timestamps", "wav_16000")],
    ids=["unknown", "stream", "stream with timestamps"],
)
async def test_a_format_that_there_is_not(path: str, output: str) -> None:
    """A list of those that there are; WAV cannot be streamed."""
    answer = await speak(FakeSpeech(), path=path, output=output)
    assert answer.status_code == 422
    [fault] = answer.json()["detail"]
    assert fault["loc"] == ["query", "output_format"]
    assert "'pcm_16000'" in fault["msg"]
    assert output not in fault["msg"]


async def test_a_plan_may_not_include_a_format() -> None:
    """That is a 403, and only for those formats."""
    fake = FakeSpeech(Behaviour(forbidden_formats=frozenset({"mp3_44100_192"})))
    answers = [await speak(fake, output=name) for name in ("mp3_44100_192", "mp3_44100_128")]
    assert [answer.status_code for answer in answers] == [403, 200]
    assert answers[0].json()["detail"]["code"] == "invalid_output_format"


@pytest.mark.parametrize("content", [b"{", b"", b"[]"], ids=["malformed", "empty", "no object"])
async def test_a_body_that_is_none(content: bytes) -> None:
    """422, as FastAPI says it."""
    async with FakeSpeech().client("http://fake") as client:
        answer = await client.post(SPEECH, headers=KEY, content=content)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body"]


async def test_a_missing_field_is_named() -> None:
    """Where it is missing."""
    async with FakeSpeech().client("http://fake") as client:
        answer = await client.post("/v1/text-to-dialogue", headers=KEY, json={"inputs": [{"text": "Hi."}]})
    assert answer.json()["detail"][0]["loc"] == ["body", "inputs", 0, "voice_id"]


@pytest.mark.parametrize("model", ["eleven_v3", "eleven_flash_v2"])
async def test_a_text_may_be_a_tenth_longer_than_documented(model: str) -> None:
    """One more is too long, and the message quotes the documented number."""
    fake, limit = FakeSpeech(Behaviour(s_per_char=0.0001)), MODELS[model].max_chars
    most, more = [await speak(fake, "a" * chars, model_id=model) for chars in (limit * 11 // 10, limit * 11 // 10 + 1)]
    assert most.status_code == 200
    assert more.json()["detail"]["code"] == "text_too_long"
    assert more.json()["detail"]["status"] == "max_character_limit_exceeded"
    said = f"Request text length ({limit * 11 // 10 + 1}) exceeds the maximum text length of {limit} characters"
    assert more.json()["detail"]["message"] == said


async def test_a_dialogue_is_measured_as_a_whole() -> None:
    """Two halves that are too long together."""
    fake = FakeSpeech()
    answer = await dialogue(fake, (RACHEL, "a" * 3_000), (GEORGE, "b" * 3_000))
    assert answer.json()["detail"]["code"] == "text_too_long"


async def test_a_dialogue_needs_somebody_who_speaks() -> None:
    """No lines, no dialogue."""
    answer = await dialogue(FakeSpeech())
    assert (answer.status_code, answer.json()["detail"][0]["type"]) == (422, "too_short")


@pytest.mark.parametrize(
    ("path", "query", "kind"),
    [
        (SPEECH, {"enable_logging": "perhaps"}, "bool_parsing"),
        ("/v2/voices", {"page_size": "many"}, "int_parsing"),
        ("/v1/history", {"page_size": "0"}, "greater_than_equal"),
    ],
)
async def test_queries_are_read_as_strictly(path: str, query: dict[str, str], kind: str) -> None:
    """422, and the parameter's name."""
    async with FakeSpeech().client("http://fake") as client:
        method, body = ("POST", {"text": "Hi."}) if path == SPEECH else ("GET", None)
        answer = await client.request(method, path, params=query, headers=KEY, json=body)
    [fault] = answer.json()["detail"]
    assert (answer.status_code, fault["type"], fault["loc"]) == (422, kind, ["query", *query])


async def test_ten_voices_are_enough() -> None:
    """Eleven are too many; the same voice twice counts once."""
    fake = FakeSpeech()
    statuses = [
        (await dialogue(fake, *((voice, "Hi.") for voice in voices))).status_code
        for voices in ([*IDS[:10], IDS[0]], IDS[:11])
    ]
    assert statuses == [200, 400]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"settings": {"stability": 0.5}}, 200),
        ({"settings": {"stability": 0.4}}, 400),
        ({"model_id": "eleven_v4", "previous_text": "a" * 100}, 200),
        ({"model_id": "eleven_v4", "previous_text": "a" * 101}, 422),
        ({"future_text": "Well."}, 400),
        ({"model_id": "eleven_multilingual_v2"}, 400),
    ],
    ids=["settings", "between", "context", "too much context", "v3 has none", "v2 has no dialogue"],
)
async def test_dialogues_have_fields_of_their_own(body: dict[str, object], status: int) -> None:
    """`settings`, not `voice_settings`, and little context, for the models that know it."""
    assert (await dialogue(FakeSpeech(), (RACHEL, "Hi."), (SARAH, "Ho."), **body)).status_code == status  # type: ignore[arg-type]


async def test_stability_may_be_free() -> None:
    """Reports differ on whether it is, so it can be set."""
    fake = FakeSpeech(Behaviour(strict_stability=False))
    assert (await speak(fake, **V3, voice_settings={"stability": 0.3})).status_code == 200


@pytest.mark.parametrize(
    ("model", "text", "cost"),
    [
        ("eleven_v3", "[laughs] Hi.", 12),
        ("eleven_flash_v2_5", "a" * 55, 28),
        ("eleven_multilingual_v2", "", 1),
        ("eleven_flash_v2", "", 0),
        ("eleven_multilingual_v2", "🎉🎉", 2),
    ],
    ids=["tags count", "half, rounded up", "nothing costs one", "or none", "code points"],
)
async def test_what_a_text_costs(model: str, text: str, cost: int) -> None:
    """In credits, told by the header and on the bill; what stands before and after is free."""
    fake = FakeSpeech()
    context = {"previous_text": "Before. " * 10} if MODELS[model].context else {}
    answer = await speak(fake, text, model_id=model, **context)
    assert (answer.headers["character-cost"], fake.bill.credits) == (str(cost), cost)
    assert fake.bill.characters == len(text)


async def test_what_is_not_logged_is_not_stored() -> None:
    """But billed."""
    fake = FakeSpeech()
    async with fake.client("http://fake") as client:
        answer = await client.post(f"{SPEECH}?enable_logging=false", headers=KEY, json={"text": "Hi."})
    assert answer.headers["history-item-id"] == "not_stored"
    assert fake.bill.texts == {"Hi.": 1}
    assert fake.history == {}


async def test_a_plan_ends() -> None:
    """A request that costs more than what is left is refused; a cheaper one is not."""
    fake = FakeSpeech(Behaviour(character_limit=30))
    answers = [await speak(fake, "a" * chars) for chars in (20, 11, 10)]
    assert [answer.status_code for answer in answers] == [200, 401, 200]
    assert answers[1].json()["detail"]["status"] == "quota_exceeded"
    told = (await get(fake, "/v1/user/subscription")).json()
    assert (told["character_count"], told["character_limit"]) == (30, 30)


@pytest.mark.parametrize(
    "path", [f"/v1/text-to-speech/{'x' * 20}", "/v1/voices/nobody", "/v1/history/nothing", "/v1/history/nothing/audio"]
)
async def test_what_there_is_not(path: str) -> None:
    """404, with a name for it."""
    fake = FakeSpeech()
    answer = await (speak(fake, path=path) if "speech" in path else get(fake, path))
    assert answer.status_code == 404
    assert answer.json()["detail"]["code"].endswith("_not_found")


@pytest.mark.parametrize(("path", "status"), [("/v1/nothing", 404), (SPEECH, 405)], ids=["path", "method"])
async def test_where_nothing_lives(path: str, status: int) -> None:
    """The router answers, in few words."""
    answer = await get(FakeSpeech(), path)
    assert answer.status_code == status
    assert isinstance(answer.json()["detail"], str)


async def test_voices_come_in_pages() -> None:
    """Page after page gives every voice once; a search finds names and descriptions."""
    fake, found, token = FakeSpeech(), [], "0"
    while token:
        page = (await get(fake, "/v2/voices", next_page_token=token, page_size="7")).json()
        found += [voice["voice_id"] for voice in page["voices"]]
        token = page["next_page_token"]
        assert page["has_more"] == bool(token)
    assert found == IDS
    searched = (await get(fake, "/v2/voices", search="rachel")).json()
    assert [voice["voice_id"] for voice in searched["voices"]] == [RACHEL]
    assert (await get(fake, "/v2/voices", page_size="101")).status_code == 422


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/v1/voices", lambda told: [voice["voice_id"] for voice in told["voices"]] == IDS),
        (f"/v1/voices/{GEORGE}", lambda told: told["name"] == "George"),
        ("/v1/models", lambda told: [model["model_id"] for model in told] == list(MODELS)),
        ("/v1/user", lambda told: told["subscription"]["character_count"] == 0),
    ],
    ids=["voices", "voice", "models", "user"],
)
async def test_pages(path: str, names: object) -> None:
    """What the account can use."""
    assert callable(names)
    assert names((await get(FakeSpeech(), path)).json())


async def fill(fake: FakeSpeech) -> None:
    for number in range(5):
        await speak(fake, f"Sentence {number}.", model_id="eleven_flash_v2" if number % 2 else "eleven_v3")
    await dialogue(fake, (GEORGE, "Hi."), (SARAH, "Ho."))


def texts(answer: httpx.Response) -> list[str]:
    return [item["text"] or "dialogue" for item in answer.json()["history"]]


async def test_the_history_comes_in_pages_newest_first() -> None:
    """As many as asked for, after the one that was last."""
    fake, seen, last = FakeSpeech(), [], ""
    await fill(fake)
    for more in (True, True, False):
        answer = await get(fake, "/v1/history", page_size="2", start_after_history_item_id=last)
        seen += texts(answer)
        last = answer.json()["last_history_item_id"]
        assert answer.json()["has_more"] is more
    oldest = await get(fake, "/v1/history", page_size="1", sort_direction="asc")
    assert texts(oldest) == ["Sentence 0."]
    assert seen == ["dialogue", *(f"Sentence {number}." for number in (4, 3, 2, 1, 0))]


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"model_id": "eleven_v3"}, 4),
        ({"voice_id": GEORGE}, 1),
        ({"search": "sentence 3"}, 1),
        ({"date_after_unix": "1000"}, 6),
        ({"date_after_unix": "1001"}, 0),
        ({"date_before_unix": "1000"}, 0),
    ],
    ids=["model", "voice", "words", "after", "later", "before"],
)
async def test_the_history_can_be_searched(filters: dict[str, str], count: int) -> None:
    """By what the specification names."""
    fake = FakeSpeech(Behaviour(epoch_s=1_000.0))
    await fill(fake)
    assert len(texts(await get(fake, "/v1/history", **filters))) == count


async def test_the_history_holds_what_was_billed() -> None:
    """The bytes that were sent, also after the bill; deleting them changes no bill."""
    fake = FakeSpeech()
    answer = await speak(fake, "Hello.", output="mp3_44100_64")
    item = f"/v1/history/{answer.headers['history-item-id']}"
    told = (await get(fake, item)).json()
    assert (told["text"], told["request_id"]) == ("Hello.", answer.headers["request-id"])
    assert told["character_count_change_to"] - told["character_count_change_from"] == 6
    audio = await get(fake, f"{item}/audio")
    assert (audio.content, audio.headers["content-type"]) == (answer.content, "audio/mpeg")
    async with fake.client("http://fake") as client:
        assert (await client.delete(item, headers=KEY)).json() == {"status": "ok"}
    assert (await get(fake, item)).status_code == 404
    assert fake.bill.texts == {"Hello.": 1}
