"""A digest on its way in: order, attempts, refusals, ends."""

from __future__ import annotations

import asyncio
import json
import random
import socket
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
import soundfile as sf

from tests.engine.fakes import (
    Answer,
    Heard,
    MemoryStore,
    Server,
    buying_of,
    distinct,
    files,
    heard_hz,
    means_of,
    now,
    patient,
    plan_of,
    to_file,
)
from tts_async.core.event import Event
from tts_async.core.exchange import SpeechRequest, SpeechResponse
from tts_async.core.verdict import Verdict
from tts_async.engine.coordinator import Buying
from tts_async.engine.record import Record
from tts_async.engine.store import Claim
from tts_async.engine.temporary import TemporaryStore
from tts_async.errors import AudioError, Busy, ConfigError, DigestError, OutputError, Rejected, Unavailable
from tts_async.providers.tone import RATE_HZ, ToneProvider, frequency_hz
from tts_async.settings import Settings

TEXTS = distinct(12)


def status(code: int, *, only: str | None = None, until: int = 10**9, **headers: str) -> Callable[[str, int], Answer]:
    """Answer with a status: to one text or all, until the n-th request for it."""

    def says(text: str, nth: int) -> Answer:
        if (only is None or text == only) and nth <= until:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return httpx.Response(code, headers=named, json={"detail": "because"})
        return None

    return says


def raising(error: type[httpx.TransportError], *, until: int = 10**9) -> Callable[[str, int], Answer]:
    return lambda text, nth: error("boom") if nth <= until else None


# Order


@pytest.mark.parametrize("count", [500, 2_000])
async def test_every_tone_in_its_place(tmp_path: Path, count: int) -> None:
    """Chunks arrive in any order, and every tone is found where its text stands, in a long one, too."""
    dice = random.Random(500)
    texts = [f"sentence {number:06}" for number in range(count)]  # One of 600 tones each.
    server = Server(latency_s=lambda text: dice.uniform(0, 5))
    provider, heard = ToneProvider(s_per_char=0.03), Heard()
    async with means_of(server, provider=provider, settings=patient(workers=20)) as means:
        buying = Buying(plan_of(texts, pause_ms=50), means, Record("d", heard))
        cues = await to_file(buying, tmp_path / "out.wav")
    bought = [event.chunk or 0 for event in heard.of("bought")]
    assert bought != list(range(count)) == sorted(bought)
    assert cues is not None
    assert [cue.text for cue in cues] == texts
    with sf.SoundFile(tmp_path / "out.wav") as file:
        paused = 50 + 2 * 9  # What sounds to the very edge is heard 9 ms further, in frames of 10.
        lasts_s = sum(map(len, texts)) * 0.03 + (count - 1) * paused / 1000
        assert file.frames == pytest.approx(lasts_s * RATE_HZ, abs=(count - 1) * 24)
        for text, cue in zip(texts, cues, strict=True):
            file.seek(cue.start_frame)
            tone = file.read(cue.end_frame - cue.start_frame, dtype="float32")
            assert heard_hz(tone, file.samplerate) == pytest.approx(frequency_hz(text), abs=2)


async def test_a_chunk_is_written_when_all_before_it_are(tmp_path: Path) -> None:
    """Chunk 7 is written as soon as 0 to 6 are there, and not at the end."""
    slow = {TEXTS[7]: 20.0, TEXTS[9]: 100.0}
    heard = Heard()
    async with means_of(Server(latency_s=lambda text: slow.get(text, 1.0)), settings=patient(workers=12)) as means:
        await to_file(buying_of(means, TEXTS, heard), tmp_path / "out.wav")
    written = {event.chunk: round(event.at_s) for event in heard.of("written")}
    assert list(written) == list(range(12))
    assert list(written.values()) == [1, 1, 1, 1, 1, 1, 1, 20, 20, 100, 100, 100]
    sounds = [event.audio_s for event in heard.of("written")]
    assert sounds == sorted(sounds)


