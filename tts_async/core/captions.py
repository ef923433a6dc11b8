"""Captions as files: SRT, which every player reads, and WebVTT for web pages."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tts_async.core.cues import Cue, clock
from tts_async.core.legible import Caption, captions
from tts_async.core.shown import one_line

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_JOINER = "\u2060"
"""Without width, so that what only looks like markup is shown as it is and not obeyed."""
_MARKUP = re.compile(r"<(?=[/A-Za-z])|\{(?=\\)")


def srt(cues: Iterable[Cue], *, language: str = "en") -> str:
    """The written words with their times as SRT; who speaks is not in it."""
    return "\n".join(
        f"{number}\n{clock(each.start_ms, ',')} --> {clock(each.end_ms, ',')}\n{_srt_text(each)}\n"
        for number, each in enumerate(captions(cues, language=language), 1)
    )


def vtt(cues: Iterable[Cue], *, words: bool = False, language: str = "en") -> str:
    """The written words with their times and speakers as WebVTT.

    With ``words``, it says inside a caption when each word begins whose time the provider told. What is not exact has
    a note "estimated" before it.
    """
    blocks = (_vtt_block(each, words=words) for each in captions(cues, language=language))
    return "\n".join(["WEBVTT\n", *blocks])


def _srt_text(caption: Caption) -> str:
    lines = (
        "".join(" " * (word.spaced and word is not line[0]) + word.text for word in line) for line in caption.lines
    )
    return "\n".join(_MARKUP.sub(rf"\g<0>{_JOINER}", line.replace("-->", "→")) for line in lines)


def _vtt_block(caption: Caption, *, words: bool) -> str:
    note = "" if caption.exact else "NOTE estimated\n\n"
    name = one_line(caption.speaker).translate(_ESCAPES)
    voice = f"<v {name}>" if name else ""
    times = f"{clock(caption.start_ms)} --> {clock(caption.end_ms)}"
    return f"{note}{times}\n{voice}{_vtt_text(caption, words=words)}\n"


def _vtt_text(caption: Caption, *, words: bool) -> str:
    """The lines, with a time before each word that begins after the caption and the word before it."""
    at_ms, lines = caption.start_ms, []
    for line in caption.lines:
        text = ""
        for word in line:
            text += " " * (word.spaced and word is not line[0])
            if words and word.told and at_ms < word.start_ms < caption.end_ms:
                at_ms = word.start_ms
                text += f"<{clock(at_ms)}>"
            text += word.text.translate(_ESCAPES)
        lines.append(text)
    return "\n".join(lines)
