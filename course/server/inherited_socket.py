"""A listening socket that root has opened for this process."""

from __future__ import annotations

import os
import socket
from typing import Final

SOCKET_VARIABLE: Final = "COURSE_SOCKET"  # holds the file descriptor


def take_socket() -> socket.socket:
    """Return the socket; child processes don't inherit it.

    Raises:
        RuntimeError: The variable is missing or invalid.
    """
    fd = os.environ.pop(SOCKET_VARIABLE, "")
    if not fd.isdecimal():
        raise RuntimeError(
            f"{SOCKET_VARIABLE} must be the file descriptor of an open socket, got {fd!r}; "
            "start this server from the hub"
        )
    inherited = socket.socket(fileno=int(fd))
    inherited.settimeout(0)
    inherited.set_inheritable(False)
    return inherited
