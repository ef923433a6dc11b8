"""Finds the headings and the turns in a text that somebody wrote by hand."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import regex  # type: ignore[import-untyped]
from markdown_it import MarkdownIt

from tts_async.core.prose import paragraphs

_BLOCKS = MarkdownIt("commonmark", {"maxNesting": 20}).disable(["code", "inline"])
_NAME = r"\p{L}[\p{L}\p{M}\p{N}.'’-]{0,40}(?: [\p{L}\p{M}\p{N}.'’-]{1,40}){0,2}"
# Full-width colons have their space inside.
_TURN = regex.compile(rf"[*_]{{0,2}}(?P<speaker>{_NAME})[*_]{{0,2}}(?::[*_]{{0,2}}\s+|：[*_]{{0,2}}\s*)(?P<text>\S.*)")


def by_heading(text: str) -> list[tuple[str, str]]:
    """Cut Markdown before each of its headings: pairs of heading and text, the heading's own lines included.

    What stands before the first heading has the heading "", and is left out where it is blank.
    """
    parts = (("\n".join([*own, *below]), heading) for heading, own, below in _parts(text))
    return [(heading, part) for part, heading in parts if part.strip()]


def dialogue(text: str, *, sure: bool = False) -> list[tuple[str, list[tuple[str, str]]]] | None:
    """Read a dialogue whose lines start with ``Name:``: the turns (name, text) below each heading, or ``None``.

    It is one when its first words, headings aside, are a name, and at least two lines start with one. Three
    names or more of which none comes back are labels, as in a recipe, and make no dialogue.
    """
    sections: list[tuple[str, list[tuple[str, str]]]] = []
    names: list[str] = []
    for heading, _, below in _parts(text):
        turns = _turns(below)
        if turns is None:
            return None
        names += [name for name, _ in turns]
        if turns:
            sections.append((heading, turns))
    labels = len(names) != 2 and len(set(names)) == len(names)
    return sections if names and (sure or not labels) else None


def _parts(text: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """Every heading in plain words, the lines that it is written on, and the lines below it."""
    lines = text.split("\n")
    blocks = _BLOCKS.parse(text)
    heads = [("", 0, 0)]
    for opening, content in pairwise(blocks):
        if opening.type == "heading_open" and opening.level == 0 and opening.map:
            start, below = opening.map
            heads.append((" ".join(paragraphs(f"# {content.content}")[0]), start, below))
    for (heading, start, below), (_, end, _) in pairwise([*heads, ("", len(lines), 0)]):
        yield heading, lines[start:below], lines[below:end]


def _turns(lines: list[str]) -> list[tuple[str, str]] | None:
    """The turns of a section; ``None`` where it starts with something else than a name."""
    turns: list[tuple[str, list[str]]] = []
    for line in lines:
        if opening := _TURN.fullmatch(line.strip()):
            turns.append((opening["speaker"], [opening["text"]]))
        elif turns:
            turns[-1][1].append(line)
        elif line.strip():
            return None
    return [(name, "\n".join(said).strip()) for name, said in turns]
