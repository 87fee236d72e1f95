"""Tests talk to this machine only."""

import ipaddress
import os
import socket
import sys
from typing import Any
from urllib.parse import urlsplit

# Beside addresses: what asks for "any" interface when a server starts to listen.
LOCAL_NAMES = {None, "", b"", "localhost", b"localhost"}


class NetworkRefused(RuntimeError):
    """A test, or the code under test, reached for a machine beyond this one."""


def _is_local(host: Any) -> bool:
    if host in LOCAL_NAMES:
        return True
    text = host.decode() if isinstance(host, bytes) else str(host)
    if text == urlsplit(os.environ.get("STOCKBELL_TEST_POSTGRES", "")).hostname:
        return True
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _refuse(event: str, args: tuple[Any, ...]) -> None:
    if event == "socket.getaddrinfo":
        host = args[0]
    elif event in ("socket.connect", "socket.sendto") and isinstance(args[1], tuple):
        host = args[1][0]
    else:
        return  # another event, or a Unix socket
    if not _is_local(host):
        raise NetworkRefused(f"no network beyond this machine in tests: {host!r}")


def forbid() -> None:
    """Refuse, from now on and in this process, every connection and look-up beyond loopback.

    An audit hook sees what sockets do below every library, and cannot be taken away again.
    """
    sys.addaudithook(_refuse)


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
