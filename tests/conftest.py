"""The tests own the clock, the network and the user's folders."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import hypothesis
import pytest

from tts_async.testing.clock import VirtualClockLoop

hypothesis.settings.register_profile("people", deadline=None)
hypothesis.settings.register_profile("machines", deadline=None, derandomize=True)
hypothesis.settings.load_profile("machines" if os.environ.get("CI") else "people")

ASKS_THE_NETWORK = {
    "socket.connect": 1,
    "socket.getaddrinfo": 0,
    "socket.gethostbyname": 0,
    "socket.sendmsg": 1,
    "socket.sendto": 1,
}
"""Audit event -> which of its arguments is the host, or an address that begins with one."""


def is_loopback(host: object) -> bool:
    """Whether nothing sent to ``host`` can leave this machine; no host at all means this machine."""
    text = host.decode() if isinstance(host, bytes) else str(host or "localhost")
    try:
        return ipaddress.ip_address(text).is_loopback
    except ValueError:
        return text == "localhost"


def refuse_network(event: str, args: tuple[object, ...]) -> None:
    if event not in ASKS_THE_NETWORK:
        return
    if isinstance(args[0], socket.socket) and args[0].family not in {socket.AF_INET, socket.AF_INET6}:
        return
    address = args[ASKS_THE_NETWORK[event]]
    host = address[0] if isinstance(address, tuple) else address
    if not is_loopback(host):
        raise RuntimeError(f"a test asked for the network: {event} {host!r}")


sys.addaudithook(refuse_network)


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Every test runs on the virtual clock, but those marked `real_time`."""
    if item.get_closest_marker("real_time"):
        return {"real": asyncio.SelectorEventLoop}
    return {"virtual": VirtualClockLoop}


@pytest.fixture(autouse=True)
def nobodys_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user with an empty home, no settings and no keys, who works in an empty folder; gives the home."""
    home = tmp_path / "home"
    work = tmp_path / "work"
    for folder in (home, work):
        folder.mkdir()
    for name in list(os.environ):
        if name.startswith(("TTS_ASYNC_", "XDG_", "ELEVENLABS_", "OPENAI_")):
            monkeypatch.delenv(name)
    for name in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.chdir(work)
    return home
