"""What tells a file that is being written from all others, and says who writes it: process, its birth, its host."""

from __future__ import annotations

import os
import re
import secrets
import socket
import zlib

from tts_async.engine.owner import born

MARK = r"\d+-(?:\d+|x)-[0-9a-f]{8}-[0-9a-f]{8}"


def new_mark() -> str:
    """A part of a file's name that nobody else has."""
    pid = os.getpid()
    return f"{pid}-{_birth(pid)}-{_host()}-{secrets.token_hex(4)}"


def is_left(mark: str) -> bool:
    """Whether the process that made it ran on this host and is gone; of all others nobody knows."""
    if not re.fullmatch(MARK, mark):
        return False
    pid, birth, host, _ = mark.split("-")
    return host == _host() and _birth(int(pid)) != birth


def _birth(pid: int) -> str:
    return born(pid).replace("?", "x")


def _host() -> str:
    return f"{zlib.crc32(socket.gethostname().encode(errors='replace')):08x}"
