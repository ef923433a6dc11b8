"""Plays the samples that come on standard input, mono and 16 bits, by the library sounddevice: a program of its own."""

from __future__ import annotations

import sys

PARTS_A_SECOND = 10


def main(rate_hz: int) -> None:
    """Play to the end of the input."""
    import sounddevice

    with sounddevice.RawOutputStream(samplerate=rate_hz, channels=1, dtype="int16") as device:
        while pcm := sys.stdin.buffer.read(rate_hz // PARTS_A_SECOND * 2):
            device.write(pcm)


if __name__ == "__main__":
    main(int(sys.argv[1]))
