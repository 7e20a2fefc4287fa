"""One student's kernel: start it, run a cell with a time limit, start it anew.

A cell that runs too long is not asked to stop, for it may not listen: the kernel is
killed. Whatever happens in a kernel comes back as an `CellOutcome`, never as an error.
"""

from __future__ import annotations

import copy
import logging
import subprocess
import time
from contextlib import ExitStack, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from autograder.kernels.client import GRACE, MOST_OUTPUT, MOST_OUTPUTS, Client, Reply
from autograder.kernels.manager import Manager
from autograder.sandbox import launch as isolation
from autograder.sandbox import temp_dirs
from autograder.sandbox.forkserver_client import ForkServer
from autograder.sandbox.launch import Launch, LaunchRequest, Protection
from autograder.sandbox.limits import Limits
from autograder.sandbox.memory_guard import MemoryGuard

SWEEP_TIMEOUT_S: Final = 10
START_TIMEOUT_S: Final = 120  # a kernel starts in one; a busy machine takes longer

_log: Final = logging.getLogger("autograder.kernels")
_log.addHandler(logging.NullHandler())  # an outcome says it all

__all__ = ("MOST_OUTPUT", "CellOutcome", "Kernel", "KernelStartError", "Status")

Status = Literal["ran", "raised", "too long", "died"]


@dataclass(frozen=True)
class CellOutcome:
    """How a cell ended.

    Attributes:
        status: ``ran`` to its end, ``raised`` an exception, ran ``too long``, or the kernel
            ``died``.
        error: The name of the exception, as the kernel gives it.
        message: What the exception says, likewise; both are the student's words.
        trace: Where in the student's code a test failed, if it failed there.
    """

    status: Status
    error: str = ""
    message: str = ""
    trace: str = ""


class KernelStartError(RuntimeError):
    """No kernel could be started, for reasons that are not the student's."""


