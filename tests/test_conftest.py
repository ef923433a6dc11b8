"""What the tests take for granted is there."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

import httpx
import platformdirs
import pytest

from tts_async.testing.clock import VirtualClockLoop


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "example.org"])
def test_connecting_outside_is_refused(host: str) -> None:
    """A forgotten fake fails the test at once, by name, and no packet leaves."""
    with pytest.raises(RuntimeError, match="asked for the network"):
        socket.create_connection((host, 80), timeout=1)


def test_datagrams_outside_are_refused() -> None:
    """No way round by a protocol that needs no connection."""
    with socket.socket(type=socket.SOCK_DGRAM) as sock, pytest.raises(RuntimeError, match="asked for the network"):
        sock.sendto(b"hello", ("192.0.2.1", 53))


@pytest.mark.real_time
async def test_a_client_outside_is_refused() -> None:
    """The refusal is no OSError, so no HTTP client takes it for a server that is down."""
    async with httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(RuntimeError, match="asked for the network"):
            await client.get("http://example.org")


@pytest.mark.real_time
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_loopback_is_allowed(host: str) -> None:
    """Tests may run servers of their own."""

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(greet, host, 0, family=socket.AF_INET) as server:
        reader, writer = await asyncio.open_connection(host, server.sockets[0].getsockname()[1])
        assert await reader.read() == b"hello"
        writer.close()
        await writer.wait_closed()


def test_unix_sockets_are_allowed() -> None:
    """A socket pair never leaves the machine; event loops need one."""
    left, right = socket.socketpair()
    with left, right:
        left.sendall(b"x")
        assert right.recv(1) == b"x"


def test_home_is_empty_and_nobodys(nobodys_home: Path) -> None:
    """Nothing that a person has set up changes a test, and no test writes into a person's folders."""
    assert Path.home() == nobodys_home
    assert platformdirs.user_cache_path("tts-async").is_relative_to(nobodys_home)
    assert platformdirs.user_config_path("tts-async").is_relative_to(nobodys_home)
    assert not list(Path.cwd().iterdir())
    assert not [name for name in os.environ if name.startswith(("TTS_ASYNC_", "ELEVENLABS_", "OPENAI_"))]


async def test_tests_run_on_the_virtual_clock() -> None:
    """Unless they say otherwise."""
    assert isinstance(asyncio.get_running_loop(), VirtualClockLoop)


@pytest.mark.real_time
async def test_marked_tests_run_on_a_real_clock() -> None:
    """`real_time` is the way to say otherwise."""
    assert not isinstance(asyncio.get_running_loop(), VirtualClockLoop)
