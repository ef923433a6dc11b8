"""Which chunk is bought next, and what becomes of the ones that fail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tts_async.core.backlog import Backlog
from tts_async.core.choice import TAIL, best


def drain(*backlogs: Backlog, limit: int) -> Iterator[tuple[int, int]]:
    """Take chunks until none is left: pairs of digest and chunk."""
    while some := [backlog for backlog in backlogs if backlog.first() is not None]:
        backlog, index = best(some, limit)
        backlog.take(index)
        yield backlogs.index(backlog), index


def fail(backlog: Backlog, index: int, times: int = 1) -> list[str]:
    """Take a chunk and let it fail, so often, waking the backlog for each attempt."""
    fates = []
    for _ in range(times):
        backlog.wake(1e9)
        backlog.take(index)
        fates.append(str(backlog.fail(index, 1.0)))
    return fates


class TestAttempts:
    """From the first attempt to the last pass."""

    def test_a_new_backlog_is_all_ready(self) -> None:
        """Every chunk waits, at its first attempt."""
        backlog = Backlog([5, 5, 5], attempts=3)
        assert (backlog.first(), sorted(backlog.ready()), backlog.waiting) == (0, [0, 1, 2], 3)
        assert [backlog.attempt(index) for index in range(3)] == [1, 1, 1]
        assert not backlog.finished
        assert repr(backlog) == "<Backlog 3 ready, 0 later, 0 parked, 0 running, 0 bought, 0 lost>"

    def test_nothing_to_buy_is_finished(self) -> None:
        """An empty backlog has no next chunk."""
        backlog = Backlog([], attempts=3)
        backlog.wake(0.0)
        assert backlog.finished
        assert backlog.first() is None

    def test_a_failure_waits_for_its_time(self) -> None:
        """It is ready when it is due and not before, and at its next attempt."""
        backlog = Backlog([5, 5], attempts=3)
        backlog.take(0)
        assert backlog.fail(0, 7.0) == "later"
        assert backlog.next_due_s == 7.0
        backlog.wake(6.9)
        assert backlog.first() == 1
        backlog.wake(7.0)
        assert (backlog.first(), backlog.attempt(0)) == (0, 2)
        assert not backlog._later

    def test_spent_attempts_park_it_until_all_else_is_done(self) -> None:
        """The last pass has as many attempts again, and then the chunk is lost."""
        backlog = Backlog([5, 5], attempts=3)
        assert fail(backlog, 0, 3) == ["later", "later", "parked"]
        backlog.wake(1e9)
        assert backlog.first() == 1
        backlog.take(1)
        backlog.wake(1e9)
        assert backlog.first() is None
        backlog.buy(1)
        backlog.wake(1e9)
        assert (backlog.first(), backlog.attempt(0)) == (0, 4)
        assert fail(backlog, 0, 3) == ["later", "later", "lost"]
        assert backlog.finished
        assert (backlog.bought, backlog.lost) == ({1}, {0})

    def test_the_last_pass_is_one_at_a_time(self) -> None:
        """In the order in which they were parked, each after the one before it has ended."""
        backlog = Backlog([5, 5, 5], attempts=1)
        for index in (2, 0, 1):
            assert fail(backlog, index) == ["parked"]
        order = []
        while not backlog.finished:
            backlog.wake(0.0)
            (index,) = backlog.ready()
            order.append(index)
            backlog.take(index)
            backlog.wake(0.0)
            assert backlog.first() is None
            backlog.buy(index)
        assert order == [2, 0, 1]

    def test_a_refusal_counts_nothing(self) -> None:
        """The chunk is ready again at the same attempt, and its digest has not been served."""
        backlog = Backlog([5, 7], attempts=3)
        backlog.take(1)
        assert backlog.share == 7
        backlog.put_back(1)
        assert (sorted(backlog.ready()), backlog.attempt(1), backlog.share) == ([0, 1], 1, 0)

    def test_putting_back_what_does_not_run_is_nothing(self) -> None:
        """A task's end says it once more, whatever became of its chunk."""
        backlog = Backlog([5, 5], attempts=1)
        backlog.take(0)
        backlog.buy(0)
        backlog.put_back(0)
        assert backlog.settled(0)
        assert not backlog.settled(1)
        assert list(backlog.ready()) == [1]

    def test_somebody_else_s_purchase_counts_nothing(self) -> None:
        """A chunk that another run is buying is looked at again later, at the same attempt."""
        backlog = Backlog([5], attempts=1)
        backlog.take(0)
        backlog.wait(0, 3.0)
        assert (backlog.next_due_s, backlog.attempt(0), backlog.share) == (3.0, 1, 0)
        backlog.wake(3.0)
        assert backlog.first() == 0

    def test_stopping_gives_up_all_but_what_runs(self) -> None:
        """What runs may still arrive; if it fails, is refused or is left to somebody else, it is lost too."""
        backlog = Backlog([5] * 7, attempts=1)
        assert fail(backlog, 0) == ["parked"]
        for index in (1, 2, 3, 4, 5):
            backlog.take(index)
        backlog.wait(1, 9.0)
        assert backlog.stop() == [0, 1, 6]
        backlog.buy(2)
        assert backlog.fail(3, 0.0) == "lost"
        backlog.put_back(4)
        backlog.wait(5, 0.0)
        backlog.wake(1e9)
        assert backlog.finished
        assert (backlog.bought, backlog.lost, backlog.first()) == ({2}, {0, 1, 3, 4, 5, 6}, None)


