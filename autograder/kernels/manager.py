"""Starting one kernel and talking to it, by Jupyter's own means.

The sockets through which we talk lie in a folder that only the grader can enter. They are
opened here and handed to the kernel open, so a kernel in a sandbox shares no folder with us.
What a kernel may send at once is limited, for it is kept in the grader's memory.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import zmq
import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

from autograder.kernels.isolation import Launch

LARGEST_MESSAGE: Final = 64 << 20  # bytes; the largest answer that the judge takes fits in
MOST_WAITING: Final = 16  # messages that were sent and not yet read

Prepare = Callable[[dict[str, int]], Launch]


class _Client(AsyncKernelClient):
    """A client without a heartbeat: whether a kernel lives, its process tells.

    The heartbeat's thread would wait for the end of a message that never ends.
    """

    def start_channels(self, *_: Any, **__: Any) -> None:
        """Open the channels that are used."""
        super().start_channels(hb=False)


class Manager(AsyncKernelManager):
    """Starts a kernel as a `Launch` says, not as a kernel specification would.

    Example:
        >>> with ExitStack() as stack:  # doctest: +SKIP
        ...     manager = Manager(stack, private, prepare)

    Args:
        stack: Closes what is opened here.
        private: A folder that only we can enter; it gets ``kernel.json`` and the sockets.
        prepare: Says how to start, given the numbers of open sockets by their addresses.
    """

    def __init__(self, stack: ExitStack, private: Path, prepare: Prepare) -> None:
        context = zmq.asyncio.Context()
        context.setsockopt(zmq.MAXMSGSIZE, LARGEST_MESSAGE)
        context.setsockopt(zmq.RCVHWM, MOST_WAITING)
        stack.callback(context.destroy, linger=0)
        super().__init__(
            context=context,
            kernel_name="python3",
            transport="ipc" if os.name == "posix" else "tcp",
            connection_file=str(private / "kernel.json"),
        )
        self.client_factory = _Client
        self._kernel_spec = KernelSpec(argv=[sys.executable], language="python")
        self._prepare = prepare
        self._errors, self._spoken = os.pipe()
        stack.callback(os.close, self._errors)
        os.set_blocking(self._errors, False)
        self.launch: Launch | None = None

    def client(self, **settings: Any) -> AsyncKernelClient:  # type: ignore[override] # as in the class above
        """Return a client with our limits on what it takes in."""
        return super().client(context=self.context, **settings)

    async def _async_launch_kernel(self, kernel_cmd: list[str], **kw: Any) -> None:  # noqa: ARG002  (Jupyter's own idea of a command)
        with ExitStack() as stack:
            sockets = self._listen(stack) if self.transport == "ipc" else {}
            self.launch = launch = self._prepare(sockets)
            kw |= {
                "env": launch.variables,
                "cwd": str(launch.folder),
                "stdin": launch.stdin or subprocess.DEVNULL,
                "stdout": self._spoken,
                "stderr": self._spoken,
            }
            if os.name == "posix":
                kw["pass_fds"] = launch.numbers
            try:
                await super()._async_launch_kernel(launch.command, **kw)
            finally:
                os.close(self._spoken)

    _launch_kernel = _async_launch_kernel

    def _listen(self, stack: ExitStack) -> dict[str, int]:
        """Open the kernel's sockets; return their numbers by their addresses."""
        numbers = {}
        for port in (
            *(self.shell_port, self.iopub_port, self.stdin_port),
            *(self.control_port, self.hb_port),
        ):
            path = f"{self.ip}-{port}"
            opened = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            opened.bind(path)
            opened.listen(8)
            numbers[f"ipc://{path}"] = opened.fileno()
        return numbers

    def said(self) -> str:
        """What went wrong before the kernel began, in the last words of what did."""
        try:
            lines = os.read(self._errors, 65536).decode("utf-8", "replace").strip().splitlines()
        except OSError:
            return ""
        return lines[-1] if lines else ""
