"""A run over everybody who handed in: what is new is graded, what is done is written down.

Whoever works, a pool of processes or a cluster, is behind the interface of
`concurrent.futures`. Results come back as the text of plain data, are checked, are kept at once,
and are written to the gradebook by this process alone.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor
from contextlib import AbstractContextManager
from typing import Any, Final

from autograder.batch import fingerprint
from autograder.batch import result as checked
from autograder.batch.course_folder import CourseFolder
from autograder.batch.executors import WorkerPool
from autograder.batch.gradebook_state import GradebookState
from autograder.batch.gradebook_writer import GradebookWriter, NotWrittenError
from autograder.batch.report_line import ReportLine, report_line
from autograder.batch.result_cache import ResultCache
from autograder.batch.scheduler import MAX_ATTEMPTS, QueuedJob, Scheduler

EMPTY: Final = "The submission has no notebook, so nothing was written down."


class BatchRun:
    """A run over one assignment.

    Args:
        course: The course and its assignment.
        workers: Who does the work.
        tell: Is told what a person should know meanwhile.

    Attributes:
        writing: Seconds that writing results down took.
    """

    def __init__(
        self,
        course: CourseFolder,
        workers: WorkerPool,
        tell: Callable[[str], object] = lambda _: None,
    ) -> None:
        self._course = course
        self._crew = Scheduler(workers, tell)
        self._writer = GradebookWriter(course.config, course.assignment, tell)
        self._store = ResultCache(course.root, course.assignment, self._writer.db_url)
        self._standing: GradebookState | None = None
        self._tried: dict[str, int] = {}
        self.writing = 0.0

    @property
    def starting(self) -> float:
        """Seconds that it took to hire the workers, their libraries loaded."""
        return self._crew.starting

    @property
    def base(self) -> int:
        """Bytes of memory that this machine needs, however many are graded at once."""
        return self._crew.base

    def waiting(self) -> int:
        """Return how many have handed in."""
        return len(self._course.students())

    def alone(self) -> AbstractContextManager[None]:
        """While this lasts, no other run over the assignment can begin; see `Store.alone`."""
        return self._store.alone()

    def look(self) -> None:
        """See what the gradebook knows already.

        Raises:
            CourseError: It knows no such assignment, or other questions of it.
            StoppedError: Another program has locked it, for long.
        """
        self._standing = self._writer.standing(checked.frames(self._course.source))

    def grade(self, *, only_failed: bool = False) -> Iterator[ReportLine]:
        """Grade everybody, and who comes meanwhile; yield a line for each.

        Args:
            only_failed: Grade again, too, what needs a person's look or failed before.

        Raises:
            CourseError: The gradebook knows no such assignment, or other questions of it.
            UnprotectedError: The host can't keep students' code in its place.
            StrangeWorkerError: A worker does not see what the run sees.
            StoppedError: The run can't go on; what is graded is kept.
        """
        seen: set[str] = set()
        try:
            if self._standing is None:
                self.look()
            while new := [name for name in self._course.students() if name not in seen]:
                seen.update(new)
                yield from self._grade(new, only_failed)
        finally:
            self._crew.dismiss()
            self._writer.close()

    def _grade(self, students: list[str], only_failed: bool) -> Iterator[ReportLine]:
        queue = deque(students)
        while queue or not self._crew.idle:
            while queue and self._crew.wants():
                ready = self._begin(queue.popleft(), only_failed)
                if ready is not None:
                    yield ready
            for order, end in () if self._crew.idle else self._crew.finished():
                ready = self._end(order, end)
                if ready is not None:
                    yield ready
                else:
                    queue.append(order.task.student)

    def _begin(self, student: str, only_failed: bool) -> ReportLine | None:
        """Give a submission to the workers, or return its line if there is nothing to do."""
        task = self._course.task(student)
        if not any(task.submitted.glob("*.ipynb")):  # nbgrader passes it over, too
            return ReportLine(student, "needs review", reason=EMPTY)
        version = fingerprint.mine()
        key = task.key(version)
        kept = None if student in self._tried else self._kept(student, key)
        if (
            kept is not None
            and only_failed
            and not report_line(student, kept, unchanged=True).settled
        ):
            kept = None  # the same may come out better on another day
        if kept is None:
            self._crew.give(QueuedJob(task, version, key))
            return None
        if self._stands(student, key, kept):
            return report_line(student, kept, unchanged=True)
        return self._write(student, key, kept, unchanged=True)

    def _kept(self, student: str, key: str) -> dict[str, Any] | None:
        """Return the result of an earlier run, if it is one."""
        found = self._store.get(student, key)
        try:
            checked.check(found, checked.frames(self._course.source))
        except ValueError:
            return None
        return found

    def _stands(self, student: str, key: str, result: dict[str, Any]) -> bool:
        """Whether a result stands in the gradebook and in its folder; either may be a new one."""
        return (
            self._store.written(student, key)
            and self._standing is not None
            and self._standing.holds(student, result)
            and self._writer.there(student, result["notebooks"])
        )

    def _end(self, order: QueuedJob, end: str | BaseException) -> ReportLine | None:
        """Keep and write down what a worker brings; return None if it is to be tried once more."""
        student, error = order.task.student, end if isinstance(end, BaseException) else None
        if isinstance(error, BrokenExecutor):  # it was tried alone, more than once
            return _failed(student, error)
        if isinstance(end, str):
            try:
                result = checked.read(end, checked.frames(order.task.source))
            except ValueError as refused:
                error = refused
            else:
                self._store.put(student, order.key, end)
                return self._write(student, order.key, result, unchanged=False)
        self._tried[student] = self._tried.get(student, 0) + 1
        if self._tried[student] < MAX_ATTEMPTS:
            return None
        return _failed(student, error or TypeError(f"A worker sent {type(end).__name__}."))

    def _write(
        self, student: str, key: str, result: dict[str, Any], *, unchanged: bool
    ) -> ReportLine:
        began = time.monotonic()
        self._store.note(student, None)
        try:
            self._writer.write(student, result["notebooks"])
        except ValueError as error:  # no notebook: it is of no use later, either
            self._store.drop(student)
            return ReportLine(student, "failed", reason=str(error))
        except NotWrittenError as error:
            return ReportLine(student, "failed", reason=str(error))
        if not unchanged:
            self.writing += time.monotonic() - began
        self._store.note(student, key)
        return report_line(student, result, unchanged=unchanged)


def _failed(student: str, error: BaseException) -> ReportLine:
    said = str(error) or type(error).__name__
    return ReportLine(student, "failed", reason=f"The grader broke down: {said}")
