"""Reads settings from where people keep them: a file, a database, the environment."""

from __future__ import annotations

import json
import os
import reprlib
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from anyio import to_thread

from tts_async.engine.web_settings import Row, create_table, read_rows, write_row
from tts_async.errors import ConfigError
from tts_async.settings import NAMES, PROFILE, Given, MergedSettings, Settings, Source, checked, merged, parts

OWN_FILE, PROJECT_FILE = "tts-async.toml", "pyproject.toml"
PREFIX = "TTS_ASYNC_"
WHOLE = ("pauses", "prices")
"""What may be given at once, as JSON where there is only text."""
VARIABLES: Mapping[str, str] = {
    PREFIX + name.upper().replace(".", "_"): name for name in dict.fromkeys((*NAMES, PROFILE, *WHOLE))
}
"""Environment variable -> setting."""
URL, CATEGORY = PREFIX + "SETTINGS_URL", PREFIX + "SETTINGS_CATEGORY"
DEFAULT_CATEGORY = "ai_tts_generation"
OLD_KEYS: Mapping[str, str] = {"workers": "tts_max_concurrent_requests", "rate_per_s": "tts_rate_limit_per_second"}
KEYS: Mapping[str, str] = {
    **{key: name for name, key in OLD_KEYS.items()},
    **{f"tts_{name.replace('.', '_')}": name for name in VARIABLES.values()},
}
"""Key in the database -> setting; of several for the same the first is written."""
SEED: Mapping[str, object] = {"workers": 5, "rate_per_s": 10.0}
VALUE_TYPES: Mapping[type, str] = {bool: "bool", int: "int", float: "float", dict: "json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsSources:
    """Where settings come from: defaults < config file < database < environment < ``explicit``; later ones win.

    The config file is `tts-async.toml`, else `[tool.tts_async]` of `pyproject.toml`, in the working folder; the database
    is that of ``url``, else of `TTS_ASYNC_SETTINGS_URL`. ``optional`` goes on with a note where it cannot be
    read, ``ignore_bad`` where a value cannot be, unless it is an explicit one.
    """

    explicit: Mapping[str, object] = field(default_factory=dict)
    url: str | None = field(default=None, repr=False)
    optional: bool = False
    ignore_bad: bool = False

    async def read(self) -> MergedSettings:
        """Read all of them anew; raises `ConfigError` for one that cannot be read, or says what cannot be."""
        notes = [*unknown(os.environ)]
        file = await to_thread.run_sync(from_file, Path.cwd())
        database: list[Given] = []
        if url := self.url or os.environ.get(URL):
            try:
                database = await from_database(url)
            except ConfigError as error:
                if not self.optional:
                    raise
                notes.append(f"{error} Its settings are passed over.")
        layers = [file, database, from_environment(os.environ), listed(self.explicit, "explicit")]
        found = merged(layers, forgiving=self.ignore_bad)
        return MergedSettings(settings=found.settings, origins=found.origins, notes=(*notes, *found.notes))


PACING = (
    "workers",
    "rate_per_s",
    "connect_timeout_s",
    "read_timeout_s",
    "refusal_budget_s",
    "max_chars",
    "max_cost_usd",
)
"""What can change while a Renderer is open: nothing of it can be heard, or changes what is bought."""


def repaced(settings: Settings, other: Settings) -> Settings:
    """The same settings at the pace of others."""
    return settings.model_copy(update={name: getattr(other, name) for name in PACING})


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
    except OSError as error:
        raise ConfigError(f"{path.name} cannot be read: {error.strerror}.") from None
    except ValueError as error:  # Neither is what is no TOML, nor what is no UTF-8.
        raise ConfigError(f"{path.name} cannot be read: {error}.") from None


def listed(values: Mapping[str, object], source: Source, detail: str = "") -> list[Given]:
    """Every single value of a source."""
    return [Given(name=name, value=value, source=source, detail=detail) for name, value in parts(values).items()]


async def from_database(url: str) -> list[Given]:
    """The values of all rows with a key of ours, in any category; raises `ConfigError` where it cannot be read."""
    return [given for row in await read_rows(url, KEYS) for given in _of_row(row)]


def _of_row(row: Row) -> list[Given]:
    """What a row says; nothing where it is empty, as it is where somebody cleared it."""
    name, value = KEYS[row.key], row.value
    if isinstance(value, str):
        value = of_text(name, value.strip(), as_json=row.value_type.lower() == "json")
    place = f"the row {row.key} of category {reprlib.repr(row.category)[1:-1]}"
    return [] if value is None or value == "" else listed({name: value}, "database", place)


async def create_settings_table(url: str | None = None, *, seed: bool = False, category: str | None = None) -> int:
    """Create the table where it is missing; ``seed`` adds 5 workers and 10 requests a second where no row says it.

    Says how many rows were added. Raises `ConfigError`.
    """
    rows = [_row(name, value, category) for name, value in SEED.items()] if seed else []
    return await create_table(_url(url), rows)


async def store_setting(key: str, text: str, *, url: str | None = None, category: str | None = None) -> str:
    """Write a value into the database, if it can be; ``key`` is a setting, or its key there. Says which key it is.

    Rows that have the setting are changed, wherever they are; else one is added in ``category``. Raises `ConfigError`.
    """
    name = KEYS.get(key, key)
    if name == "pauses":
        raise ConfigError("Pauses are set one by one: pauses.speaker_ms, for example.")
    row = _row(name, checked(name, of_text(name, text.strip())), category)
    await write_row(_url(url), row)
    return row.key


def _row(name: str, value: object, category: str | None) -> Row:
    text = value if isinstance(value, str) else json.dumps(value)
    key, *other_keys = (key for key, meant in KEYS.items() if meant == name)
    return Row(
        category=category or os.environ.get(CATEGORY) or DEFAULT_CATEGORY,
        key=key,
        other_keys=tuple(other_keys),
        value=text,
        value_type=VALUE_TYPES.get(type(value), "string"),
        description=getattr(Settings.model_fields.get(name), "description", None) or "",
    )


def _url(url: str | None) -> str:
    if found := url or os.environ.get(URL):
        return found
    raise ConfigError(f"No database is named: use --settings-url URL, or set {URL}.")


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
