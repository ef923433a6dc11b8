"""Audio that is not what was paid for: found, taken again, and told; or kept, where somebody wants that."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.engine.fakes import Heard, patient
from tts_async import AudioError, Renderer, RenderFailed, RenderResult
from tts_async.engine.shelf import default_folder
from tts_async.providers.elevenlabs import ElevenLabsProvider
from tts_async.testing.fake import Behaviour, FakeSpeech, Fault

KEY = "k-secret-key"
TEXTS = [f"Here is sentence {name}, and it is as long as all the others are." for name in "abcdefghijklmnopqrst"]
WORD = "sentence n,"
KINDS = {
    "silence": "is silent",
    "noise": "noise",
    "loop": "take at most",
    "truncated": "cut|take at least",
    "empty_body": "empty",
    "json_body": "no audio but text",
}
"""Kind of fault -> what is said of it."""


async def rendered(
    fake: FakeSpeech, heard: Heard | None = None, *, texts: Sequence[str] = tuple(TEXTS), **settings: object
) -> RenderResult:
    changed = patient(**{"retry_first_s": 0.1, **settings})
    async with fake.client() as client, Renderer("elevenlabs", key=KEY, client=client, settings=changed) as renderer:
        renderer._on_event = heard
        return await renderer.render({"chunks": list(texts)})


def spoiling(kind: str, times: int | None = 1) -> FakeSpeech:
    return FakeSpeech(Behaviour(faults=(Fault(kind=kind, text=WORD, times=times),)))


def aside() -> list[Path]:
    return list(default_folder().rglob("*.bad"))


@pytest.mark.parametrize("kind", KINDS)
async def test_it_is_taken_again(kind: str) -> None:
    """The result is that of a render that nothing went wrong with, the report says what did, and the bad clip is kept."""
    fake, heard = spoiling(kind), Heard()
    result = await rendered(fake, heard)
    (failure,) = (event for event in heard if event.kind == "failed")
    assert failure.chunk == TEXTS.index(next(text for text in TEXTS if WORD in text))
    assert failure.error == "AudioError"
    assert any(word in failure.reason for word in KINDS[kind].split("|"))
    assert result.report.failures == 1
    assert fake.bill.paid_again == {TEXTS[failure.chunk]: 2}
    assert len(aside()) == 1
    assert result.duration_s == pytest.approx(sum(0.06 * len(text) for text in TEXTS) + 0.5 * (len(TEXTS) - 1), rel=0.2)


@pytest.mark.parametrize("kind", ["loop", "truncated"])
@pytest.mark.parametrize("letters", ["a", "b", "c", "ab", "be"])
async def test_it_is_found_among_the_first(kind: str, letters: str) -> None:
    """Nothing came before the first clips of a voice: they are judged by each other, and no good one is taken again."""
    bad = [f"sentence {letter}," for letter in letters]
    fake = FakeSpeech(Behaviour(faults=tuple(Fault(kind=kind, text=word, times=1) for word in bad)))
    result = await rendered(fake)
    again = [text for text in TEXTS if any(word in text for word in bad)]
    assert fake.bill.paid_again == dict.fromkeys(again, 2)
    assert (result.report.failures, len(aside())) == (len(bad), len(bad))


async def test_it_is_found_in_a_digest_of_three() -> None:
    """Fewer cannot say which of them is the odd one."""
    fake = FakeSpeech(Behaviour(faults=(Fault(kind="loop", text="sentence b,", times=1),)))
    assert (await rendered(fake, texts=TEXTS[:3])).report.failures == 1
    assert fake.bill.paid_again == {TEXTS[1]: 2}


@pytest.mark.parametrize("kind", KINDS)
async def test_it_is_never_taken_for_speech(kind: str) -> None:
    """Where no take is better, the chunk is missing and named, and the others are kept."""
    with pytest.raises(RenderFailed, match=r"1 of 20 chunks .* chunk 13 \(Here is sentence n, .*\) failed") as caught:
        await rendered(spoiling(kind, times=None), attempts=2)
    assert isinstance(caught.value.failures[13], AudioError)
    assert sorted(caught.value.clips) == [index for index in range(20) if index != 13]
    assert len(aside()) == 4


async def test_all_that_is_missing_is_named() -> None:
    """By number and first words, those of one reason together; of many, the rest is in the report."""
    words = ["sentence b,", "sentence c,", "sentence p,"]
    fake = FakeSpeech(Behaviour(faults=tuple(Fault(kind="unprocessable", text=word) for word in words)))
    with pytest.raises(RenderFailed) as caught:
        await rendered(fake)
    assert str(caught.value).startswith(
        "3 of 20 chunks of 'digest' are missing: chunks 1 (Here is sentence b, and it …), 2 (Here is sentence c, and it …),"
        " 15 (Here is sentence p, and it …) failed: "
    )
    assert [(each.chunk, each.words) for each in caught.value.report.lost] == [
        (index, f"Here is sentence {letter}, and it") for index, letter in ((1, "b"), (2, "c"), (15, "p"))
    ]
    fake = FakeSpeech(Behaviour(faults=(Fault(kind="unprocessable", text="There"),)))
    with pytest.raises(RenderFailed, match=r"^20 of 20 .* 7 \(There is sentence h, and it …\) and 12 more failed: "):
        await rendered(fake, texts=[text.replace("Here", "There") for text in TEXTS])


@pytest.mark.parametrize("output_format", ["pcm_24000", "ulaw_8000", "alaw_8000", "mp3_44100_128"])
async def test_a_wrong_label(output_format: str) -> None:
    """Good audio that is called text is good audio, and not paid twice."""
    provider = ElevenLabsProvider(output_format=output_format)
    fake, settings = FakeSpeech(Behaviour(faults=(Fault(kind="wrong_content_type"),))), patient()
    async with fake.client() as client, Renderer(provider, key=KEY, client=client, settings=settings) as renderer:
        result = await renderer.render({"chunks": TEXTS[:4]})
    assert (result.report.bought, result.report.failures, fake.bill.requests) == (4, 0, 4)


async def test_a_warning_alone() -> None:
    """With ``warn`` it is used as it came, and said each time it is; a run that wants better takes it again."""
    fake = spoiling("loop")
    first = await rendered(fake, verdict="warn")
    again = await rendered(fake, verdict="warn")
    assert [first.report.warnings, first.report.bought, again.report.here] == [again.report.warnings, 20, 20]
    (said,) = first.report.warnings
    assert said.startswith("chunk 13: the audio sounds for")
    better = await rendered(fake)
    assert (better.report.here, better.report.bought, better.report.warnings) == (19, 1, ())


async def test_nothing_is_judged() -> None:
    """With ``off`` all that is audio is good; what was bought so is judged by the next run that judges."""
    fake = spoiling("noise")
    taken = await rendered(fake, verdict="off")
    assert (taken.report.failures, taken.report.bought) == (0, 20)
    again = await rendered(fake, verdict="off")
    assert (again.report.here, again.report.bought) == (20, 0)
    judged = await rendered(fake)
    assert (judged.report.here, judged.report.failures, judged.report.bought) == (19, 1, 1)


async def test_a_verdict_is_given_once() -> None:
    """A render of a full store hears nothing again, and its file is the same."""
    fake = FakeSpeech()
    first = await rendered(fake)
    heard = Heard()
    again = await rendered(fake, heard)
    assert [event.kind for event in heard if event.kind in {"sent", "failed", "bought"}] == []
    assert again.path.read_bytes() == first.path.read_bytes()
