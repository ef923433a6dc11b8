"""What ElevenLabs is asked for, what is refused before it is, and what is planned with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_async import providers
from tts_async.core.exchange import PLANNED, SpeechRequest, Take
from tts_async.core.plan import Chunk, Line, Voice
from tts_async.errors import ConfigError, DigestError
from tts_async.providers.elevenlabs import ElevenLabsProvider
from tts_async.providers.elevenlabs_models import MODELS
from tts_async.providers.elevenlabs_voices import STOCK

RACHEL, GEORGE = "21m00Tcm4TlvDq8ikWAM", "JBFqnCBsd6RMkjVDRZzb"
NO_SETTINGS: Mapping[str, object] = {}
DICTIONARY = {"pronunciation_dictionary_id": "d"}
AROUND = {"before": "It rained.", "after": "The sun comes."}
NEIGHBOURS = Take(previous_ids=("a", "b", "c", "d"), next_ids=("e", "f", "g", "h"))
BY_IDS = {"previous_request_ids": ["b", "c", "d"], "next_request_ids": ["e", "f", "g"]}

Told = tuple[str, Mapping[str, object]]


def said(*voices: str | Told, language: str = "en", **more: Any) -> Chunk:
    """A chunk in which each of the voices says a line."""
    told = [(each, NO_SETTINGS) if isinstance(each, str) else each for each in voices or (RACHEL,)]
    lines = tuple(
        Line(speaker=voice, voice=Voice(id=voice, settings=settings), text="Yes.", written="Yes.")
        for voice, settings in told
    )
    return Chunk(index=3, section=0, lines=lines, language=language, pause_ms=0, start=0, end=4 * len(lines), **more)


def asked(
    spec: str, chunk: Chunk, take: Take = PLANNED, *, options: Mapping[str, object] = NO_SETTINGS
) -> SpeechRequest:
    return providers.find(spec, options).request(chunk, take)


def made(spec: str, **options: object) -> ElevenLabsProvider:
    provider = providers.find(spec, options)
    assert isinstance(provider, ElevenLabsProvider)
    return provider


# What is refused


@pytest.mark.parametrize(
    ("spec", "options", "voices", "says"),
    [
        ("elevenlabs", {}, ["Nobody"], r"has no voice 'Nobody': an id is 20 letters"),
        ("elevenlabs", {}, [RACHEL[:-1] + "-"], r"has no voice"),
        ("elevenlabs", {}, [RACHEL + "/stream"], r"has no voice"),
        ("elevenlabs", {"region": "eu"}, ["Nobody"], r"has no voice 'Nobody'"),
        ("elevenlabs", {"check_voices": False}, ["../user"], r"has no voice '\.\./user'"),
        ("elevenlabs", {"check_voices": False}, ["a" * 65], r"has no voice"),
        ("elevenlabs", {}, [(RACHEL, {"speed": 0.69})], r"speed of ElevenLabs is 0\.69; it takes .* 0\.7 to 1\.2"),
        ("elevenlabs", {}, [(RACHEL, {"speed": 1.21})], r"from 0\.7 to 1\.2"),
        ("elevenlabs", {}, [(RACHEL, {"speed": float("nan")})], r"from 0\.7 to 1\.2"),
        ("elevenlabs", {}, [(RACHEL, {"stability": 1.1})], r"stability of ElevenLabs is 1\.1; it takes .* 0 to 1"),
        ("elevenlabs", {}, [(RACHEL, {"stability": True})], r"takes a number from 0 to 1"),
        ("elevenlabs", {}, [(RACHEL, {"style": 1.1})], r"takes a number from 0 to 1"),
        ("elevenlabs", {}, [(RACHEL, {"similarity_boost": -0.1})], r"takes a number from 0 to 1"),
        ("elevenlabs", {}, [(RACHEL, {"use_speaker_boost": 1})], r"takes true or false"),
        ("elevenlabs", {}, [(RACHEL, {"pitch": 1})], r"knows no voice setting 'pitch'; it knows similarity_boost, s"),
        ("elevenlabs:eleven_v3", {}, [(RACHEL, {"stability": 0.3})], r"is 0\.3; eleven_v3 takes 0\.0, 0\.5, 1\.0"),
    ],
)
def test_a_voice_that_cannot_be(spec: str, options: dict[str, object], voices: list[str | Told], says: str) -> None:
    """Voices and their settings are refused before anything is sent, alone and in a dialogue."""
    with pytest.raises(ConfigError, match=says):
        asked(spec, said(*voices), options=options)
    with pytest.raises(ConfigError, match=says):
        asked(spec, said(*voices, dialogue=True), options=options)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"pitch": 1}, r"ElevenLabs knows no option 'pitch'; it knows apply_"),
        ({"output_format": "mp3"}, r"output_format of ElevenLabs is 'mp3'; it takes one of mp3_22050_32, "),
        ({"output_format": ["mp3"]}, r"it takes one of"),
        ({"seed": -1}, r"a whole number, 0 to 4294967295"),
        ({"seed": 2**32}, r"a whole number, 0 to 4294967295"),
        ({"seed": True}, r"a whole number"),
        ({"region": "mars"}, r"one of global, us, eu, in, sg"),
        ({"language_code": ""}, r"1 to 8 characters"),
        ({"enable_logging": "no"}, r"true or false"),
        ({"max_chars": 0}, r"a whole number, 1 to"),
        ({"pronunciation_dictionary_locators": [DICTIONARY] * 4}, r"1 to 3 objects"),
        ({"pronunciation_dictionary_locators": []}, r"1 to 3 objects"),
        ({"pronunciation_dictionary_locators": DICTIONARY}, r"1 to 3 objects"),
        ({"pronunciation_dictionary_locators": [{"version_id": "v"}]}, r"1 to 3 objects"),
        ({"pronunciation_dictionary_locators": [DICTIONARY | {"alias": "x"}]}, r"1 to 3 objects"),
        ({"pronunciation_dictionary_locators": [{"pronunciation_dictionary_id": ""}]}, r"1 to 3 objects"),
    ],
    ids=lambda each: "-".join(each) if isinstance(each, dict) else "",
)
def test_an_option_that_cannot_be(options: dict[str, object], says: str) -> None:
    """Refused when the provider is made, when a digest sets it, and where it was remembered."""
    with pytest.raises(ConfigError, match=says):
        made("elevenlabs", **options)
    with pytest.raises(ConfigError, match=says):
        made("elevenlabs").configured(options)
    with pytest.raises(ConfigError, match=says):
        made("elevenlabs").corrected(options)


def test_ten_voices_are_a_dialogue_and_eleven_are_not() -> None:
    """A voice under its name and under its id is one."""
    ten = list(STOCK)[:10]
    inputs = asked("elevenlabs", said(*ten, *ten, "rachel", dialogue=True)).body["inputs"]
    assert isinstance(inputs, list)
    assert [each["voice_id"] for each in inputs] == [*ten, *ten, RACHEL]
    with pytest.raises(DigestError, match="chunk 3: 11 voices are in one dialogue request; ElevenLabs takes 10"):
        asked("elevenlabs", said(*list(STOCK)[:11], dialogue=True))


def test_one_voice_a_request_without_a_dialogue() -> None:
    """What was planned for one voice is never spoken in another."""
    with pytest.raises(DigestError, match="chunk 3: eleven_multilingual_v2 speaks with one voice"):
        asked("elevenlabs", said(RACHEL, GEORGE))


@pytest.mark.parametrize("settings", [{"stability": 1.0}, {}])
def test_a_dialogue_has_one_stability(settings: Mapping[str, object]) -> None:
    """Voices that want several are refused, also where one of them wants none."""
    voices = [(RACHEL, {"stability": 0.5}), (GEORGE, settings)]
    with pytest.raises(ConfigError, match="has one stability, and its voices have 2"):
        asked("elevenlabs", said(*voices, dialogue=True))
    same = [(RACHEL, {"stability": 0.5, "similarity_boost": 0.1}), (GEORGE, {"stability": 0.5})]
    assert asked("elevenlabs", said(*same, dialogue=True)).body["settings"] == {"stability": 0.5}
    assert "settings" not in asked("elevenlabs", said(RACHEL, GEORGE, dialogue=True)).body


@pytest.mark.parametrize("stability", [0, 0.5, 1, 0.3])
def test_the_steps_of_v3_can_be_doubted(stability: float) -> None:
    """Whether the server still insists is not known, so it can be asked."""
    voice = (RACHEL, {"stability": stability})
    checked = {} if stability != 0.3 else {"check_stability": False}
    wanted = {"stability": stability}
    assert asked("elevenlabs:eleven_v3", said(voice), options=checked).body["voice_settings"] == wanted
    assert asked("elevenlabs", said(voice, dialogue=True), options=checked).body["settings"] == wanted
    assert asked("elevenlabs", said(voice)).body["voice_settings"] == wanted


# Voices and servers


@pytest.mark.parametrize(
    ("voice", "options", "sent"),
    [
        ("Rachel", {}, RACHEL),
        ("gEORGE", {}, GEORGE),
        (RACHEL, {}, RACHEL),
        ("0123456789abcdefghij", {}, "0123456789abcdefghij"),
        ("alloy", {"check_voices": False}, "alloy"),
        ("George", {"check_voices": False}, GEORGE),
        ("my_voice-2", {"check_voices": False}, "my_voice-2"),
    ],
)
def test_the_id_of_a_voice(voice: str, options: dict[str, object], sent: str) -> None:
    """Stock voices go by their names, others by their ids."""
    assert asked("elevenlabs", said(voice), options=options).path == f"/v1/text-to-speech/{sent}"


@pytest.mark.parametrize(
    ("spec", "options", "base_url", "origin", "required"),
    [
        ("elevenlabs", {}, "https://api.elevenlabs.io", "elevenlabs/api", True),
        ("elevenlabs", {"region": "global"}, "https://api.elevenlabs.io", "elevenlabs/api", True),
        ("elevenlabs", {"region": "us"}, "https://api.us.elevenlabs.io", "elevenlabs/api", True),
        ("elevenlabs", {"region": "eu"}, "https://api.eu.residency.elevenlabs.io", "elevenlabs/api", True),
        ("elevenlabs", {"region": "in"}, "https://api.in.residency.elevenlabs.io", "elevenlabs/api", True),
        ("elevenlabs", {"region": "sg"}, "https://api.sg.residency.elevenlabs.io", "elevenlabs/api", True),
        ("elevenlabs+https://api.us.elevenlabs.io/", {}, "https://api.us.elevenlabs.io", "elevenlabs/api", True),
        ("elevenlabs+http://[::1]:90", {}, "http://[::1]:90", "elevenlabs/http://[::1]:90", False),
    ],
)
def test_where_it_is_asked(spec: str, options: dict[str, object], base_url: str, origin: str, required: bool) -> None:
    """All regions speak alike, so what one said need not be bought of another; an own server is itself."""
    provider = made(spec, **options)
    assert provider.base_url == base_url
    assert provider.request(said(), PLANNED).origin == origin
    assert (provider.auth.header, provider.auth.required) == ("xi-api-key", required)
    assert repr(provider) == f"<ElevenLabsProvider eleven_multilingual_v2 at {base_url}>"


# What is sent


@pytest.mark.parametrize("dialogue", [False, True])
@pytest.mark.parametrize("take", [PLANNED, NEIGHBOURS], ids=["planned", "with neighbours"])
def test_v3_hears_nothing_of_its_neighbours(take: Take, dialogue: bool) -> None:
    """It refuses requests that tell it of the text around, or of other requests."""
    body = asked("elevenlabs:eleven_v3", said(dialogue=dialogue, **AROUND), take).body
    assert body.keys() == {"model_id", "inputs" if dialogue else "text"}


@pytest.mark.parametrize(
    ("spec", "options", "dialogue", "take", "around"),
    [
        ("elevenlabs", {}, False, NEIGHBOURS, BY_IDS),
        ("elevenlabs:eleven_v4", {}, False, NEIGHBOURS, BY_IDS),
        ("elevenlabs", {}, False, PLANNED, {"previous_text": "It rained.", "next_text": "The sun comes."}),
        (
            "elevenlabs",
            {},
            False,
            Take(next_ids=("n",)),
            {"previous_text": "It rained.", "next_request_ids": ["n"]},
        ),
        (
            "elevenlabs",
            {"enable_logging": False},
            False,
            NEIGHBOURS,
            {"previous_text": "It rained.", "next_text": "The sun comes."},
        ),
        ("elevenlabs:eleven_v4", {}, True, NEIGHBOURS, {}),
        ("elevenlabs:eleven_v4", {"dialogue_context": True}, True, NEIGHBOURS, BY_IDS),
        (
            "elevenlabs:eleven_v4",
            {"dialogue_context": True, "enable_logging": False},
            True,
            NEIGHBOURS,
            {"previous_text": "It rained.", "future_text": "The sun comes."},
        ),
        (
            "elevenlabs",
            {"dialogue_context": True},
            False,
            PLANNED,
            {"previous_text": "It rained.", "next_text": "The sun comes."},
        ),
    ],
    ids=["ids", "v4", "text", "both", "no logs", "dialogue", "dialogue ids", "dialogue no logs", "not in a dialogue"],
)
def test_what_is_told_of_the_neighbours(
    spec: str, options: dict[str, object], dialogue: bool, take: Take, around: Mapping[str, object]
) -> None:
    """The nearest three ids of each side, else the text; no ids where the server keeps nothing."""
    body = asked(spec, said(dialogue=dialogue, **AROUND), take, options=options).body
    told = {name: value for name, value in body.items() if name.startswith(("previous", "next", "future"))}
    assert told == around


@pytest.mark.parametrize(
    ("spec", "options", "language", "dialogue", "code"),
    [
        ("elevenlabs:eleven_flash_v2_5", {}, "de", False, "de"),
        ("elevenlabs:eleven_turbo_v2_5", {}, "PT-br", False, "pt"),
        ("elevenlabs:eleven_v3", {}, "fr_CA", False, "fr"),
        ("elevenlabs:eleven_v3", {}, "fr", True, "fr"),
        ("elevenlabs:eleven_v3", {}, "en-GB", False, None),
        ("elevenlabs:eleven_v3", {"language_code": "en"}, "de", False, "en"),
        ("elevenlabs:eleven_v4", {"language_code": "ja"}, "en", True, "ja"),
        ("elevenlabs", {}, "de", False, None),
        ("elevenlabs", {"language_code": "de"}, "de", False, None),
        ("elevenlabs", {"language_code": "de"}, "en", True, "de"),
        ("elevenlabs:eleven_flash_v2", {"language_code": "de"}, "de", False, None),
        ("elevenlabs:unheard_of", {"language_code": "de"}, "de", False, None),
    ],
)
def test_the_language(spec: str, options: dict[str, object], language: str, dialogue: bool, code: str | None) -> None:
    """It is told to models that know the field, where it is another than English or was asked for."""
    assert asked(spec, said(language=language, dialogue=dialogue), options=options).body.get("language_code") == code


@given(seed=st.integers(0, 2**32 - 1), number=st.integers(1, 1_000))
def test_each_take_has_another_seed(seed: int, number: int) -> None:
    """The first has the one that was asked for, and all are seeds that the server takes."""
    provider = made("elevenlabs", seed=seed)
    seeds = [provider.request(said(), Take(number=each)).body["seed"] for each in (1, number, number + 1)]
    assert seeds[0] == seed
    assert seeds[2] != seeds[1]
    assert all(isinstance(each, int) and 0 <= each < 2**32 for each in seeds)
    assert seeds[1] == (seed + number - 1) % 2**32


def test_what_only_speech_knows_is_not_sent_with_a_dialogue() -> None:
    """Normalisation by language is no field of dialogues; the other options are of both."""
    options = {
        "apply_language_text_normalization": True,
        "apply_text_normalization": "on",
        "pronunciation_dictionary_locators": [DICTIONARY] * 3,
    }
    alone, together = (asked("elevenlabs", said(dialogue=each), options=options).body for each in (False, True))
    assert alone.keys() - together.keys() == {"apply_language_text_normalization", "text"}
    assert together["apply_text_normalization"] == "on"
    assert together["pronunciation_dictionary_locators"] == [DICTIONARY] * 3


@pytest.mark.parametrize(
    ("spec", "sent"),
    [
        ("elevenlabs", {"speed", "style", "similarity_boost"}),
        ("elevenlabs:eleven_flash_v2_5", {"speed", "similarity_boost"}),
        ("elevenlabs:eleven_v4", {"similarity_boost"}),
        ("elevenlabs:unheard_of", {"similarity_boost"}),
    ],
)
def test_settings_that_a_model_does_not_know_are_left_out(spec: str, sent: set[str]) -> None:
    """They would be ignored, and would make the same speech another purchase."""
    voice = (RACHEL, {"speed": 1.1, "style": 0.2, "similarity_boost": 0})
    settings = asked(spec, said(voice)).body["voice_settings"]
    assert isinstance(settings, dict)
    assert settings.keys() == sent


# What is planned with


def able(provider: ElevenLabsProvider, *names: str) -> tuple[object, object]:
    """Some capabilities for one speaker, and for several."""
    alone = provider.capabilities
    together = alone.in_dialogue
    return [getattr(alone, each) for each in names], together and [getattr(together, each) for each in names]


@pytest.mark.parametrize(
    ("spec", "options", "alone", "together"),
    [
        (
            "elevenlabs",
            {},
            [10_000, "standard_eleven_multilingual_v2", False, 300, 0, True],
            [5_000, "standard_eleven_multilingual_v2", True, 300, 0, False],
        ),
        (
            "elevenlabs:eleven_v3",
            {},
            [5_000, "standard_eleven_v3", True, 0, 0, False],
            [5_000, "standard_eleven_v3", True, 0, 0, False],
        ),
        (
            "elevenlabs:eleven_v4",
            {"dialogue_context": True},
            [10_000, "standard_eleven_v4", True, 300, 0, True],
            [10_000, "standard_eleven_v4", True, 300, 100, True],
        ),
        (
            "elevenlabs:eleven_v4",
            {"dialogue_context": True, "enable_logging": False},
            [10_000, "standard_eleven_v4", True, 300, 0, False],
            [10_000, "standard_eleven_v4", True, 300, 100, False],
        ),
        ("elevenlabs:eleven_flash_v2_5", {}, [40_000, "standard_eleven_flash_v2_5", False, 300, 0, True], None),
        ("elevenlabs:eleven_turbo_v2", {}, [30_000, "standard_eleven_turbo_v2", False, 300, 0, True], None),
        ("elevenlabs:unheard_of", {}, [2_500, "standard_unheard_of", False, 0, 0, False], None),
        (
            "elevenlabs",
            {"dialogue_model": "eleven_flash_v2"},
            [10_000, "standard_eleven_multilingual_v2", False, 300, 0, True],
            None,
        ),
        (
            "elevenlabs",
            {"max_chars": 7_000},
            [7_000, "standard_eleven_multilingual_v2", False, 300, 0, True],
            [5_000, "standard_eleven_multilingual_v2", True, 300, 0, False],
        ),
    ],
)
def test_what_a_model_can(spec: str, options: dict[str, object], alone: object, together: object) -> None:
    """Limit, family, tags, context and stitching are those of the model; dialogues are there where it speaks them."""
    provider = made(spec, **options)
    names = ("max_size", "family", "audio_tags", "context_chars", "dialogue_context_chars", "stitches")
    assert able(provider, *names) == (alone, together)
    assert able(provider, "dialogue", "max_voices") == ([False, None], together and [True, 10])


@pytest.mark.parametrize(
    ("model", "max_chars", "takes"),
    [
        ("eleven_multilingual_v2", 10_000, {"context", "speed", "style"}),
        ("eleven_v3", 5_000, {"dialogue", "tags", "language"}),
        ("eleven_v4", 10_000, {"context", "dialogue", "tags", "language"}),
        ("eleven_v4_turbo", 10_000, {"context", "dialogue", "tags", "language"}),
        ("eleven_flash_v2_5", 40_000, {"context", "speed", "language"}),
        ("eleven_turbo_v2_5", 40_000, {"context", "speed", "language"}),
        ("eleven_flash_v2", 30_000, {"context", "speed"}),
        ("eleven_turbo_v2", 30_000, {"context", "speed"}),
    ],
)
def test_each_model_is_as_documented(model: str, max_chars: int, takes: set[str]) -> None:
    """What it is planned with and what it is told."""
    provider = made(f"elevenlabs:{model}")
    able, voice = provider.capabilities, (RACHEL, {"speed": 1.1, "style": 0.2, "stability": 0.5})
    body = provider.request(said(voice, language="de", before="It rained."), PLANNED).body
    settings = body["voice_settings"]
    assert isinstance(settings, dict)
    found = {
        "context": "previous_text" in body and able.context_chars > 0,
        "dialogue": able.in_dialogue is not None,
        "tags": able.audio_tags,
        "language": "language_code" in body,
        "speed": "speed" in settings,
        "style": "style" in settings,
    }
    assert {name for name, takes_it in found.items() if takes_it} == takes
    assert (able.max_size, able.family) == (max_chars, f"standard_{model}")
    assert (able.any_voice, able.voices) == (True, STOCK)


FORMATS = [
    "mp3_22050_32",
    "mp3_24000_48",
    "mp3_44100_32",
    "mp3_44100_64",
    "mp3_44100_96",
    "mp3_44100_128",
    "mp3_44100_192",
    "pcm_8000",
    "pcm_16000",
    "pcm_22050",
    "pcm_24000",
    "pcm_32000",
    "pcm_44100",
    "pcm_48000",
    "wav_8000",
    "wav_16000",
    "wav_22050",
    "wav_24000",
    "wav_32000",
    "wav_44100",
    "wav_48000",
    "ulaw_8000",
    "alaw_8000",
    "opus_48000_32",
    "opus_48000_64",
    "opus_48000_96",
    "opus_48000_128",
    "opus_48000_192",
]


@pytest.mark.parametrize("output_format", FORMATS)
def test_a_format_and_its_rate(output_format: str) -> None:
    """All 28 of the API can be asked for, and their rate is what is planned with, alone and in dialogues."""
    provider, rate_hz = made("elevenlabs", output_format=output_format), int(output_format.split("_")[1])
    assert able(provider, "rate_hz") == ([rate_hz], [rate_hz])
    assert provider.request(said(), PLANNED).query == {"output_format": output_format}


def test_what_the_server_said_of_its_models_is_planned_with() -> None:
    """Limits and groups as it names them; of what is no answer nothing is believed."""
    said_of: Mapping[str, Mapping[str, object]] = {
        "eleven_multilingual_v2": {"max_chars": 9_000, "group": "a"},
        "eleven_v3": {"max_chars": 3_000},
    }
    informed = made("elevenlabs").informed(said_of)
    assert able(informed, "max_size", "family") == ([9_000, "a"], [3_000, "a"])
    new = made("elevenlabs:eleven_v9", seed=4).informed({"eleven_v9": {"max_chars": 20_000, "group": "g"}})
    assert able(new, "max_size", "family", "context_chars") == ([20_000, "g", 0], None)
    assert new.request(said(), PLANNED).body["seed"] == 4
    assert new.models["eleven_v9"]["from"] == "the server"
    assert new.models["eleven_v3"] == made("elevenlabs").models["eleven_v3"]


@pytest.mark.parametrize("junk", [None, "", 0, -5, True, 10.5, []])
def test_an_answer_that_is_none_changes_nothing(junk: object) -> None:
    """What is documented holds against numbers that cannot be."""
    said_of = {"eleven_multilingual_v2": {"max_chars": junk, "group": junk, "style": "yes"}}
    informed, plain = made("elevenlabs").informed(said_of), made("elevenlabs")
    assert informed.capabilities == plain.capabilities
    assert type(informed.capabilities.max_size) is int


@pytest.mark.parametrize(
    ("options", "change", "wanted"),
    [
        ({}, {"max_chars": 4_000}, [4_000, 24_000]),
        ({"max_chars": 3_000}, {"max_chars": 4_000}, [3_000, 24_000]),
        ({"max_chars": 6_000}, {"max_chars": 4_000}, [4_000, 24_000]),
        ({}, {"output_format": "mp3_44100_128"}, [10_000, 44_100]),
        ({"output_format": "pcm_16000"}, {"output_format": "mp3_44100_128"}, [10_000, 16_000]),
    ],
)
def test_a_correction(options: dict[str, object], change: Mapping[str, object], wanted: object) -> None:
    """It holds where nobody said otherwise, a limit also against a larger one; options of a digest do not undo it."""
    corrected = made("elevenlabs", **options).corrected(change)
    assert able(corrected, "max_size", "rate_hz")[0] == wanted
    again = corrected.configured({"seed": 1}).informed({})
    assert able(again, "max_size", "rate_hz")[0] == wanted
    assert made("elevenlabs", **options).corrected({}).corrected(change).capabilities == corrected.capabilities


def test_options_of_a_digest_go_before_those_of_the_provider() -> None:
    """The others stay, and so does the provider that they were set on."""
    provider = made("elevenlabs:eleven_v3", seed=1, output_format="pcm_16000")
    both = provider.configured({"seed": 2, "region": "eu"})
    request = both.request(said(), PLANNED)
    assert (request.body["seed"], request.query["output_format"]) == (2, "pcm_16000")
    assert both.base_url == "https://api.eu.residency.elevenlabs.io"
    assert both.request(said(), PLANNED).body["model_id"] == "eleven_v3"
    assert provider.request(said(), PLANNED).body["seed"] == 1


# Remarks

FANCY = (RACHEL, {"speed": 1.1, "style": 0.2, "stability": 0.5})


@pytest.mark.parametrize(
    ("spec", "chunks", "remarks"),
    [
        ("elevenlabs", [said(FANCY), said(FANCY)], []),
        (
            "elevenlabs:eleven_v3",
            [said(FANCY), said(FANCY)],
            [f"eleven_v3 does not know the voice setting {name}" for name in ("speed", "style")],
        ),
        ("elevenlabs:eleven_flash_v2", [said(FANCY)], ["eleven_flash_v2 does not know the voice setting style"]),
        (
            "elevenlabs",
            [said(FANCY, (GEORGE, {"similarity_boost": 0.5}), dialogue=True)],
            [
                f"eleven_v3 does not know the voice setting {name} in a dialogue"
                for name in ("speed", "style", "similarity_boost")
            ],
        ),
    ],
    ids=["all known", "v3", "flash", "dialogue"],
)
def test_a_setting_that_is_ignored_is_told(spec: str, chunks: list[Chunk], remarks: list[str]) -> None:
    """Once for each, before anything is bought."""
    assert made(spec).remarks(chunks) == remarks


def test_a_model_that_nobody_knows_is_told() -> None:
    """Until the server has been asked, and only where it speaks."""
    provider = made("elevenlabs", dialogue_model="eleven_v9")
    (remark,) = provider.remarks([said(RACHEL, GEORGE, dialogue=True)])
    assert remark.startswith("ElevenLabs's model 'eleven_v9' is not known here: 2,500 characters a request")
    assert "`tts-async models --refresh`" in remark
    assert provider.remarks([said()]) == []
    assert provider.informed({"eleven_v9": {}}).remarks([said(dialogue=True)]) == []


def test_what_is_known_of_models() -> None:
    """Every model of the documentation, with its limit and what it speaks."""
    models = made("elevenlabs").models
    assert models.keys() == MODELS.keys()
    assert {each["from"] for each in models.values()} == {"the documentation"}
    speak = {name for name, each in models.items() if each["dialogue"]}
    assert speak == {"eleven_v3", "eleven_v4", "eleven_v4_turbo"}
    assert {name for name, each in models.items() if not each["context"]} == {
        "eleven_v3",
        "eleven_v3_conversational",
        "eleven_multilingual_v1",
    }


def can_be(name: str, value: object, *, steps: bool) -> bool:
    """Whether a setting is one that ElevenLabs documents; ``steps``: of stability only three values are."""
    if name == "use_speaker_boost" or not isinstance(value, int | float) or isinstance(value, bool):
        return name == "use_speaker_boost" and isinstance(value, bool)
    if name == "stability" and steps:
        return value in {0, 0.5, 1}
    low, high = {"speed": (0.7, 1.2), "x": (1, 0)}.get(name, (0, 1))
    return low <= value <= high


@given(
    settings=st.dictionaries(
        st.sampled_from(["stability", "speed", "style", "similarity_boost", "use_speaker_boost", "x"]),
        st.sampled_from([0, 0.3, 0.5, 0.7, 1, 1.2, True]) | st.none() | st.floats() | st.text(max_size=3),
        max_size=3,
    ),
    voice=st.just(RACHEL) | st.text(max_size=3) | st.sampled_from(["../user", "a b", RACHEL + "\n", RACHEL[1:]]),
    dialogue=st.booleans(),
    spec=st.sampled_from(["elevenlabs", "elevenlabs:eleven_v3", "elevenlabs:unheard_of"]),
)
def test_whatever_a_digest_asks_for(settings: dict[str, object], voice: str, dialogue: bool, spec: str) -> None:
    """A request is made of just the voices and settings that can be; else it is a sentence."""
    chunk, steps = (
        said((voice, settings), dialogue=dialogue),
        spec.endswith("v3") or (dialogue and spec == "elevenlabs"),
    )
    if voice == RACHEL and all(can_be(name, value, steps=steps) for name, value in settings.items()):
        assert asked(spec, chunk).path == ("/v1/text-to-dialogue" if dialogue else f"/v1/text-to-speech/{RACHEL}")
        return
    with pytest.raises(ConfigError) as caught:
        asked(spec, chunk)
    assert str(caught.value).isprintable()
