"""What may be spent is never passed, and what was bought before that is kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest

from tests.engine.fakes import distinct, patient
from tts_async import BudgetError, Renderer, RenderFailed
from tts_async.testing.fake import Behaviour, FakeSpeech, Fault, Latency

KEY = "k-secret-key"
TEXTS = distinct(6)
CHARS = sum(map(len, TEXTS))


def renderer_of(client: httpx.AsyncClient, spec: str = "elevenlabs", **settings: object) -> Renderer:
    return Renderer(spec, key=KEY, client=client, settings=patient(**{"retry_first_s": 0.1, **settings}))


@pytest.mark.parametrize(
    ("spec", "settings", "says"),
    [
        ("elevenlabs", {"max_chars": CHARS - 1}, "90 characters would be over the 89 of max_chars"),
        ("elevenlabs", {"max_cost_usd": 0.0089}, "0.0090 USD would be over the 0.0089 USD"),
        ("elevenlabs", {"max_cost_usd": 0.0089, "prices": {"elevenlabs": 0.1}}, "would be over"),
        ("elevenlabs:eleven_v4", {"max_cost_usd": 1e6}, "What this costs is unknown"),
    ],
)
async def test_too_much_is_not_begun(spec: str, settings: dict[str, Any], says: str) -> None:
    """Before the first request."""
    fake = FakeSpeech()
    async with fake.client() as client, renderer_of(client, spec, **settings) as renderer:
        with pytest.raises(RenderFailed, match=says) as caught:
            await renderer.render({"chunks": TEXTS})
    assert fake.requests == []
    assert {type(error) for error in caught.value.failures.values()} == {BudgetError}


@pytest.mark.parametrize(
    "settings",
    [
        {"max_chars": CHARS},
        {"max_cost_usd": 0.009},
        {"max_cost_usd": 0.0045, "prices": {"elevenlabs": 0.05}},
        {"max_cost_usd": 0.0, "prices": {"elevenlabs": 0.0}},
    ],
    ids=["characters", "money", "own price", "free"],
)
async def test_just_enough(settings: dict[str, Any]) -> None:
    """A budget that is just met is kept."""
    fake = FakeSpeech(Behaviour(concurrency=2, latency=Latency(first_s=1.0)))  # Refusals cost nothing.
    async with fake.client() as client, renderer_of(client, **settings) as renderer:
        result = await renderer.render({"chunks": TEXTS})
    assert result.report.refusals > 0
    assert fake.bill.characters == CHARS


async def test_what_is_here_costs_nothing() -> None:
    """A second run of a digest fits into no budget at all."""
    fake = FakeSpeech()
    async with fake.client() as client:
        async with renderer_of(client) as renderer:
            await renderer.render({"chunks": TEXTS})
        async with renderer_of(client, max_chars=0, max_cost_usd=0) as renderer:
            result = await renderer.render({"chunks": TEXTS})
    assert (result.report.here, result.report.expected_usd, result.report.billed_usd) == (6, 0, 0)


async def test_a_second_take_has_to_be_paid() -> None:
    """No request leaves that could take the bill over the budget; the next run goes on from there."""
    fake = FakeSpeech(Behaviour(faults=(Fault(kind="silence", text=TEXTS[2], times=1),)))
    async with fake.client() as client:
        async with renderer_of(client, max_chars=CHARS) as renderer:
            with pytest.raises(RenderFailed, match="105 characters would be over the 90") as caught:
                await renderer.render({"chunks": TEXTS})
        assert fake.bill.characters == CHARS
        assert sorted(caught.value.clips) == [0, 1, 3, 4, 5]
        async with renderer_of(client, max_chars=15) as renderer:
            result = await renderer.render({"chunks": TEXTS})
    assert (result.report.here, result.report.bought) == (5, 1)


async def test_a_voice_that_costs_more() -> None:
    """The bill counts, not the estimate: nothing leaves any more once it is over."""
    fake = FakeSpeech()
    async with fake.client() as client, renderer_of(client, "elevenlabs", max_cost_usd=0.0090) as renderer:
        result = await renderer.render({"chunks": TEXTS})
        assert result.report.expected_usd == pytest.approx(0.009)
        assert result.report.billed_usd == pytest.approx(0.009)
        assert (result.report.expected_credits, result.report.billed_chars) == (90, 90)
        with pytest.raises(RenderFailed, match="would be over"):
            await renderer.render({"chunks": distinct(8)[6:]})


async def test_two_digests_share_it() -> None:
    """Where both do not fit, one of them is whole."""
    fake = FakeSpeech()
    digests = [{"id": "a", "chunks": TEXTS[:3]}, {"id": "b", "chunks": TEXTS[3:]}]
    async with fake.client() as client, renderer_of(client, max_chars=60) as renderer:
        results = await renderer.render_many(digests)
    assert sorted(isinstance(each, RenderFailed) for each in results) == [False, True]
    assert fake.bill.characters == 45


async def test_a_stand_in_is_paid_from_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a fallback would cost counts, too; one whose price is unknown does not speak."""
    monkeypatch.setenv("ELEVENLABS_API_KEY", KEY)
    fake = FakeSpeech(Behaviour(faults=(Fault(kind="voice_not_found", text=TEXTS[2]),)))
    async with fake.client() as client:
        settings = patient(max_cost_usd=1.0, attempts=1, retry_first_s=0.1)
        renderer = Renderer("elevenlabs", fallback=["elevenlabs:eleven_v4"], key=KEY, client=client, settings=settings)
        async with renderer:
            with pytest.raises(RenderFailed, match="What this costs is unknown"):
                await renderer.render({"chunks": TEXTS})


