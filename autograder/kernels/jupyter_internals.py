"""Every override of a private Jupyter API, behind public methods of our own.

`tests/autograder/kernels/test_jupyter_internals.py` compares the private names and signatures with
the installed packages, so an upgrade that changes one fails there, not in the middle of a run. The
private API of ipykernel is used in `sandbox.inside.kernel_main`, and checked by the same test.
"""

from __future__ import annotations

import time
from abc import ABCMeta, abstractmethod
from contextlib import suppress
from queue import Empty
from typing import Any, Final

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbformat import NotebookNode
from traitlets.traitlets import MetaHasTraits

CHECKED_VERSIONS: Final = {"nbclient": "0.11.0", "jupyter_client": "8.10.0", "ipykernel": "7.4.0"}
READY_TIMEOUT_S: Final = 120.0
INFO_RETRY_S: Final = 1.0  # then the kernel is asked again, unless it has ended
IOPUB_TIMEOUT_S: Final = 0.2  # one channel may be connected later than the other


class _AbstractTraits(MetaHasTraits, ABCMeta):
    pass


class NoHeartbeatClient(AsyncKernelClient):
    """A client without a heartbeat; `AsyncKernelManager.is_alive` looks at the process instead.

    The thread of the heartbeat would wait for the end of a message that never ends.
    """

    def start_channels(self, *_: Any, **__: Any) -> None:
        """Open all channels but the heartbeat."""
        super().start_channels(hb=False)

    async def _async_wait_for_ready(self, timeout: float | None = None) -> None:  # noqa: ASYNC109  (Jupyter's signature)
        """Return once the kernel has answered on the shell and the iopub channel.

        Jupyter's implementation waits another 0.2 s for messages that may follow.
        """
        deadline = time.monotonic() + (timeout or READY_TIMEOUT_S)
        while time.monotonic() < deadline:
            request_id = self.kernel_info()
            with suppress(Empty):
                reply: dict[str, Any] = {}
                while reply.get("msg_type") != "kernel_info_reply":
                    reply = await self.get_shell_msg(timeout=INFO_RETRY_S)
                while True:
                    message = await self.get_iopub_msg(timeout=IOPUB_TIMEOUT_S)
                    if _is_idle_after(message, request_id):
                        return
            if not await self._async_is_alive():
                raise RuntimeError("The kernel ended before it was ready.")
        raise RuntimeError(f"The kernel was not ready within {timeout or READY_TIMEOUT_S:.0f} s.")

    wait_for_ready = _async_wait_for_ready


def _is_idle_after(message: dict[str, Any], request_id: str) -> bool:
    return bool(
        message["parent_header"].get("msg_id") == request_id
        and message["msg_type"] == "status"
        and message["content"].get("execution_state") == "idle"
    )


class HookedKernelManager(AsyncKernelManager, metaclass=_AbstractTraits):
    """A kernel manager whose subclass decides how the process is started and awaited."""

    def use_kernel_spec(self, spec: KernelSpec) -> None:
        """Use this specification instead of an installed one."""
        self._kernel_spec = spec

    @abstractmethod
    async def launch(self, **options: Any) -> None:
        """Start the process by `start_process`, with Jupyter's options for ``Popen``."""

    @abstractmethod
    async def wait_for_exit(self) -> None:
        """Return when the process has ended, or earlier."""

    async def start_process(self, command: list[str], **options: Any) -> None:
        """Start a process by the provisioner."""
        await super()._async_launch_kernel(command, **options)

    async def _async_launch_kernel(self, kernel_cmd: list[str], **kw: Any) -> None:  # noqa: ARG002  (the command of the specification is not used)
        await self.launch(**kw)

    _launch_kernel = _async_launch_kernel

    async def _async_wait(self, pollinterval: float = 0.1) -> None:
        await self.wait_for_exit()
        await super()._async_wait(pollinterval)


class HookedNotebookClient(NotebookClient, metaclass=_AbstractTraits):
    """nbclient, whose subclass receives the outputs of a cell and notices the kernel's end."""

    @abstractmethod
    async def receive_outputs(self, request_id: str, cell: NotebookNode, cell_index: int) -> None:
        """Pass all messages that belong to a request to `process_message`."""

    @abstractmethod
    async def wait_for_kernel_exit(self) -> bool:
        """Return True when the kernel has ended; False if that can't be noticed."""

    @abstractmethod
    def accept_display_update(self, display_id: str, size: int, copies: int) -> bool:
        """Return whether to replace outputs that are shown under an id.

        Args:
            display_id: The id.
            size: Characters of the new content.
            copies: How many outputs it replaces.
        """

    def stop_waiting_for_reply(self) -> None:
        """End the running cell as if the kernel had died."""
        if self.task_poll_for_reply is not None:
            self.task_poll_for_reply.cancel()

    async def _async_poll_output_msg(
        self, parent_msg_id: str, cell: NotebookNode, cell_index: int
    ) -> None:
        await self.receive_outputs(parent_msg_id, cell, cell_index)

    async def _async_poll_kernel_alive(self) -> None:
        if await self.wait_for_kernel_exit():
            self.stop_waiting_for_reply()

    def _update_display_id(self, display_id: str, msg: dict[str, Any]) -> None:
        copies = sum(map(len, self._display_id_map.get(display_id, {}).values()))
        if self.accept_display_update(display_id, len(str(msg.get("content", ""))), copies):
            super()._update_display_id(display_id, msg)
