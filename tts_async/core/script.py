"""The script of a digest as a list of passages, whatever form it was written in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tts_async.core.digest import NARRATOR, Digest, Section, Turn
from tts_async.core.markdown import by_heading, dialogue
from tts_async.errors import DigestError


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """Text of one speaker; ``where`` is its JSON pointer.

    ``prose`` is Markdown no more, ``ready`` text is neither cut nor cleaned.
    """

    section: int
    heading: str
    speaker: str
    text: str
    where: str
    kind: Literal["markdown", "prose", "ready"] = "markdown"

    @property
    def names_speaker(self) -> str:
        """The JSON pointer to the speaker's name, or to the text where no name is given."""
        turn = self.where.removesuffix("/text")
        return self.where if turn == self.where or self.speaker == NARRATOR else f"{turn}/speaker"


def passages(digest: Digest) -> tuple[Passage, ...]:
    """Read a digest's script from its first word to its last; raises `DigestError` against its ``mode``."""
    found = tuple(_chunks(digest) if digest.chunks is not None else _script(digest))
    speakers = {passage.speaker for passage in found}
    if digest.mode == "narrative" and speakers != {NARRATOR}:
        raise DigestError(f"a narrative has one speaker, {NARRATOR!r}, and this has {sorted(speakers)}", where="/mode")
    if digest.mode == "dialogue" and speakers == {NARRATOR}:
        raise DigestError("a dialogue is a list of turns with speakers, and here nobody is named", where="/mode")
    return found


def _chunks(digest: Digest) -> Iterator[Passage]:
    for number, chunk in enumerate(digest.chunks or ()):
        said, where = (chunk, "") if isinstance(chunk, str) else (chunk.text, "/text")
        speaker = NARRATOR if isinstance(chunk, str) else chunk.speaker
        yield Passage(
            section=0, heading="", speaker=speaker, text=said.strip(), where=f"/chunks/{number}{where}", kind="ready"
        )


def _script(digest: Digest) -> Iterator[Passage]:
    if isinstance(digest.script, str):
        guess = digest.mode is None and NARRATOR not in digest.voices
        sure = digest.mode == "dialogue" or (guess and bool(digest.voices))
        yield from _text(digest.script, maybe_dialogue=guess or sure, sure=sure)
        return
    parts: tuple[Turn | Section, ...] = digest.script or ()
    for number, part in enumerate(parts):
        where = f"/script/{number}"
        if isinstance(part, Turn):
            yield Passage(section=0, heading="", speaker=part.speaker, text=part.text, where=f"{where}/text")
        else:
            yield from _section(part, number, where)


def _section(part: Section, section: int, where: str) -> Iterator[Passage]:
    if part.text is not None:
        yield Passage(section=section, heading=part.heading, speaker=NARRATOR, text=part.text, where=f"{where}/text")
    for number, turn in enumerate(part.turns or ()):
        at = f"{where}/turns/{number}/text"
        yield Passage(section=section, heading=part.heading, speaker=turn.speaker, text=turn.text, where=at)


def _text(text: str, *, maybe_dialogue: bool, sure: bool) -> Iterator[Passage]:
    """One Markdown text: headings start sections, and those of a narrative are spoken too."""
    if maybe_dialogue and (sections := dialogue(text, sure=sure)):
        for number, (heading, turns) in enumerate(sections):
            for speaker, said in turns:
                yield Passage(section=number, heading=heading, speaker=speaker, text=said, where="/script")
        return
    for number, (heading, body) in enumerate(by_heading(text)):
        yield Passage(section=number, heading=heading, speaker=NARRATOR, text=body, where="/script")