async def test_three_digests_never_mix(tmp_path: Path) -> None:
    """Three digests at once through one gate: each file has its own tones, in its own order."""
    dice = random.Random(3)
    texts = distinct(60)
    server = Server(latency_s=lambda text: dice.uniform(0, 5))
    async with means_of(server, provider=ToneProvider(s_per_char=0.03)) as means, asyncio.TaskGroup() as group:
        for part in range(3):
            buying = Buying(plan_of(texts[part::3], digest_id=str(part)), means, Record(str(part)))
            group.create_task(to_file(buying, tmp_path / f"{part}.wav"))
    assert server.most_in_flight == 5
    frames = round(0.03 * 15 * RATE_HZ)
    for part in range(3):
        samples, _ = sf.read(tmp_path / f"{part}.wav")
        for number, text in enumerate(texts[part::3]):
            piece = samples[number * frames : (number + 1) * frames]
            assert heard_hz(piece) == pytest.approx(frequency_hz(text), abs=3)


async def test_the_same_text_twice_is_one_purchase(tmp_path: Path) -> None:
    """A sentence that is repeated is paid for once and heard twice, in one digest or two at the same time."""
    server, heard = Server(latency_s=lambda text: 7.0), Heard()
    async with means_of(server) as means:
        first = buying_of(means, [TEXTS[0], TEXTS[1], TEXTS[0]], heard)
        second = buying_of(means, [TEXTS[1], TEXTS[0]])
        async with asyncio.TaskGroup() as group:
            group.create_task(to_file(first, tmp_path / "1.wav"))
            group.create_task(to_file(second, tmp_path / "2.wav"))
    assert sorted(server.texts) == sorted(TEXTS[:2])
    reports = first.record.report, second.record.report
    assert [report.here + report.bought for report in reports] == [3, 2]
    assert sum(report.bought for report in reports) == 2
    assert sf.info(tmp_path / "1.wav").frames == 3 * round(0.03 * 15 * RATE_HZ)


async def test_what_was_bought_is_not_bought_again() -> None:
    """A digest rendered twice buys nothing the second time, and does not even come to the door."""
    server, heard = Server(), Heard()
    async with means_of(server, settings=patient(rate_per_s=0.1)) as means:
        await buying_of(means, TEXTS).run()
        began_s = now()
        await buying_of(means, TEXTS, heard).run()
        assert now() - began_s < 0.01
    assert len(server.seen) == 12
    assert heard.chunks("here") == list(range(12))
    assert heard.of("sent") == []


async def test_unspeakable_text_is_found_before_anything_is_sent() -> None:
    """Every request is made before the first is sent."""

    class Picky(ToneProvider):
        def request(self, chunk, take):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            raise DigestError("it cannot say that")

    async with means_of(Server(), provider=Picky()) as means:
        with pytest.raises(DigestError, match="it cannot say that"):
            buying_of(means, TEXTS)


# Attempts


async def test_one_failing_chunk_of_twelve(tmp_path: Path) -> None:
    """Eleven clips are kept, one failure names the twelfth, and there is no file."""
    server = Server(says=status(500, only=TEXTS[5]))
    async with means_of(server) as means:
        buying = buying_of(means, TEXTS)
        assert await to_file(buying, tmp_path / "out.wav") is None
        clips = await buying.harvest.clips()
    assert sorted(clips) == [0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11]
    assert list(buying.failures) == [5]
    assert isinstance(buying.failures[5], Unavailable)
    assert "500" in str(buying.failures[5])
    assert [loss.chunk for loss in buying.record.report.lost] == [5]
    assert files(tmp_path) == []


async def test_attempts_waits_and_the_last_pass() -> None:
    """Three attempts with waits of 4, 8 s times 0.5 to 1, then parked; when all else is done, three more."""
    heard = Heard()
    slow = {TEXTS[11]: 200.0}
    server = Server(says=status(500, only=TEXTS[2]), latency_s=lambda text: slow.get(text, 1.0))
    async with means_of(server, settings=patient(workers=20)) as means:
        await buying_of(means, TEXTS, heard).run()
    times = [at for at, text in server.seen if text == TEXTS[2]]
    waits = [later - earlier - 1.0 for earlier, later in pairwise(times)]
    assert len(times) == 6
    for wait, planned in zip(waits, [4, 8, None, 4, 8], strict=True):
        if planned:
            assert planned * 0.5 <= wait <= planned + 0.1
    assert times[3] >= 200.0, "the last pass begins when all else is done"
    kinds = [event.kind for event in heard if event.chunk == 2 and event.kind not in {"sent", "admitted"}]
    assert kinds == ["failed", "failed", "failed", "parked", "failed", "failed", "failed", "lost"]
    assert [event.attempt for event in heard.of("failed")] == [1, 2, 3, 4, 5, 6]


