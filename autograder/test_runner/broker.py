"""The grader's part in a test: passing messages between test runner and kernel, and the clock.

Neither side sees the other. A response of the student's kernel is limited in size and handed on
as one string, which the test runner parses within its own limits: what goes wrong with it fails
the student's test. What goes wrong in the test runner costs nobody a point: the test is run once
more. See ``docs/wire-format.md``.
"""

from __future__ import annotations

import inspect
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Self

from autograder.kernels.kernel import LOST_KERNEL, CellOutcome, Kernel
from autograder.sandbox.cpu_wait import SAMPLE_INTERVAL_S, Deadline
from autograder.sandbox.forkserver_client import ForkServer
from autograder.test_runner import codec, kernel_agent
from autograder.test_runner.connection import RunnerConnection

_AGENT: Final = [(module.__name__, inspect.getsource(module)) for module in (codec, kernel_agent)]
# One expression, so that it leaves no name among the student's. A module is registered before it
# runs and under its own name, so that the agent's import of `codec` finds it there.
_INSTALL_AGENT: Final = (
    "[(__import__('sys').modules.__setitem__(name, module), exec(source, module.__dict__)) "
    f"for name, source in {_AGENT!r} "
    "for module in [__import__('types').ModuleType(name)]];"
)
_SERVE: Final = f"__import__('sys').modules[{kernel_agent.__name__!r}].serve({{!r}}, globals())"


@dataclass(frozen=True)
class BrokenTest:
    """A test that could not be run, through no fault of the student's."""

    reason: str  # what went wrong, for the instructor
    retry: bool = False  # whether it may be the machine's fault, so that another try may succeed


class Broker:
    """A test runner for one notebook, as a context manager.

    Example:
        >>> with Broker(["import numpy as np"]) as broker:  # doctest: +SKIP
        ...     broker.run_test("assert np.sum(double([1, 2])) == 6", kernel, seconds=30)
        CellOutcome(status='ran', error='', message='')

    Args:
        lesson: The instructor's own cells; tests may use what they import.
        fork_server: Forks the test runner, if there is one.
    """

    def __init__(self, lesson: list[str], fork_server: ForkServer | None = None) -> None:
        self._lesson, self._fork_server = lesson, fork_server
        self._earlier_tests: list[str] = []
        self._runner: RunnerConnection | None = None
        self._agent_in: int | None = None  # the kernel's generation that has the agent

    def __enter__(self) -> Self:
        """Start the test runner; it gets ready while the kernel starts."""
        with suppress(OSError):  # tried again, and reported, with the first test
            self._runner = RunnerConnection(self._fork_server)
        return self

    def __exit__(self, *_: object) -> None:
        """End the test runner."""
        self._stop()

    def _stop(self) -> None:
        if self._runner is not None:
            self._runner.close()
            self._runner = None

    def _start(self, kernel: Kernel) -> RunnerConnection:
        if self._runner is None:
            self._runner = RunnerConnection(self._fork_server)
        kernel.cpu_wait.partners = {os.getpid(), self._runner.pid}
        return self._runner

    def run_test(self, test: str, kernel: Kernel, seconds: float) -> CellOutcome | BrokenTest:
        """Run a test, with its hidden part, against the student's kernel.

        It may use functions, classes and modules of the tests run before it. The time limit
        includes its calls in the kernel. After an outcome in `LOST_KERNEL` the
        kernel must be restarted.
        """
        outcome = self._run_once(test, kernel, seconds)
        if isinstance(outcome, BrokenTest) and self._runner is None:  # the process failed
            outcome = self._run_once(test, kernel, seconds)
        self._earlier_tests.append(test)
        return outcome

    def _run_once(self, test: str, kernel: Kernel, seconds: float) -> CellOutcome | BrokenTest:
        """Run a test; ``self._runner`` is None afterwards if the process can't be used again."""
        try:
            runner = self._start(kernel)
        except OSError as error:
            return BrokenTest(f"The test runner can't be started: {error}", retry=True)
        deadline = Deadline(seconds, kernel.cpu_wait)
        run = _TestRun(runner, kernel, deadline)
        message = {"test": test, "imports": self._lesson, "earlier_tests": self._earlier_tests}
        run.send(message)
        while run.outcome is None:
            # One cell carries all requests of a test, unless the student's code breaks it off:
            # then that request has no response, and the next one starts a new cell.
            code = _SERVE.format(run.request)
            if self._agent_in != kernel.generation:
                code = _INSTALL_AGENT + code
                self._agent_in = kernel.generation
            outcome = kernel.run_interactive(code, _remaining(deadline), run.respond)
            if outcome.status in LOST_KERNEL:
                self._stop()  # it waits for a response that will never come
                return outcome
            if run.outcome is None:
                run.send({"response": ""})
        if not run.has_result:
            self._stop()
        return run.outcome


def _remaining(deadline: Deadline) -> float:
    return max(1.0, deadline.remaining())


class _TestRun:
    """The exchange of messages while one test runs."""

    def __init__(self, runner: RunnerConnection, kernel: Kernel, deadline: Deadline) -> None:
        self._runner, self._kernel, self._deadline = runner, kernel, deadline
        self.request = ""  # the test runner's last one to the kernel, as JSON
        self.outcome: CellOutcome | BrokenTest | None = None  # None while it runs
        self.has_result = False  # if the runner did not report the outcome, it can't be used again

    def respond(self, text: str) -> str:
        """Hand on a response of the kernel; return the next request, empty after the last."""
        if self.outcome is not None:  # nobody has asked
            return ""
        # As a string, so that nothing from the kernel can pass for another message.
        self.send({"response": text if len(text) <= codec.MAX_MESSAGE_CHARS else ""})
        return self.request

    def send(self, message: dict[str, Any]) -> None:
        """Send a message to the test runner and read its next request or its result."""
        is_response, self.request = bool(self.request), ""
        try:
            self._runner.send_line(json.dumps(message).encode(), _remaining(self._deadline))
            reply = json.loads(self._read_line())
        except TimeoutError:  # decoding a response counts as the student's time
            late = BrokenTest("The test itself took too long.", retry=self._deadline.disturbed)
            self.outcome = self._kernel.timed_out(self._deadline) if is_response else late
        except (OSError, ValueError) as error:
            self.outcome = BrokenTest(f"The test runner failed: {error}", retry=True)
        else:
            if "result" in reply:
                self.outcome, self.has_result = _outcome(reply), True
            elif self._deadline.remaining() <= 0:  # a thousand quick calls are one slow one
                self.outcome = self._kernel.timed_out(self._deadline)
            else:
                self.request = json.dumps(reply)

    def _read_line(self) -> bytes:
        """Read a line, looking again and again at how much time the test has left."""
        while True:
            remaining = _remaining(self._deadline)
            try:
                return self._runner.read_line(min(remaining, SAMPLE_INTERVAL_S))
            except TimeoutError:
                if self._deadline.remaining() <= 0:
                    raise


def _outcome(reply: dict[str, Any]) -> CellOutcome | BrokenTest:
    if reply["result"] == "passed":
        return CellOutcome("ran")
    if reply["result"] == "broken":
        return BrokenTest(f"The test itself is broken: {reply['message']}")
    return CellOutcome("raised", reply["error"], reply["message"], reply["traceback"])
