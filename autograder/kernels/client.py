"""Jupyter's own client, made to bear a kernel that means harm.

What a kernel sends is limited in number and size, and it may send anything: a flood must not keep
the client from looking at the clock, and what it gave up must not come up again later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from jupyter_core.utils import ensure_async, run_sync
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete
from nbformat import NotebookNode

from autograder.kernels.messages import MORE
from autograder.kernels.provisioner import Provisioner

MOST_OUTPUT: Final = 1_000_000  # characters per cell; a large figure has some 200,000
MOST_OUTPUTS: Final = 20_000_000  # characters per notebook, cells that were run again included
LAST_WORDS: Final = 0.05  # seconds; what a kernel said before its end may still be on its way
GRACE: Final = 10.0  # seconds; by then the client should have seen itself that time is up
Reply = Callable[[str], str]


class Client(NotebookClient):
    """nbclient, with a limit on what one cell may print.

    Attributes:
        written: Characters that the cell has printed.
        reply: Answers what the cell asks for by ``input``; None if it may not ask.
        unread: What was wrong with a message that could not be read.
    """

    written: int = 0
    reply: Reply | None = None
    unread: Exception | None = None

    async def _run(self, cell: NotebookNode, seconds: float) -> None:
        self.timeout = max(1, round(seconds))
        self._shown: dict[str, int] = {}
        self.unread = None
        if self.kc is not None:
            self.kc.allow_stdin = self.reply is not None
        await asyncio.wait_for(self.async_execute_cell(cell, 0), self.timeout + GRACE)

    run = run_sync(_run)

    def output(
        self, outs: list[NotebookNode], msg: dict[str, Any], display_id: str | None, cell_index: int
    ) -> NotebookNode | None:
        """Keep an output, until there are too many."""
        before, size = self.written, len(str(msg.get("content", "")))
        self.written += size
        if self.written <= MOST_OUTPUT:
            if display_id is not None:
                self._shown[display_id] = size
            return super().output(outs, msg, display_id, cell_index)
        if before <= MOST_OUTPUT:
            outs.append(NotebookNode(output_type="stream", name="stdout", text=MORE))
        return None

    def _update_display_id(self, display_id: str, msg: dict[str, Any]) -> None:
        """Replace outputs, unless what comes instead is too long."""
        size = len(str(msg.get("content", "")))
        places = sum(map(len, self._display_id_map.get(display_id, {}).values()))
        growth = (size - self._shown.get(display_id, 0)) * places
        if self.written + growth <= MOST_OUTPUT:
            self.written += growth
            self._shown[display_id] = size
            super()._update_display_id(display_id, msg)

    def handle_comm_msg(self, outs: list[NotebookNode], msg: dict[str, Any], _: int) -> None:
        """Keep nothing of what widgets send: nobody reads it, and it has no limit."""

    async def _async_poll_output_msg(
        self, parent_msg_id: str, cell: NotebookNode, cell_index: int
    ) -> None:
        """Take outputs as they come, and let others have their turn after each."""
        asked = asyncio.ensure_future(self._answer(parent_msg_id, self.reply))
        try:
            while self.kc is not None:
                msg = await ensure_async(self.kc.iopub_channel.get_msg(timeout=None))
                if msg["parent_header"].get("msg_id") == parent_msg_id:
                    self.process_message(msg, cell, cell_index)
                await asyncio.sleep(0)
        except CellExecutionComplete:
            return
        except Exception as error:  # noqa: BLE001  (a kernel that means harm sends anything)
            self._give_up(error)
        finally:
            asked.cancel()

    async def _answer(self, parent_msg_id: str, reply: Reply | None) -> None:
        """Answer what a cell asks for, as long as it runs."""
        try:
            while self.kc is not None and reply is not None:
                msg = await ensure_async(self.kc.stdin_channel.get_msg(timeout=None))
                if msg["parent_header"].get("msg_id") == parent_msg_id:
                    self.kc.input(reply(str(msg["content"]["prompt"])))
        except Exception as error:  # noqa: BLE001  (as above)
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        """Wait no longer for a kernel that sent what can't be read."""
        self.unread = error
        if self.task_poll_for_reply is not None:
            self.task_poll_for_reply.cancel()

    async def _async_poll_kernel_alive(self) -> None:
        """Wait for the kernel's end, as long as anybody wants to know."""
        with suppress(AssertionError):  # the client has let go of the kernel
            kept = getattr(self.km, "provisioner", None)
            if not isinstance(kept, Provisioner):
                await super()._async_poll_kernel_alive()
                return
            await kept.ended()
            await asyncio.sleep(LAST_WORDS)
            if self.task_poll_for_reply is not None:
                self.task_poll_for_reply.cancel()