async def test_parked_chunks_come_one_by_one() -> None:
    """The last pass has one request in flight, and what comes then is as good as any."""
    bad = set(TEXTS[:4])
    server = Server(says=lambda text, nth: httpx.Response(500) if text in bad and nth <= 4 else None)
    async with means_of(server) as means:
        buying = buying_of(means, TEXTS)
        await buying.run()
    assert len(buying.backlog.bought) == 12
    assert buying.failures == {}
    last = server.texts[-8:]
    assert last[::2] == last[1::2]
    assert set(last) == bad
    times = server.times[-8:]
    assert all(later - earlier >= 1.0 for earlier, later in pairwise(times))


@pytest.mark.parametrize(
    "says",
    [
        pytest.param(raising(httpx.ReadTimeout, until=2), id="silence"),
        pytest.param(raising(httpx.RemoteProtocolError, until=2), id="broken off"),
        pytest.param(status(408, until=2), id="408"),
        pytest.param(status(502, until=2), id="502"),
    ],
)
async def test_passing_failures(says: Callable[[str, int], Answer]) -> None:
    """What fails twice and then succeeds is bought at its third attempt."""
    heard = Heard()
    async with means_of(Server(says=says)) as means:
        await buying_of(means, TEXTS[:3], heard).run()
    assert [event.attempt for event in heard.of("bought")] == [3, 3, 3]
    assert len(heard.of("failed")) == 6


async def test_garbage_is_set_aside_and_retaken(tmp_path: Path) -> None:
    """A body that is no audio is kept aside, counted as a failure, and asked for again."""
    store, heard = MemoryStore(), Heard()
    server = Server(says=lambda text, nth: httpx.Response(200, content=b"") if nth == 1 else None)
    async with means_of(server, store=store) as means:
        buying = buying_of(means, TEXTS[:2], heard)
        assert await to_file(buying, tmp_path / "out.wav") is not None
    assert [bad.body for bad in store.discarded] == [b"", b""]
    assert len(store.kept) == 2
    assert heard.chunks("failed") == [0, 1]
    assert all("empty" in event.reason for event in heard.of("failed"))


async def test_garbage_that_two_chunks_share() -> None:
    """The same text twice, and its first answer is garbage: both chunks are here in the end, nobody crashes."""
    server = Server(says=lambda text, nth: httpx.Response(200, content=b"") if nth <= 2 else None)
    async with means_of(server) as means:
        buying = buying_of(means, [TEXTS[0]] * 6)
        await buying.run()
    assert len(buying.backlog.bought) == 6
    assert len(server.seen) == 3


async def test_what_was_never_judged_is_judged_later(tmp_path: Path) -> None:
    """Garbage that was committed just before a cancellation is found by the next render, and bought again."""
    store = MemoryStore()
    server = Server(says=lambda text, nth: httpx.Response(200, content=b"") if nth == 1 else None)
    async with means_of(server, store=store) as means:
        task = asyncio.create_task(buying_of(means, TEXTS[:1]).run())
        await asyncio.sleep(0.5)
        task.cancel()
        await asyncio.wait({task})
        assert len(store.kept) == 1
        again = buying_of(means, TEXTS[:1])
        assert await to_file(again, tmp_path / "out.wav") is not None
    assert len(server.seen) == 2


# Refusals


@pytest.mark.parametrize("code", [429, 503, 529])
async def test_a_refusal_spends_no_attempt(code: int) -> None:
    """Refused seven times each, chunks are bought at their first attempt; the report counts the refusals."""
    heard = Heard()
    async with means_of(Server(says=status(code, until=7))) as means:
        buying = buying_of(means, TEXTS[:3], heard)
        await buying.run()
    assert {event.attempt for event in heard.of("bought")} == {1}
    assert heard.of("failed") == []
    assert buying.record.report.refusals == 21
    assert buying.record.report.failures == 0


async def test_a_retry_after_is_obeyed() -> None:
    """After a Retry-After of 30 s nothing leaves for 30 s, then everything does."""
    server = Server(says=status(429, until=1, only=TEXTS[0], retry_after="30"))
    async with means_of(server) as means:
        await buying_of(means, TEXTS).run()
    refused_s = 1.0
    assert [at for at in server.times if refused_s + 0.01 < at < 31.0] == []
    assert len(server.seen) == 13


