"""The wire to a judge's process, started cold or forked from a bench."""

from __future__ import annotations

import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from typing import Final

from autograder.sandbox.forkserver_client import ForkServer, ForkServerError
from autograder.test_runner import forkserver

MODULE: Final = "autograder.test_runner.runner"


class RunnerConnection:
    """One judge's process, and lines to it and from it.

    Example:
        >>> wire = Wire(None)  # doctest: +SKIP
        >>> wire.tell(b'{"test": "1", "imports": []}')  # doctest: +SKIP
        >>> wire.hear(seconds=30)  # doctest: +SKIP
        b'{"end": "passed"}'

    Args:
        warm: The bench to fork it from; None, or one that does not answer, starts it cold.
    """

    def __init__(self, warm: ForkServer | None) -> None:
        self._ours, theirs = socket.socketpair()
        self._heard = b""
        self._process: subprocess.Popen[bytes] | None = None
        self._forked: int | None = None
        with theirs:
            if warm is not None:
                with suppress(ForkServerError, OSError):
                    self._forked = os.pidfd_open(warm.fork({}, {forkserver.WIRE: theirs.fileno()}))
            if self._forked is None:
                # -P and the folder: nothing that a student handed in can be imported by it.
                self._process = subprocess.Popen(  # noqa: S603  (our own command)
                    [sys.executable, "-P", "-m", MODULE],
                    stdin=theirs.fileno(),
                    stdout=theirs.fileno(),
                    stderr=subprocess.DEVNULL,
                    cwd="/",
                    env=forkserver.environment(),
                )

    def close(self) -> None:
        """End the process, whatever it does."""
        self._ours.close()
        if self._forked is not None:
            with suppress(OSError):
                signal.pidfd_send_signal(self._forked, signal.SIGKILL)
            os.close(self._forked)
            self._forked = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def tell(self, line: bytes, seconds: float) -> None:
        """Send a line.

        Args:
            line: It, without its end.
            seconds: How long that may take; the other side may not read.

        Raises:
            TimeoutError: It took longer.
            OSError: The process has ended.
        """
        self._ours.settimeout(seconds)
        self._ours.sendall(line + b"\n")

    def hear(self, seconds: float) -> bytes:
        """Return the next line, without its end.

        Args:
            seconds: How long to wait for it.

        Raises:
            TimeoutError: It did not come in time.
            OSError: The process has ended.
        """
        ends = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(self._ours, selectors.EVENT_READ)
            while b"\n" not in self._heard:
                if not selector.select(timeout=max(0.0, ends - time.monotonic())):
                    raise TimeoutError("it took too long")
                more = self._ours.recv(2**20)
                if not more:
                    raise OSError("it ended")
                self._heard += more
        line, _, self._heard = self._heard.partition(b"\n")
        return line
