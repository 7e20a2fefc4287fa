"""Every override of a private Jupyter API, behind public methods of our own.

`tests/autograder/kernels/test_jupyter_internals.py` compares the private names and signatures,
including those of ipykernel in `sandbox.inside.kernel_main`, with the installed packages.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty
from typing import Any, Final

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import ensure_async
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete
from nbformat import NotebookNode

from autograder.kernels.provisioner import SandboxProvisioner

CHECKED_VERSIONS: Final = {"nbclient": "0.11.0", "jupyter_client": "8.10.0", "ipykernel": "7.4.0"}
READY_TIMEOUT_S: Final = 120.0
INFO_RETRY_S: Final = 1.0  # then the kernel is asked again, unless it has ended
IOPUB_TIMEOUT_S: Final = 0.2  # one channel may be connected later than the other
FINAL_OUTPUT_WAIT_S: Final = 0.05  # for messages that the kernel sent before its end

InputHandler = Callable[[str], str]


class NoHeartbeatClient(AsyncKernelClient):
    """A client without a heartbeat, whose thread would wait for a message that never ends."""

    def start_channels(self, *_: Any, **__: Any) -> None:
        """Open all other channels."""
        super().start_channels(hb=False)

    async def _async_wait_for_ready(self, timeout: float | None = None) -> None:  # noqa: ASYNC109  (Jupyter's signature)
        """Return once both channels have answered; Jupyter's implementation waits 0.2 s longer."""
        deadline = time.monotonic() + (timeout or READY_TIMEOUT_S)
        while time.monotonic() < deadline:
            request_id = self.kernel_info()
            with suppress(Empty):
                kind = ""
                while kind != "kernel_info_reply":
                    kind = (await self.get_shell_msg(timeout=INFO_RETRY_S))["msg_type"]
                while True:
                    message = await self.get_iopub_msg(timeout=IOPUB_TIMEOUT_S)
                    is_reply = message["parent_header"].get("msg_id") == request_id
                    if is_reply and message["content"].get("execution_state") == "idle":
                        return
            if not await self._async_is_alive():
                raise RuntimeError("The kernel ended before it was ready.")
        raise RuntimeError(f"The kernel was not ready within {timeout or READY_TIMEOUT_S:.0f} s.")

    wait_for_ready = _async_wait_for_ready


class HookedKernelManager(AsyncKernelManager):
    """A kernel manager whose subclass starts the process."""

    def use_kernel_spec(self, spec: KernelSpec) -> None:
        """Use this specification instead of an installed one."""
        self._kernel_spec = spec

    async def launch(self, **options: Any) -> None:
        """Call `start_process` with a command and Jupyter's options for ``Popen``."""
        raise NotImplementedError

    async def start_process(self, command: list[str], **options: Any) -> None:
        """Start a process by the provisioner."""
        await super()._async_launch_kernel(command, **options)

    async def _async_launch_kernel(self, kernel_cmd: list[str], **kw: Any) -> None:  # noqa: ARG002  (the specification's command)
        await self.launch(**kw)

    _launch_kernel = _async_launch_kernel

    async def _async_wait(self, pollinterval: float = 0.1) -> None:
        if isinstance(self.provisioner, SandboxProvisioner):
            await self.provisioner.wait_for_exit()
        await super()._async_wait(pollinterval)


class HookedNotebookClient(NotebookClient):
    """An nbclient that answers ``input`` and ends a cell if its kernel ends or misbehaves."""

    input_handler: InputHandler | None = None  # None if the cell may not ask
    message_error: Exception | None = None  # why a message of the kernel could not be read

    def accept_display_update(self, display_id: str, size: int, copies: int) -> bool:
        """Return whether to replace the outputs with an id by others of ``size`` characters."""
        raise NotImplementedError

    def _update_display_id(self, display_id: str, msg: dict[str, Any]) -> None:
        copies = sum(map(len, self._display_id_map.get(display_id, {}).values()))
        if self.accept_display_update(display_id, len(str(msg.get("content", ""))), copies):
            super()._update_display_id(display_id, msg)

    async def _async_poll_output_msg(
        self, parent_msg_id: str, cell: NotebookNode, cell_index: int
    ) -> None:
        """Process outputs; unlike nbclient's implementation, floods don't starve the timeout."""
        answering = asyncio.ensure_future(self._answer_input(parent_msg_id, self.input_handler))
        try:
            while self.kc is not None:
                msg = await ensure_async(self.kc.iopub_channel.get_msg(timeout=None))
                if msg["parent_header"].get("msg_id") == parent_msg_id:
                    self.process_message(msg, cell, cell_index)
                await asyncio.sleep(0)
        except CellExecutionComplete:
            return
        except Exception as error:  # noqa: BLE001  (a hostile kernel sends anything)
            self.end_cell(error)
        finally:
            answering.cancel()

    async def _answer_input(self, parent_msg_id: str, handler: InputHandler | None) -> None:
        try:
            while self.kc is not None and handler is not None:
                msg = await ensure_async(self.kc.stdin_channel.get_msg(timeout=None))
                if msg["parent_header"].get("msg_id") == parent_msg_id:
                    self.kc.input(handler(str(msg["content"]["prompt"])))
        except Exception as error:  # noqa: BLE001  (as above)
            self.end_cell(error)

    async def _async_poll_kernel_alive(self) -> None:
        provisioner = getattr(self.km, "provisioner", None)
        if isinstance(provisioner, SandboxProvisioner):  # else nbclient has let go of the kernel
            await provisioner.wait_for_exit()
            await asyncio.sleep(FINAL_OUTPUT_WAIT_S)
            self.end_cell(None)

    def end_cell(self, error: Exception | None) -> None:
        """End the running cell as if its kernel had died."""
        self.message_error = error or self.message_error
        if self.task_poll_for_reply is not None:
            self.task_poll_for_reply.cancel()
