"""Reading ElevenLabs' requests for speech, and refusing what ElevenLabs refuses."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from tts_async.testing.fake import formats
from tts_async.testing.fake.behaviour import Behaviour
from tts_async.testing.fake.elevenlabs_catalogue import MODELS, VOICES, Model
from tts_async.testing.fake.fields import Fields, at_most, between, body_of, checked, flag, need, one_of, want
from tts_async.testing.fake.formats import Format
from tts_async.testing.fake.order import Line, Order, Shape
from tts_async.testing.fake.wire import Refused, Request

SPEECH = re.compile(
    r"/v1/(?:text-to-speech/(?P<voice>[^/]+)|text-to-dialogue)(?P<stream>/stream)?(?P<timestamps>/with-timestamps)?"
)
MOST_VOICES = 10
MOST_CONTEXT_CHARS = 100
STABILITIES = (0.0, 0.5, 1.0)
CONTEXT = ("previous_text", "next_text", "future_text", "previous_request_ids", "next_request_ids")
SHAPES: Mapping[tuple[bool, bool], Shape] = {
    (False, False): "audio",
    (True, False): "audio",
    (False, True): "timestamps",
    (True, True): "timestamps-stream",
}


def order(request: Request, key: str, behaviour: Behaviour) -> Order:
    """Understand a request for speech; raises `Refused`."""
    path = SPEECH.fullmatch(request.path)
    assert path, "asked only about paths that match"
    streams, timed = bool(path["stream"]), bool(path["timestamps"])
    body = body_of(request)
    spoken = _dialogue(body) if path["voice"] is None else [(need(body, "text", str), path["voice"])]
    format_ = _format(request, streams=streams)
    model = _model(body, "eleven_v3" if path["voice"] is None else "eleven_multilingual_v2")
    speed = _settings(body, model, behaviour, dialogue=path["voice"] is None)
    _lists(body)
    _context(body, model, dialogue=path["voice"] is None)
    lines = tuple(Line(text=text, voice=voice, voice_name=_voice_name(voice)) for text, voice in spoken)
    chars = _chars(lines, model)
    if format_.name in behaviour.forbidden_formats:
        raise Refused("invalid_output_format", f"Your plan does not include the output format {format_.name}.")
    return Order(
        key=key,
        model=model.model_id,
        group=model.group,
        lines=lines,
        format=format_,
        credits=math.ceil(chars * model.cost),
        speed=speed,
        shape=SHAPES[streams, timed],
        streams=streams,
        dialogue=path["voice"] is None,
        logged=flag(request, "enable_logging", default=True),
    )


def _dialogue(body: Fields) -> list[tuple[str, str]]:
    inputs = need(body, "inputs", list)
    places: list[tuple[Fields, tuple[str | int, ...]]] = [
        (checked(each, dict, ("body", "inputs", number)), ("body", "inputs", number))
        for number, each in enumerate(inputs)
    ]
    spoken = [(need(each, "text", str, where), need(each, "voice_id", str, where)) for each, where in places]
    if not spoken:
        raise Refused("too_short", "List should have at least 1 item after validation, not 0", where=("body", "inputs"))
    if (voices := len({voice for _, voice in spoken})) > MOST_VOICES:
        # Documented is the limit, not what is answered.
        raise Refused("too_many_voices", f"A dialogue has at most {MOST_VOICES} unique voices, not {voices}.")
    return spoken


def _format(request: Request, *, streams: bool) -> Format:
    known = {name: each for name, each in formats.ELEVENLABS.items() if each.streams or not streams}
    name = request.query.get("output_format", "mp3_44100_128")
    one_of(name, known, ("query", "output_format"))
    return known[name]


def _model(body: Fields, default: str) -> Model:
    name = want(body, "model_id", str, default)
    if name not in MODELS:
        raise Refused("model_not_found", f"A model with model ID {name} does not exist.")
    return MODELS[name]


def _voice_name(voice: str) -> str:
    if voice not in VOICES:
        raise Refused("voice_not_found", f"A voice with the voice_id '{voice}' was not found.")
    return VOICES[voice].name


def _settings(body: Fields, model: Model, behaviour: Behaviour, *, dialogue: bool) -> float:
    """Check the settings of the voice and give its speed."""
    name = "settings" if dialogue else "voice_settings"
    settings: Fields = want(body, name, dict, {})
    for each in ("stability", "similarity_boost"):
        between(want(settings, each, float, 0.5, ("body", name)), 0, 1, ("body", name, each))
    stability = want(settings, "stability", float, 0.5, ("body", name))
    if behaviour.strict_stability and not model.context and stability not in STABILITIES:
        said = "Must be one of: [0.0, 0.5, 1.0] (0.0 = Creative, 0.5 = Natural, 1.0 = Robust)"
        raise Refused("invalid_ttd_stability", f"Invalid TTD stability value. {said}")
    speed = want(settings, "speed", float, 1.0, ("body", name))
    if model.third:
        return 1.0
    if not 0.7 <= speed <= 1.2:
        said = "expected to be greater or equal to 0.7 and less or equal to 1.2"
        raise Refused("invalid_voice_settings", f"Invalid setting for speed received, {said}, received {speed}.")
    return speed


def _lists(body: Fields) -> None:
    for name in ("pronunciation_dictionary_locators", "previous_request_ids", "next_request_ids"):
        at_most(want(body, name, list, []), 3, ("body", name))
    for number, each in enumerate(want(body, "pronunciation_dictionary_locators", list, [])):
        where = ("body", "pronunciation_dictionary_locators", number)
        need(checked(each, dict, where), "pronunciation_dictionary_id", str, where)
    between(want(body, "seed", int, 0), 0, 4_294_967_295, ("body", "seed"))
    one_of(
        want(body, "apply_text_normalization", str, "auto"), ("auto", "on", "off"), ("body", "apply_text_normalization")
    )


def _context(body: Fields, model: Model, *, dialogue: bool) -> None:
    for name in ("previous_text", "next_text", "future_text"):
        text = want(body, name, str, "")
        if dialogue and len(text) > MOST_CONTEXT_CHARS:
            said = f"String should have at most {MOST_CONTEXT_CHARS} characters"
            raise Refused("string_too_long", said, where=("body", name))
    told = [name for name in CONTEXT if body.get(name)]
    if told and not model.context:
        kind = "previous_request_ids or next_request_ids" if told[0].endswith("ids") else "previous_text or next_text"
        raise Refused("unsupported_model", f"Providing {kind} is not yet supported with the '{model.model_id}' model.")
    if dialogue and not model.dialogue:
        raise Refused("unsupported_model", f"The model '{model.model_id}' does not speak dialogues.")


def _chars(lines: Sequence[Line], model: Model) -> int:
    """Check how much there is to say, and count what is billed."""
    chars = sum(len(line.text) for line in lines)
    if chars > model.most_chars:
        said = f"Request text length ({chars}) exceeds the maximum text length of {model.max_chars} characters"
        raise Refused("text_too_long", said)
    if model.third and not all(line.text.strip() for line in lines):
        raise Refused("input_text_empty")
    # An empty text costs one credit, or none where a character costs half of one.
    return chars or int(model.cost)
