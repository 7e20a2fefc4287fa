"""An nbclient with limits on the time and output of a cell, for kernels that may be hostile."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from jupyter_core.utils import run_sync
from nbformat import NotebookNode

from autograder.kernels.jupyter_internals import HookedNotebookClient
from autograder.kernels.messages import OUTPUT_TRUNCATED
from autograder.sandbox.cpu_wait import Deadline

MAX_CELL_OUTPUT_CHARS: Final = 1_000_000  # a large figure has about 200,000
MAX_NOTEBOOK_OUTPUT_CHARS: Final = 20_000_000  # cells that ran repeatedly count each time
CHECK_INTERVAL_S: Final = 1.0  # between two looks at how long a cell has run
FINAL_REPLY_WAIT_S: Final = 0.05  # for a reply that came while the grader was kept from running


class LimitedNotebookClient(HookedNotebookClient):
    """Runs cells with limits on their time and output."""

    output_chars = 0  # that the cell has printed
    timed_out = False  # whether it was ended because its time was up

    async def _run(self, cell: NotebookNode, deadline: Deadline) -> None:
        self._display_sizes: dict[str, int] = {}
        self.message_error, self.timed_out = None, False
        if self.kc is not None:
            self.kc.allow_stdin = self.input_handler is not None
        watch = asyncio.ensure_future(self._end_at(deadline))
        try:
            await self.async_execute_cell(cell, 0)
        finally:
            watch.cancel()

    run = run_sync(_run)

    async def _end_at(self, deadline: Deadline) -> None:
        while (seconds := deadline.remaining()) > 0:  # noqa: ASYNC110  (time has no event)
            await asyncio.sleep(min(seconds, CHECK_INTERVAL_S))
        await asyncio.sleep(FINAL_REPLY_WAIT_S)
        self.timed_out = True
        while True:  # until the cell has noticed
            self.end_cell(None)
            await asyncio.sleep(CHECK_INTERVAL_S)

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
