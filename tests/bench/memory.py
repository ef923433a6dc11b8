"""Measures how much memory a render of many chunks takes, and hears that each of them is in its place.

    python tests/bench/memory.py

Digests of 1,000 and of 12,000 ready chunks are rendered with the tone provider, each in a process of its own, and the
most memory that each ever had is compared with that of a digest of ten. Each text has a tone of its own, one of 600, and
every one of the file is compared with the text that its cue says.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

SIZES = (10, 1_000, 12_000)
CHILD = """
import json, sys
import soundfile as sf
from tests.engine.fakes import heard_hz
from tts_async import Digest, Settings, generate_digest_sync
from tts_async.providers.tone import ToneProvider, frequency_hz

chunks = tuple(f"This is chunk {number} of a long digest." for number in range(int(sys.argv[1])))
result = generate_digest_sync(
    Digest(id="long", chunks=chunks),
    output="long.wav",
    provider=ToneProvider(s_per_char=0.03),
    settings=Settings(workers=32, rate_per_s=1000, remember=False),
)
assert [cue.text for cue in result.cues] == list(chunks)
wrong = 0
with sf.SoundFile("long.wav") as file:
    for cue in result.cues:
        file.seek(cue.start_frame)
        hz = heard_hz(file.read(cue.end_frame - cue.start_frame, dtype="float32"), file.samplerate)
        wrong += abs(hz - frequency_hz(cue.text)) > 2
print(json.dumps({"peak_mb": result.report.peak_mb, "audio_s": result.duration_s, "wrong": wrong}))
"""


def render(chunks: int) -> dict[str, float]:
    """Render so many chunks in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-c", CHILD, str(chunks)],
            cwd=folder,
            check=True,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        Path(folder, "long.wav").unlink()
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def main() -> int:
    """Measure and show; fail where ten times as many chunks take half as much memory again, or one is not in its place."""
    peaks, wrong = [], 0.0
    for chunks in SIZES:
        figures = render(chunks)
        peaks.append(figures["peak_mb"])
        wrong += figures["wrong"]
        print(
            f"{chunks:6,} chunks, {figures['audio_s']:6,.0f} s of audio: {figures['peak_mb']:.0f} MB at most, {figures['wrong']:.0f} out of place"
        )
    return 0 if peaks[-1] < 1.5 * peaks[1] and not wrong else 1


if __name__ == "__main__":
    sys.exit(main())
