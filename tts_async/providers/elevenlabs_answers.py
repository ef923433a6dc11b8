"""Reads ElevenLabs' answers: audio as it is, or in JSON with the time of each character."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import replace
from itertools import accumulate, pairwise

from tts_async.core.exchange import Clip, Mark, SpeechResponse
from tts_async.core.plan import Chunk
from tts_async.errors import AudioError
from tts_async.providers.bodies import count_of, encoding_of, object_of
from tts_async.providers.options import is_number

LONGEST_S = 36_000.0
_WORD = re.compile(r"\s*\S+\s*")


def rate_hz(output_format: str) -> int:
    """The sample rate that an ``output_format`` names."""
    return int(output_format.split("_", 2)[1])


def clip_of(chunk: Chunk, response: SpeechResponse, *, asked: str) -> Clip:
    """Find the speech in an answer; raises `AudioError` where there is none."""
    answer = object_of(response.body) if chunk.timed else {}
    told = response.headers
    if "audio_base64" in answer:
        response = replace(response, headers={}, body=_decoded(answer["audio_base64"]))
    encoding, rate = encoding_of(response, asked.partition("_")[0]), rate_hz(asked)
    frames = len(response.body) // 2 if encoding == "pcm_s16le" else None
    return Clip(
        audio=response.body,
        encoding=encoding,
        rate_hz=rate,
        request_id=told.get("request-id", ""),
        history_item_id=told.get("history-item-id", "").replace("not_stored", ""),
        billed_chars=count_of(told, "character-cost"),
        server_ms=count_of(told, "tts-latency-ms"),
        marks=marks_of(chunk.text, answer.get("alignment"), rate, frames=frames),
    )


def _decoded(audio: object) -> bytes:
    try:
        return b64decode(audio if isinstance(audio, str) else "", validate=True)
    except (binascii.Error, ValueError) as broken:
        raise AudioError("the audio in the answer is no base64") from broken


def marks_of(text: str, alignment: object, rate: int, *, frames: int | None) -> tuple[Mark, ...]:
    """The words of a text and how long each of them takes; nothing where the alignment is not of just this text.

    The last word takes what is left of ``frames``, where they are known: the alignment was seen to end a second early.
    """
    times_s = _times_s(text, alignment)
    words = _WORD.findall(text)
    if not times_s or not words:
        return ()
    firsts = accumulate((len("".join(word.split())) for word in words[:-1]), initial=0)
    starts = list(accumulate((round(times_s[first] * rate) for first in firsts), max))
    end = max(starts[-1], round(times_s[-1] * rate)) if frames is None else frames
    edges = pairwise([0, *(min(start, end) for start in starts[1:]), end])
    return tuple(Mark(chars=len(word), frames=stop - start) for word, (start, stop) in zip(words, edges, strict=True))


def _times_s(text: str, alignment: object) -> list[float]:
    """When each character that is no space begins, and at last when the last one ends."""
    told: Mapping[str, object] = alignment if isinstance(alignment, dict) else {}
    characters = told.get("characters")
    starts, ends = (told.get(f"character_{edge}_times_seconds") for edge in ("start", "end"))
    lists = [each for each in (characters, starts, ends) if isinstance(each, list)]
    if len(lists) < 3 or len({len(each) for each in lists}) > 1 or not lists[0]:
        return []
    # Whatever the server puts between the turns of a dialogue, the letters are in order.
    begun = [(each, start) for each, start in zip(lists[0], lists[1], strict=True) if str(each).strip()]
    if "".join(str(each) for each, _ in begun) != "".join(text.split()):
        return []
    times = [start for each, start in begun for _ in str(each)] + [lists[2][-1]]
    return [float(time) for time in times] if all(map(_is_time, times)) else []


def _is_time(value: object) -> bool:
    return is_number(value) and 0 <= value <= LONGEST_S  # type: ignore[operator]
