"""Holds the pages to what they say: runs their code, follows their links, compares their generated parts.

- A ```python block runs, unless its first line says ```python no-run. Blocks of one page share their names,
  in order; `await` at the top is allowed.
- A ```sh or ```console block runs when its first line says so: ```sh run. Of a console block the lines that
  begin with `$ ` are the commands; what is shown as their answer is not compared.
- Every page works in an empty folder with a copy of `examples/`, and a failing block fails the page.
- Links inside the project must lead to a file and, after `#`, to a heading.
- `--write` writes the generated files anew instead of comparing them.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import click
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parent.parent
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md"))]
ELSEWHERE = ("http://", "https://", "mailto:")
BLOCK_LIMIT_S = 300


def digest_schema() -> str:
    """docs/digest.schema.json: what a digest may hold."""
    from tts_async.core.digest import Digest

    return json.dumps(Digest.model_json_schema(), indent=2, ensure_ascii=False) + "\n"


def command_page() -> str:
    """docs/reference/cli.md: every command with its arguments and options, made from click's own tables."""
    from tts_async.faces.cli import cli

    return "\n".join(["# The command line", *command_lines(cli, "tts-async")]) + "\n"


def command_lines(command: click.Command, name: str) -> Iterator[str]:
    yield from ("", f"## {name}", "", inspect.cleandoc(command.help or "").replace("\b\n", ""), "")
    context = click.Context(command, info_name=name)
    yield from ("```", f"{name} {' '.join(command.collect_usage_pieces(context))}", "```")
    options = [option for option in command.params if isinstance(option, click.Option) and not option.hidden]
    if options:
        yield from ("", "| option | what it does |", "|---|---|")
    for option in options:
        value = "" if option.is_flag or option.count else f" {option.metavar or kind_of(option)}"
        names = ", ".join([*option.opts, *option.secondary_opts])
        yield f"| `{names}{value}` | {(option.help or '').replace('|', '&#124;')} |"
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            assert found, child
            yield from command_lines(found, f"{name} {child}")


def kind_of(option: click.Option) -> str:
    """What an option takes, in capitals, or the words to choose from."""
    if isinstance(option.type, click.Choice):
        return "[" + ", ".join(str(choice) for choice in option.type.choices) + "]"
    return option.type.name.upper()


GENERATED: dict[str, Callable[[], str]] = {
    "docs/digest.schema.json": digest_schema,
    "docs/reference/cli.md": command_page,
}


@dataclass(frozen=True, kw_only=True)
class Block:
    """A piece of code in a page, and the page's line on which it begins."""

    page: Path
    line: int
    language: str
    code: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> Iterator[Block]:
    """The blocks of a page that are to be run."""
    for token in MarkdownIt().parse(page.read_text(encoding="utf-8")):
        language, *words = token.info.split() if token.type == "fence" and token.info else [""]
        wanted = "no-run" not in words if language == "python" else "run" in words
        if language in {"python", "sh", "console"} and wanted:
            yield Block(page=page, line=(token.map or [0])[0] + 2, language=language, code=token.content)


def run_page(page: Path) -> Iterator[str]:
    """Run a page's blocks in order; yields a complaint for the first that fails."""
    names: dict[str, Any] = {"__name__": "__main__"}
    home = Path.cwd()
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        shutil.copytree(ROOT / "examples", Path(folder, "examples"))
        os.chdir(folder)
        os.environ["TTS_ASYNC_STORE"] = str(Path(folder, "store"))
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
        elif anchor and path.suffix == ".md" and anchor not in headings(path):
            yield f"{page.relative_to(ROOT)}:{line}: {name or 'this page'} has no heading #{anchor}"


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
    complaints = [*stale()]
    for page in PAGES:
        complaints += broken_links(page)
    for page in PAGES:
        complaints += run_page(page)
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    print(f"{len(PAGES)} pages, {len(complaints)} complaints")
    return bool(complaints)


if __name__ == "__main__":
    sys.exit(main())
