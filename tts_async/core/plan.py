"""What will be said, by whom, in which pieces and with which pauses between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

FIRST_WORDS, FIRST_CHARS = 6, 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """A provider's voice, by the provider's own id, and the settings it is used with."""

    id: str
    settings: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a provider can do, as data.

    ``max_size`` bounds a request in the unit of ``measure`` (characters unless told). ``languages`` are
    ISO 639-1 codes, ``None`` for any. ``voices`` are the ids known beforehand, the default first, each
    with a description; with ``any_voice`` other ids are accepted too. ``at_once`` is how many requests make sense in
    flight where the provider itself is the limit, as an embedded engine is. ``family`` names the models
    that share a limit with this one, where a service counts them apart. With ``dialogue``, turns of up to ``max_voices``
    voices go into one request; ``in_dialogue`` is what holds there, if something else. ``context_chars`` and ``dialogue_context_chars`` are how much of the text around a request it
    listens to, ``stitches`` says that it can follow on from earlier requests by their ids.
    """

    max_size: int
    rate_hz: int
    voices: Mapping[str, str]
    any_voice: bool = False
    measure: Callable[[str], int] = len
    languages: frozenset[str] | None = None
    dialogue: bool = False
    audio_tags: bool = False
    at_once: int | None = None
    family: str = ""
    in_dialogue: Capabilities | None = None
    max_voices: int | None = None
    context_chars: int = 0
    dialogue_context_chars: int = 0
    stitches: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one speaker says without a break: ``text`` as it is sent, ``written`` as a reader sees it."""

    speaker: str
    voice: Voice
    text: str
    written: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """One request's worth of speech; ``start`` and ``end`` are its place in the plan's ``spoken`` text.

    ``dialogue``: its lines are turns of a dialogue that is spoken as one. ``continues``: it goes on in the paragraph, and in
    the voice, in which the chunk before it ends; ``before`` and ``after`` are what is said around it then. ``timed``: the
    time of every word is asked for. ``instead`` is what it would be at each fallback in turn; nothing where that one
    cannot stand in.
    """

    index: int
    section: int
    lines: tuple[Line, ...]
    language: str
    pause_ms: int
    start: int
    end: int
    dialogue: bool = False
    continues: bool = False
    before: str = ""
    after: str = ""
    timed: bool = False
    instead: tuple[tuple[Chunk, ...], ...] = ()

    @property
    def chars(self) -> int:
        """Characters of spoken text, over all its lines."""
        return sum(len(line.text) for line in self.lines)

    @property
    def text(self) -> str:
        """The spoken text of all its lines."""
        return "\n".join(line.text for line in self.lines)

    @property
    def first_words(self) -> str:
        """How it begins, by which people know it again."""
        return " ".join(self.text.split()[:FIRST_WORDS])[:FIRST_CHARS]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A digest, cut into chunks for one provider.

    ``spoken`` is the whole text as it is said; the chunks cover it from the first to the last character.
    ``sections`` are the headings, "" where there is none. Clips are joined at ``source_hz``, and the audio
    that comes out has ``rate_hz``, the loudness of its purpose (`core.gain`), and in its pauses ``room_tone`` or silence. ``in_order``: each chunk needs the request id of the one before. ``notes`` is advice
    for people.
    """

    digest_id: str
    title: str
    provider: str
    chunks: tuple[Chunk, ...]
    sections: tuple[str, ...]
    spoken: str
    source_hz: int
    rate_hz: int
    loudness: str = "none"
    room_tone: bool = False
    in_order: bool = False
    notes: tuple[str, ...] = ()
