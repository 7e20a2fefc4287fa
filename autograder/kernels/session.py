"""One student's kernel: start it, run a cell with a time limit, start it anew.

A cell that runs too long is not asked to stop, for it may not listen: the kernel is
killed. Whatever happens in a kernel comes back as an ``Outcome``, never as an error.
"""

from __future__ import annotations

import copy
import os
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Final, Literal, Self

from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from traitlets.config import Config

MOST_OUTPUT: Final = 1_000_000  # characters per cell; a large figure has some 200,000
QUIET: Final = {  # TensorFlow speaks on stderr even when all is well
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
}

Status = Literal["ran", "raised", "too long", "died"]


@dataclass(frozen=True)
class Outcome:
    """How a cell ended.

    Attributes:
        status: ``ran`` to its end, ``raised`` an exception, ran ``too long``, or the kernel
            ``died``.
        error: The name of the exception, as the kernel gives it.
        message: What the exception says, likewise; both are the student's words.
    """

    status: Status
    error: str = ""
    message: str = ""


class _Client(NotebookClient):
    """nbclient, with a limit on what one cell may print."""

    written: int = 0
    most: int = MOST_OUTPUT

    def output(
        self, outs: list[NotebookNode], msg: dict[str, Any], display_id: str | None, cell_index: int
    ) -> NotebookNode | None:
        """Keep an output, until there are too many."""
        before = self.written
        self.written += len(str(msg.get("content", "")))
        if self.written <= self.most:
            return super().output(outs, msg, display_id, cell_index)
        if before <= self.most:
            text = "\n[More was printed than is kept.]\n"
            outs.append(NotebookNode(output_type="stream", name="stdout", text=text))
        return None


class Session:
    """A kernel in a folder, as a context manager.

    Example:
        >>> from nbformat.v4 import new_code_cell
        >>> with Session(Path.cwd()) as session:  # doctest: +SKIP
        ...     session.run(new_code_cell("1 / 0"), seconds=10).error
        'ZeroDivisionError'
    """

    def __init__(self, folder: Path, environment: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.environment = environment or {}
        self._stack = ExitStack()
        self._client: _Client | None = None
        self._reply: dict[str, Any] = {}

    def __enter__(self) -> Self:
        """Start the kernel."""
        self.restart()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the kernel and all that it started in its process group."""
        self._stack.close()

    def restart(self) -> None:
        """End the kernel, if there is one, and start another that knows nothing."""
        self._stack.close()
        config = Config()
        if os.name == "posix":  # sockets in a folder of our own, which nobody else can open
            folder = self._stack.enter_context(TemporaryDirectory(prefix="kernel-"))
            config.KernelManager.transport = "ipc"
            config.KernelManager.connection_file = f"{folder}/kernel.json"
        self._client = _Client(
            NotebookNode(cells=[], metadata={}, nbformat=4, nbformat_minor=5),
            kernel_name="python3",
            kernel_manager_class=AsyncKernelManager,
            allow_errors=True,
            interrupt_on_timeout=False,
            shutdown_kernel="immediate",
            startup_timeout=120,
            coalesce_streams=False,  # nbclient's way takes the square of a line's length
            config=config,
            extra_arguments=["--HistoryManager.enabled=False"],
            on_cell_executed=self._keep_reply,
        )
        self._stack.enter_context(
            self._client.setup_kernel(
                cwd=str(self.folder), env={**os.environ, **QUIET, **self.environment}
            )
        )

    def _keep_reply(self, execute_reply: dict[str, Any], **_: Any) -> None:
        self._reply = execute_reply["content"]

    @property
    def kernel(self) -> object:
        """Something that is another thing after each restart."""
        return self._client

    def ask(self, code: str, seconds: float, mime: str, most: int) -> tuple[Outcome, str | None]:
        """Run code of the grader's own and return the text that it published.

        Args:
            code: What to run; it publishes a text under ``mime``, or nothing.
            seconds: How long it may run.
            mime: The kind of output to look for.
            most: How many characters of output are taken at most.
        """
        cell = new_code_cell(code)
        if self._client is not None:
            self._client.most = max(most, MOST_OUTPUT)
        try:
            outcome = self.run(cell, seconds)
        finally:
            if self._client is not None:
                self._client.most = MOST_OUTPUT
        texts = [output["data"].get(mime) for output in cell["outputs"] if "data" in output]
        return outcome, next((text for text in texts if isinstance(text, str)), None)

    def run(self, cell: NotebookNode, seconds: float) -> Outcome:
        """Run one code cell; its outputs are kept in the cell.

        Args:
            cell: The cell; its source is run, its outputs are replaced.
            seconds: How long it may run.
        """
        client = self._client
        if client is None:
            raise RuntimeError("the session has not begun: use it in a with statement")
        trial = copy.deepcopy(cell)
        trial["outputs"], trial["execution_count"] = [], None
        client.nb.cells, client.written = [trial], 0
        client.timeout = max(1, round(seconds))
        self._reply = {}
        try:
            client.execute_cell(trial, 0)
        except CellTimeoutError:
            outcome = Outcome("too long")
        except DeadKernelError:
            outcome = Outcome("died")
        else:
            if self._reply.get("status") == "error":
                error, message = (str(self._reply.get(key, "")) for key in ("ename", "evalue"))
                outcome = Outcome("raised", error, message)
            else:
                outcome = Outcome("ran")
        cell["outputs"] = _merged(trial["outputs"])
        cell["execution_count"] = None
        return outcome


def _merged(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join what was printed in one go, and let a progress bar stand as it ended."""
    joined: list[NotebookNode] = []
    for output in outputs:
        last = joined[-1] if joined else {}
        if output["output_type"] != "stream":
            joined.append(output)
        elif last.get("output_type") == "stream" and last.get("name") == output["name"]:
            last["text"] += output["text"]
        else:
            joined.append(output)
    for output in joined:
        if output["output_type"] == "stream":
            lines = output["text"].replace("\r\n", "\n").split("\n")
            output["text"] = "\n".join(line.rstrip("\r").rsplit("\r", 1)[-1] for line in lines)
    return joined
