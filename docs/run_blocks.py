"""Holds the pages to what they say: runs their code, follows their links, compares their generated parts.

- A ```python block runs, unless its first line says ```python {.no-run}. Blocks of one page share their names,
  in order; `await` at the top is allowed.
- A ```sh or ```console block runs when its first line says so: ```sh {.run}. Of a console block the lines that
  begin with `$ ` are the commands; what is shown as their answer is not compared.
- Every page works in an empty folder with a copy of `examples/`, and a failing block fails the page.
- Links inside the project must lead to a file and, after `#`, to a heading; those of the site stay inside `docs/`.
- What a block's first line says has one form, which the site reads, too.
- Every page of the site is in the navigation of `mkdocs.yml`, every public name in the page of the API.
- `--write` writes the generated files anew instead of comparing them.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote

from generated import GENERATED
from markdown_it import MarkdownIt
from markdown_it.token import Token

import tts_async

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "docs"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(SITE.glob("**/*.md"))]
ELSEWHERE = ("http://", "https://", "mailto:")
BLOCK_LIMIT_S = 300


@dataclass(frozen=True, kw_only=True)
class Block:
    """A piece of code in a page, and the page's line on which it begins."""

    page: Path
    line: int
    language: str
    code: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def fences(page: Path) -> Iterator[tuple[Token, str, str]]:
    """The fenced blocks of a page that name a language, with it and what else they say."""
    for token in MarkdownIt().parse(page.read_text(encoding="utf-8")):
        if token.type == "fence" and token.info:
            language, _, said = token.info.partition(" ")
            yield token, language, said


def blocks(page: Path) -> Iterator[Block]:
    """The blocks of a page that are to be run."""
    for token, language, said in fences(page):
        wanted = said != "{.no-run}" if language == "python" else said == "{.run}"
        if language in {"python", "sh", "console"} and wanted:
            yield Block(page=page, line=(token.map or [0])[0] + 2, language=language, code=token.content)


def odd_fences(page: Path) -> Iterator[str]:
    for token, language, said in fences(page):
        if said not in {"", "{.no-run}" if language == "python" else "{.run}"}:
            yield f"{page.relative_to(ROOT)}:{(token.map or [0])[0] + 1}: the site does not read ```{token.info}"


def run_page(page: Path) -> Iterator[str]:
    """Run a page's blocks in order; yields a complaint for the first that fails."""
    names: dict[str, Any] = {"__name__": "__main__"}
    home = Path.cwd()
    with (
        tempfile.TemporaryDirectory() as folder,
        patch.dict(os.environ, TTS_ASYNC_STORE=str(Path(folder, "store"))),
        asyncio.Runner() as runner,
    ):
        shutil.copytree(ROOT / "examples", Path(folder, "examples"))
        os.chdir(folder)
        try:
            for block in blocks(page):
                print(f"{block}: {block.language}", flush=True)
                if block.language == "python":
                    run_python(block, names, runner)
                else:
                    run_shell(block)
        except (Exception, SystemExit) as error:
            sys.excepthook(type(error), error, error.__traceback__)
            yield f"{page.relative_to(ROOT)}: {error!r}"
        finally:
            os.chdir(home)


def run_python(block: Block, names: dict[str, Any], runner: asyncio.Runner) -> None:
    # The empty lines make a traceback name the line of the page.
    source = "\n" * (block.line - 1) + block.code
    code = compile(source, str(block.page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    if code.co_flags & inspect.CO_COROUTINE:
        runner.run(eval_async(code, names))
    else:
        exec(code, names)


async def eval_async(code: Any, names: dict[str, Any]) -> None:
    await eval(code, names)


def run_shell(block: Block) -> None:
    code = block.code
    if block.language == "console":
        code = "\n".join(re.findall(r"^\$ ((?:.*\\\n)*.*)$", code, flags=re.MULTILINE))
    subprocess.run(["bash", "-euo", "pipefail", "-c", code], check=True, timeout=BLOCK_LIMIT_S)


def inline(page: Path) -> Iterator[tuple[int, Token]]:
    """Every token inside a page's paragraphs and headings, with its line."""
    for token in MarkdownIt().enable("table").parse(page.read_text(encoding="utf-8")):
        for child in token.children or []:
            yield (token.map or [0])[0] + 1, child


def headings(page: Path) -> set[str]:
    """The anchors of a page, made from its headings as code hosts make them."""
    tokens = MarkdownIt().parse(page.read_text(encoding="utf-8"))
    titles = [after.content for token, after in pairwise(tokens) if token.type == "heading_open"]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def broken_links(page: Path) -> Iterator[str]:
    for line, token in inline(page):
        target = unquote(str(token.attrs.get("href") or token.attrs.get("src") or ""))
        if not target or target.startswith(ELSEWHERE):
            continue
        name, _, anchor = target.partition("#")
        path = page.parent / name if name else page
        if not path.exists():
            yield f"{page.relative_to(ROOT)}:{line}: there is no {target}"
        elif page.is_relative_to(SITE) and not path.resolve().is_relative_to(SITE):
            yield f"{page.relative_to(ROOT)}:{line}: {target} is no part of the site"
        elif anchor and path.suffix == ".md" and anchor not in headings(path):
            yield f"{page.relative_to(ROOT)}:{line}: {name or 'this page'} has no heading #{anchor}"


def unlisted() -> Iterator[str]:
    named = re.findall(r"^::: tts_async\.(\w+)$", (SITE / "reference/api.md").read_text(encoding="utf-8"), re.MULTILINE)
    for name in sorted({*tts_async.__all__}.symmetric_difference(named)):
        yield f"docs/reference/api.md: {name} is public or in the page, and not both"
    listed = set(re.findall(r"^ +- .*: (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE))
    for page in SITE.glob("**/*.md"):
        if page.relative_to(SITE).as_posix() not in listed:
            yield f"{page.relative_to(ROOT)}: not in the navigation of mkdocs.yml"


def stale() -> Iterator[str]:
    for name, make in GENERATED.items():
        path = ROOT / name
        if not path.is_file() or path.read_text(encoding="utf-8") != make():
            yield f"{name}: not fresh; run `python docs/run_blocks.py --write`"


def write() -> None:
    for name, make in GENERATED.items():
        path = ROOT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(make(), encoding="utf-8")


def main() -> int:
    if "--write" in sys.argv[1:]:
        write()
        return 0
    complaints = [*stale(), *unlisted()]
    for page in PAGES:
        complaints += [*broken_links(page), *odd_fences(page)]
    for page in PAGES:
        complaints += run_page(page)
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    print(f"{len(PAGES)} pages, {len(complaints)} complaints")
    return bool(complaints)


if __name__ == "__main__":
    sys.exit(main())
