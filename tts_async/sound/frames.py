"""Walks the frames of an MP3, so that a decoder is told its exact length instead of guessing it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tts_async.errors import AudioError
from tts_async.sound.mpeg import FORM, HEADER_BYTES, Header, header, strides, word_at
from tts_async.sound.xing import DECODER_FRAMES, LAME_FRAMES, NAMES, VBRI, VBRI_AT, Gaps, claimed, gaps_of, info_frame

JUNK_BYTES = 65_536
"""So much, all in all, may be between the frames of what is still an MP3."""

STARTS = re.compile(rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb][\x10-\xef]")

ENCODERS: Sequence[tuple[bytes, Gaps]] = (
    (b"LAME", Gaps(delay=LAME_FRAMES, padding=LAME_FRAMES)),
    (b"", Gaps(delay=LAME_FRAMES, padding=0)),
)
"""What an encoder writes into the unused bytes of its frames, and the gaps it always leaves, for streams without a tag.

Measured with LAME 3.100 alone and in ffmpeg 5.1: 8 to 48 kHz, constant and variable bitrate. Everybody else is taken
for LAME at the start, and loses nothing at the end.
"""

NO_MP3 = (
    (0xFFF6_0000, 0xFFF0_0000, "AAC, which cannot be decoded here; ask for mp3, opus, flac, wav or pcm"),
    (0xFFE6_F000, 0xFFE2_0000, "an MP3 of free format, which cannot be decoded here; ask for one with a bitrate"),
    (0xFFE6_0000, 0xFFE4_0000, "MPEG audio of layer II, which cannot be decoded here; ask for mp3 (layer III)"),
    (0xFFE6_0000, 0xFFE6_0000, "MPEG audio of layer I, which cannot be decoded here; ask for mp3 (layer III)"),
)
"""What else begins with a run of ones: these bits of the first four bytes, their values, and its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagged:
    """An MP3 behind an Info frame of ours, and what a decoder makes of it: so many frames of samples, at this rate."""

    audio: bytes
    frames: int
    rate_hz: int
    channels: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Walk:
    """The stretches of whole frames in a stream, without the tags ``infos``; ``cut``: it ends inside a frame."""

    first: Header
    runs: Sequence[tuple[int, int]]
    mp3_frames: int
    infos: Sequence[bytes]
    cut: bool


def tagged(mp3: bytes) -> Tagged:
    """Put an exact Info frame in the place of all tags of an MP3.

    The gaps at both ends are those of a LAME tag with a right checksum, else an encoder's usual ones. Streams that were
    joined come back as one. Raises `AudioError`: no MP3 of layer III with a bitrate, one that changes its rate or its
    channels, or one with fewer frames than its tags promise.
    """
    walk = _walk(mp3)
    sound = b"".join(mp3[start:end] for start, end in walk.runs)
    around = _gaps(walk, sound)
    first = walk.first.word.to_bytes(4, "big")
    info = info_frame(first, mp3_frames=walk.mp3_frames, mp3_bytes=len(sound), gaps=around)
    # The decoder's own delay is cut off at the start, and keeps as many samples of the padding from coming out.
    silent = around.delay + max(DECODER_FRAMES, around.padding)
    return Tagged(
        audio=info + sound,
        frames=max(0, walk.mp3_frames * walk.first.spf - silent),
        rate_hz=walk.first.rate_hz,
        channels=walk.first.channels,
    )


def past_tags(body: bytes, at: int = 0) -> int:
    """Where a body goes on behind the ID3 and APE tags that begin at ``at``, if any."""
    while (behind := _past_tag(body, at)) > at:
        at = behind
    return at


def _past_tag(body: bytes, at: int) -> int:
    head = body[at : at + 32]
    if head.startswith(b"ID3") and len(head) >= 10 and max(head[6:10]) < 0x80:
        size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
        at += 10 + size + (10 if head[5] & 0x10 else 0)
    elif head.startswith(b"TAG"):
        at += 128
    elif head.startswith(b"APETAGEX") and len(head) == 32:
        starts = int.from_bytes(head[20:24], "little") >> 29 & 1
        at += 32 + (int.from_bytes(head[12:16], "little") if starts else 0)
    return min(at, len(body))


