"""Where ``tts-async render`` writes to: ``--output``, a file, a folder or a template, and ``--format``."""

from __future__ import annotations

import os
import re
import string
from collections.abc import Sequence
from pathlib import Path

import click

from tts_async.api.source import stem
from tts_async.core.digest import Digest
from tts_async.core.shown import one_line
from tts_async.faces.cli.inputs import Input, known
from tts_async.faces.cli.options import FORMATS
from tts_async.faces.cli.stopping import STOPPED, run

FIELDS = ("id", "title", "date")
MOST_CHARS = 50
"""Of a value, so that a name of one is short enough for every file system: at most 200 bytes of 255."""

UNSAFE = re.compile(r'[/\\:*?"<>|]|\.{2,}')
"""What separates paths, leads upwards, or is no part of a name on some system."""


def outputs_of(inputs: Sequence[Input], output: str | None, form: str | None) -> list[Path]:
    """The file of each digest; the same one twice, or one for several digests, is a mistake in usage."""
    if output is None:
        outputs = [Path(f"{_name(one)}.{form or FORMATS[0]}") for one in inputs]
    elif _is_folder(output):
        outputs = [Path(output, f"{_name(one)}.{form or FORMATS[0]}") for one in inputs]
    else:
        outputs = _named(inputs, output, form)
    if twice := {path.name for path in outputs if outputs.count(path) > 1}:
        raise click.UsageError(f"Two of these digests would be written to {min(twice)!r}; render them one by one.")
    return outputs


def _name(one: Input) -> str:
    """By the digest's file; what came without one has its id."""
    return stem(one.source) if isinstance(one.source, Path) else safe(one.source.id) or "digest"


def _is_folder(output: str) -> bool:
    """Whether files go into it; one that ends in a format is a file, whatever is there."""
    if output.endswith(tuple(filter(None, (os.sep, os.altsep)))):
        return True
    try:
        return _format_of(output) is None and bool(output) and Path(output).is_dir()
    except ValueError:
        return False


def _named(inputs: Sequence[Input], output: str, form: str | None) -> list[Path]:
    """Fill a template in, or take a name as it is."""
    fields = _fields(output)
    if not fields and len(inputs) > 1:
        raise click.UsageError(f"--output names one file; to render several digests, name a folder, or use {_shown()}.")
    if form and (suffix := _format_of(output)):
        raise click.UsageError(f"--output ends in .{suffix} already; leave out one of it and --format {form}.")
    # What a title ends in is no format.
    suffix = form or (FORMATS[0] if fields and _format_of(output) is None else None)
    template = f"{output}.{suffix}" if suffix else output
    if not fields:
        return [Path(template.format())]
    digests = run(known(inputs), says=STOPPED)
    return [Path(template.format(**values(one, digest))) for one, digest in zip(inputs, digests, strict=True)]


def _format_of(output: str) -> str | None:
    suffix = Path(output).suffix.lower().removeprefix(".")
    return suffix if suffix in FORMATS else None


def _fields(template: str) -> list[str]:
    """The fields of a template; any but ours, and those with a format of their own, are mistakes in usage."""
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as error:
        raise click.UsageError(f"--output {template!r} is no template: {error}. Write a brace twice.") from None
    fields = [(name, spec, conversion) for _, name, spec, conversion in parts if name is not None]
    for name, spec, conversion in fields:
        if name not in FIELDS or spec or conversion:
            said = name + (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "")
            raise click.UsageError(f"--output has no field {{{said}}}; there are {_shown()}.")
    return [name for name, _, _ in fields]


def _shown() -> str:
    return ", ".join(f"{{{field}}}" for field in FIELDS)


def values(one: Input, digest: Digest | None) -> dict[str, str]:
    """What the fields stand for; all of it is a digest's own words, so none of it is trusted."""
    found = {field: safe(getattr(digest, field)) if digest else "" for field in FIELDS}
    last = found["id"] or safe(str(stem(one.source))) or "digest"
    return {field: value or last for field, value in found.items()}


def safe(text: str) -> str:
    """A text as a part of a file's name: no separator, nothing that leads elsewhere, not long; perhaps nothing."""
    printable = "".join(char for char in one_line(text) if char.isprintable())
    return UNSAFE.sub("-", printable)[:MOST_CHARS].strip(" .-")
