"""How long it makes sense to ask a server that lets nobody in."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tts_async.core.patience import Patience, admitted, hopeless, quick_pause_s, refused, unreached

HOPELESS: Mapping[str, tuple[Patience, float, str]] = {
    "fresh": (Patience(), 0, ""),
    "two silences": (Patience(unreached=2), 0, ""),
    "three silences": (Patience(unreached=3), 0, "it did not answer 3 times in a row"),
    "a wait within the budget": (Patience(), 1300.2, ""),
    "a wait over the budget": (Patience(), 1301, "it asks to wait 301 s, and the budget is 300 s"),
    "shut within the budget": (Patience(shut_since_s=700), 0, ""),
    "shut for too long": (Patience(shut_since_s=699), 0, "it has refused every request for 301 s"),
    "shut since the clock began": (Patience(shut_since_s=0.0), 0, "it has refused every request for 1000 s"),
}


@pytest.mark.parametrize(("patience", "until_s", "said"), HOPELESS.values(), ids=HOPELESS)
def test_waiting_ends_when_it_is_hopeless(patience: Patience, until_s: float, said: str) -> None:
    """Silence, a wait and refusals each have a measure, and the reason says it."""
    assert hopeless(patience, now_s=1000, pause_until_s=until_s, budget_s=300) == said


def test_silence_is_tried_quickly() -> None:
    """After half a second, one and two."""
    patience, pauses = Patience(), []
    for now_s in (10, 20, 30):
        patience = unreached(patience, now_s=now_s, sent_s=now_s - 1)
        pauses.append(quick_pause_s(patience))
    assert pauses == [0.5, 1, 2]


def test_silences_under_way_together_count_once() -> None:
    """Five connections that fail at the same moment are one silence."""
    patience = unreached(Patience(), now_s=10, sent_s=9)
    assert unreached(patience, now_s=10.1, sent_s=9.5) == patience


def test_a_refusal_is_an_answer() -> None:
    """It ends a silence, and only the first of a row starts its clock."""
    patience = refused(unreached(Patience(), now_s=1, sent_s=0), 5.0)
    assert (patience.unreached, patience.shut_since_s) == (0, 5.0)
    assert refused(patience, 9.0).shut_since_s == 5.0


def test_an_admission_ends_a_row_of_refusals() -> None:
    """One from before the last refusal only shows that the server is there."""
    shut = refused(Patience(), 5.0)
    assert admitted(shut, since_refusal=False) == Patience(shut_since_s=5.0, ever_admitted=True)
    assert admitted(shut, since_refusal=True) == Patience(ever_admitted=True)