def _walk(mp3: bytes) -> _Walk:
    first, at, junk_bytes = _first(mp3)
    lengths, end, begin, mp3_frames = strides(first), len(mp3), at, 0
    tag_at = HEADER_BYTES + first.side_bytes
    runs, infos, cut = [], [], False
    while at < end:
        length = lengths.get(word_at(mp3, at) & FORM)
        if length is None:
            runs.append((begin, at))
            at, junk_bytes = _next(mp3, at, junk_bytes)
            _check_alike(first, header(word_at(mp3, at)))
            begin = at
        elif at + length > end:
            cut = True
            break
        elif mp3[at + tag_at : at + tag_at + 4] in NAMES or mp3[at + VBRI_AT : at + VBRI_AT + 4] == VBRI:
            runs.append((begin, at))
            infos.append(mp3[at : at + length])
            at = begin = at + length
        else:
            mp3_frames += 1
            at += length
    return _Walk(first=first, runs=[*runs, (begin, at)], mp3_frames=mp3_frames, infos=infos, cut=cut)


def _first(mp3: bytes) -> tuple[Header, int, int]:
    """The first header, where it is, and how much junk may still come."""
    try:
        at, junk_bytes = _next(mp3, 0, JUNK_BYTES)
    except AudioError:
        at, junk_bytes = len(mp3), 0
    first = header(word_at(mp3, at))
    if first is None:
        word = word_at(mp3, past_tags(mp3))
        names = [name for mask, value, name in NO_MP3 if word & mask == value]
        raise AudioError(f"the audio is {names[0] if names else 'neither MP3 nor WAV, FLAC or Ogg'}")
    return first, at, junk_bytes


def _next(mp3: bytes, at: int, junk_bytes: int) -> tuple[int, int]:
    """Where the next frame begins, behind tags and junk, or the end; and how much junk may still come."""
    at = past_tags(mp3, at)
    reach = min(len(mp3), at + junk_bytes)
    for found in STARTS.finditer(mp3, at, min(len(mp3), reach + HEADER_BYTES)):
        if _is_start(mp3, found.start()):
            return found.start(), junk_bytes - (found.start() - at)
    if reach < len(mp3):
        raise AudioError(f"more than {JUNK_BYTES} bytes of the MP3 belong to no frame")
    return len(mp3), junk_bytes


def _is_start(mp3: bytes, at: int) -> bool:
    """Whether a frame begins here and not by chance: another like it follows, or a tag, or nothing at all."""
    one = header(word_at(mp3, at))
    if one is None:
        return False
    behind = at + one.frame_bytes
    return word_at(mp3, behind) & FORM in strides(one) or behind == len(mp3) or _past_tag(mp3, behind) > behind


def _check_alike(first: Header, other: Header | None) -> None:
    if other and (other.rate_hz, other.channels) != (first.rate_hz, first.channels):
        kinds = " to ".join(f"{each.rate_hz} Hz with {each.channels} channel(s)" for each in (first, other))
        raise AudioError(f"the MP3 changes in its middle from {kinds}")


def _gaps(walk: _Walk, sound: bytes) -> Gaps:
    """What to leave out at both ends; raises `AudioError` where the tags promise more frames than there are."""
    promised = [claimed(info, walk.first) for info in walk.infos]
    first, last = (gaps_of(walk.infos[at], walk.first) if walk.infos else None for at in (0, -1))
    total = sum(each or 0 for each in promised)
    # Some count the tag itself; those with a checksum do not.
    counted = walk.mp3_frames + (0 if first and last else len(promised))
    if counted < total or (walk.cut and walk.mp3_frames < total):
        raise AudioError(f"the MP3 was cut off: its tag promises {total} frames, and {walk.mp3_frames} are there")
    usual = next(around for mark, around in ENCODERS if mark in sound)
    exact = None not in promised and walk.mp3_frames == total
    padding = last.padding if last and exact else usual.padding
    return Gaps(delay=first.delay if first else usual.delay, padding=padding)
