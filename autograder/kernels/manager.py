"""Start one kernel in its sandbox, and connect to it through Jupyter's own classes.

The grader opens the kernel's sockets and the kernel inherits them, so that the two share no folder.
The size and number of queued messages are limited, because they take the grader's memory.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Final

import zmq
import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient

from autograder.kernels.jupyter_internals import HookedKernelManager, NoHeartbeatClient
from autograder.kernels.messages import LimitedSession
from autograder.kernels.provisioner import kernel_spec
from autograder.sandbox.launch import Launch

MAX_MESSAGE_BYTES: Final = 64 << 20  # the largest result that a test may ask for fits
MAX_QUEUED_MESSAGES: Final = 16

PrepareLaunch = Callable[[dict[str, int]], Launch]


class SandboxKernelManager(HookedKernelManager):
    """Starts a kernel as a `Launch` says.

    Args:
        stack: Closes the sockets and pipes opened here.
        private_dir: Gets ``kernel.json`` and the sockets.
        prepare: Returns how to start the kernel, given its listening sockets: fds by address.
    """

    def __init__(self, stack: ExitStack, private_dir: Path, prepare: PrepareLaunch) -> None:
        context = zmq.asyncio.Context()
        context.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES)
        context.setsockopt(zmq.RCVHWM, MAX_QUEUED_MESSAGES)
        stack.callback(context.destroy, linger=0)
        super().__init__(
            context=context,
            kernel_name="python3",
            transport="ipc" if os.name == "posix" else "tcp",
            connection_file=str(private_dir / "kernel.json"),
            session=LimitedSession(),
        )
        self.client_factory = NoHeartbeatClient
        self.use_kernel_spec(kernel_spec([sys.executable]))
        self._prepare = prepare
        self._stderr_read, self._stderr_write = os.pipe()
        stack.callback(os.close, self._stderr_read)
        os.set_blocking(self._stderr_read, False)
        self.sandbox_launch: Launch | None = None

    def client(self, **settings: Any) -> AsyncKernelClient:  # type: ignore[override] # jupyter_client's blocking manager returns another class
        """Return a client that shares this manager's limits on messages."""
        return super().client(context=self.context, **settings)

    async def launch(self, **options: Any) -> None:
        """Start the kernel in its sandbox, or the sandbox and fork the kernel into it."""
        with ExitStack() as stack:
            stack.callback(os.close, self._stderr_write)
            socket_fds = self._listen(stack) if self.transport == "ipc" else {}
            self.sandbox_launch = launch = self._prepare(socket_fds)
            entry = launch.sandbox_entry
            options |= {
                "env": launch.env,
                "cwd": str(launch.cwd),
                "stdin": launch.stdin or subprocess.DEVNULL,
                "stdout": entry.stdout if entry else self._stderr_write,
                "stderr": self._stderr_write,
            }
            if os.name == "posix":
                options["pass_fds"] = launch.pass_fds
            await self.start_process(launch.command, **options)
            if entry is None:
                return
            try:
                entry.enter(self._stderr_write)
            except BaseException:
                process = getattr(self.provisioner, "process", None)
                if process is not None:  # a sandbox without a kernel
                    process.kill()
                    process.wait()
                raise

    def _listen(self, stack: ExitStack) -> dict[str, int]:
        fds = {}
        ports = (self.shell_port, self.iopub_port, self.stdin_port, self.control_port, self.hb_port)
        for port in ports:
            path = f"{self.ip}-{port}"
            listener = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            try:
                listener.bind(path)
            except OSError as error:
                raise OSError(
                    f"Can't open a kernel's socket at {path}: {error}. If the path is too long, set"
                    " TMPDIR to a folder with a shorter one."
                ) from error
            listener.listen(8)
            fds[f"ipc://{path}"] = listener.fileno()
        return fds

    def start_error(self) -> str:
        """Return the last line that was written to stderr before the kernel began, or ''."""
        output = b""
        with suppress(OSError):
            output = os.read(self._stderr_read, 65536)
        return (output.decode("utf-8", "replace").strip().splitlines() or [""])[-1]
