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
from typing import Final, Self

import uvicorn

from course.deployment.app import create

_HOST: Final = "127.0.0.1"
_START_TIMEOUT_S: Final = 30.0  # loading both networks takes less than a second
_STOP_TIMEOUT_S: Final = 30.0


class Server:
    """A running server. It stops on ``stop()``, after the ``with`` block, or with the kernel.

    Attributes:
        url: Address of the page, ending in a slash.
    """

    def __init__(self, server: uvicorn.Server, thread: threading.Thread, port: int) -> None:
        self._server = server
        self._thread = thread
        self.url = f"http://{_HOST}:{port}/"

    @classmethod
    def start(cls, port: int = 0) -> Server:
        """Start a server on a port, 0 for a free one, and wait until it answers.

        Raises:
            OSError: The port is in use.
            RuntimeError: The server did not start; its log says why.
        """
        listener = listen_on_port(port)
        config = uvicorn.Config(create(), log_config=None, access_log=False, log_level="warning")
        server = uvicorn.Server(config)
        thread = threading.Thread(
            target=_run, args=(server, listener), name="digit canvas", daemon=True
        )
        thread.start()
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not server.started and thread.is_alive() and time.monotonic() < deadline:
            time.sleep(0.01)
        if not server.started:
            server.should_exit = True
            raise RuntimeError("the server did not start; its log above says why")
        running = cls(server, thread, listener.getsockname()[1])
        atexit.register(running.stop)
        return running

    @property
    def running(self) -> bool:
        """True until the server is stopped."""
        return self._thread.is_alive() and not self._server.should_exit

    def stop(self) -> None:
        """Stop the server; safe to call twice."""
        self._server.should_exit = True
        self._thread.join(timeout=_STOP_TIMEOUT_S)
        atexit.unregister(self.stop)

    def __enter__(self) -> Self:
        """Return the server, which is already running."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the server."""
        self.stop()

    def __repr__(self) -> str:
        """Show the address, or that the server is stopped."""
        return f"Server({self.url})" if self.running else "Server(stopped)"


def listen_on_port(port: int, host: str = _HOST) -> socket.socket:
    """Return a TCP socket that listens on a port, 0 for a free one, of this machine's ``host``.

    Raises:
        OSError: The port is in use, or this machine doesn't have the host's address.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, UnicodeError) as error:
        raise OSError(errno.EADDRNOTAVAIL, f"can't resolve host {host!r} ({error})") from None
    # asyncio turns off Nagle's algorithm only if the socket names TCP; else answers take 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(128)  # clients that connect before the server is ready wait
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRNOTAVAIL:
            message = f"host {host!r} is not an address of this machine"
        else:
            message = f"can't listen on port {port} of {host} ({error.strerror}); try another port"
        raise OSError(error.errno, message) from None
    return listener


def listen_on_path(path: Path) -> socket.socket:
    """Return a listening Unix socket; replace a socket that a dead process left there.

    Raises:
        OSError: The folder is missing, or the path is another file or too long.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if path.is_socket():
            path.unlink()
        listener.bind(str(path))
        listener.listen(128)
    except OSError as error:
        listener.close()
        message = f"can't create the socket {path} ({error.strerror or error})"
        raise OSError(error.errno, message) from None
    return listener


def _run(server: uvicorn.Server, listener: socket.socket) -> None:
    with listener:
        server.run(sockets=[listener])
