"""Questions to OpenAI and to servers that imitate it: which voices and models there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tts_async.core.exchange import Query, Talk
from tts_async.core.headers import Signals
from tts_async.errors import Unavailable
from tts_async.providers.base import KnownVoice, Naming
from tts_async.providers.bodies import json_of, object_of

NAMES = ("voice_id", "id", "name")


def voices(name_error: Naming, known: Sequence[KnownVoice], *, ask: bool) -> Talk[list[KnownVoice]]:
    """The voices that a server lists; the known ones of OpenAI where it lists none, as OpenAI itself does."""
    if not ask:
        return list(known)
    answer = yield Query(path="/audio/voices")
    if answer.status in {401, 403}:
        raise name_error(answer, Signals())
    found = json_of(answer.body) if answer.status == 200 else None
    listed = found.get("voices") if isinstance(found, dict) else found
    return list(_voices(listed)) or list(known)


def _voices(listed: object) -> Iterator[KnownVoice]:
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, str):
            yield KnownVoice(id=each, description="")
        elif isinstance(each, dict) and (names := [each[name] for name in NAMES if isinstance(each.get(name), str)]):
            yield KnownVoice(id=names[0], description=", ".join(dict.fromkeys(names[1:])))


def models(name_error: Naming) -> Talk[dict[str, dict[str, object]]]:
    """The models that a server lists, by id."""
    answer = yield Query(path="/models")
    if answer.status != 200:
        raise name_error(answer, Signals())
    listed = object_of(answer.body).get("data")
    if not isinstance(listed, list):
        raise Unavailable("the server answered /models with no list of models", status=answer.status)
    ids = (each.get("id") for each in listed if isinstance(each, dict))
    return {each: {"name": each} for each in ids if isinstance(each, str)}
