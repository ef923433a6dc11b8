"""What one run learned of a server is where the next one starts."""

from __future__ import annotations

import json
from pathlib import Path

import platformdirs
import pytest

from tests.engine.fakes import KeyedTones, Server, buying_of, distinct, files, means_of, patient
from tts_async.engine import memory
from tts_async.settings import Settings


def limits_file() -> Path:
    return platformdirs.user_cache_path("tts-async", appauthor=False) / "limits.json"


def crowded(most: int) -> Server:
    """A server that takes so many at once."""

    return Server(latency_s=lambda text: 2.0, most=most)


async def render(server: Server, settings: Settings, *, key: str = "k-secret", chunks: int = 30) -> int:
    """Buy a digest, and return the limit at which it began."""
    async with means_of(server, settings=settings, provider=KeyedTones(s_per_char=0.03), key=key) as means:
        began = means.gate.statistics().limit
        await buying_of(means, distinct(chunks)).run()
    return began


AUTOMATIC = patient(workers=None)


async def test_the_next_run_starts_at_what_was_held() -> None:
    """Refused above three, it is three from the first request on, and nothing is refused any more."""
    first, second = crowded(3), crowded(3)
    assert await render(first, AUTOMATIC) == 5
    assert first.refused
    assert await render(second, AUTOMATIC, chunks=9) == 3
    assert second.refused <= 1


async def test_it_goes_before_a_user_s_guess() -> None:
    """Ten workers are a wish; the server has shown that it takes three."""
    await render(crowded(3), AUTOMATIC)
    assert await render(crowded(3), patient(workers=10), chunks=3) == 3


async def test_another_key_is_another_account() -> None:
    """What one account may do says nothing of another."""
    await render(crowded(3), AUTOMATIC)
    assert await render(crowded(3), AUTOMATIC, key="other", chunks=3) == 5


async def test_it_can_be_turned_off() -> None:
    """Nothing is read, and nothing is written."""
    off = AUTOMATIC.model_copy(update={"remember": False})
    await render(crowded(3), off)
    assert not limits_file().exists()
    await render(crowded(3), AUTOMATIC)
    assert await render(crowded(3), off, chunks=3) == 5


async def test_what_was_not_learned_is_not_kept() -> None:
    """A digest that never filled its slots leaves no trace."""
    await render(Server(), AUTOMATIC, chunks=3)
    assert not limits_file().exists()


async def test_no_key_is_in_the_file() -> None:
    """An account is a hash there, and nothing else is beside the file."""
    await render(crowded(3), AUTOMATIC)
    text = limits_file().read_text("utf-8")
    assert "secret" not in text
    assert "speech.test" not in text
    assert list(json.loads(text).values()) == [3]
    assert files(limits_file().parent) == ["limits.json"]


@pytest.mark.parametrize(
    "text",
    ["", "[1, 2]", "{", "[" * 90_000, '{"a": "many"}', '{"a": 0}', '{"a": true}', '{"a": 1e9}', "\0", "null"],
    ids=lambda text: text[:20],
)
def test_a_broken_file_is_an_empty_one(text: str) -> None:
    """Whoever wrote it, the law starts where it starts, and the next run mends it."""
    limits_file().parent.mkdir(parents=True)
    limits_file().write_text(text, "utf-8")
    assert memory.LIMITS.recall("a") is None
    memory.LIMITS.keep("b", 7)
    assert memory.LIMITS.recall("b") == 7


def test_the_latest_accounts_are_kept() -> None:
    """The file does not grow for ever."""
    for number in range(memory.MOST_ACCOUNTS + 5):
        memory.LIMITS.keep(str(number), 3)
    memory.LIMITS.keep("5", 4)
    assert memory.LIMITS.recall("4") is None
    assert memory.LIMITS.recall("5") == 4
    assert memory.LIMITS.recall(str(memory.MOST_ACCOUNTS + 4)) == 3


def test_a_place_that_cannot_be_written_is_no_error(nobodys_home: Path) -> None:
    """A service without a home of its own renders all the same."""
    limits_file().parent.parent.mkdir(parents=True, exist_ok=True)
    limits_file().parent.write_text("a file where the folder should be", "utf-8")
    memory.LIMITS.keep("a", 3)
    assert memory.LIMITS.recall("a") is None
