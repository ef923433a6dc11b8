"""Renders digests to MP3: `python run_tts.py --parallel digest.json`; without a digest, the two beside this script."""

import argparse
import asyncio
import sys
from pathlib import Path

from tts_async import Renderer, Settings, TTSError

HERE = Path(__file__).parent
EXAMPLES = [HERE / "digest.json", HERE / "dialogue.json"]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("digests", nargs="*", type=Path, default=EXAMPLES, metavar="digest.json")
    parser.add_argument("--parallel", action=argparse.BooleanOptionalAction, default=True, help="many chunks at a time")
    parser.add_argument("--workers", type=int, help="how many at most; found out if not given")
    parser.add_argument("--provider", default="local", help="who speaks: local, elevenlabs, openai, ...")
    return parser.parse_args()


async def main(given: argparse.Namespace) -> int:
    settings = Settings(workers=given.workers if given.parallel else 1)
    files = [f"{digest.stem}.mp3" for digest in given.digests]
    async with Renderer(given.provider, settings=settings) as renderer:
        results = await renderer.render_many(given.digests, files, overwrite=True)
    for digest, result in zip(given.digests, results, strict=True):
        if isinstance(result, TTSError):
            print(f"{digest.name}: {result}", file=sys.stderr)
        else:
            print(f"{result.path}: {result.duration_s:.0f} s of speech in {result.report.took_s:.1f} s")
    return int(any(isinstance(result, TTSError) for result in results))


if __name__ == "__main__":
    sys.exit(asyncio.run(main(arguments())))
