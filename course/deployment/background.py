"""The server in a thread of the notebook's kernel, for lessons.

Example:
    >>> with Server.start() as server:
    ...     server.url.startswith("http://127.0.0.1:")
    True
"""

from __future__ import annotations

import atexit
import errno
import socket
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import uvicorn

from course.deployment.app import create

_HOST: Final = "127.0.0.1"
_PATIENCE: Final = 30.0  # seconds until it must answer; loading both networks takes less than one


class Server:
    """A running server. It ends with ``stop()``, with the ``with`` block, or with the kernel.

    Attributes:
        url: Where it answers, ending in a slash.
    """

    def __init__(self, server: uvicorn.Server, thread: threading.Thread, port: int) -> None:
        self._server = server
        self._thread = thread
        self.url = f"http://{_HOST}:{port}/"

    @classmethod
    def start(cls, port: int = 0) -> Server:
        """Start it and wait until it answers.

        Args:
            port: Where it listens; 0 takes a free one.

        Raises:
            OSError: The port is taken.
            RuntimeError: It did not start; its log says why.
        """
        listener = listen(port)
        config = uvicorn.Config(create(), log_config=None, access_log=False, log_level="warning")
        server = uvicorn.Server(config)
        thread = threading.Thread(
            target=_run, args=(server, listener), name="digit canvas", daemon=True
        )
        thread.start()
        deadline = time.monotonic() + _PATIENCE
        while not server.started and thread.is_alive() and time.monotonic() < deadline:
            time.sleep(0.01)
        if not server.started:
            server.should_exit = True
            raise RuntimeError("the server did not start; its log above says why")
        found = cls(server, thread, listener.getsockname()[1])
        atexit.register(found.stop)
        return found

    @property
    def running(self) -> bool:
        """Whether it answers."""
        return self._thread.is_alive() and not self._server.should_exit

    def stop(self) -> None:
        """Stop it; once stopped, it may be stopped again."""
        self._server.should_exit = True
        self._thread.join(timeout=_PATIENCE)
        atexit.unregister(self.stop)

    def __enter__(self) -> Self:
        """Return the server, which runs already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it."""
        self.stop()

    def __repr__(self) -> str:
        """Where it answers, if it does."""
        return f"Server({self.url})" if self.running else "Server(stopped)"


def listen(port: int, host: str = _HOST) -> socket.socket:
    """Return a socket that listens on a port of this machine.

    Args:
        port: 0 to 65535; 0 takes a free one.
        host: An address of this machine, of either kind, such as ``::1``, or its name.

    Raises:
        OSError: The port is taken, or the host is none of this machine; says which.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, UnicodeError) as error:
        words = f"host {host!r} is no address of this machine ({error})"
        raise OSError(errno.EADDRNOTAVAIL, words) from None
    # asyncio sends small pieces at once only where a socket names TCP; else answers wait 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(128)  # who connects before the server is ready waits, and is not refused
    except OSError as error:
        listener.close()
        elsewhere = error.errno == errno.EADDRNOTAVAIL
        words = (
            f"host {host!r} is none of this machine"
            if elsewhere
            else (f"port {port} of {host} cannot be used ({error.strerror}); try another")
        )
        raise OSError(error.errno, words) from None
    return listener


def listen_at(place: Path) -> socket.socket:
    """Return a unix socket that listens at a path; one that was left there gives way.

    Raises:
        OSError: There is no such folder, or the path is taken or too long; says which.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if place.is_socket():
            place.unlink()
        listener.bind(str(place))
        listener.listen(128)
    except OSError as error:
        listener.close()
        words = f"{place} cannot be a socket ({error.strerror or error})"
        raise OSError(error.errno, words) from None
    return listener


def _run(server: uvicorn.Server, listener: socket.socket) -> None:
    with listener:
        server.run(sockets=[listener])
