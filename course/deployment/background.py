"""The server in a thread of the notebook's kernel, for lessons.

Example:
    >>> with Server.start() as server:
    ...     server.url.startswith("http://127.0.0.1:")
    True
"""

from __future__ import annotations

import atexit
import socket
import threading
import time
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

    Raises:
        OSError: The port is taken; says which.
    """
    # asyncio sends small pieces at once only where a socket names TCP; else answers wait 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)  # who connects before the server is ready waits, and is not refused
    except OSError as error:
        listener.close()
        raise OSError(
            error.errno, f"port {port} of {host} cannot be used ({error.strerror}); try another"
        ) from None
    return listener


def _run(server: uvicorn.Server, listener: socket.socket) -> None:
    with listener:
        server.run(sockets=[listener])