async def test_refused_for_good() -> None:
    """Nobody admitted for 300 s ends the render with a sentence that says so."""
    async with means_of(Server(says=status(429), latency_s=lambda text: 0.1)) as means:
        buying = buying_of(means, TEXTS)
        await buying.run()
    assert 300 < now() < 320
    assert len(buying.backlog.lost) == 12
    assert "refused every request for 30" in buying.record.report.stopped
    assert all(isinstance(error, Busy) for error in buying.failures.values())


@pytest.mark.parametrize("code", [429, 503])
async def test_a_wait_beyond_the_budget_fails_fast(code: int) -> None:
    """A Retry-After of an hour ends the render at once and names both times."""
    async with means_of(Server(says=status(code, retry_after="3600"))) as means:
        buying = buying_of(means, TEXTS)
        await buying.run()
    assert now() < 3
    assert "3600 s" in buying.record.report.stopped
    assert "300 s" in buying.record.report.stopped


# Ends


@pytest.mark.parametrize("code", [401, 402, 403])
async def test_a_wrong_key_stops_everything(code: int) -> None:
    """After the answer no further request leaves; what was paid for is kept, in every digest."""
    server = Server(says=status(code, only=TEXTS[2]), latency_s=lambda text: 2.0 if text == TEXTS[2] else 5.0)
    async with means_of(server) as means:
        first, second = buying_of(means, TEXTS[:6]), buying_of(means, TEXTS[6:])
        async with asyncio.TaskGroup() as group:
            group.create_task(first.run())
            group.create_task(second.run())
        stopped_s = 2.0 + min(at for at, text in server.seen if text == TEXTS[2])
        assert all(at <= stopped_s for at in server.times)
        kept = len(first.backlog.bought) + len(second.backlog.bought)
        assert kept == len(server.seen) - 1
        for buying in (first, second):
            assert buying.backlog.finished
            assert str(code) in buying.record.report.stopped
            assert set(buying.failures) == buying.backlog.lost
        assert len(await first.harvest.clips()) == len(first.backlog.bought)


async def test_stopped_while_another_render_buys_its_chunk() -> None:
    """A chunk that waits for another's purchase when all is stopped is lost, and its reason is known."""

    class Slow(MemoryStore):
        async def claim(self, fingerprint: str) -> Claim:
            claim = await super().claim(fingerprint)
            await asyncio.sleep(3.0 if claim is Claim.THEIRS else 0.0)
            return claim

    server = Server(says=status(401, only=TEXTS[1]), latency_s=lambda text: 2.0)
    async with means_of(server, store=Slow()) as means:
        buying = buying_of(means, [TEXTS[0], TEXTS[0], TEXTS[1]])
        await buying.run()
    assert buying.backlog.bought == {0}
    assert buying.backlog.lost == {1, 2} == set(buying.failures)


async def test_stopped_just_before_a_request_leaves() -> None:
    """Where all is stopped while a chunk is still being claimed, its request is not sent, and not thought to be billed."""

    class Slow(MemoryStore):
        async def claim(self, fingerprint: str) -> Claim:
            await asyncio.sleep(3.0 if self.claimed else 0.0)
            return await super().claim(fingerprint)

    server, store = Server(says=status(401)), Slow()
    async with means_of(server, store=store) as means:
        buying = buying_of(means, TEXTS[:3])
        await buying.run()
        assert means.gate.statistics().in_flight == 0
    assert server.texts == [TEXTS[0]]
    assert buying.backlog.lost == {0, 1, 2} == set(buying.failures)
    assert {type(error) for error in buying.failures.values()} == {Rejected}
    assert (store.claimed, store.unsure) == (set(), {})


@pytest.mark.parametrize("code", [400, 404, 422])
async def test_a_rejected_chunk_is_lost_alone(code: int) -> None:
    """A request that will never be accepted is sent once, and the others are bought."""
    server = Server(says=status(code, only=TEXTS[2]))
    async with means_of(server) as means:
        buying = buying_of(means, TEXTS)
        await buying.run()
    assert len(server.seen) == 12
    assert buying.backlog.lost == {2}
    assert isinstance(buying.failures[2], Rejected)


async def test_a_server_that_is_down() -> None:
    """Nobody answers: an error within seconds that names the address."""
    async with means_of(Server(says=raising(httpx.ConnectError), latency_s=lambda text: 0.0)) as means:
        buying = buying_of(means, TEXTS)
        await buying.run()
    assert now() < 5
    assert "http://tone.invalid" in buying.record.report.stopped
    assert "3 times" in buying.record.report.stopped
    assert not any(error.billed for error in buying.failures.values())


