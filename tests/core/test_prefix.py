"""Clips are judged in the order of the text, whatever the order they come in."""

from __future__ import annotations

import random
from itertools import combinations

import pytest

from tts_async.core.prefix import JURY_CHUNKS, Prefix
from tts_async.core.tempo import LEARNED_CLIPS, SURE_CLIPS
from tts_async.core.verdict import Verdict

TEXT = "It was a bright cold day in April, and the clocks were striking thirteen. " * 3
COUNT = 20


def good(scale: float = 1.0, flaw: str = "") -> Verdict:
    """What a voice of 15 characters a second makes of the text."""
    return Verdict(speech_s=scale * len(TEXT) / 15, trail_s=0.2, flaw=flaw)


def prefix(count: int = COUNT, *, juries: bool = True) -> Prefix:
    return Prefix([TEXT] * count, ["ada"] * count, juries=juries)


def nobody(index: int) -> bool:
    return False


def judged(each: Prefix, settled: set[int]) -> list[tuple[int, bool]]:
    """All that can be judged now, and whether it is good; what is good is settled."""
    found = []
    while one := each.next(settled.__contains__):
        index, verdict = one
        if not verdict.flaw:
            settled.add(index)
        found.append((index, not verdict.flaw))
    return found


def test_nothing_is_judged_before_its_turn() -> None:
    """The first one is waited for, and so is the last of a voice's first."""
    each = prefix()
    for index in range(1, SURE_CLIPS - 1):
        each.came(index, good())
    assert each.next(nobody) is None
    each.came(0, good())
    assert each.next(nobody) is None
    each.came(SURE_CLIPS - 1, good())
    assert judged(each, set()) == [(index, True) for index in range(SURE_CLIPS)]
    each.came(SURE_CLIPS + 1, good())
    assert each.next(nobody) is None


def test_where_somebody_listens_the_first_are_not_waited_for() -> None:
    """Each is judged at once, and by nothing but what holds for any voice until there are enough of them."""
    each = prefix(juries=False)
    for index in range(COUNT):
        each.came(index, good(0.5 if index in {1, SURE_CLIPS - 1} else 1.0))
        found = judged(each, set())
        assert found == ([(index, index < SURE_CLIPS - 1 or index != SURE_CLIPS - 1)] if found else [])
        if index == SURE_CLIPS - 1:
            break


@pytest.mark.parametrize("scale", [0.5, 0.6, 0.7, 1.6, 2.0])
@pytest.mark.parametrize("count", [LEARNED_CLIPS, SURE_CLIPS, COUNT])
def test_the_first_clips_are_judged_by_each_other(count: int, scale: float) -> None:
    """Whichever of them is cut or looped is found, however few a voice has; from five on, two of them are."""
    first = range(min(count, SURE_CLIPS))
    for bad in [*combinations(first, 1), *(combinations(first, 2) if count >= SURE_CLIPS else ())]:
        each, settled = prefix(count), set[int]()
        for index in range(count):
            each.came(index, good(scale if index in bad else 1.0))
        found = []
        while len(settled) < count:
            for index, is_good in judged(each, settled):
                if not is_good:
                    found.append(index)
                    each.came(index, good())
        assert found == list(bad)


@pytest.mark.parametrize("juries", [True, False])
def test_what_came_first_and_was_wrong_does_not_have_the_rest_refused(juries: bool) -> None:
    """Two loops at the very beginning that an earlier run believed have no good clip taken again."""
    each, settled = prefix(juries=juries), {0, 1}
    for index in range(COUNT):
        if index in settled:
            each.known(index, good(2.0))
        else:
            each.came(index, good())
    assert judged(each, settled) == [(index, True) for index in range(2, COUNT)]


def test_a_voice_that_comes_back_late_is_not_waited_for() -> None:
    """A speaker with a line at the beginning and the next ones far away holds nobody up."""
    keys = ["ben", *["ada"] * JURY_CHUNKS, "ben", "ben"]
    each = Prefix([TEXT] * len(keys), keys)
    each.came(0, good())
    assert judged(each, set()) == [(0, True)]


def test_what_is_cut_is_found_by_what_came_before() -> None:
    """A voice's own clips say how long its texts take; a stranger's do not."""
    each = prefix()
    for index in range(COUNT - 1):
        each.came(index, good())
    each.came(COUNT - 1, good(0.6))
    assert judged(each, set())[-1] == (COUNT - 1, False)
    strangers = Prefix([TEXT] * COUNT, [*["ada"] * (COUNT - 1), "ben"])
    for index in range(COUNT):
        strangers.came(index, good(0.6 if index == COUNT - 1 else 1.0))
    assert judged(strangers, set())[-1] == (COUNT - 1, True)


def test_what_is_taken_again_is_waited_for() -> None:
    """Nothing behind a clip that is spoiled is judged until its next take is here."""
    each, settled = prefix(), set[int]()
    for index in range(COUNT):
        each.came(index, good(0.5 if index == 12 else 1.0))
    assert judged(each, settled)[-1] == (12, False)
    assert judged(each, settled) == []
    each.came(12, good())
    assert judged(each, settled) == [(index, True) for index in range(12, COUNT)]


def test_what_is_lost_or_parked_is_passed_over() -> None:
    """Should it come later, it is judged at once by what is known then."""
    each, settled = prefix(), {0, 1}
    for index in range(2, COUNT):
        each.came(index, good())
    assert len(judged(each, settled)) == COUNT - 2
    each.came(0, good(0.5))
    assert judged(each, settled) == [(0, False)]
    each.came(1, good())
    assert judged(each, settled) == [(1, True)]


def test_a_flaw_is_kept_and_not_learned_from() -> None:
    """Where somebody wants to go on with it, the voice is still known by its good clips."""
    each = prefix()
    for index in range(COUNT):
        each.came(index, good(0.3, flaw="is odd") if index < 10 else good())
    settled, found = set[int](), []
    while one := each.next(settled.__contains__):
        settled.add(one[0])
        found.append(bool(one[1].flaw))
    assert found == [True] * 10 + [False] * 10


@pytest.mark.parametrize("seed", range(5))
def test_an_interrupted_render_judges_as_one_that_was_not(seed: int) -> None:
    """Whatever came first, and whatever an earlier run has judged, the verdicts are the same."""
    dice = random.Random(seed)
    clips = [good(dice.choice([0.6, 0.93, 0.97, 1.0, 1.03, 1.07, 1.7])) for _ in range(COUNT)]
    whole = prefix()
    for index in range(COUNT):
        whole.came(index, clips[index])
    once = {}
    while one := whole.next(nobody):  # As with --verdict warn: what is flawed is gone on with.
        once[one[0]] = one[1]
        if one[1].flaw:
            break
    again, cut = prefix(), dice.randrange(max(1, len(once)))
    for index in range(cut):
        if index in once:
            again.known(index, once[index])
    rest = [index for index in range(COUNT) if index >= cut]
    dice.shuffle(rest)
    for index in rest:
        again.came(index, clips[index])
    twice = {}
    while one := again.next(nobody):
        twice[one[0]] = one[1]
        if one[1].flaw:
            break
    assert twice == {index: verdict for index, verdict in once.items() if index >= cut}
