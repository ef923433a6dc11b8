"""What each chunk would be at another provider."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.core.plans import able, plan_of, turns
from tts_async.core.digest import Digest
from tts_async.core.plan import Capabilities, Plan
from tts_async.core.standin import StandIn, with_stand_ins
from tts_async.settings import Settings


def planned(source: Mapping[str, object], first: Capabilities, *others: Capabilities) -> Plan:
    """A plan for "acme" with "b0", "b1" and so on to stand in."""
    digest = Digest.read(source)
    stand_ins = [StandIn(provider=f"b{number}", capabilities=each) for number, each in enumerate(others)]
    return with_stand_ins(plan_of(digest, first), digest, stand_ins, Settings())


def test_a_dialogue_becomes_several_requests() -> None:
    """A run of turns is one request a turn where dialogues are unknown, with that provider's voices and pauses."""
    script = turns("anna: Good morning.", "ben: Hello.", "anna: Bye.")
    plan = planned({"script": script}, able(dialogue=True), able(voices=("x", "y")))
    ((instead,),) = [chunk.instead for chunk in plan.chunks]
    assert [(each.index, each.lines[0].voice.id, each.text, each.pause_ms) for each in instead] == [
        (0, "x", "Good morning.", 350),
        (1, "y", "Hello.", 350),
        (2, "x", "Bye.", 0),
    ]


def test_tags_and_limits_are_those_of_the_stand_in() -> None:
    """Audio tags go where they are not spoken, the lexicon holds, and what is too long is cut."""
    source = {"script": "[laughs] Hello **GDP**. Four words are here.", "lexicon": {"GDP": "gross product"}}
    plan = planned(source, able(audio_tags=True), able(max_size=25))
    assert plan.chunks[0].text == "[laughs] Hello gross product. Four words are here."
    assert [each.text for each in plan.chunks[0].instead[0]] == ["Hello gross product.", "Four words are here."]


def test_markdown_is_not_read_twice() -> None:
    """What is left of a Markdown text may look like Markdown again, and is said as it stands."""
    plan = planned({"script": "Rain \\[A\\](snow)."}, able(), able())
    assert plan.chunks[0].text == "Rain [A](snow)."
    assert [each.text for each in plan.chunks[0].instead[0]] == ["Rain [A](snow)."]


def test_a_ready_chunk_stays_as_it_is() -> None:
    """Neither is its text cleaned nor is it cut."""
    plan = planned({"chunks": ["**Hi** [laughs]"]}, able(), able())
    assert [each.text for each in plan.chunks[0].instead[0]] == ["**Hi** [laughs]"]


@pytest.mark.parametrize(
    ("voices", "why"),
    [
        ({"anna": "ada"}, "b0 has no voice 'ada' for 'anna'; it has x."),
        ({"anna": {"providers": {"acme": "ada"}}}, "'anna' has no voice at b0"),
    ],
    ids=["a voice of the first", "none at all"],
)
def test_who_has_no_voice_cannot_stand_in(voices: object, why: str) -> None:
    """Nobody speaks with a voice that was chosen for another provider; the plan says why."""
    source = {"script": turns("anna: Good morning."), "voices": voices}
    plan = planned(source, able(), able(voices=("x",), any_voice=True), able(voices=("ada",)))
    assert why in plan.notes[0]
    assert plan.notes[0].startswith("b0 cannot stand in: ")
    assert plan.chunks[0].instead[0] == ()


def test_a_voice_of_its_own_may_be_any() -> None:
    """What is named for just that provider is believed, where it takes any name."""
    source = {"script": turns("anna: Good morning."), "voices": {"anna": {"voice": "ada", "providers": {"b0": "own"}}}}
    plan = planned(source, able(), able(voices=("x",), any_voice=True))
    assert plan.chunks[0].instead[0][0].lines[0].voice.id == "own"