@pytest.mark.real_time
async def test_a_closed_port() -> None:
    """The same with a real connection that nobody takes."""

    class Closed(ToneProvider):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            base_url = f"http://127.0.0.1:{free.getsockname()[1]}"

    async with means_of(httpx.AsyncClient(trust_env=False), provider=Closed()) as means:
        buying = buying_of(means, TEXTS)
        began_s = now()
        await buying.run()
    assert now() - began_s < 8
    assert Closed.base_url in buying.record.report.stopped
    assert buying.backlog.lost == set(range(12))


async def test_a_wrong_address_is_not_tried_again() -> None:
    """An address that no server can have stops the render with the first answer."""
    async with means_of(Server(says=raising(httpx.UnsupportedProtocol))) as means:
        buying = buying_of(means, TEXTS)
        await buying.run()
    assert now() < 2
    assert len(buying.backlog.lost) == 12
    assert {type(error) for error in buying.failures.values()} == {ConfigError}


async def test_a_programming_error_goes_through() -> None:
    """An error that is no TTSError ends the render as itself, and what was under way is kept."""

    class Broken(ToneProvider):
        def clip(self, chunk, response):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            raise ZeroDivisionError

    server, store = Server(), MemoryStore()
    async with means_of(server, provider=Broken(), store=store) as means:
        with pytest.raises(ExceptionGroup) as caught:
            await buying_of(means, TEXTS).run()
    assert caught.value.subgroup(ZeroDivisionError)
    assert len(store.kept) == len(server.seen) >= 1


async def test_sequential_is_the_same_code(tmp_path: Path) -> None:
    """With one worker, one request is in flight, in the order of the text, and the file is the same."""
    for workers in (1, 5):
        server = Server()
        async with means_of(server, settings=patient(workers=workers)) as means:
            await to_file(buying_of(means, TEXTS), tmp_path / f"{workers}.wav")
        assert server.most_in_flight == workers
        if workers == 1:
            assert server.texts == TEXTS
    assert (tmp_path / "1.wav").read_bytes() == (tmp_path / "5.wav").read_bytes()


async def test_the_makespan_of_the_plan() -> None:
    """Eight chunks of 40 s take 320 s with one slot and 80 s with five."""
    for workers, expected_s in ((1, 320), (5, 80)):
        began_s = now()
        async with means_of(Server(latency_s=lambda text: 40.0), settings=Settings(workers=workers)) as means:
            await buying_of(means, TEXTS[:8]).run()
        assert now() - began_s == pytest.approx(expected_s, rel=0.01)


async def test_the_report_is_the_sum_of_the_events() -> None:
    """Requests, characters, times: the report says what the events said."""
    heard: list[Event] = []
    async with means_of(Server(says=status(500, only=TEXTS[1], until=1))) as means:
        buying = Buying(plan_of(TEXTS), means, Record("d", heard.append))
        await buying.run()
    report = buying.record.report
    assert report.requests == 13 == sum(event.kind == "sent" for event in heard)
    assert report.bought == 12
    assert report.billed_chars == sum(map(len, TEXTS))
    assert report.most_in_flight == 5
    assert report.provider_s == pytest.approx(12.0, abs=0.1)
    assert all(earlier.at_s <= later.at_s for earlier, later in pairwise(heard))


async def test_another_take_goes_out_after_garbage() -> None:
    """Each retake after garbage says which take it is; a plain failure repeats the same one."""
    takes: list[int] = []

    class Taking(ToneProvider):
        def request(self, chunk, take):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            takes.append(take.number)
            return super().request(chunk, take)

    answers: list[Answer] = [httpx.Response(500), httpx.Response(200, content=b""), None]
    async with means_of(Server(says=lambda text, nth: answers[nth - 1]), provider=Taking()) as means:
        buying = buying_of(means, TEXTS[:1])
        await buying.run()
    assert takes == [1, 1, 1, 2]
    assert buying.backlog.bought == {0}


async def test_the_body_is_what_the_provider_asked_for() -> None:
    """The request is the provider's, as JSON, and says who sends it."""
    server = Server()
    async with means_of(server) as means:
        await buying_of(means, TEXTS[:1]).run()
    request = server.requests[0]
    assert json.loads(request.content)["lines"] == [{"text": TEXTS[0], "voice": "tone"}]
    assert request.headers["user-agent"].startswith("tts-async/")


