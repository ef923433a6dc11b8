"""How long the command takes to answer: `python tests/bench/start.py`.

Ten processes each, one after another; what is aimed at is help in under 200 ms. `python -c pass` is what Python itself takes.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

RUNS = 10
COMMANDS = {
    "python -c pass": ("-c", "pass"),
    "import tts_async": ("-c", "import tts_async"),
    "tts-async --help": ("-m", "tts_async", "--help"),
    "tts-async --version": ("-m", "tts_async", "--version"),
    "tts-async render --help": ("-m", "tts_async", "render", "--help"),
}


def took_ms(arguments: tuple[str, ...]) -> float:
    """One process from its start to its end."""
    began_s = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - began_s) * 1000


def main() -> None:
    print("| command | median ms | slowest ms |\n|---|---:|---:|")
    for name, arguments in COMMANDS.items():
        took_ms(arguments)  # The first one fills the system's caches.
        runs = [took_ms(arguments) for _ in range(RUNS)]
        print(f"| `{name}` | {statistics.median(runs):.0f} | {max(runs):.0f} |")


if __name__ == "__main__":
    main()
