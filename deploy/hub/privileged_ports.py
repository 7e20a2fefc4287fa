"""Ports that root opens and passes on, so that nobody else can listen on them.

``python -P deploy/hub/privileged_ports.py 127.0.0.1 813 COMMAND ...`` opens the port and
runs the command with it.

All accounts share the loopback interface. If a server stops, anyone could take its port and receive
what is sent there, including tokens and passwords. Only root can open ports below 1024, so servers
that don't run as root inherit their socket from root.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from course.server.inherited_socket import SOCKET_VARIABLE

FIRST_UNPRIVILEGED_PORT: Final = 1024  # Linux's default
PORT_START_FILE: Final = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")  # Linux's setting
_USUAL_PORT: Final = 811  # of every account whose id is below 2**23


def port_of(address: str) -> int:
    """Return the port in a URL.

    Example:
        >>> [port_of("http://127.0.0.1:810"), port_of("https://hub.example.org")]
        [810, 443]
    """
    parts = urlsplit(address)
    return parts.port or (443 if parts.scheme == "https" else 80)


def loopback_address(uid: int) -> tuple[str, int]:
    """Return the loopback address and port reserved for an account.

    Example:
        >>> loopback_address(1001)
        ('127.128.3.233', 811)

    Args:
        uid: From 0 to 2**32 - 1; no two accounts share an address and port.
    """
    low = uid % 2**23
    address = f"127.{128 + (low >> 16)}.{low >> 8 & 255}.{low & 255}"
    return address, 512 + ((uid >> 23) + _USUAL_PORT - 512) % 512


def open_port(address: str, port: int) -> socket.socket:
    """Open a port for a child process to inherit.

    Raises:
        OSError: The port is in use.
    """
    listener = socket.create_server((address, port), backlog=1024)
    listener.set_inheritable(True)
    return listener


def main(address: str, port: str, *command: str) -> None:
    """Open the port and replace this process with the command."""
    listener = open_port(address, int(port))
    environment = {**os.environ, SOCKET_VARIABLE: str(listener.detach())}
    os.execve(command[0], command, environment)  # noqa: S606  (no shell, no user input)


if __name__ == "__main__":
    main(*sys.argv[1:])
