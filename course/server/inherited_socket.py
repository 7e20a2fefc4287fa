"""A socket that root has opened for this process: it listens where no other account could."""

from __future__ import annotations

import os
import socket
from typing import Final

VARIABLE: Final = "COURSE_SOCKET"  # holds the number of the socket's file


def taken() -> socket.socket:
    """Return the socket; what this process starts will not have it.

    Raises:
        RuntimeError: None was opened.
    """
    number = os.environ.pop(VARIABLE, "")
    if not number.isdecimal():
        raise RuntimeError(f"{VARIABLE} must be the number of an open socket; the hub sets it")
    found = socket.socket(fileno=int(number))
    found.settimeout(0)
    found.set_inheritable(False)
    return found
