"""Sets the sizes in a WAV right that a server wrote before it knew how much would follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tts_async.errors import AudioError

FORMS = (b"RIFF", b"RF64")
HEAD_BYTES, CHUNK_BYTES = 12, 8
MOST_CHUNKS = 1000
LARGE = 0xFFFF_FFFF
UNKNOWN = (range(0x7FFF_0000, 0x8000_0000), range(0xFFFF_0000, 0x1_0000_0000))
"""Sizes that stand for one not known yet: the largest that a field holds, often less a header or rounded down."""

PLAIN = frozenset({1, 3, 6, 7})
"""The format tags whose blocks are one sample of each channel: PCM, float, A-law, u-law."""
EXTENSIBLE, SUBFORMAT_AT = 0xFFFE, 24
KEPT = (b"fmt ", b"fact")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """Where the samples of a WAV are, how many bytes its header claims (``None``: unknown) and how many are there.

    ``block`` is a sample of every channel, in bytes, where the format is plain.
    """

    chunks: Mapping[bytes, bytes]
    start: int
    claimed: int | None
    held: int
    block: int
    plain: bool

    @property
    def whole(self) -> int:
        """The bytes of all whole blocks that are there."""
        return self.held // self.block * self.block


def repaired(wav: bytes) -> bytes:
    """Return a WAV whose sizes are those of what is there; the same object where they were.

    Sizes of nought, of the largest number and of more than there is are set to what is there, and a part of a sample
    at the end is dropped. Raises `AudioError` where there is no format, no data, or sound behind the data that the
    header does not know of.
    """
    layout = _layout(wav)
    if layout.claimed == layout.whole:
        return wav
    kept = b"".join(
        name + len(chunk).to_bytes(4, "little") + chunk + bytes(len(chunk) % 2) for name, chunk in layout.chunks.items()
    )
    data = b"data" + layout.whole.to_bytes(4, "little")
    size = 4 + len(kept) + len(data) + layout.whole
    sound = memoryview(wav)[layout.start : layout.start + layout.whole]
    return b"".join((b"RIFF", size.to_bytes(4, "little"), b"WAVE", kept, data, sound))


def claimed_frames(wav: bytes) -> int | None:
    """How many frames a header promises; ``None`` where it does not know, or cannot without decoding."""
    layout = _layout(wav)
    # Whoever counts the header too is forgiven.
    if not layout.plain or layout.claimed is None or layout.held < layout.claimed <= layout.held + layout.start:
        return None
    return layout.claimed // layout.block


def _layout(wav: bytes) -> _Layout:
    chunks, start, size = _chunks(wav)
    form = chunks.get(b"fmt ", b"")
    if len(form) < 16:
        raise AudioError("the WAV does not say of which format its samples are")
    tag, block = _number(form, 0, 2), _number(form, 12, 2)
    if tag == EXTENSIBLE:
        tag = _number(form, SUBFORMAT_AT, 2)
    if not block:
        raise AudioError("the WAV says that its samples have no bytes")
    left = len(wav) - start
    nought = not size and left and (left < CHUNK_BYTES or not _is_list(wav, start))
    claimed = None if _is_unknown(size) or nought else size
    if claimed and claimed < left and not (_is_list(wav, start + claimed) or _is_list(wav, start + claimed + 1)):
        more = left - claimed
        raise AudioError(f"the WAV says that it has {claimed} bytes of samples, and {more} bytes follow that are none")
    return _Layout(
        chunks={name: chunks[name] for name in KEPT if name in chunks},
        start=start,
        claimed=claimed,
        held=left if claimed is None else min(left, claimed),
        block=block if tag in PLAIN else 1,
        plain=tag in PLAIN,
    )


def _chunks(wav: bytes) -> tuple[Mapping[bytes, bytes], int, int]:
    """The chunks before the samples that matter, where the samples begin, and how many bytes they claim to have."""
    chunks: dict[bytes, bytes] = {}
    at = HEAD_BYTES
    for _ in range(MOST_CHUNKS):
        name, size = wav[at : at + 4], _number(wav, at + 4, 4)
        at += CHUNK_BYTES
        if at > len(wav):
            raise AudioError("the WAV has no samples")
        if name == b"data":
            large = chunks.get(b"ds64", b"") if size == LARGE else b""
            return chunks, at, _number(large, 8, 8) if len(large) >= 16 else size
        if name in {*KEPT, b"ds64"}:
            chunks[name] = wav[at : at + size]
        at += size + size % 2
    raise AudioError(f"the WAV has more than {MOST_CHUNKS} chunks before its samples")


def _is_unknown(size: int) -> bool:
    return any(size in sizes for sizes in UNKNOWN) or size >= 1 << 63


def _is_list(wav: bytes, at: int) -> bool:
    """Whether the rest is chunks to its end, and no second file; a rest too short for one counts as nothing."""
    for _ in range(MOST_CHUNKS):
        if at > len(wav) - CHUNK_BYTES:
            return True
        name = wav[at : at + 4]
        at += CHUNK_BYTES + _number(wav, at + 4, 4)
        if name in FORMS or not (name.isascii() and name.decode().isprintable()) or at > len(wav):
            return False
        at += at % 2
    return False


def _number(wav: bytes, at: int, length: int) -> int:
    return int.from_bytes(wav[at : at + length], "little")