class TestWindow:
    """A stream buys no further than its reader's window."""

    def test_the_window_moves_with_the_reader(self) -> None:
        """Chunks past it are not ready yet, though they wait."""
        backlog = Backlog([5] * 6, attempts=1, window=2)
        assert (sorted(backlog.ready()), backlog.waiting) == ([0, 1], 6)
        for index in (0, 1):
            backlog.take(index)
            backlog.buy(index)
        assert backlog.first() is None
        backlog.read_to(2)
        assert (backlog.first(), sorted(backlog.ready())) == (2, [2, 3])

    def test_the_reader_s_own_chunk_does_not_stay_parked(self) -> None:
        """Else buying would stand still with chunks past the window waiting for ever."""
        backlog = Backlog([5] * 6, attempts=2, window=2)
        assert fail(backlog, 0, 2) == ["later", "parked"]
        backlog.wake(0.0)
        assert backlog.first() == 0
        assert fail(backlog, 0, 2) == ["later", "lost"]

    def test_a_reader_may_come_to_a_parked_chunk(self) -> None:
        """It is ready then, also while another one is in its last pass."""
        backlog = Backlog([5] * 9, attempts=1, window=3)
        assert fail(backlog, 1) == ["parked"]
        assert fail(backlog, 0) == ["parked"]
        backlog.wake(0.0)
        backlog.take(0)
        backlog.buy(0)
        backlog.read_to(1)
        backlog.wake(0.0)
        assert backlog.first() == 1

    def test_what_is_parked_inside_the_window_uses_idle_time(self) -> None:
        """Nothing else can be sent, so the last pass of a chunk ahead of the reader begins."""
        backlog = Backlog([5] * 9, attempts=1, window=2)
        assert fail(backlog, 1) == ["parked"]
        backlog.take(0)
        backlog.wake(0.0)
        assert backlog.first() is None
        backlog.buy(0)
        backlog.wake(0.0)
        assert backlog.first() == 1

    def test_a_file_has_no_reader_who_waits(self) -> None:
        """Without a window a parked chunk waits for the last pass, whoever reads."""
        backlog = Backlog([5] * 3, attempts=1)
        assert fail(backlog, 0) == ["parked"]
        backlog.read_to(0)
        backlog.wake(0.0)
        assert backlog.first() == 1


