"""Who buys: a process, told apart from every later one with its number."""

from __future__ import annotations

import os
import secrets
import socket
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Who buys: a store that one process has opened, once."""

    name: str = field(default_factory=lambda: secrets.token_hex(8))
    host: str = field(default_factory=socket.gethostname)
    pid: int = field(default_factory=os.getpid)
    born: str = field(default_factory=lambda: born(os.getpid()))


def born(pid: int) -> str:
    """What tells a process from a later one with its number; "" where it is gone, "?" where that cannot be told."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return "" if Path("/proc/self/stat").exists() else _there(pid)
    except OSError:
        return "?"
    return stat.rpartition(")")[2].split()[19]


def is_there(host: object, pid: object, birth: object) -> bool:
    """Whether a process is there, as far as can be told: of one on another host nobody knows."""
    return host != socket.gethostname() or born(int(str(pid))) == birth


def _there(pid: int) -> str:
    """On systems without /proc: whether there is such a process at all."""
    if os.name == "nt":
        return "?"  # os.kill would end it there.
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        return "?"
    return "?"
