"""Starting a test runner, forked or cold, and exchanging lines with it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from typing import Final

from autograder.sandbox.forkserver_client import ForkServer, ForkServerError
from autograder.test_runner import forkserver

RUNNER_MODULE: Final = "autograder.test_runner.runner"


class RunnerConnection:
    """A test runner's process and the socket to it.

    Example:
        >>> runner = RunnerConnection(None)
        >>> import json
        >>> test = {"test": "assert 1 + 1 == 2", "imports": [], "earlier_tests": []}
        >>> runner.send_line(json.dumps(test).encode(), timeout_s=60)
        >>> runner.read_line(timeout_s=60)
        b'{"result": "passed"}'
        >>> runner.close()

    Args:
        fork_server: Forks the process; if None, or if that fails, it is started cold.

    Attributes:
        pid: The process.
    """

    pid: int

    def __init__(self, fork_server: ForkServer | None) -> None:
        self._socket, theirs = socket.socketpair()
        self._buffer = b""
        self._process: subprocess.Popen[bytes] | None = None
        self._stack = ExitStack()
        self._stack.callback(self._socket.close)
        with theirs:
            if fork_server is not None:
                with suppress(ForkServerError, OSError):
                    pid = fork_server.fork({}, {forkserver.RUNNER_SOCKET: theirs.fileno()})
                    pidfd = os.pidfd_open(pid)
                    self.pid = pid
                    self._stack.callback(os.close, pidfd)
                    self._stack.callback(_kill, pidfd)
                    return
            # -P and cwd: nothing in a submission can be imported.
            self._process = subprocess.Popen(  # noqa: S603  (our own command)
                [sys.executable, "-P", "-m", RUNNER_MODULE],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=subprocess.DEVNULL,
                cwd="/",
                env=forkserver.runner_environment(),
            )
            self.pid = self._process.pid
            self._stack.callback(self._process.wait)
            self._stack.callback(self._process.kill)

    def close(self) -> None:
        """Kill the process."""
        self._stack.close()

    def send_line(self, line: bytes, timeout_s: float) -> None:
        """Send a line, given without its newline.

        Raises:
            TimeoutError: The process did not read it in time.
            OSError: The process has ended.
        """
        self._socket.settimeout(timeout_s)
        self._socket.sendall(line + b"\n")

    def read_line(self, timeout_s: float) -> bytes:
        """Return the next line without its newline.

        Raises:
            TimeoutError: It did not come in time.
            OSError: The process has ended.
        """
        deadline = time.monotonic() + timeout_s
        while b"\n" not in self._buffer:
            self._socket.settimeout(max(0.001, deadline - time.monotonic()))
            data = self._socket.recv(2**20)
            if not data:
                raise OSError("the process has ended")
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line


def _kill(pidfd: int) -> None:
    with suppress(OSError):
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
