"""What is heard, as it is read: paragraphs under headings."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tts_async.faces.page.story import Heading, Said

MOST_CHARS = 500
"""A paragraph ends with the sentence that reaches this length, for a report does not say where the digest's own end."""

GOES_ON = tuple(",;:–—-")
"""A cue that ends like this, or with a letter, is a part of a sentence."""


@dataclass(slots=True, kw_only=True)
class Paragraph:
    """Sentences of one speaker; ``speaker`` is empty where it is still the one before."""

    heading: str = ""
    speaker: str = ""
    cues: list[Said] = field(default_factory=list)
    chars: int = 0


def paragraphs(cues: Sequence[Said], chapters: Sequence[Heading]) -> Iterator[Paragraph]:
    """Cut a transcript where its speaker changes or a chapter begins, and where it grows long."""
    ahead, current, speaker = deque(chapters), Paragraph(), ""
    for cue in cues:
        heading = ""
        while ahead and ahead[0].start_s <= cue.start_s + 0.05:
            heading = ahead.popleft().title
        if heading or cue.speaker != speaker or (current.chars >= MOST_CHARS and _ends(current.cues[-1].text)):
            if current.cues:
                yield current
            current = Paragraph(heading=heading, speaker=cue.speaker if cue.speaker != speaker else "")
        speaker = cue.speaker
        current.cues.append(cue)
        current.chars += len(cue.text)
    if current.cues:
        yield current


def _ends(text: str) -> bool:
    return not text.endswith(GOES_ON) and not text[-1:].isalnum()
