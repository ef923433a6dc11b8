"""The outline of a waveform: bounded, exact, and a small picture."""

from __future__ import annotations

import sys
from itertools import pairwise
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tts_async.errors import AudioError
from tts_async.sound.peaks import Peaks, svg

RATE_HZ = 24_000


def noise(frames: int, seed: int = 1) -> NDArray[np.float32]:
    return np.random.default_rng(seed).uniform(-1, 1, frames).astype(np.float32)


def heard(samples: NDArray[np.float32], *cuts: int, columns: int = 800) -> Peaks:
    peaks = Peaks(RATE_HZ, columns)
    for block in np.split(samples, sorted(min(cut, len(samples)) for cut in cuts)):
        peaks.add(block)
    return peaks


@given(cuts=st.lists(st.integers(0, 9_000), max_size=9), frames=st.integers(0, 9_000), count=st.integers(1, 40))
def test_how_a_stream_is_cut_changes_nothing(cuts: list[int], frames: int, count: int) -> None:
    """Blocks of any size give the very columns of one."""
    samples = noise(frames)
    np.testing.assert_array_equal(
        heard(samples, *cuts, columns=10).columns(count), heard(samples, columns=10).columns(count)
    )


@given(frames=st.integers(1, 5_000), count=st.integers(1, 20), seed=st.integers(0, 5))
def test_a_column_holds_its_samples(frames: int, count: int, seed: int) -> None:
    """All of them, and beyond its edges at most one bucket: half a column where all columns are drawn."""
    samples, columns = noise(frames, seed), 20
    low, high = heard(samples, columns=columns).columns(count)
    assert low.shape == high.shape == (count,)
    assert low.min() == samples.min()
    assert high.max() == samples.max()
    edges = np.arange(count + 1) * frames / count
    bucket = frames / (2 * columns) + 1
    for n, (left, right) in enumerate(pairwise(edges)):
        inside = samples[int(np.ceil(left)) : max(int(right), int(np.ceil(left)))]
        near = samples[max(0, int(left - bucket)) : int(np.ceil(right + bucket))]
        assert near.min() <= low[n] <= high[n] <= near.max()
        assert low[n] <= inside.min(initial=2) or not inside.size
        assert high[n] >= inside.max(initial=-2)


def test_memory_does_not_grow() -> None:
    """Six minutes take what a second takes."""

    def held(peaks: Peaks) -> int:
        return sum(sys.getsizeof(value) for value in vars(peaks).values())

    short, long = heard(noise(RATE_HZ)), Peaks(RATE_HZ)
    for n in range(60):
        long.add(noise(60 * RATE_HZ // 10, n))
    assert held(long) == pytest.approx(held(short), abs=64)
    assert long.duration_s == pytest.approx(360)


def test_a_stream_without_samples_is_silence() -> None:
    """There is a picture of it too."""
    low, high = Peaks(RATE_HZ).columns(5)
    assert not low.any()
    assert not high.any()
    assert svg(Peaks(RATE_HZ)).startswith("<svg")


def test_what_is_no_sound_is_said() -> None:
    """It cannot be drawn."""
    with pytest.raises(AudioError, match="full scale"):
        Peaks(RATE_HZ).add(np.array([np.nan], np.float32))


@pytest.mark.parametrize(("width", "strokes"), [(800, 800), (1_600, 800), (300, 300), (1, 1)])
def test_the_picture(width: int, strokes: int) -> None:
    """Well-formed, as wide as asked for, a stroke a column, from the highest to the least sample."""
    samples = np.tile(np.array([0.5, -0.25], np.float32), 30_000)
    picture = ET.fromstring(svg(heard(samples), width=width, height=90))
    assert (picture.get("width"), picture.get("height")) == (str(width), "90")
    path = picture.find("{http://www.w3.org/2000/svg}path")
    assert path is not None
    assert path.get("d") == "".join(f"M{x} 50v75" for x in range(strokes))


def test_silence_is_a_line() -> None:
    """A stroke is never nothing."""
    assert "M0 100v1M1 100v1" in svg(heard(np.zeros(RATE_HZ, np.float32)))


def test_over_full_scale_stays_in_the_picture() -> None:
    """From its upper edge to its lower one."""
    assert "M0 0v200" in svg(heard(9 * noise(RATE_HZ)))


@pytest.mark.parametrize("samples", [noise(200_000), 0.01 * noise(200_000), np.zeros(9, np.float32)])
def test_the_picture_is_small(samples: NDArray[np.float32]) -> None:
    """800 columns in at most 15 kB."""
    assert len(svg(heard(samples)).encode()) <= 15_000
