"""Block access to other machines in a kernel, and record the attempts; tests put it on its path."""

from __future__ import annotations

import socket
from typing import Any, Final

REQUESTS: Final[list[str]] = []
"""Attempts to reach other machines: the function called and the host."""

_connect, _connect_ex = socket.socket.connect, socket.socket.connect_ex
_getaddrinfo = socket.getaddrinfo


def _refuse(function: str, host: object) -> None:
    name = host.decode() if isinstance(host, bytes) else str(host or "localhost")
    if not name.startswith(("127.", "::1", "localhost")):
        REQUESTS.append(f"{function} {name}")
        raise OSError(f"Tests run without a network, but a lesson tried to reach {name}.")


def _connect_locally(self: socket.socket, address: Any) -> None:
    if self.family != socket.AF_UNIX:
        _refuse("connect", address[0])
    return _connect(self, address)


def _connect_ex_locally(self: socket.socket, address: Any) -> int:
    if self.family != socket.AF_UNIX:
        _refuse("connect_ex", address[0])
    return _connect_ex(self, address)


def _getaddrinfo_locally(host: Any, *arguments: Any, **named: Any) -> Any:
    _refuse("getaddrinfo", host)
    return _getaddrinfo(host, *arguments, **named)


# Patch the class itself, so that earlier imports and subclasses are covered as well.
socket.socket.connect = _connect_locally  # type: ignore[method-assign,assignment]  # replaced on purpose
socket.socket.connect_ex = _connect_ex_locally  # type: ignore[method-assign,assignment]
socket.getaddrinfo = _getaddrinfo_locally
