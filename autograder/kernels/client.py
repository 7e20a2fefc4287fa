"""An nbclient for kernels that may be hostile.

A kernel may send anything. Its outputs are limited in number and size, and a flood of messages
must not keep the client from checking the timeout.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from jupyter_core.utils import ensure_async, run_sync
from nbclient.exceptions import CellExecutionComplete
from nbformat import NotebookNode

from autograder.kernels.jupyter_internals import HookedNotebookClient
from autograder.kernels.messages import OUTPUT_TRUNCATED
from autograder.kernels.provisioner import SandboxProvisioner

MAX_CELL_OUTPUT_CHARS: Final = 1_000_000  # a large figure has about 200,000
MAX_NOTEBOOK_OUTPUT_CHARS: Final = 20_000_000  # cells that ran repeatedly count each time
FINAL_OUTPUT_WAIT_S: Final = 0.05  # for messages that the kernel sent before its end
TIMEOUT_GRACE_S: Final = 10.0  # by then nbclient should have noticed the timeout itself
InputHandler = Callable[[str], str]


class LimitedNotebookClient(HookedNotebookClient):
    """nbclient with a limit on the output of a cell.

    Attributes:
        output_chars: Characters that the cell has printed.
        input_handler: Answers what the cell asks for by ``input``; None if it may not ask.
        message_error: Why a message of the kernel could not be read.
    """

    output_chars: int = 0
    input_handler: InputHandler | None = None
    message_error: Exception | None = None

    async def _run(self, cell: NotebookNode, seconds: float) -> None:
        self.timeout = max(1, round(seconds))
        self._display_sizes: dict[str, int] = {}
        self.message_error = None
        if self.kc is not None:
            self.kc.allow_stdin = self.input_handler is not None
        await asyncio.wait_for(self.async_execute_cell(cell, 0), self.timeout + TIMEOUT_GRACE_S)

    run = run_sync(_run)

    def output(
        self, outs: list[NotebookNode], msg: dict[str, Any], display_id: str | None, cell_index: int
    ) -> NotebookNode | None:
        """Store an output, unless the limit is reached."""
        before, size = self.output_chars, len(str(msg.get("content", "")))
        self.output_chars += size
        if self.output_chars <= MAX_CELL_OUTPUT_CHARS:
            if display_id is not None:
                self._display_sizes[display_id] = size
            return super().output(outs, msg, display_id, cell_index)
        if before <= MAX_CELL_OUTPUT_CHARS:
            outs.append(NotebookNode(output_type="stream", name="stdout", text=OUTPUT_TRUNCATED))
        return None

    def accept_display_update(self, display_id: str, size: int, copies: int) -> bool:
        """Return whether the outputs stay within the limit."""
        growth = (size - self._display_sizes.get(display_id, 0)) * copies
        if self.output_chars + growth > MAX_CELL_OUTPUT_CHARS:
            return False
        self.output_chars += growth
        self._display_sizes[display_id] = size
        return True

    def handle_comm_msg(self, outs: list[NotebookNode], msg: dict[str, Any], _: int) -> None:
        """Drop widget messages: nobody reads them, and nothing limits them."""

    async def receive_outputs(self, request_id: str, cell: NotebookNode, cell_index: int) -> None:
        """Process outputs as they arrive, yielding to other tasks after each message."""
        answering = asyncio.ensure_future(self._answer_input(request_id, self.input_handler))
        try:
            while self.kc is not None:
                msg = await ensure_async(self.kc.iopub_channel.get_msg(timeout=None))
                if msg["parent_header"].get("msg_id") == request_id:
                    self.process_message(msg, cell, cell_index)
                await asyncio.sleep(0)
        except CellExecutionComplete:
            return
        except Exception as error:  # noqa: BLE001  (a hostile kernel sends anything)
            self._reject_kernel(error)
        finally:
            answering.cancel()

    async def _answer_input(self, request_id: str, handler: InputHandler | None) -> None:
        try:
            while self.kc is not None and handler is not None:
                msg = await ensure_async(self.kc.stdin_channel.get_msg(timeout=None))
                if msg["parent_header"].get("msg_id") == request_id:
                    self.kc.input(handler(str(msg["content"]["prompt"])))
        except Exception as error:  # noqa: BLE001  (as above)
            self._reject_kernel(error)

    def _reject_kernel(self, error: Exception) -> None:
        self.message_error = error
        self.stop_waiting_for_reply()

    async def wait_for_kernel_exit(self) -> bool:
        """Return True when the process has ended and its last messages have arrived."""
        provisioner = getattr(self.km, "provisioner", None)
        if not isinstance(provisioner, SandboxProvisioner):
            return False  # nbclient has let go of the kernel
        await provisioner.wait_for_exit()
        await asyncio.sleep(FINAL_OUTPUT_WAIT_S)
        return True
