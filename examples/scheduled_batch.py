"""Renders what is new in a folder, for cron or a timer: `python scheduled_batch.py digests/ speech/`.

A digest whose file is newer than itself is finished; what was interrupted goes on from the store. Ends with 0 where all is
there, with 3 where a digest is there in part and the next run may get the rest, else with 1.
"""

import argparse
import asyncio
import sys
from pathlib import Path

from tts_async import Renderer, RenderFailed, RenderResult, TTSError


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("digests", nargs="?", type=Path, default=Path(__file__).parent, help="a folder of .json files")
    parser.add_argument("speech", nargs="?", type=Path, default=Path("speech"), help="the folder of what is finished")
    parser.add_argument("--provider", default="local")
    return parser.parse_args()


def finished(digest: Path, speech: Path) -> bool:
    """A file appears when it is whole, never before: it is enough that it is there."""
    return speech.exists() and speech.stat().st_mtime > digest.stat().st_mtime


def exit_code(results: list[RenderResult | TTSError]) -> int:
    """As the command line ends."""
    errors = [result for result in results if isinstance(result, TTSError)]
    if any(isinstance(error, RenderFailed) and error.clips for error in errors):
        return 3
    return 1 if errors else 0


async def main(given: argparse.Namespace) -> int:
    given.speech.mkdir(parents=True, exist_ok=True)
    digests = [path for path in sorted(given.digests.glob("*.json")) if not path.name.endswith(".manifest.json")]
    files = {digest: given.speech / f"{digest.stem}.ogg" for digest in digests}
    due = {digest: file for digest, file in files.items() if not finished(digest, file)}
    async with Renderer(given.provider) as renderer:
        results = await renderer.render_many(list(due), list(due.values()), overwrite=True)
    for digest, result in zip(due, results, strict=True):
        print(f"{digest.name}: {result if isinstance(result, TTSError) else result.path}")
    print(f"{len(due)} of {len(files)} were due")
    return exit_code(results)


if __name__ == "__main__":
    sys.exit(asyncio.run(main(arguments())))
