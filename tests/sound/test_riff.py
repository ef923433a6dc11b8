"""The header of WAV files, and of those that are larger than WAV allows."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from tts_async.sound.riff import HEADER_BYTES, MOST_BYTES, pcm_16, wav_header

LARGEST_PLAIN = (MOST_BYTES - HEADER_BYTES + 8) // 2


@pytest.mark.parametrize(
    ("frames", "form"),
    [(0, b"RIFF"), (1, b"RIFF"), (LARGEST_PLAIN, b"RIFF"), (LARGEST_PLAIN + 1, b"RF64"), (2**40, b"RF64")],
)
def test_plain_as_long_as_it_can_be(frames: int, form: bytes) -> None:
    """RF64 begins with the first frame that the sizes of a plain WAV cannot say; the header is equally long."""
    header = wav_header(frames, 48_000)
    assert (header[:4], len(header)) == (form, HEADER_BYTES)


@pytest.mark.skipif(os.name == "nt", reason="holes in files have to be asked for there")
@pytest.mark.parametrize("frames", [1000, LARGEST_PLAIN, LARGEST_PLAIN + 1, 2_500_000_000])
def test_libsndfile_reads_any_length(tmp_path: Path, frames: int) -> None:
    """All frames are there and the last one is heard; the file has holes, and takes no room."""
    path = tmp_path / "large.wav"
    with path.open("wb") as file:
        file.write(wav_header(frames, 24_000))
        os.truncate(path, HEADER_BYTES + 2 * frames)
        file.seek(HEADER_BYTES + 2 * (frames - 1))
        file.write(pcm_16(np.array([0.5], np.float32)))
    told = sf.info(path)
    assert (told.frames, told.samplerate, told.channels, told.subtype) == (frames, 24_000, 1, "PCM_16")
    last, _ = sf.read(path, start=frames - 2, dtype="float32")
    np.testing.assert_array_equal(last, [0, 0.5])


def test_samples_of_16_bits_stay_as_they_are() -> None:
    """Each of the 65,536 values comes back exactly, and what lies over them is held at full scale."""
    values = np.arange(-32_768, 32_768, dtype=np.int16)
    np.testing.assert_array_equal(np.frombuffer(pcm_16(values.astype(np.float32) / np.float32(32_768)), "<i2"), values)
    np.testing.assert_array_equal(
        np.frombuffer(pcm_16(np.array([1.2, -1.2, 1e9], np.float32)), "<i2"), [32_767, -32_768, 32_767]
    )
