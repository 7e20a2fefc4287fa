"""A student's kernel: start it, run cells with a time limit, restart it.

A cell that exceeds its time is not interrupted, since hostile code can ignore that: the kernel is
killed. Time for which other programs kept it from running doesn't count. Whatever happens in the
kernel is returned as a `CellOutcome` and never raised.
"""

from __future__ import annotations

import copy
import itertools
import logging
import subprocess
from contextlib import ExitStack, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Self

from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from autograder.kernels.client import (
    MAX_CELL_OUTPUT_CHARS,
    MAX_NOTEBOOK_OUTPUT_CHARS,
    LimitedNotebookClient,
)
from autograder.kernels.jupyter_internals import READY_TIMEOUT_S, InputHandler
from autograder.kernels.manager import SandboxKernelManager
from autograder.sandbox import host_support, launch, temp_dirs
from autograder.sandbox.cgroups import ControlGroup
from autograder.sandbox.cpu_wait import CpuWait, Deadline
from autograder.sandbox.forkserver_client import ForkServer
from autograder.sandbox.launch import Launch, LaunchRequest
from autograder.sandbox.limits import GB, Limits
from autograder.sandbox.memory_guard import MemoryGuard
from autograder.sandbox.protection import Protection, Weakness

LANDLOCK_EXIT_TIMEOUT_S: Final = 10

_generations: Final = itertools.count(1)
_log: Final = logging.getLogger("autograder.kernels")
_log.addHandler(logging.NullHandler())  # everything worth knowing is in the outcome

Status = Literal["ran", "raised", "timed out", "starved", "died"]
LOST_KERNEL: Final = frozenset({"timed out", "starved", "died"})  # it must be restarted


@dataclass(frozen=True)
class CellOutcome:
    """How the execution of a cell ended.

    It ``starved`` if it was stopped although other programs had kept it from running most of the
    time. That is not the student's fault.
    """

    status: Status
    error: str = ""  # the name of the exception; student code may have chosen it
    message: str = ""  # of the exception, or why the kernel died
    traceback: str = ""  # where in the student's code a test failed, if it failed there


class KernelStartError(RuntimeError):
    """A kernel could not be started, for a reason that is not the student's fault."""


