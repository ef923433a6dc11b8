"""The public names: all of them, sorted, and cheap to ask for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import tts_async
from tts_async import errors

HEAVY = ("httpx", "numpy", "pydantic", "rich", "soundfile")


def test_the_list_is_sorted_and_has_no_name_twice() -> None:
    """A reader finds a name where it belongs."""
    assert list(tts_async.__all__) == sorted(set(tts_async.__all__))


def test_every_listed_name_is_there() -> None:
    """Nothing is promised that cannot be imported."""
    assert [name for name in tts_async.__all__ if not hasattr(tts_async, name)] == []


def test_every_name_of_ours_is_listed() -> None:
    """What can be reached from the top without an underscore is on the list."""
    for name in tts_async.__all__:
        getattr(tts_async, name)
    ours = {
        name
        for name, value in vars(tts_async).items()
        if not name.startswith("_") and getattr(value, "__module__", "").startswith("tts_async")
    }
    assert ours <= set(tts_async.__all__)


def test_every_error_is_listed() -> None:
    """Whoever must catch it can import it."""
    tree = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}
    assert tree <= set(tts_async.__all__)


def test_every_listed_name_completes() -> None:
    """`dir()` knows the lazy names before they are used, for those who type with completion."""
    assert set(tts_async.__all__) <= set(dir(tts_async))


@pytest.mark.real_time
def test_importing_the_package_imports_nothing_heavy() -> None:
    """A program that only might speak does not pay for the engine at its start."""
    code = f"import sys, tts_async; print([name for name in {HEAVY!r} if name in sys.modules])"
    path = os.pathsep.join([str(Path(next(iter(tts_async.__path__))).parent), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
