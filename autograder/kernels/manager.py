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
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from queue import Empty
from typing import Any, Final

import zmq
import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager

from autograder.kernels.messages import Reader
from autograder.kernels.provisioner import Provisioner, specification
from autograder.sandbox.fork_into import SandboxEntry
from autograder.sandbox.launch import Launch

LARGEST_MESSAGE: Final = 64 << 20  # bytes; the largest answer that the judge takes fits in
PATIENCE: Final = 120.0  # seconds in which a kernel must be ready
ASK: Final = 1.0  # seconds after which it is asked anew; it may have ended
LISTEN: Final = 0.2  # seconds; a channel may be connected later than the other
MOST_WAITING: Final = 16  # messages that were sent and not yet read

Prepare = Callable[[dict[str, int]], Launch]


class _Client(AsyncKernelClient):
    """A client without a heartbeat: whether a kernel lives, its process tells.

    The heartbeat's thread would wait for the end of a message that never ends.
    """

    def start_channels(self, *_: Any, **__: Any) -> None:
        """Open the channels that are used."""
        super().start_channels(hb=False)

    async def _async_wait_for_ready(self, timeout: float | None = None) -> None:  # noqa: ASYNC109  (Jupyter's own)
        """Return once the kernel has answered on both channels that we listen to.

        Jupyter's own way waits a fifth of a second more, for whatever may come.
        """
        ends = time.monotonic() + (timeout or PATIENCE)
        while time.monotonic() < ends:
            asked = self.kernel_info()
            with suppress(Empty):
                while (await self.get_shell_msg(timeout=ASK))["msg_type"] != "kernel_info_reply":
                    pass
                while True:
                    said = await self.get_iopub_msg(timeout=LISTEN)
                    if said["parent_header"].get("msg_id") == asked and _idle(said):
                        return
            if not await self._async_is_alive():
                raise RuntimeError("The kernel ended before it was ready.")
        raise RuntimeError("The kernel was not ready in time.")

    wait_for_ready = _async_wait_for_ready


def _idle(message: dict[str, Any]) -> bool:
    state: object = message["content"].get("execution_state")
    return message["msg_type"] == "status" and state == "idle"


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
            session=Reader(),
        )
        self.client_factory = _Client
        self._kernel_spec = specification([sys.executable])
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
                "stdout": launch.entry.says if launch.entry else self._spoken,
                "stderr": self._spoken,
            }
            if os.name == "posix":
                kw["pass_fds"] = launch.numbers
            try:
                await super()._async_launch_kernel(launch.command, **kw)
                if launch.entry:
                    self._enter(launch.entry)
            finally:
                os.close(self._spoken)

    _launch_kernel = _async_launch_kernel

    def _enter(self, entry: SandboxEntry) -> None:
        """Let the kernel come into its place; without one, the place goes, too."""
        try:
            entry.enter(self._spoken)
        except BaseException:
            made = getattr(self.provisioner, "process", None)
            if made is not None:
                made.kill()
                made.wait()
            raise

    async def _async_wait(self, pollinterval: float = 0.1) -> None:
        if isinstance(self.provisioner, Provisioner):
            await self.provisioner.ended()
        await super()._async_wait(pollinterval)

    def _listen(self, stack: ExitStack) -> dict[str, int]:
        """Open the kernel's sockets; return their numbers by their addresses."""
        numbers = {}
        for port in (
            *(self.shell_port, self.iopub_port, self.stdin_port),
            *(self.control_port, self.hb_port),
        ):
            path = f"{self.ip}-{port}"
            opened = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            try:
                opened.bind(path)
            except OSError as error:
                raise OSError(f"{path}: {error}; TMPDIR may name a shorter folder") from error
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
