"""Ports that root opens and hands on: nobody else on the machine can listen in their place.

``python -P deploy/hub/privileged_ports.py 127.0.0.1 813 COMMAND ...`` opens the port and
becomes the command.

All users' processes share loopback. While a port is free for a moment because its server has ended,
another process can take it and receive what is sent there, tokens and passwords included. Only root
can open ports below 1024. A server that listens there without being root gets its socket from root.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from course.server.inherited_socket import SOCKET_VARIABLE

LOW: Final = 1024  # below it, Linux lets root alone listen, unless told otherwise
FROM: Final = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")  # which is told here
_USUAL: Final = 811  # the port of every account whose number is below 2**23


def port_of(address: str) -> int:
    """Return the port of an address.

    Example:
        >>> [port_of("http://127.0.0.1:810"), port_of("https://hub.example.org")]
        [810, 443]
    """
    parts = urlsplit(address)
    return parts.port or (443 if parts.scheme == "https" else 80)


def own_place(number: int) -> tuple[str, int]:
    """Return an account's own address on loopback, and its port there.

    Example:
        >>> own_place(1001)
        ('127.128.3.233', 811)

    Args:
        number: The account's, from 0 to 2**32 - 1; each has a place that no other has.
    """
    low = number % 2**23
    address = f"127.{128 + (low >> 16)}.{low >> 8 & 255}.{low & 255}"
    return address, 512 + ((number >> 23) + _USUAL - 512) % 512


def opened(address: str, port: int) -> socket.socket:
    """Open a port that a program which root starts will inherit.

    Raises:
        OSError: Another program listens there.
    """
    listening = socket.create_server((address, port), backlog=1024)
    listening.set_inheritable(True)
    return listening


def main(address: str, port: str, *command: str) -> None:
    """Open the port and become the command."""
    listening = opened(address, int(port))
    environment = {**os.environ, SOCKET_VARIABLE: str(listening.detach())}
    os.execve(command[0], command, environment)  # noqa: S606  (no shell; our own words)


if __name__ == "__main__":
    main(*sys.argv[1:])
