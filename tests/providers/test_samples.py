"""Every sample is asked for and understood as its file says."""

from __future__ import annotations

import pytest

from tests.providers.samples import SAMPLES, chunk_of, provider_of, response_of, take_of
from tts_async import providers
from tts_async.core.exchange import PLANNED, Mark, fingerprint
from tts_async.engine.decode import decode
from tts_async.providers.base import HttpProvider, ScriptedProvider


@pytest.mark.parametrize("name", SAMPLES)
def test_a_request_is_as_its_sample(name: str) -> None:
    """Path, query, body and the characters to be billed."""
    sample = SAMPLES[name]
    request = provider_of(sample).request(chunk_of(sample), take_of(sample))
    found = {"path": request.path, "query": request.query, "body": request.body, "chars": request.chars}
    assert found == sample["request"]


@pytest.mark.parametrize("name", SAMPLES)
async def test_an_answer_is_as_its_sample(name: str) -> None:
    """Encoding, ids, cost and marks are found, and the audio can be decoded."""
    sample = SAMPLES[name]
    clip = provider_of(sample).clip(chunk_of(sample), response_of(sample))
    wanted = dict(sample["clip"])
    marks = tuple(Mark(chars=chars, frames=frames) for chars, frames in wanted.pop("marks", []))
    told = ("request_id", "history_item_id", "billed_chars", "server_ms")
    found = {"encoding": clip.encoding, "rate_hz": clip.rate_hz, **{each: getattr(clip, each) for each in told}}
    assert {name: value for name, value in found.items() if value not in {"", None}} == wanted
    assert clip.marks == marks
    samples, _ = await decode(clip)
    assert len(samples) >= 23_000


@pytest.mark.parametrize("name", [name for name, sample in SAMPLES.items() if "take" in sample])
def test_another_take_is_the_same_purchase(name: str) -> None:
    """The fingerprint is that of the request as planned, whatever seed or neighbours a take has."""
    sample = SAMPLES[name]
    provider, chunk = provider_of(sample), chunk_of(sample)
    planned = fingerprint(provider.request(chunk, PLANNED))
    assert planned == fingerprint(provider_of(sample).request(chunk_of(sample), PLANNED))
    changed = provider.request(chunk, take_of(sample)) != provider.request(chunk, PLANNED)
    assert changed or "v3" in name


def test_every_real_provider_has_samples() -> None:
    """A provider behind a server is not believed without some."""
    built_in = map(providers.find, providers.BUILT_IN)
    real = {each.name for each in built_in if isinstance(each, HttpProvider) and not isinstance(each, ScriptedProvider)}
    assert real <= {name.partition("-")[0] for name in SAMPLES}
