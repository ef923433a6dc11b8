"""When each character is said: without gaps, from the first sample to the last."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tts_async.testing.fake.order import Made, Order

CHARS_A_PIECE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A character, the number of its line, and when it is said."""

    character: str
    line: int
    start_s: float
    end_s: float


def spoken(order: Order, made: Made) -> list[Spoken]:
    """Every character of every line."""
    said, began_s = [], 0.0
    for number, (text, length_s) in enumerate(zip(order.texts, made.lengths_s, strict=True)):
        edges = [round(began_s + length_s * place / max(1, len(text)), 6) for place in range(len(text) + 1)]
        said += [
            Spoken(character=character, line=number, start_s=start_s, end_s=end_s)
            for character, start_s, end_s in zip(text, edges[:-1], edges[1:], strict=True)
        ]
        began_s += length_s
    return said


def whole(order: Order, made: Made) -> bytes:
    """The one JSON object of a request that does not stream."""
    return _json(order, spoken(order, made), made.audio)


def lines(order: Order, made: Made) -> bytes:
    """The JSON objects of one that does, a line each: so many characters, and the audio's share of bytes.

    Times and indices count from the start of the speech. The real API may count them otherwise.
    """
    said = spoken(order, made)
    pieces = max(1, -(-len(said) // CHARS_A_PIECE))
    # Even numbers of bytes, so that samples stay whole.
    cuts = [len(made.audio) * piece // pieces & ~1 for piece in range(pieces)] + [len(made.audio)]
    objects = (
        _json(
            order,
            said[piece * CHARS_A_PIECE : (piece + 1) * CHARS_A_PIECE],
            made.audio[cuts[piece] : cuts[piece + 1]],
            first=piece * CHARS_A_PIECE,
        )
        for piece in range(pieces)
    )
    return b"".join(each + b"\n" for each in objects)


def _json(order: Order, said: Sequence[Spoken], audio: bytes, *, first: int = 0) -> bytes:
    alignment = {
        "characters": [each.character for each in said],
        "character_start_times_seconds": [each.start_s for each in said],
        "character_end_times_seconds": [each.end_s for each in said],
    }
    told: dict[str, object] = {
        "audio_base64": base64.b64encode(audio).decode(),
        "alignment": alignment,
        "normalized_alignment": alignment,
    }
    if order.dialogue:
        told["voice_segments"] = list(_segments(order, said, first))
    return json.dumps(told, ensure_ascii=False).encode()


def _segments(order: Order, said: Sequence[Spoken], first: int) -> Iterator[dict[str, object]]:
    for number, line in enumerate(order.lines):
        places = [place for place, each in enumerate(said) if each.line == number]
        if places:
            yield {
                "voice_id": line.voice,
                "start_time_seconds": said[places[0]].start_s,
                "end_time_seconds": said[places[-1]].end_s,
                "character_start_index": first + places[0],
                "character_end_index": first + places[-1] + 1,
                "dialogue_input_index": number,
            }
