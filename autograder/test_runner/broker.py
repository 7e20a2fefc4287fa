"""The grader between the judge and the student's kernel: it carries messages, and the clock.

Neither side sees the other. What the student's kernel sends is measured here and handed on as
one string, which the judge takes apart within its own limits; what goes wrong with it costs
the student's test. What goes wrong in the judge costs nobody anything: it is tried once more.
"""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from autograder.kernels.kernel import CellOutcome, Kernel
from autograder.sandbox.forkserver_client import ForkServer
from autograder.test_runner import kernel_agent
from autograder.test_runner.connection import RunnerConnection

_AGENT: Final = Path(kernel_agent.__file__).read_text(encoding="utf-8")
_INSTALL: Final = (
    "(lambda m, s: (exec(s, m.__dict__), __import__('sys').modules.__setitem__('_agent', m)))"
    "(__import__('types').ModuleType('_agent'), {source!r});"
)
_SPEAK: Final = "__import__('sys').modules['_agent'].speak({request!r}, globals())"


@dataclass(frozen=True)
class BrokenTest:
    """A test that could not be held, through no fault of the student's.

    Attributes:
        reason: What went wrong, for the instructor.
    """

    reason: str


class Broker:
    """The judge's process, as a context manager; one for a notebook.

    Example:
        >>> with Judge(["import numpy as np"]) as judge:  # doctest: +SKIP
        ...     judge.hold("assert np.sum(double([1, 2])) == 6", session, seconds=30)
        CellOutcome(status='ran', error='', message='')

    Args:
        lesson: The instructor's own cells: what they import, tests may use.
        warm: The bench that its process comes from, if there is one.
    """

    def __init__(self, lesson: list[str], warm: ForkServer | None = None) -> None:
        self._lesson, self._warm = lesson, warm
        self._wire: RunnerConnection | None = None
        self._taught: object = None

    def __enter__(self) -> Self:
        """Start the process; it gets ready while the kernel starts."""
        with suppress(OSError):  # it is tried again, and then it is known for which test
            self._wire = RunnerConnection(self._warm)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the process."""
        self._stop()

    def _stop(self) -> None:
        if self._wire is not None:
            self._wire.close()
            self._wire = None

    def hold(self, test: str, session: Kernel, seconds: float) -> CellOutcome | BrokenTest:
        """Run a test against the student's kernel.

        Args:
            test: The instructor's test, hidden part included.
            session: The student's kernel.
            seconds: How long the test may take, its calls included.

        Returns:
            How the test ended: ``ran`` if it passed. If the kernel died or took too long,
            that; the session must be restarted then.
        """
        outcome = self._hold(test, session, seconds)
        if (
            isinstance(outcome, BrokenTest) and self._wire is None
        ):  # the process failed, not the test
            outcome = self._hold(test, session, seconds)
        return outcome

    def _hold(self, test: str, session: Kernel, seconds: float) -> CellOutcome | BrokenTest:
        """Run a test once; the judge's process is there afterwards if it is of further use."""
        ends = time.monotonic() + seconds
        if self._wire is None:
            try:
                self._wire = RunnerConnection(self._warm)
            except OSError as error:
                return BrokenTest(f"The judge's process can't be started: {error}")
        talk = _Talk(self._wire, ends)
        talk.tell({"test": test, "imports": self._lesson})
        while talk.verdict is None:
            # One run of a cell carries all of a test's questions, unless the student's code
            # breaks it off: then the question stays unanswered, and the next is asked anew.
            code = _SPEAK.format(request=talk.request)
            if self._taught != session.generation:
                code = _INSTALL.format(source=_AGENT) + code
                self._taught = session.generation
            outcome = session.run_interactive(code, _left(ends), talk.answer)
            if outcome.status in {"timed out", "died"}:
                self._stop()  # it waits for an answer that will never come
                return outcome
            if talk.verdict is None:
                talk.tell({"answer": ""})
        if not talk.ended:
            self._stop()
        return talk.verdict


def _left(ends: float) -> float:
    return max(1.0, ends - time.monotonic())


class _Talk:
    """What is said while one test runs.

    Attributes:
        request: What the judge has asked for last, as JSON.
        verdict: How the test ended, once it has.
        ended: Whether the judge said so itself; if not, its process is of no more use.
    """

    def __init__(self, wire: RunnerConnection, ends: float) -> None:
        self._wire, self._ends = wire, ends
        self.request = ""
        self.verdict: CellOutcome | BrokenTest | None = None
        self.ended = False

    def answer(self, text: str) -> str:
        """Hand on what the kernel said; return what it is asked next, or nothing at the end."""
        if self.verdict is not None:  # nobody has asked, so nobody hears it
            return ""
        # A string, so that nothing which a kernel says can read like a test.
        self.tell({"answer": text if len(text) <= kernel_agent.LARGEST else ""})
        return self.request

    def tell(self, message: dict[str, Any]) -> None:
        """Tell the judge, and hear what it asks for, or how the test ended."""
        asked, self.request = bool(self.request), ""
        try:
            self._wire.tell(json.dumps(message).encode(), _left(self._ends))
            said: dict[str, Any] = json.loads(self._wire.hear(_left(self._ends)))
        except TimeoutError:  # building what came back is part of the student's time
            late = BrokenTest("The test itself took too long.")
            self.verdict = CellOutcome("timed out") if asked else late
        except (OSError, ValueError) as error:
            self.verdict = BrokenTest(f"The judge's process failed: {error}")
        else:
            if "end" in said:
                self.verdict, self.ended = _ended(said), True
            elif time.monotonic() > self._ends:  # a thousand quick answers are one slow one
                self.verdict = CellOutcome("timed out")
            else:
                self.request = json.dumps(said)


def _ended(said: dict[str, Any]) -> CellOutcome | BrokenTest:
    """Say in the grader's words how the judge says that a test ended."""
    if said["end"] == "passed":
        return CellOutcome("ran")
    if said["end"] == "broken":
        return BrokenTest(f"The test itself is broken: {said['says']}")
    return CellOutcome("raised", said["error"], said["says"], said.get("trace", ""))
