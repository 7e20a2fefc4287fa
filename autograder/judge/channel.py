"""The grader between the judge and the student's kernel: it carries messages, and the clock.

Neither side sees the other. What the student's kernel sends is measured and parsed here
before the judge gets it; what goes wrong there costs the student's test, what goes wrong
in the judge costs nobody anything.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from autograder.judge import agent
from autograder.judge.wire import Wire
from autograder.kernels.session import Outcome, Session
from autograder.kernels.warm import Nursery

_AGENT: Final = Path(agent.__file__).read_text(encoding="utf-8")
_INSTALL: Final = (
    "(lambda m, s: (exec(s, m.__dict__), __import__('sys').modules.__setitem__('_agent', m)))"
    "(__import__('types').ModuleType('_agent'), {source!r}) and None"
)
_SPEAK: Final = "__import__('sys').modules['_agent'].speak({request!r}, globals())"
NO_ANSWER: Final = {
    "raised": "RuntimeError",
    "says": "Python gave no answer that can be read",
    "trace": "",
}


@dataclass(frozen=True)
class Broken:
    """A test that could not be held, through no fault of the student's.

    Attributes:
        reason: What went wrong, for the instructor.
    """

    reason: str


class Judge:
    """The judge's process, as a context manager; one for a notebook.

    Example:
        >>> with Judge(["import numpy as np"]) as judge:  # doctest: +SKIP
        ...     judge.hold("assert np.sum(double([1, 2])) == 6", session, seconds=30)
        Outcome(status='ran', error='', message='')

    Args:
        lesson: The instructor's own cells: what they import, tests may use.
        warm: The bench that its process comes from, if there is one.
    """

    def __init__(self, lesson: list[str], warm: Nursery | None = None) -> None:
        self._lesson, self._warm = lesson, warm
        self._wire: Wire | None = None
        self._taught: object = None

    def __enter__(self) -> Self:
        """Start the process; it gets ready while the kernel starts."""
        self._wire = Wire(self._warm)
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

    def hold(self, test: str, session: Session, seconds: float) -> Outcome | Broken:
        """Run a test against the student's kernel.

        Args:
            test: The instructor's test, hidden part included.
            session: The student's kernel.
            seconds: How long the test may take, its calls included.

        Returns:
            How the test ended: ``ran`` if it passed. If the kernel died or took too long,
            that; the session must be restarted then.
        """
        ends, asked = time.monotonic() + seconds, False
        if self._wire is None:
            self._wire = Wire(self._warm)
        try:
            self._tell({"test": test, "imports": self._lesson}, ends)
            while "end" not in (said := self._hear(ends)):
                if time.monotonic() > ends:  # a thousand quick answers are one slow one
                    self._stop()
                    return Outcome("too long")
                outcome, answer = self._ask(said, session, ends)
                asked = True
                if outcome.status in {"too long", "died"}:
                    self._stop()  # it waits for an answer that will never come
                    return outcome
                self._tell(answer, ends)
        except TimeoutError:  # building what came back is part of the student's time
            self._stop()
            return Outcome("too long") if asked else Broken("The test itself took too long.")
        except (OSError, ValueError) as error:
            self._stop()
            return Broken(f"The judge's process failed: {error}")
        return _ended(said)

    def _ask(
        self, request: dict[str, Any], session: Session, ends: float
    ) -> tuple[Outcome, dict[str, Any]]:
        """Have the kernel answer; whatever it says comes back as one checked JSON object."""
        if self._taught is not session.kernel:
            session.ask(_INSTALL.format(source=_AGENT), self._left(ends), agent.MIME, 0)
            self._taught = session.kernel
        code = _SPEAK.format(request=json.dumps(request))
        outcome, text = session.ask(code, self._left(ends), agent.MIME, agent.LARGEST)
        try:
            answer = json.loads(text or "")
        except (ValueError, RecursionError):
            answer = None
        return outcome, answer if isinstance(answer, dict) else NO_ANSWER

    @staticmethod
    def _left(ends: float) -> float:
        return max(1.0, ends - time.monotonic())

    def _tell(self, message: dict[str, Any], ends: float) -> None:
        if self._wire is None:
            raise OSError("it is not running")
        self._wire.tell(json.dumps(message).encode(), self._left(ends))

    def _hear(self, ends: float) -> dict[str, Any]:
        """Return the judge's next message."""
        if self._wire is None:
            raise OSError("it is not running")
        message: dict[str, Any] = json.loads(self._wire.hear(self._left(ends)))
        return message


def _ended(said: dict[str, Any]) -> Outcome | Broken:
    """Say in the grader's words how the judge says that a test ended."""
    if said["end"] == "passed":
        return Outcome("ran")
    if said["end"] == "broken":
        return Broken(f"The test itself is broken: {said['says']}")
    return Outcome("raised", said["error"], said["says"], said.get("trace", ""))
