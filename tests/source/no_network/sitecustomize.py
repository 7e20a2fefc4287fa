"""Put on a kernel's path by the tests: it asks no other machine, and tells if it wanted to."""

from __future__ import annotations

import socket
from typing import Any, Final

ASKED: Final[list[str]] = []
"""Which other machines something in this process wanted, and how."""

_connect, _connect_ex = socket.socket.connect, socket.socket.connect_ex
_getaddrinfo = socket.getaddrinfo


def _refuse(how: str, host: object) -> None:
    name = host.decode() if isinstance(host, bytes) else str(host or "localhost")
    if not name.startswith(("127.", "::1", "localhost")):
        ASKED.append(f"{how} {name}")
        raise OSError(f"there is no network in this test, but a lesson asked for {name}")


def _only_here(self: socket.socket, address: Any) -> None:
    if self.family != socket.AF_UNIX:
        _refuse("connect", address[0])
    return _connect(self, address)


def _only_here_ex(self: socket.socket, address: Any) -> int:
    if self.family != socket.AF_UNIX:
        _refuse("connect_ex", address[0])
    return _connect_ex(self, address)


def _look_up_here(host: Any, *arguments: Any, **named: Any) -> Any:
    _refuse("getaddrinfo", host)
    return _getaddrinfo(host, *arguments, **named)


# On the class itself: whoever has imported it already, or derives from it, gets these as well.
socket.socket.connect = _only_here  # type: ignore[method-assign,assignment]  # that is the point
socket.socket.connect_ex = _only_here_ex  # type: ignore[method-assign,assignment]
socket.getaddrinfo = _look_up_here