class TestBest:
    """The choice at the door, over all digests."""

    def test_the_head_of_every_digest_goes_first(self) -> None:
        """Each digest's listener hears something soon."""
        backlogs = [Backlog([9] * 40, attempts=1) for _ in range(3)]
        assert list(drain(*backlogs, limit=2))[:3] == [(0, 0), (1, 0), (2, 0)]

    def test_then_the_least_served_in_the_order_of_the_text(self) -> None:
        """Digests get equal shares of characters, not of chunks."""
        backlogs = [Backlog([30] * 40, attempts=1), Backlog([10] * 40, attempts=1)]
        order = list(drain(*backlogs, limit=1))
        served = Counter(digest for digest, _ in order[:32])
        assert served == {0: 8, 1: 24}
        assert [index for digest, index in order if digest == 0] == list(range(40))

    def test_a_digest_that_comes_late_starts_at_once(self) -> None:
        """Its head goes before everything that others have left."""
        old, new = Backlog([9] * 90, attempts=1), Backlog([9] * 90, attempts=1)
        for index in range(40):
            old.take(index)
        assert best([old, new], 5) == (new, 0)

    def test_in_the_tail_the_longest_goes_first(self) -> None:
        """So that no long chunk is left for the end; near-equal ones keep the order of the text."""
        backlog = Backlog([10, 100, 101, 300, 10, 99], attempts=1)
        assert [index for _, index in drain(backlog, limit=2)] == [0, 3, 1, 2, 5, 4]

    def test_the_tail_begins_at_three_times_the_limit(self) -> None:
        """Before it the order is that of the text."""
        backlog = Backlog([10] * 7 + [500], attempts=1)
        order = [index for _, index in drain(backlog, limit=2)]
        assert order[:2] == [0, 1]
        assert order[2] == 7
        assert TAIL * 2 == 6

    def test_in_the_tail_the_window_holds_too(self) -> None:
        """A long chunk past the reader's window is not chosen."""
        backlog = Backlog([10, 10, 500], attempts=1, window=2)
        assert [index for _, index in drain(backlog, limit=5)] == [0, 1]

    @pytest.mark.parametrize("window", [None, 64])
    def test_twelve_thousand_chunks_are_no_burden(self, window: int | None) -> None:
        """Each choice looks at a few chunks, however many wait, also when every one is refused or fails once."""
        looked_at = 0

        class Watched(Backlog):
            def ready(self) -> Sequence[int]:
                nonlocal looked_at
                found = list(super().ready())
                looked_at += len(found)
                return found

        count = 12_000
        backlog = Watched([100] * count, attempts=3, window=window)
        for step in range(4 * count):
            backlog.wake(float(step))
            if (index := backlog.first()) is None:
                continue
            backlog.read_to(index)
            _, index = best([backlog], 10)
            backlog.take(index)
            if step % 2:
                backlog.buy(index)
            elif backlog.attempt(index) == 1 and step % 4:
                backlog.fail(index, step + 3.0)
            else:
                backlog.put_back(index)
        assert backlog.finished
        assert looked_at < 4_000


