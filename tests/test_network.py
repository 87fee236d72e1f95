"""The guard of the tests themselves: nothing here reaches another machine."""

import asyncio
import socket

import pytest

from tests.support.network import NetworkRefused


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])
def test_a_connection_beyond_this_machine_is_refused(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as connection, pytest.raises(NetworkRefused, match=host):
        connection.connect((host, 443))


async def test_asyncio_is_guarded_too() -> None:
    with pytest.raises(NetworkRefused):
        await asyncio.open_connection("192.0.2.1", 443)


def test_no_name_is_looked_up() -> None:
    with pytest.raises(NetworkRefused):
        socket.getaddrinfo("api.telegram.org", 443)


async def test_this_machine_is_reachable() -> None:
    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        writer.close()

    async with await asyncio.start_server(greet, "localhost", 0) as server:
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("localhost", port)
        assert await reader.read() == b"hello"
        writer.close()
        await writer.wait_closed()
