"""Text as it can be shown in a list, a caption or a player's window, wherever it came from."""

from __future__ import annotations

import re

# Controls, halves of surrogate pairs, what turns the direction of a whole line, and what is no character.
_UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\ud800-\udfff\ufeff\ufffe\uffff]")


def one_line(text: str) -> str:
    """A text without control characters and line ends, its words one space apart."""
    return " ".join(_UNSHOWN.sub(" ", text).split())


def shortened(text: str, most_chars: int) -> str:
    """A text that is cut where it goes on for too long, and says so."""
    return text if len(text) <= most_chars else text[: most_chars - 1].rstrip() + "…"


def printable(text: str) -> str:
    """Replace what a terminal would obey: control characters, and the marks that turn writing around."""
    return "".join(char if char.isprintable() or char in "\n\t" else "�" for char in text)


def clock(seconds: float) -> str:
    """Minutes and seconds, and hours where there are any."""
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