class Kernel:
    """A kernel in a sandbox, as a context manager.

    Example:
        >>> from nbformat.v4 import new_code_cell
        >>> with Kernel(Path.cwd()) as session:  # doctest: +SKIP
        ...     session.run(new_code_cell("1 / 0"), seconds=10).error
        'ZeroDivisionError'

    Args:
        folder: The submission's folder; the kernel works on a copy of it, without notebooks.
        environment: Variables to set for the kernel; of the grader's it gets next to none.
        limits: How much it may use.
        protection: What keeps it in its place; None is the strongest that the host offers.
        allow_unprotected: Whether to go on where the host offers nothing.
        visible: Further folders that the kernel may read.
        nursery: Where a kernel comes from whose libraries are loaded already, if there is one;
            it needs a sandbox. If that fails, the kernel is started cold.

    Attributes:
        peak: Bytes of memory that its kernels held at most, what they share with others left
            out; 0 where the system does not say.

    Raises:
        UnprotectedError: If the host offers no protection and that is not allowed.
    """

    def __init__(  # noqa: PLR0913  (each is a choice of the instructor's)
        self,
        folder: Path,
        environment: dict[str, str] | None = None,
        limits: Limits | None = None,
        *,
        protection: Protection | None = None,
        allow_unprotected: bool = False,
        visible: tuple[Path, ...] = (),
        fork_server: ForkServer | None = None,
    ) -> None:
        self.folder = folder
        self.environment = environment or {}
        self.limits = limits or Limits()
        self.protection = protection or isolation.choose_protection(allow_unprotected)
        self.visible = visible
        self.fork_server = fork_server if self.protection is Protection.SANDBOX else None
        self._stack = ExitStack()
        self._client: Client | None = None
        self._manager: Manager | None = None
        self._watch: MemoryGuard | None = None
        self._reply: dict[str, Any] = {}
        self._room = MOST_OUTPUTS
        self.peak = 0

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
        """End the kernel and all that it started."""
        self._end()

    def _end(self) -> None:
        if self._manager and self._manager.launch and self._manager.launch.group:
            self.peak = max(self.peak, self._manager.launch.group.peak())
        with suppress(RuntimeError):  # Jupyter's word for a kernel that has ended by itself
            self._stack.close()
        self._client = None

    def restart(self) -> None:
        """End the kernel, if there is one, and start another that knows nothing.

        Raises:
            KernelStartError: If none can be started, even when it is tried again.
        """
        self._end()
        for last in (False, True):
            try:
                self._start()
            except Exception as error:
                said = self._manager.said() if self._manager else ""
                self._end()
                self.fork_server = None
                if last:
                    raise KernelStartError(
                        f"No kernel could be started: {said or error or type(error)}"
                    ) from error
            else:
                return

    def _start(self) -> None:
        private = self._stack.enter_context(temp_dirs.temp_dir("kernel"))

        def prepare(sockets: dict[str, int]) -> Launch:
            order = LaunchRequest(
                *(private, self.folder, self.limits, self.environment, sockets, self.visible),
                fork_server=self.fork_server,
            )
            if self.protection is Protection.SANDBOX:
                return isolation.launch_in_bubblewrap(self._stack, order)
            if self.protection is Protection.FENCE:
                return isolation.launch_in_landlock(self._stack, order)
            return isolation.launch_unprotected(self._stack, order)

        self._manager = Manager(self._stack, private, prepare)
        client = Client(
            NotebookNode(cells=[], metadata={}, nbformat=4, nbformat_minor=5),
            km=self._manager,
            allow_errors=True,
            interrupt_on_timeout=False,
            shutdown_kernel="immediate",
            startup_timeout=START_TIMEOUT_S,
            coalesce_streams=False,  # nbclient would take the square of a line's length
            store_widget_state=False,
            on_cell_executed=self._keep_reply,
            log=_log,
        )
        self._stack.enter_context(client.setup_kernel(cleanup_kc=True))
        self._client = client
        pid = getattr(self._manager.provisioner, "pid", None)
        self._watch = None
        if isinstance(pid, int) and (launch := self._manager.launch):
            most = self.limits.memory if launch.group is None else None
            if launch.home:
                fence = getattr(self._manager.provisioner, "process", None)
                self._stack.callback(self._sweep, fence)
            kept = (launch.home, self.limits) if launch.home else None
            forked = launch.entry.pid if launch.entry else None
            first = (pid,) if forked is None else (pid, forked)
            self._watch = self._stack.enter_context(MemoryGuard(first, most, kept=kept))

    @staticmethod
    def _sweep(fence: Any) -> None:
        """Let the fence end all that is inside, before Jupyter ends the fence."""
        if fence is not None and fence.poll() is None:
            fence.terminate()
            with suppress(subprocess.TimeoutExpired):
                fence.wait(SWEEP_TIMEOUT_S)

    def _keep_reply(self, execute_reply: dict[str, Any], **_: Any) -> None:
        self._reply = execute_reply["content"]

    def _cause(self) -> str:
        """Why the kernel died, as far as the system tells."""
        group = self._manager.launch.group if self._manager and self._manager.launch else None
        if (group and group.out_of_memory()) or (self._watch and self._watch.struck):
            return f"It used more than {self.limits.memory / 2**30:.1f} GB of memory."
        if self._watch and self._watch.littered:
            return "It kept more files than it may."
        if self._watch and self._watch.flooded:
            return "It sent more than can be taken in."
        if self._client and self._client.unread is not None:
            return f"It sent what can't be read ({self._client.unread!r:.200})."
        return ""

    @property
    def kernel(self) -> object:
        """Something that is another thing after each restart."""
        return self._client

    def converse(self, code: str, seconds: float, reply: Reply) -> CellOutcome:
        """Run code of the grader's own, and answer what it asks for by ``input``.

        Args:
            code: What to run.
            seconds: How long it may run.
            reply: Is given what the kernel says, and returns what it is told.
        """
        if self._client is not None:
            self._client.reply = reply
        try:
            return self.run(new_code_cell(code), seconds)
        finally:
            if self._client is not None:
                self._client.reply = None

    def run(self, cell: NotebookNode, seconds: float) -> CellOutcome:
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
        written = max(0, MOST_OUTPUT - self._room)
        client.nb.cells, client.written = [trial], written
        self._reply = {}
        began = time.monotonic()
        try:
            with self._watch.listening() if self._watch else nullcontext():
                client.run(trial, seconds)
        except (CellTimeoutError, TimeoutError):
            outcome = CellOutcome("too long")
        except DeadKernelError:
            late = time.monotonic() - began > seconds + GRACE / 2  # the clock was not looked at
            outcome = (
                CellOutcome("too long") if late else CellOutcome("died", message=self._cause())
            )
        except Exception as unread:  # noqa: BLE001  (the kernel may say anything, in any form)
            client.unread = unread
            outcome = CellOutcome("died", message=self._cause())
        else:
            if self._reply.get("status") == "error":
                error, message = (str(self._reply.get(key, "")) for key in ("ename", "evalue"))
                outcome = CellOutcome("raised", error, message)
            else:
                outcome = CellOutcome("ran")
        self._room -= min(client.written, MOST_OUTPUT) - written
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
            continue
        output["text"] = "".join(map(str, output["text"]))  # a kernel may send a list
        if last.get("output_type") == "stream" and last.get("name") == output["name"]:
            last["text"] += output["text"]
        else:
            joined.append(output)
    for output in joined:
        if output["output_type"] == "stream":
            lines = output["text"].replace("\r\n", "\n").split("\n")
            output["text"] = "\n".join(line.rstrip("\r").rsplit("\r", 1)[-1] for line in lines)
    return joined
