"""Fork a kernel into a sandbox that Bubblewrap has made."""

from __future__ import annotations

import json
import os
import selectors
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any, Final

from autograder.sandbox.forkserver_client import ForkServer, ForkServerError

ENTER_TIMEOUT_S: Final = 60.0  # a sandbox is usually made within 0.02 s


class SandboxEntry:
    """The fork of one kernel into its sandbox.

    Example:
        >>> entry = SandboxEntry(stack, fork_server, sockets, filter_fd)  # doctest: +SKIP
        >>> subprocess.Popen(  # doctest: +SKIP
        ...     bwrap, pass_fds=[entry.info_fd], stdout=entry.stdout_fd
        ... )
        >>> entry.enter(stderr_fd)  # doctest: +SKIP

    Args:
        stack: Closes the pipes.
        fork_server: Forks the kernel.
        sockets: The fds of the kernel's sockets by their addresses.
        filter_fd: An open file with the seccomp filter.

    Attributes:
        info_fd: For Bubblewrap's ``--info-fd``.
        stdout_fd: The standard output of the process that waits in the sandbox.
        request: What the fork server has to know; see `inside.forkserver.fork_into_sandbox`.
        pid: The process that waits for the kernel's end; None before the fork.
    """

    def __init__(
        self, stack: ExitStack, fork_server: ForkServer, sockets: dict[str, int], filter_fd: int
    ) -> None:
        self._fork_server, self._sockets, self._filter_fd = fork_server, sockets, filter_fd
        self._info_read, self.info_fd = os.pipe()
        self._stdout_read, self.stdout_fd = os.pipe()
        self.request: dict[str, Any] = {}
        self.pid: int | None = None
        self._open_fds = {self._info_read, self.info_fd, self._stdout_read, self.stdout_fd}
        stack.callback(self._close)

    def enter(self, stderr_fd: int) -> None:
        """Wait for the sandbox, and fork the kernel into it.

        Args:
            stderr_fd: Where errors are written.

        Raises:
            ForkServerError: There is no sandbox, or no kernel was forked.
        """
        self._close(self.info_fd, self.stdout_fd)  # so that reading ends if Bubblewrap does
        deadline = time.monotonic() + ENTER_TIMEOUT_S
        if self._read(self._stdout_read, deadline, lambda text: b"\n" in text) != b"ready\n":
            raise ForkServerError("Bubblewrap ended before the sandbox was ready.")
        info = json.loads(self._read(self._info_read, deadline, lambda text: b"}" in text))
        pidfd = os.pidfd_open(info["child-pid"])
        try:
            fds = {"sandbox": pidfd, "filter": self._filter_fd, "stderr": stderr_fd}
            self.pid = self._fork_server.fork(self.request, fds | self._sockets)
        finally:
            os.close(pidfd)

    @staticmethod
    def _read(fd: int, deadline: float, is_complete: Callable[[bytes], bool]) -> bytes:
        text = b""
        with selectors.DefaultSelector() as selector:
            selector.register(fd, selectors.EVENT_READ)
            while not is_complete(text):
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise ForkServerError(
                        f"The sandbox was not ready within {ENTER_TIMEOUT_S:.0f} s."
                    )
                chunk = os.read(fd, 65536)
                if not chunk:
                    break
                text += chunk
        return text

    def _close(self, *fds: int) -> None:
        for fd in fds or tuple(self._open_fds):
            if fd in self._open_fds:
                self._open_fds.remove(fd)
                with suppress(OSError):
                    os.close(fd)
