"""A manifest has every character and every sample."""

from __future__ import annotations

import json
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.core.plans import able, plan_of
from tts_async.core.exchange import Clip
from tts_async.core.manifest import Part, manifest

CLIP = Clip(audio=b"", encoding="pcm_s16le", rate_hz=24_000, request_id="r", history_item_id="h", billed_chars=3)


@given(st.text("ab .\n", min_size=1, max_size=400).filter(lambda text: any(map(str.isalnum, text))))
def test_the_text_is_covered(text: str) -> None:
    """The chunks of a manifest join back to the spoken text exactly, in order and without a gap."""
    plan = plan_of({"script": text}, able(), settings={"chunk_chars": 30})
    parts = [
        Part(chunk=chunk, provider="acme", start_frame=0, end_frame=1, attempts=1, clip=CLIP) for chunk in plan.chunks
    ]
    told = json.loads("".join(manifest(plan, parts, file_name="a.wav", sha256="0", frames=9)))
    places = [chunk["text"] for chunk in told["chunks"]]
    assert "".join(told["spoken"][start:end] for start, end in places) == plan.spoken
    assert all(before[1] == after[0] for before, after in pairwise(places))
    assert places[-1][1] == len(told["spoken"])


def test_what_a_part_tells() -> None:
    """Who spoke it with which voice, what it cost, and where it is; a gap says that it is one."""
    plan = plan_of({"chunks": ["One.", "Two."]})
    first, second = plan.chunks
    parts = [
        Part(chunk=first, provider="acme", start_frame=0, end_frame=100, attempts=1, clip=CLIP),
        Part(chunk=second, provider="acme", start_frame=150, end_frame=200, attempts=1, clip=None),
    ]
    told = json.loads("".join(manifest(plan, parts, file_name="a.wav", sha256="ab", frames=200)))
    assert (told["file"], told["sha256"], told["frames"], told["gaps"]) == ("a.wav", "ab", 200, [1])
    here, gap = (chunk["parts"][0] for chunk in told["chunks"])
    assert here == {
        "frames": [0, 100],
        "speakers": ["narrator"],
        "voices": ["ada"],
        "provider": "acme",
        "gap": False,
        "request_id": "r",
        "history_item_id": "h",
        "billed_chars": 3,
        "cost_usd": None,
        "attempts": 1,
    }
    assert (gap["frames"], gap["gap"], gap["request_id"]) == ([150, 200], True, "")