class BacklogMachine(RuleBasedStateMachine):
    """Drives a backlog by everything that the engine may tell it, beside a plain account of what must hold."""

    @initialize(
        chars=st.lists(st.integers(0, 900), min_size=1, max_size=9),
        attempts=st.integers(1, 3),
        window=st.none() | st.integers(1, 4),
    )
    def begin(self, chars: list[int], attempts: int, window: int | None) -> None:
        self.backlog = Backlog(chars, attempts=attempts, window=window)
        self.chars, self.attempts, self.window = chars, attempts, window
        self.now_s = 0.0
        self.reader = 0
        self.stopped = False
        self.failures = Counter[int]()
        self.where = dict.fromkeys(range(len(chars)), "ready")

    def indices(self, where: str) -> list[int]:
        return [index for index, state in self.where.items() if state == where]

    def a_running_one(self, pick: int) -> int:
        running = self.indices("running")
        return running[pick % len(running)]

    def in_window(self, index: int) -> bool:
        return self.window is None or index < self.reader + self.window

    @precondition(lambda self: self.backlog.first() is not None)
    @rule(limit=st.integers(1, 4))
    def take(self, limit: int) -> None:
        backlog, index = best([self.backlog], limit)
        assert backlog is self.backlog
        assert self.in_window(index)
        self.backlog.take(index)
        self.where[index] = "running"

    @precondition(lambda self: self.backlog.running)
    @rule(pick=st.integers(0, 9))
    def put_back(self, pick: int) -> None:
        index = self.a_running_one(pick)
        before = self.backlog.attempt(index)
        self.backlog.put_back(index)
        assert self.backlog.attempt(index) == before
        self.where[index] = "lost" if self.stopped else "ready"

    @precondition(lambda self: self.backlog.running)
    @rule(pick=st.integers(0, 9), s=st.integers(0, 5))
    def wait(self, pick: int, s: int) -> None:
        index = self.a_running_one(pick)
        self.backlog.wait(index, self.now_s + s)
        self.where[index] = "lost" if self.stopped else "later"

    @precondition(lambda self: self.backlog.running)
    @rule(pick=st.integers(0, 9), s=st.integers(0, 5))
    def fail(self, pick: int, s: int) -> None:
        index = self.a_running_one(pick)
        assert self.backlog.attempt(index) == self.failures[index] + 1
        self.failures[index] += 1
        fate = self.backlog.fail(index, self.now_s + s)
        if self.stopped or self.failures[index] == 2 * self.attempts:
            assert fate == "lost"
        elif self.failures[index] == self.attempts:
            assert fate == "parked"
        else:
            assert fate == "later"
        self.where[index] = fate

    @precondition(lambda self: self.backlog.running)
    @rule(pick=st.integers(0, 9), arrived=st.booleans())
    def settle(self, pick: int, arrived: bool) -> None:
        index = self.a_running_one(pick)
        (self.backlog.buy if arrived else self.backlog.lose)(index)
        self.where[index] = "bought" if arrived else "lost"

    @rule()
    def stop(self) -> None:
        self.stopped = True
        given_up = sorted(self.indices("ready") + self.indices("later") + self.indices("parked"))
        assert self.backlog.stop() == given_up
        self.where |= dict.fromkeys(given_up, "lost")

    @rule(s=st.integers(0, 5))
    def wake(self, s: int) -> None:
        self.now_s += s
        self.backlog.wake(self.now_s)
        woken = sorted(set(self.backlog._waiting) - set(self.indices("ready")))
        unparked = [index for index in woken if self.where[index] == "parked"]
        self.where |= dict.fromkeys(woken, "ready")
        assert len(unparked) <= 1
        if unparked and not (self.window is not None and unparked == [self.reader]):
            others = [each for each in self.indices("ready") if self.in_window(each) and each not in unparked]
            assert self.indices("running") + self.indices("later") + others == []
        assert self.backlog.next_due_s is None or self.backlog.next_due_s > self.now_s

    @rule()
    def read_on(self) -> None:
        while self.reader < len(self.chars) - 1 and self.backlog.settled(self.reader):
            self.reader += 1
        self.backlog.read_to(self.reader)

    @invariant()
    def every_chunk_is_in_one_state(self) -> None:
        backlog = self.backlog
        later = [index for _, index in backlog._later]
        kept = [*backlog._waiting, *later, *backlog._parked, *backlog.running, *backlog.bought, *backlog.lost]
        assert sorted(kept) == list(range(len(self.chars)))
        assert sorted(later) == self.indices("later")
        for name, state in (("running", backlog.running), ("bought", backlog.bought), ("lost", backlog.lost)):
            assert sorted(state) == self.indices(name)

    @invariant()
    def it_is_finished_when_all_is_settled(self) -> None:
        settled = [index for index in self.where if self.backlog.settled(index)]
        assert sorted(settled) == sorted(self.indices("bought") + self.indices("lost"))
        assert self.backlog.finished == (len(settled) == len(self.chars))

    @invariant()
    def the_window_is_respected(self) -> None:
        ready = sorted(self.backlog.ready())
        assert ready == [index for index in self.indices("ready") if self.in_window(index)]
        assert self.backlog.first() == (ready[0] if ready else None)

    @invariant()
    def it_never_stands_still(self) -> None:
        """Once woken and read on, something is under way, is due or can be sent, or all is settled."""
        if self.stopped:
            return
        self.read_on()
        self.wake(0)
        backlog = self.backlog
        moves = backlog.finished or backlog.running or backlog.next_due_s is not None or backlog.first() is not None
        assert moves
        if self.window is not None and not backlog.settled(self.reader):
            assert self.where[self.reader] in {"ready", "running", "later"}


BacklogMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=40)
TestBacklogMachine = BacklogMachine.TestCase


class TestShares:
    """Who is served the least goes next."""

    def test_a_priority_weighs(self) -> None:
        """Of two digests with much to send, the one of priority 2 is served twice as many characters."""
        high, low = Backlog([10] * 400, attempts=1, priority=2.0), Backlog([10] * 400, attempts=1)
        for backlog in (high, low):
            backlog.take(0)
        served = []
        for _ in range(300):
            chosen, index = best([high, low], 3)
            chosen.take(index)
            served.append(chosen)
        assert served.count(high) == 200

    def test_a_newcomer_begins_where_the_others_are(self) -> None:
        """It does not have to be caught up with what was served before it came."""
        old, new = Backlog([10] * 100, attempts=1), Backlog([10] * 100, attempts=1, priority=2.0)
        for index in range(50):
            old.take(index)
        new.start_at(old.share)
        assert new.share == old.share == 500