async def test_audio_errors_are_lost_after_all_attempts() -> None:
    """A chunk whose every take is garbage is lost, and the last garbage is its reason."""
    server = Server(says=lambda text, nth: httpx.Response(200, content=b"") if text == TEXTS[0] else None)
    async with means_of(server) as means:
        buying = buying_of(means, TEXTS[:2])
        await buying.run()
    assert buying.backlog.lost == {0}
    assert isinstance(buying.failures[0], AudioError)


async def test_a_full_disk_for_what_is_bought() -> None:
    """Nothing more is bought that cannot be kept, and the error says where and what to do."""

    class Full(TemporaryStore):
        async def commit(
            self, fingerprint: str, response: SpeechResponse, *, request: SpeechRequest | None = None
        ) -> None:
            raise OutputError("What was bought cannot be kept in '/tmp': No space left on device.")

    server = Server()
    async with Full() as store, means_of(server, store=store) as means:
        buying = buying_of(means, TEXTS)
        await buying.run()
    assert buying.backlog.lost == set(range(len(TEXTS)))
    assert len(server.seen) <= 10, "a slot is left before the commit, so some were under way"
    assert "cannot be kept" in buying.record.report.stopped


class Picky(MemoryStore):
    """A store that does not take what is said of some clips, and does not set them aside; counts what it finds room for."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: set[str] = set()
        self.probed: list[int] = []

    async def probe(self, chars: int) -> None:
        self.probed.append(chars)

    async def judge(self, fingerprint: str, verdict: Verdict) -> None:
        self._check(fingerprint)
        await super().judge(fingerprint, verdict)

    async def discard(self, fingerprint: str) -> None:
        self._check(fingerprint)
        await super().discard(fingerprint)

    def _check(self, fingerprint: str) -> None:
        if fingerprint in self.refused:
            raise OutputError("What is bought cannot be kept: No space left on device.")


@pytest.mark.parametrize("bad", [False, True], ids=["its verdict", "setting it aside"])
@pytest.mark.parametrize("late", [0, 1], ids=["in another's attempt", "in its own attempt"])
async def test_what_is_said_of_a_clip_cannot_be_kept(late: int, bad: bool) -> None:
    """That clip is left to the next run, whoever's attempt it is; nothing more is sent, and nothing hangs."""

    def says(text: str, nth: int) -> Answer:
        lines = [{"text": text, "voice": "tone"}]
        endless = ToneProvider().answer("/speak", {"lines": lines, "s_per_char": 3.0})
        return httpx.Response(200, content=endless.body) if bad and text == TEXTS[1] and nth == 1 else None

    server = Server(says=says, latency_s=lambda text: 2.0 if text == TEXTS[late] else 1.0)
    store, settings = Picky(), patient(workers=2)
    async with means_of(server, store=store, settings=settings) as means:
        buying = buying_of(means, TEXTS)
        store.refused = {buying._orders.fingerprints[1]}
        await buying.run()
        assert isinstance(buying.failures[1], OutputError)
        assert 1 in buying.backlog.lost
        assert 0 in buying.backlog.bought
        assert "No space left" in buying.record.report.stopped
        assert len(server.seen) < 12
        store.refused = set()
        again = buying_of(means, TEXTS)
        await again.run()
    assert again.backlog.bought == set(range(12))
    assert len(server.seen) == 12 + bad


async def test_room_is_looked_for_once_and_for_what_is_missing() -> None:
    """What is here needs none, judged or not, nor does the same text a second time."""
    store, server = Picky(), Server()
    async with means_of(server, store=store, settings=patient(verdict="off")) as means:
        await buying_of(means, TEXTS[:2]).run()
        await buying_of(means, [*TEXTS[:4], TEXTS[3]]).run()
    assert store.verdicts == {}
    assert store.probed == [2 * len(TEXTS[0])] * 2


async def test_a_store_without_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the disk says becomes an error of ours."""

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    async with TemporaryStore() as store:
        await store.claim("f")
        monkeypatch.setattr(Path, "replace", full)
        with pytest.raises(OutputError, match=r"cannot be kept in .*: No space left on device\. Is the disk full\?"):
            await store.commit("f", SpeechResponse(status=200, headers={}, body=b"x"))
        monkeypatch.undo()
        await store.commit("f", SpeechResponse(status=200, headers={}, body=b"x"))
        monkeypatch.setattr(Path, "replace", full)
        with pytest.raises(OutputError, match="cannot be kept in"):
            await store.discard("f")
