"""The architecture cannot rot: who may import whom, and what must not happen where."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import tts_async

PACKAGE = Path(next(iter(tts_async.__path__)))
LEAVES = "errors settings"
BELOW_API = f"core sound providers engine {LEAVES}"
ENGINE_LIBRARIES = "aiolimiter anyio backoff httpx numpy platformdirs soundfile soxr"
ASYNC = (ast.Await, ast.AsyncFor, ast.AsyncFunctionDef, ast.AsyncWith)


@dataclass(frozen=True, kw_only=True)
class Room:
    """What a layer may import: always, inside functions only (lazy), for types only; and what it must not do."""

    ours: str = ""
    libraries: str = ""
    lazy: str = ""
    typing: str = ""
    never: str = ""
    """Modules of the standard library, and built-in functions."""
    may_await: bool = False


ROOMS = {
    "errors": Room(ours=LEAVES, libraries="pydantic", typing="core", never="print"),
    "settings": Room(ours=LEAVES, libraries="pydantic", typing="core", never="print"),
    "core": Room(
        ours=f"core {LEAVES}",
        libraries="http_sf pydantic markdown_it regex sentencex",
        never="asyncio logging os pathlib random secrets socket subprocess threading time open print input",
    ),
    "sound": Room(
        ours=f"sound core {LEAVES}",
        libraries="numpy",
        never="asyncio concurrent logging os pathlib socket subprocess tempfile threading open print",
    ),
    "providers": Room(
        ours=f"providers core {LEAVES}",
        lazy="hibari numpy onnxruntime",
        never="asyncio logging os socket subprocess time urllib.request open print",
    ),
    "engine": Room(
        ours=f"engine core sound providers.base {LEAVES}",
        libraries=ENGINE_LIBRARIES,
        lazy="av lameenc",
        never="print",
        may_await=True,
    ),
    "engine.web_settings": Room(ours=LEAVES, libraries="anyio", lazy="sqlalchemy", never="print", may_await=True),
    "api": Room(
        ours=f"api {BELOW_API}",
        libraries=f"pydantic {ENGINE_LIBRARIES}",
        lazy="faces",
        typing="matplotlib",
        never="print",
        may_await=True,
    ),
    "faces": Room(
        ours=f"api core {LEAVES}",
        libraries="click jinja2 pydantic rich",
        lazy="IPython matplotlib numpy opentelemetry testing",
        may_await=True,
    ),
    "faces.cli": Room(
        ours=f"faces.cli api core {LEAVES}",
        libraries="anyio click rich",
        lazy="faces sounddevice testing",
        may_await=True,
    ),
    "faces.notebook.drawing": Room(ours=f"core {LEAVES}", libraries="matplotlib numpy"),
    "testing": Room(
        ours=f"testing core providers sound {LEAVES}",
        libraries="httpx numpy soundfile",
        lazy="anyio pytest uvicorn",
        never="print",
        may_await=True,
    ),
    "__init__": Room(lazy=f"api {BELOW_API}", ours="errors", never="print"),
    "__main__": Room(ours="faces.cli"),
}
"""The table of the house. Names of ours have no `tts_async.` before them; typing may also use what lazy may."""


def inside(module: str, names: str) -> bool:
    """Whether ``module`` is one of ``names`` or lies in one of them."""
    return any(module == name or module.startswith(f"{name}.") for name in names.split())


def room_of(module: str) -> Room:
    return ROOMS[max((name for name in ROOMS if inside(module, name)), key=len)]


def imports(tree: ast.AST, how: str = "") -> Iterator[tuple[int, str, str]]:
    """Line, module and how it is imported ("", "lazy", "typing"), at any depth."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, how) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative imports hide the layer"
            yield from ((node.lineno, module, how) for module in sources(node))
        elif isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            yield from imports(ast.Module(node.body, []), "typing")
            yield from imports(ast.Module(node.orelse, []), how)
        else:
            lazy = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from imports(node, how or ("lazy" if lazy else ""))


