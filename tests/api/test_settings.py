"""Where settings are read from."""

from __future__ import annotations

from pathlib import Path

import pytest

from tts_async.api.settings import SettingsSources
from tts_async.errors import ConfigError
from tts_async.settings import Settings


def write(name: str, content: str | bytes) -> None:
    Path(name).write_bytes(content.encode() if isinstance(content, str) else content)


def here() -> list[Path]:
    return list(Path.cwd().iterdir())


async def test_nothing_anywhere_is_the_defaults() -> None:
    """And makes no file."""
    assert (await SettingsSources().read()).settings == Settings()
    assert here() == []


async def test_the_package_s_own_file() -> None:
    """It is read, and goes before the project's."""
    write("tts-async.toml", "workers = 3\n[pauses]\nspeaker_ms = 10\n[prices]\ntone = 0.5\n")
    write("pyproject.toml", "[tool.tts_async]\nworkers = 9\nattempts = 9\n")
    found = await SettingsSources().read()
    assert (found.settings.workers, found.settings.attempts, found.settings.pauses.speaker_ms) == (3, 3, 10)
    assert found.settings.prices == {"tone": 0.5}
    assert found.origins["workers"].detail == "tts-async.toml"


async def test_a_table_of_the_project_s_file() -> None:
    """It is the same."""
    write("pyproject.toml", "[tool.tts_async]\nprofile = 'conservative'\n")
    found = await SettingsSources().read()
    assert (found.settings.workers, found.settings.rate_per_s) == (3, 5)
    assert found.origins["rate_per_s"].source == "file"


@pytest.mark.parametrize(
    "text", ["", "[tool]\n", "[tool.other]\nworkers = 3\n", "tool = 3\n", "[project]\nname = 'x'\n"]
)
async def test_a_project_without_a_table(text: str) -> None:
    """It says nothing."""
    write("pyproject.toml", text)
    assert (await SettingsSources().read()).settings == Settings()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("tts-async.toml", b"workers = ", "tts-async.toml cannot be read: "),
        ("tts-async.toml", b"\xff", "tts-async.toml cannot be read: "),
        ("tts-async.toml", b"workers = 0", "It is set in tts-async.toml, and may be from 1 to 100."),
        ("pyproject.toml", b"[tool]\ntts_async = 3", "tool.tts_async in pyproject.toml has to be a table."),
    ],
)
async def test_a_file_that_cannot_be_is_a_sentence(name: str, content: bytes, said: str) -> None:
    """It names the file."""
    write(name, content)
    with pytest.raises(ConfigError) as raised:
        await SettingsSources().read()
    assert said in str(raised.value)


async def test_the_environment_goes_before_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers, yes and no, single pauses, and JSON for what has parts; a variable with nothing in it is not set."""
    write("tts-async.toml", "workers = 3\nattempts = 2\n")
    for name, text in {
        "WORKERS": " 4 ",
        "HEDGE": "yes",
        "ATTEMPTS": "",
        "PAUSES_SPEAKER_MS": "5",
        "PRICES": '{"tone": 2}',
        "PAUSES": '{"section_ms": 6}',
    }.items():
        monkeypatch.setenv(f"TTS_ASYNC_{name}", text)
    found = await SettingsSources().read()
    assert (found.settings.workers, found.settings.hedge, found.settings.attempts) == (4, True, 2)
    assert (found.settings.pauses.speaker_ms, found.settings.pauses.section_ms) == (5, 6)
    assert found.settings.prices == {"tone": 2}
    assert found.origins["workers"].detail == "TTS_ASYNC_WORKERS"
    assert found.origins["pauses.section_ms"].detail == "TTS_ASYNC_PAUSES"


async def test_explicit_values_win(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where they say that nothing is set, which no text can."""
    monkeypatch.setenv("TTS_ASYNC_WORKERS", "4")
    found = await SettingsSources(explicit={"workers": None, "chunk_chars": 90}).read()
    assert (found.settings.workers, found.settings.chunk_chars) == (None, 90)
    assert found.origins["workers"].source == "explicit"


async def test_a_slip_of_the_pen_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other people's variables are not."""
    monkeypatch.setenv("TTS_ASYNC_WORKRES", "4")
    monkeypatch.setenv("TTS_ASYNC_STORE", "there")
    [note] = (await SettingsSources().read()).notes
    assert note == "The environment variable TTS_ASYNC_WORKRES is no setting; TTS_ASYNC_WORKERS is one."


async def test_bad_values_are_passed_over_where_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The source below counts then, and a note says why."""
    write("tts-async.toml", "workers = 3\n")
    monkeypatch.setenv("TTS_ASYNC_WORKERS", "400")
    found = await SettingsSources(ignore_bad=True).read()
    assert found.settings.workers == 3
    [note] = found.notes
    assert note.startswith("The setting workers cannot be '400': it has to be less than or equal to 100.")
