"""Fork a kernel into a sandbox that Bubblewrap has made."""

from __future__ import annotations

import json
import os
import selectors
import time
from contextlib import ExitStack
from typing import IO, Any, Final

from autograder.sandbox.forkserver_client import ForkServer, ForkServerError

ENTER_TIMEOUT_S: Final = 60.0  # a sandbox is usually made within 0.02 s


class SandboxEntry:
    """The fork of one kernel into its sandbox.

    Attributes:
        info: For Bubblewrap's ``--info-fd``.
        stdout: The standard output of the process that waits in the sandbox.
        request: What the fork server has to know; see `inside.forkserver.fork_into_sandbox`.
        pid: The process that waits for the kernel's end; None before the fork.
    """

    def __init__(
        self, stack: ExitStack, fork_server: ForkServer, sockets: dict[str, int], filter_fd: int
    ) -> None:
        self._fork_server, self._sockets, self._filter_fd = fork_server, sockets, filter_fd
        self._info_reader, self.info = _pipe(stack)
        self._stdout_reader, self.stdout = _pipe(stack)
        self.request: dict[str, Any] = {}
        self.pid: int | None = None

    def enter(self, stderr_fd: int) -> None:
        """Wait for the sandbox, and fork the kernel into it.

        Raises:
            ForkServerError: There is no sandbox, or no kernel was forked.
        """
        self.info.close()  # so that reading ends if Bubblewrap does
        self.stdout.close()
        deadline = time.monotonic() + ENTER_TIMEOUT_S
        if _read_until(b"\n", self._stdout_reader, deadline) != b"ready\n":
            raise ForkServerError("Bubblewrap ended before the sandbox was ready.")
        info = json.loads(_read_until(b"}", self._info_reader, deadline))
        pidfd = os.pidfd_open(info["child-pid"])
        try:
            fds = {"sandbox": pidfd, "filter": self._filter_fd, "stderr": stderr_fd}
            self.pid = self._fork_server.fork(self.request, fds | self._sockets)
        finally:
            os.close(pidfd)


def _pipe(stack: ExitStack) -> tuple[IO[bytes], IO[bytes]]:
    reader, writer = os.pipe()
    return (
        stack.enter_context(os.fdopen(reader, "rb", buffering=0)),
        stack.enter_context(os.fdopen(writer, "wb", buffering=0)),
    )


def _read_until(end: bytes, file: IO[bytes], deadline: float) -> bytes:
    text = b""
    with selectors.DefaultSelector() as selector:
        selector.register(file, selectors.EVENT_READ)
        while end not in text:
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise ForkServerError(f"The sandbox was not ready within {ENTER_TIMEOUT_S:.0f} s.")
            if not (chunk := file.read(65536)):
                break
            text += chunk
    return text
