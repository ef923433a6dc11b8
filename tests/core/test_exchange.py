"""The name under which an answer is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.plans import chunk_of
from tts_async.core.exchange import PLANNED, SpeechRequest, Take, fingerprint
from tts_async.providers.tone import ToneProvider

REQUEST = SpeechRequest(
    origin="acme",
    path="/v1/speak",
    body={"text": "Grüße", "voice": {"id": "ada", "speed": 1.0}, "tags": [1, None, True]},
    query={"format": "mp3"},
    chars=5,
)
CHANGES: Mapping[str, Mapping[str, object]] = {
    "origin": {"origin": "acme/2"},
    "path": {"path": "/v2/speak"},
    "query": {"query": {"format": "wav"}},
    "another query": {"query": {"format": "mp3", "rate": "8000"}},
    "no query": {"query": {}},
    "text": {"body": {**REQUEST.body, "text": "Grüsse"}},
    "a setting deep inside": {"body": {**REQUEST.body, "voice": {"id": "ada", "speed": 1.1}}},
    "order of a list": {"body": {**REQUEST.body, "tags": [None, 1, True]}},
    "type of a value": {"body": {**REQUEST.body, "tags": ["1", None, True]}},
    "one more field": {"body": {**REQUEST.body, "seed": None}},
}


def test_it_is_the_same_for_ever() -> None:
    """What was bought under this name years ago is found under it; a change of this value costs users money."""
    assert fingerprint(REQUEST) == "ba52e603ca42bf6662db413efaa04f52c4a55e4c7aede0c57859babcfecac9c4"


def test_it_does_not_depend_on_how_a_request_was_put_together() -> None:
    """The order of fields, the kind of mapping and the price are not heard."""
    body = MappingProxyType({name: REQUEST.body[name] for name in reversed(list(REQUEST.body))})
    assert fingerprint(replace(REQUEST, body=body, chars=99)) == fingerprint(REQUEST)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_it_changes_with_everything_that_is_heard(change: Mapping[str, object]) -> None:
    """No two different sounds share a name."""
    assert fingerprint(replace(REQUEST, **change)) != fingerprint(REQUEST)  # type: ignore[arg-type]


@given(st.integers(1, 9), st.none() | st.integers(), st.lists(st.text()).map(tuple))
def test_another_take_is_the_same_chunk(number: int, seed: int | None, ids: tuple[str, ...]) -> None:
    """A name is made of the planned request; takes of a provider without seeds are all alike."""
    provider, chunk = ToneProvider(), chunk_of(("Hi.", "Hi."))
    take = Take(number=number, seed=seed, previous_ids=ids, next_ids=ids)
    assert fingerprint(provider.request(chunk, take)) == fingerprint(provider.request(chunk, PLANNED))


@given(st.text(), st.text())
def test_two_texts_have_two_names(one: str, other: str) -> None:
    """Also where one is the other with a quote, a comma or a brace in it."""
    names = {fingerprint(replace(REQUEST, body={"text": text})) for text in (one, other)}
    assert len(names) == len({one, other})
    assert all(len(name) == 64 for name in names)
