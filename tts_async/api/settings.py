"""Reads settings from where people keep them: a file, a database, the environment."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from anyio import to_thread

from tts_async.errors import ConfigError
from tts_async.settings import NAMES, PROFILE, Given, MergedSettings, Source, merged, parts

OWN_FILE, PROJECT_FILE = "tts-async.toml", "pyproject.toml"
PREFIX = "TTS_ASYNC_"
WHOLE = ("pauses", "prices")
"""What may be given at once, as JSON where there is only text."""
VARIABLES: Mapping[str, str] = {
    PREFIX + name.upper().replace(".", "_"): name for name in dict.fromkeys((*NAMES, PROFILE, *WHOLE))
}
"""Environment variable -> setting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsSources:
    """Where settings come from: defaults < config file < environment < ``explicit``; later ones win.

    The config file is `tts-async.toml`, else `[tool.tts_async]` of `pyproject.toml`, in the working folder.
    ``ignore_bad`` passes over a value that cannot be, with a note, unless it is an explicit one.
    """

    explicit: Mapping[str, object] = field(default_factory=dict)
    ignore_bad: bool = False

    async def read(self) -> MergedSettings:
        """Read all of them anew; raises `ConfigError` for one that cannot be read, or says what cannot be."""
        file = await to_thread.run_sync(from_file, Path.cwd())
        layers = [file, from_environment(os.environ), listed(self.explicit, "explicit")]
        found = merged(layers, forgiving=self.ignore_bad)
        notes = (*unknown(os.environ), *found.notes)
        return MergedSettings(settings=found.settings, origins=found.origins, notes=notes)


def from_file(folder: Path) -> list[Given]:
    """The values of the config file in a folder; of two only the package's own. Blocks; raises `ConfigError`."""
    if (values := _toml(folder / OWN_FILE)) is not None:
        return listed(values, "file", OWN_FILE)
    tools = (_toml(folder / PROJECT_FILE) or {}).get("tool")
    values = tools.get("tts_async", {}) if isinstance(tools, dict) else {}
    if not isinstance(values, dict):
        raise ConfigError(f"tool.tts_async in {PROJECT_FILE} has to be a table.")
    return listed(values, "file", PROJECT_FILE)


def _toml(path: Path) -> dict[str, object] | None:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError as error:  # Neither is what is no TOML, nor what is no UTF-8.
        raise ConfigError(f"{path.name} cannot be read: {error}.") from None


def listed(values: Mapping[str, object], source: Source, detail: str = "") -> list[Given]:
    """Every single value of a source."""
    return [Given(name=name, value=value, source=source, detail=detail) for name, value in parts(values).items()]


def from_environment(environment: Mapping[str, str]) -> list[Given]:
    """The values of all variables that are set; an empty one is not."""
    return list(_from_environment(environment))


def _from_environment(environment: Mapping[str, str]) -> Iterator[Given]:
    for variable, name in VARIABLES.items():
        if text := environment.get(variable, "").strip():
            yield from listed({name: of_text(name, text)}, "environment", variable)


def of_text(name: str, text: str, *, as_json: bool = False) -> object:
    """What is checked in place of a text: what it says as JSON, if it is to be that and is; else the text."""
    if as_json or name in WHOLE:
        with suppress(ValueError):
            return json.loads(text)
    return text


def unknown(environment: Mapping[str, str]) -> Iterator[str]:
    """A note for each variable that looks like a slip of the pen; others may be somebody else's."""
    for variable in sorted(environment):
        if variable.startswith(PREFIX) and variable not in VARIABLES:
            for meant in get_close_matches(variable.removeprefix(PREFIX), _SHORT, n=1, cutoff=0.8):
                yield f"The environment variable {variable} is no setting; {PREFIX}{meant} is one."


_SHORT = [variable.removeprefix(PREFIX) for variable in VARIABLES]