def sources(node: ast.ImportFrom) -> set[str]:
    """The modules that ``from module import names`` reads: a name may be a module itself."""
    module = node.module or ""
    folder = PACKAGE.parent.joinpath(*module.split("."))
    names = [alias.name for alias in node.names]
    return {
        f"{module}.{name}" if (folder / name).is_dir() or (folder / f"{name}.py").is_file() else module
        for name in names
    }


def may_import(room: Room, module: str, how: str) -> bool:
    allowed = {"": "", "lazy": room.lazy, "typing": f"{room.lazy} {room.typing}"}[how]
    if module == "tts_async" or module.startswith("tts_async."):
        return inside(module.removeprefix("tts_async").removeprefix("."), f"{room.ours} {allowed}")
    if module.split(".", 1)[0] in {*sys.stdlib_module_names, "_typeshed"}:
        return how == "typing" or not inside(module, room.never)
    return inside(module, f"{room.libraries} {allowed}")


def complaints(module: str, source: str) -> list[str]:
    """What ``source`` does that its room forbids, one line each; ``module`` without `tts_async.`."""
    room, tree = room_of(module), ast.parse(source)
    face = ".".join(["tts_async", *module.split(".")[:2]]) if module.startswith("faces.") else ""
    found = [
        f"{line}: imports {name} {how}"
        for line, name, how in imports(tree)
        if not may_import(room, name, how) and not (face and inside(name, face))
    ]
    for node in ast.walk(tree):
        if isinstance(node, ASYNC) and not room.may_await:
            found.append(f"{node.lineno}: awaits")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in room.never.split():
            found.append(f"{node.lineno}: calls {node.func.id}")
    return found


FILES = {
    str(path.relative_to(PACKAGE).with_suffix("")).replace("/", ".").removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}


@pytest.mark.parametrize("module", FILES)
def test_everybody_stays_in_their_room(module: str) -> None:
    """Each module imports only what the table of its layer allows, and does nothing that it forbids."""
    assert complaints(module, FILES[module].read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("core.plan", "import numpy"),
        ("core.plan", "import time"),
        ("core.plan", "def f():\n    from random import random"),
        ("core.plan", "async def f(): ..."),
        ("core.plan", "open('x')"),
        ("core.plan", "from tts_async.engine import gate"),
        ("errors", "from tts_async.core.exchange import Clip"),
        ("sound.level", "import soundfile"),
        ("providers.tone", "import numpy"),
        ("providers.tone", "from os import environ"),
        ("providers.tone", "def f():\n    import httpx"),
        ("engine.client", "from tts_async.providers import tone"),
        ("engine.client", "from tts_async import providers"),
        ("engine.client", "import click"),
        ("engine.client", "print('x')"),
        ("engine.store", "def f():\n    import sqlalchemy"),
        ("engine.web_settings", "import sqlalchemy"),
        ("api.settings", "def f():\n    import sqlalchemy"),
        ("api.render", "from tts_async.faces import live"),
        ("faces.live", "from tts_async.engine.gate import Gate"),
        ("faces.live", "from tts_async.faces import page"),
        ("faces.cli", "from tts_async.faces import live"),
        ("testing.fake", "import pytest"),
        ("testing.fake", "from tts_async.api.render import Renderer"),
    ],
)
def test_the_table_is_watched(module: str, source: str) -> None:
    """Each of these would be a way to begin rotting."""
    assert len(complaints(module, source)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("errors", "if TYPE_CHECKING:\n    from tts_async.core.exchange import Clip"),
        ("providers.tone", "def f():\n    import numpy as np"),
        ("providers.base", "from tts_async.core.plan import Capabilities"),
        ("engine.client", "from tts_async.providers.base import Provider"),
        ("api.render", "def f():\n    from tts_async.faces import live"),
        ("faces.cli.render", "def f():\n    from tts_async.faces import live"),
        ("faces.live.list", "from tts_async.faces.live.bar import Bar"),
    ],
)
def test_what_the_house_allows(module: str, source: str) -> None:
    """The doors that are meant to be open are."""
    assert complaints(module, source) == []