class Kernel:
    """A kernel in a sandbox, as a context manager.

    Example:
        >>> from nbformat.v4 import new_code_cell
        >>> with Kernel(Path.cwd()) as kernel:  # doctest: +SKIP
        ...     kernel.run_cell(new_code_cell("1 / 0"), seconds=10).error
        'ZeroDivisionError'

    Args:
        folder: The submission; the kernel works on a copy without notebooks.
        env: Variables to set for the kernel, which inherits next to none of the grader's.
        protection: How to isolate it; None for the strongest way that the host supports.
        allow_unprotected: Whether to run without isolation where the host supports none.
        visible: Further paths that the kernel may read.
        cores: How many cores its processes may use together; 0 for all.
        fork_server: Forks the kernel with its libraries loaded; used with Bubblewrap only. If it
            fails, the kernel is started without it.
        module: The Python module of a kernel for another language; see `other_kernels`.

    Attributes:
        peak_bytes: Peak memory of the kernels so far, without what they share with others; 0
            where no control group counts it.
        generation: A number that is different after each restart, and for each kernel.
        weaknesses: What is not enforced for it, known when it has started.
        cpu_wait: How long other programs have kept it from running.
        disturbed: Whether a cell timed out of which that is true for most of the time.

    Raises:
        UnprotectedError: The host supports no isolation, and that is not allowed.
    """

    def __init__(  # noqa: PLR0913  (all are settings of the instructor's)
        self,
        folder: Path,
        env: dict[str, str] | None = None,
        limits: Limits | None = None,
        *,
        protection: Protection | None = None,
        allow_unprotected: bool = False,
        visible: tuple[Path, ...] = (),
        cores: int = 0,
        fork_server: ForkServer | None = None,
        module: str = "",
    ) -> None:
        self.folder, self.env, self.visible, self.module = folder, env or {}, visible, module
        self.limits = limits or Limits()
        self.protection = protection or host_support.choose_protection(allow_unprotected)
        self.fork_server = fork_server if self.protection is Protection.BUBBLEWRAP else None
        self.generation = self.peak_bytes = 0
        self.weaknesses: list[Weakness] = []
        self.cpu_wait, self.disturbed = CpuWait(cores), False
        self._stack = ExitStack()  # closed at each restart: it holds all that one process needs
        self._client: LimitedNotebookClient | None = None
        self._manager: SandboxKernelManager | None = None
        self._guard: MemoryGuard | None = None
        self._reply: dict[str, Any] = {}
        self._output_chars_left = MAX_NOTEBOOK_OUTPUT_CHARS

    def __enter__(self) -> Self:
        """Start the kernel."""
        self.restart()
        return self

    def __exit__(self, *_: object) -> None:
        """End the kernel and everything it started."""
        self._stop()

    def restart(self) -> None:
        """End the kernel, if it runs, and start a new one.

        Raises:
            KernelStartError: None could be started in two attempts.
        """
        self._stop()
        for last_attempt in (False, True):
            try:
                self._start()
            except Exception as error:
                start_error = self._manager.start_error() if self._manager else ""
                self._stop()
                self.fork_server = None
                if last_attempt:
                    reason = start_error or str(error) or type(error).__name__
                    raise KernelStartError(f"The kernel could not be started: {reason}") from error
            else:
                self.generation = next(_generations)
                return

    def _stop(self) -> None:
        if (cgroup := self._cgroup) is not None:
            self.peak_bytes = max(self.peak_bytes, cgroup.peak_bytes())
        with suppress(RuntimeError):  # Jupyter raises it if the kernel has ended by itself
            self._stack.close()
        self._client = None

    @property
    def _cgroup(self) -> ControlGroup | None:
        sandbox_launch = self._manager.sandbox_launch if self._manager else None
        return sandbox_launch.cgroup if sandbox_launch else None

    def _start(self) -> None:
        private_dir = self._stack.enter_context(temp_dirs.temp_dir("kernel"))

        def prepare(socket_fds: dict[str, int]) -> Launch:
            request = LaunchRequest(
                *(private_dir, self.folder, self.limits, self.env, socket_fds, self.visible),
                fork_server=self.fork_server,
                module=self.module,
            )
            if self.protection is Protection.BUBBLEWRAP:
                return launch.launch_in_bubblewrap(self._stack, request)
            if self.protection is Protection.LANDLOCK:
                return launch.launch_in_landlock(self._stack, request)
            return launch.launch_unprotected(self._stack, request)

        self._manager = SandboxKernelManager(self._stack, private_dir, prepare)
        client = LimitedNotebookClient(
            NotebookNode(cells=[], metadata={}, nbformat=4, nbformat_minor=5),
            km=self._manager,
            allow_errors=True,
            interrupt_on_timeout=False,
            shutdown_kernel="immediate",
            startup_timeout=int(READY_TIMEOUT_S),
            coalesce_streams=False,  # nbclient's takes quadratic time
            store_widget_state=False,
            on_cell_executed=self._store_reply,
            log=_log,
        )
        self._stack.enter_context(client.setup_kernel(cleanup_kc=True))
        self._client, self._guard = client, None
        process = getattr(self._manager.provisioner, "process", None)
        if process is not None and (sandbox_launch := self._manager.sandbox_launch):
            home, entry = sandbox_launch.home, sandbox_launch.sandbox_entry
            self.weaknesses = sandbox_launch.weaknesses(self.protection)
            if home:
                self._stack.callback(_end_landlock_main, process)
            roots = (process.pid, entry.pid) if entry and entry.pid else (process.pid,)
            self.cpu_wait.trees = roots
            guard = MemoryGuard(
                roots,
                self.limits.memory if sandbox_launch.cgroup is None else None,
                home=(home, self.limits) if home else None,
                max_tasks=self.limits.processes if sandbox_launch.cgroup is None else None,
            )
            self._guard = self._stack.enter_context(guard)

    def _store_reply(self, execute_reply: dict[str, Any], **_: Any) -> None:
        self._reply = execute_reply["content"]

    def _died(self) -> CellOutcome:
        cause = ""
        exceeded = self._guard.exceeded if self._guard else ""
        if exceeded == "memory" or (self._cgroup and self._cgroup.had_oom_kill()):
            cause = f"It used more than {self.limits.memory / GB:.1f} GB of memory."
        elif exceeded == "processes":
            cause = f"It started more than {self.limits.processes} processes and threads."
        elif exceeded == "disk":
            cause = "It wrote more files than the limits allow."
        elif exceeded == "messages":
            cause = "It sent more data than the grader accepts."
        elif self._client and self._client.message_error is not None:
            cause = f"It sent an invalid message ({self._client.message_error!r:.200})."
        return CellOutcome("died", message=cause)

    def timed_out(self, deadline: Deadline) -> CellOutcome:
        """Return how a cell ended whose time was up."""
        self.disturbed = self.disturbed or deadline.disturbed
        return CellOutcome("starved" if deadline.starved else "timed out")

    def run_interactive(self, code: str, seconds: float, handler: InputHandler) -> CellOutcome:
        """Run the grader's own code; the handler returns the answer to each prompt of ``input``."""
        return self.run_cell(new_code_cell(code), seconds, handler)

    def run_cell(
        self, cell: NotebookNode, seconds: float, handler: InputHandler | None = None
    ) -> CellOutcome:
        """Run one code cell with a time limit, and replace its outputs.

        Raises:
            RuntimeError: The kernel was not started.
        """
        client = self._client
        if client is None:
            raise RuntimeError("The kernel is not running; use it in a with statement.")
        running = copy.deepcopy(cell)
        running["outputs"], running["execution_count"] = [], None
        # What is left for the notebook may be less than what one cell may print.
        used_chars = max(0, MAX_CELL_OUTPUT_CHARS - self._output_chars_left)
        client.nb.cells, client.output_chars = [running], used_chars
        client.input_handler, self._reply = handler, {}
        deadline = Deadline(max(1.0, seconds), self.cpu_wait)
        try:
            with self._guard.receiving() if self._guard else nullcontext():
                client.run(running, deadline)
        except DeadKernelError:
            outcome = self.timed_out(deadline) if client.timed_out else self._died()
        except Exception as error:  # noqa: BLE001  (a hostile kernel sends anything)
            client.message_error = error
            outcome = self._died()
        else:
            outcome = CellOutcome("ran")
            if self._reply.get("status") == "error":
                name, message = (str(self._reply.get(key, "")) for key in ("ename", "evalue"))
                outcome = CellOutcome("raised", name, message)
        self._output_chars_left -= min(client.output_chars, MAX_CELL_OUTPUT_CHARS) - used_chars
        cell["outputs"] = _merge_streams(running["outputs"])
        cell["execution_count"] = None
        return outcome


def _end_landlock_main(process: subprocess.Popen[bytes]) -> None:
    """Let it end all processes of the kernel, before Jupyter kills it."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(LANDLOCK_EXIT_TIMEOUT_S)


def _merge_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join consecutive outputs of a stream, and keep the final state of progress bars."""
    merged: list[NotebookNode] = []
    for _, group in itertools.groupby(outputs, lambda out: (out["output_type"], out.get("name"))):
        first, *others = group
        if first["output_type"] == "stream":
            # A hostile kernel may send a list of anything as text.
            parts = itertools.chain.from_iterable(out["text"] for out in (first, *others))
            lines = "".join(map(str, parts)).replace("\r\n", "\n").split("\n")
            first["text"] = "\n".join(line.rstrip("\r").rsplit("\r", 1)[-1] for line in lines)
            others = []
        merged += [first, *others]
    return merged
