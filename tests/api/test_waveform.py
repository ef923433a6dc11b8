"""The picture of what was written."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from tts_async import Renderer
from tts_async.sound.peaks import Peaks, svg


def strokes(picture: str) -> list[tuple[int, int]]:
    """Where each column begins, and how long it is."""
    return [(int(top), int(length)) for top, length in re.findall(r"M\d+ (\d+)v(\d+)", picture)]


async def test_the_waveform_is_that_of_the_file(tmp_path: Path) -> None:
    """Gathered as it was written, in columns of the width that is asked for."""
    async with Renderer("tone", store=tmp_path / "store") as renderer:
        result = await renderer.render({"chunks": ["First.", "And the second."]}, tmp_path / "two.wav")
    heard = Peaks(result.rate_hz)
    heard.add(result.read())
    told = strokes(result.waveform_svg(width=300, height=50))
    assert len(told) == 300
    assert np.max(np.abs(np.subtract(told, strokes(svg(heard, 300, 50))))) <= 2
    assert max(length for _, length in told) > 10
    assert 'width="300" height="50"' in result.waveform_svg(width=300, height=50)
