"""The fixtures that users of pytest get, in suites of their own."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import pytest

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.real_time

HEAVY = ("numpy", "soundfile", "uvicorn", "tts_async.testing.fake", "tts_async.testing.clock")

FAKES = """
    import os

    def test_fakes(fake_elevenlabs, fake_openai):
        assert fake_elevenlabs is not fake_openai
        assert fake_elevenlabs.bill.requests == fake_openai.bill.requests == 0
        assert os.environ["ELEVENLABS_API_KEY"] and os.environ["OPENAI_API_KEY"]

    def test_nothing_is_left():
        assert "ELEVENLABS_API_KEY" not in os.environ
"""
CLOCK = """
    import asyncio
    import pytest

    @pytest.mark.asyncio
    async def test_clock(virtual_clock):
        await asyncio.sleep(3600)
        assert virtual_clock is asyncio.get_running_loop()
        assert 3600 <= virtual_clock.time() < 3601
"""
FACTORY = """
    from tts_async.testing.clock import VirtualClockLoop

    def pytest_asyncio_loop_factories(config, item):
        return {"virtual": VirtualClockLoop}
"""

Suite = Callable[..., pytest.RunResult]


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Suite:
    """Run a suite of its own in a process of its own, every warning an error."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))

    def run(*arguments: str, **files: str) -> pytest.RunResult:
        # Its own settings: temporary folders may lie inside a checkout, which has others.
        pytester.makeini("[pytest]\n")
        pytester.makepyfile(**files)
        loops = () if "no:asyncio" in arguments else ("-o", "asyncio_default_fixture_loop_scope=function")
        return pytester.runpytest_subprocess("-W", "error", *loops, *arguments)

    return run


@pytest.mark.parametrize("arguments", [(), ("-p", "no:asyncio")], ids=["with pytest-asyncio", "without"])
def test_fakes_are_fixtures(suite: Suite, arguments: tuple[str, ...]) -> None:
    """Each test gets one of its own and keys in the environment, which are gone afterwards."""
    suite(*arguments, test_it=FAKES).assert_outcomes(passed=2)


@pytest.mark.parametrize("mode", ["auto", "strict"])
def test_the_clock_is_a_fixture(suite: Suite, mode: str) -> None:
    """In both modes of pytest-asyncio."""
    suite("-o", f"asyncio_mode={mode}", test_it=CLOCK, conftest=FACTORY).assert_outcomes(passed=1)


def test_without_the_loop_it_says_how_to_get_it(suite: Suite) -> None:
    """The words for the conftest, and no traceback."""
    result = suite(test_it=CLOCK)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*put this into the conftest.py*", '*return {"virtual": VirtualClockLoop}*'])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_suite_that_does_not_use_it_does_not_pay_for_it(suite: Suite) -> None:
    """Nothing heavy is imported, and no hook is added."""
    source = f"""
        import sys

        def test_nothing(pytestconfig):
            assert not [name for name in {HEAVY!r} if name in sys.modules]
            plugin = pytestconfig.pluginmanager.get_plugin("tts_async")
            assert plugin.__name__ == "tts_async.testing.plugin"
            assert not pytestconfig.pluginmanager.get_hookcallers(plugin)
    """
    suite(test_it=source).assert_outcomes(passed=1)