async def test_an_estimate() -> None:
    """What is here is deducted, the same text counts once, nothing is sent, and no store is made."""
    fake = FakeSpeech()
    digest = {"chunks": [*TEXTS, TEXTS[0]]}
    async with fake.client() as client:
        before = await renderer_of(client).estimate(digest)
        assert (before.chunks, before.requests, before.cost.chars, before.here) == (7, 6, 90, 0)
        assert before.cost.usd == pytest.approx(0.009)
        async with renderer_of(client) as renderer:
            await renderer.render({"chunks": TEXTS[:4]})
        after = await renderer_of(client, workers=1, rate_per_s=10.0).estimate(digest)
    assert (after.here, after.here_chars, after.requests, after.cost.chars) == (4, 60, 2, 30)
    assert after.expected_s == pytest.approx(2 * 0.01 * (80 + 15))
    assert len(fake.requests) == 4


async def test_the_same_text_twice() -> None:
    """It is one purchase: for the estimate, for the budget and on the bill."""
    fake, digest = FakeSpeech(Behaviour(latency=Latency(first_s=1.0))), {"chunks": [*TEXTS, *TEXTS[:2]]}
    async with fake.client() as client:
        expected = await renderer_of(client).estimate(digest)
        async with renderer_of(client, max_chars=CHARS, workers=8) as renderer:
            result = await renderer.render(digest)
    assert (result.report.bought, result.report.here) == (6, 2)
    assert expected.cost.chars == result.report.expected_credits == fake.bill.characters == CHARS


async def test_the_same_text_twice_when_the_first_is_lost() -> None:
    """Whoever asks for it next has to pay."""
    fake = FakeSpeech(Behaviour(faults=(Fault(kind="cut", times=1),)))
    async with fake.client() as client, renderer_of(client, "openai:tts-1", max_chars=29) as renderer:
        with pytest.raises(RenderFailed, match="30 characters would be over the 29"):
            await renderer.render({"chunks": TEXTS[:1] * 2})
    assert fake.bill.requests == 1


async def test_what_was_found_bad_is_to_be_bought() -> None:
    """Unless its flaw is good enough this time; the estimate and the budget say the same."""
    fake, digest = FakeSpeech(Behaviour(faults=(Fault(kind="silence", text=TEXTS[2], times=1),))), {"chunks": TEXTS}
    async with fake.client() as client:
        async with renderer_of(client, verdict="warn") as renderer:
            await renderer.render(digest)
        good_enough = await renderer_of(client, verdict="warn").estimate(digest)
        again = await renderer_of(client).estimate(digest)
        async with renderer_of(client, max_chars=14) as renderer:
            with pytest.raises(RenderFailed, match="15 characters would be over the 14"):
                await renderer.render(digest)
        assert fake.bill.requests == 6
        async with renderer_of(client, max_chars=15) as renderer:
            result = await renderer.render(digest)
    assert (good_enough.here, good_enough.requests, again.here, again.requests, again.cost.chars) == (6, 0, 5, 1, 15)
    assert (result.report.here, result.report.bought, result.report.expected_credits) == (5, 1, 15)


async def test_a_bill_that_is_higher_than_the_price(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing leaves any more as soon as the bill is over the budget, though all was set apart."""
    monkeypatch.setattr("tts_async.core.money.Cost.of", lambda cost, _: replace(cost, usd=3 * (cost.usd or 0)))
    fake = FakeSpeech(Behaviour(latency=Latency(first_s=1.0)))
    async with fake.client() as client, renderer_of(client, max_cost_usd=0.0092, workers=1) as renderer:
        with pytest.raises(RenderFailed, match=r"would be over the 0\.0092 USD"):
            await renderer.render({"chunks": TEXTS})
    assert fake.bill.requests <= 2  # A second one may leave while the first is being kept.


async def test_what_is_here_and_was_never_judged_costs_nothing() -> None:
    """It is judged now; only what proves bad is bought again, and has to be paid."""
    fake = FakeSpeech(Behaviour(faults=(Fault(kind="silence", text=TEXTS[2], times=1),)))
    async with fake.client() as client:
        async with renderer_of(client, verdict="off") as renderer:
            await renderer.render({"chunks": TEXTS})
        async with renderer_of(client, verdict="off", max_chars=0) as renderer:
            assert (await renderer.render({"chunks": TEXTS})).report.here == 6
        async with renderer_of(client, max_chars=0) as renderer:
            with pytest.raises(RenderFailed, match="15 characters would be over the 0"):
                await renderer.render({"chunks": TEXTS})
        async with renderer_of(client, max_chars=15) as renderer:
            result = await renderer.render({"chunks": TEXTS})
    assert (result.report.here, result.report.bought) == (5, 1)
