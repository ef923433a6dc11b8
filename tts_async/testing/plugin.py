"""Fixtures for pytest: the fake provider, and the clock that jumps.

pytest loads this with every suite in whose environment the package is installed. So there are fixtures only, no hooks,
and everything is imported by the fixture that needs it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import pytest

    from tts_async.testing.clock import VirtualClockLoop
    from tts_async.testing.fake import FakeSpeech

Function = TypeVar("Function", bound=Callable[..., object])

NO_VIRTUAL_CLOCK = """The fixture virtual_clock needs an event loop with a virtual clock. With pytest-asyncio 1.4 or \
later, put this into the conftest.py of your tests:

    from tts_async.testing.clock import VirtualClockLoop

    def pytest_asyncio_loop_factories(config, item):
        return {"virtual": VirtualClockLoop}
"""


def _fixture(function: Function) -> Function:
    """Make a fixture; the package itself does not need pytest."""
    import pytest

    return pytest.fixture(function)  # type: ignore[return-value]


def _async_fixture(function: Function) -> Function:
    """Make a fixture that runs in the loop of its test; without pytest-asyncio nobody will ask for it."""
    if find_spec("pytest_asyncio") is None:
        return _fixture(function)
    # By name, for nothing here needs it: only its strict mode does not take pytest's own fixtures.
    made: Function = import_module("pytest_asyncio").fixture(function)
    return made


@_fixture
def fake_elevenlabs(monkeypatch: pytest.MonkeyPatch) -> FakeSpeech:
    """A fake provider of one's own, and a key for ElevenLabs in the environment."""
    from tts_async.testing.fake import FakeSpeech

    monkeypatch.setenv("ELEVENLABS_API_KEY", "fake")
    return FakeSpeech()


@_fixture
def fake_openai(monkeypatch: pytest.MonkeyPatch) -> FakeSpeech:
    """A fake provider of one's own, and a key for OpenAI in the environment."""
    from tts_async.testing.fake import FakeSpeech

    monkeypatch.setenv("OPENAI_API_KEY", "fake")
    return FakeSpeech()


@_async_fixture
async def virtual_clock() -> VirtualClockLoop:
    """The running loop, whose clock jumps over all waiting."""
    import pytest

    from tts_async.testing.clock import VirtualClockLoop

    loop = asyncio.get_running_loop()
    if not isinstance(loop, VirtualClockLoop):
        pytest.fail(NO_VIRTUAL_CLOCK, pytrace=False)
    return loop
