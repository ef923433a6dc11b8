"""Ends a command politely when it is interrupted or terminated."""

from __future__ import annotations

import signal
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")

INTERRUPTED, TERMINATED = 130, 143
WAITS = "Stopping: what is in flight is finished and kept, for {:g} s at most. Once more stops at once."
GOES_ON = "Interrupted: what was bought is kept, and the same command goes on from here."
STOPPED = "Interrupted."


class Stopped(BaseException):  # It is no error, and nothing but `main` may catch it.
    """Somebody wants the program to end; ``says`` is its last line, ``code`` how it exits."""

    def __init__(self, says: str, code: int) -> None:
        super().__init__(says)
        self.says = says
        self.code = code


def run(work: Coroutine[Any, Any, T], *, says: str, stopping: Callable[[], None] | None = None) -> T:
    """Run a command's work; Ctrl-C and SIGTERM cancel it, and what is in flight is finished, as ``stopping`` may say.

    A second one, whichever, stops at once. Raises `Stopped`.
    """
    import asyncio  # Half of what help would wait for.

    codes: list[int] = []

    async def main() -> T:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task is not None

        def stop(code: int) -> None:
            if codes:
                raise KeyboardInterrupt  # As asyncio does at a second Ctrl-C: nothing is waited for any more.
            codes.append(code)
            if stopping:
                stopping()
            task.cancel()

        with suppress(NotImplementedError):  # Windows has no such signals.
            for number, code in ((signal.SIGINT, INTERRUPTED), (signal.SIGTERM, TERMINATED)):
                loop.add_signal_handler(number, stop, code)
        return await work

    try:
        return asyncio.run(main())
    except KeyboardInterrupt:
        raise Stopped(says, codes[0] if codes else INTERRUPTED) from None
    except asyncio.CancelledError:
        if not codes:
            raise
        raise Stopped(says, codes[0]) from None
