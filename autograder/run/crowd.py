"""A run over everybody who handed in: what is new is graded, what is done is written down.

Whoever works, a pool of processes or a cluster, is behind the interface of
`concurrent.futures`. Results come back as plain data, are kept at once, and are written to the
gradebook by this process alone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass
from typing import Any, Final

from autograder.kernels.isolation import UnprotectedError
from autograder.run import task as tasks
from autograder.run.course import Course
from autograder.run.store import Kept, Store
from autograder.run.workers import Workers
from autograder.run.writer import NotWrittenError, Writer

AHEAD: Final = 4  # tasks that wait for each worker, so that none is idle
TRIES: Final = 2  # a worker may die of what has nothing to do with its task


@dataclass(frozen=True)
class Line:
    """What became of one submission.

    Attributes:
        student: Whose it is.
        status: ``graded``, ``needs review`` or ``failed``.
        score: Its points so far; None if it failed.
        maximum: What it could have earned.
        seconds: How long grading took; 0 if nothing had changed.
        reason: Why a person must look, or why it failed.
        unchanged: Whether the result is that of an earlier run.
        kernel: Bytes of memory that its kernel held at most; 0 if there was none.
        worker: Bytes of memory that the process which graded it has held.
    """

    student: str
    status: str
    score: float | None = None
    maximum: float | None = None
    seconds: float = 0.0
    reason: str = ""
    unchanged: bool = False
    kernel: int = 0
    worker: int = 0

    @property
    def settled(self) -> bool:
        """Whether nobody needs to look at it."""
        return self.status == "graded"


class Run:
    """A run over one assignment.

    Args:
        course: The course and its assignment.
        workers: Who does the work.

    Attributes:
        starting: Seconds that it took to hire them, their libraries loaded.
        writing: Seconds that writing results down took.
    """

    def __init__(self, course: Course, workers: Workers) -> None:
        self._course, self._hire, self._jobs = course, workers.hire, workers.jobs
        self._store = Store(course.root, course.assignment)
        self._writer = Writer(course.config, course.assignment)
        self._version = tasks.program()
        self._workers: Executor | None = None
        self._tried: dict[str, int] = {}
        self.starting = self.writing = 0.0
        self._working: dict[Future[dict[str, Any]], tuple[str, str]] = {}

    def grade(self, *, only_failed: bool = False) -> Iterator[Line]:
        """Grade everybody, and who comes meanwhile; yield a line for each.

        Args:
            only_failed: Grade again, too, what needs a person's look or failed before.

        Raises:
            UnprotectedError: The host can't keep students' code in its place.
        """
        seen: set[str] = set()
        try:
            while new := [name for name in self._course.students() if name not in seen]:
                seen.update(new)
                yield from self._grade(new, only_failed)
        finally:
            self._dismiss()
            self._writer.close()

    def waiting(self) -> int:
        """Return how many have handed in."""
        return len(self._course.students())

    def _grade(self, students: list[str], only_failed: bool) -> Iterator[Line]:
        queue = list(reversed(students))
        while queue or self._working:
            while queue and len(self._working) < AHEAD * self._jobs:
                line = self._begin(queue.pop(), only_failed)
                if line is not None:
                    yield line
            done, _ = wait(self._working, return_when=FIRST_COMPLETED)
            broken = False
            for future in done:
                student, key = self._working.pop(future)
                error = future.exception()
                broken |= isinstance(error, BrokenExecutor)
                if error is not None and self._again(student, error):
                    queue.append(student)
                else:
                    yield self._end(student, key, future)
            if broken:  # it drops all that it has begun
                queue += [student for student, _ in self._working.values()]
                self._working.clear()
                self._dismiss()

    def _begin(self, student: str, only_failed: bool) -> Line | None:
        """Give a submission to the workers, or return its line if there is nothing to do."""
        task = self._course.task(student)
        key = task.key(self._version)
        kept = self._store.get(student, key)
        if kept is not None and only_failed and not _line(student, kept, unchanged=True).settled:
            kept = None  # the same may come out better on another day
        if kept is not None:
            return self._write(student, kept)
        if self._workers is None:
            began = time.monotonic()
            self._workers = self._hire(task)
            self.starting += time.monotonic() - began
        self._working[self._workers.submit(tasks.work, task)] = (student, key)
        return None

    def _end(self, student: str, key: str, future: Future[dict[str, Any]]) -> Line:
        """Keep and write down what a worker brings."""
        error = future.exception()
        if isinstance(error, UnprotectedError):
            raise error
        if error is not None:
            said = str(error) or type(error).__name__
            return Line(student, "failed", reason=f"The grader broke down: {said}")
        kept = Kept(key, future.result(), written=False)
        self._store.put(student, kept)
        return self._write(student, kept)

    def _again(self, student: str, error: BaseException) -> bool:
        if isinstance(error, UnprotectedError):
            return False
        self._tried[student] = self._tried.get(student, 0) + 1
        return self._tried[student] < TRIES

    def _write(self, student: str, kept: Kept) -> Line:
        if not kept.written:
            began = time.monotonic()
            try:
                self._writer.write(student, kept.result["notebooks"])
                self.writing += time.monotonic() - began
            except (NotWrittenError, ValueError, KeyError) as error:
                return Line(student, "failed", reason=str(error))
            self._store.put(student, Kept(kept.key, kept.result, written=True))
        return _line(student, kept, unchanged=kept.written)

    def _dismiss(self) -> None:
        if self._workers is not None:
            for future in self._working:
                future.cancel()
            self._workers.shutdown(wait=False)
            self._workers = None


def _line(student: str, kept: Kept, *, unchanged: bool) -> Line:
    verdicts = [
        verdict
        for notebook in kept.result["notebooks"].values()
        for verdict in notebook["verdicts"]
    ]
    unsettled = [verdict for verdict in verdicts if verdict["points"] is None]
    reasons = dict.fromkeys(f"{verdict['name']}: {verdict['reason']}" for verdict in unsettled)
    return Line(
        student,
        "needs review" if unsettled else "graded",
        sum(verdict["points"] or 0 for verdict in verdicts),
        sum(verdict["maximum"] for verdict in verdicts),
        0.0 if unchanged else kept.result["seconds"],
        " ".join(reasons),
        unchanged,
        0 if unchanged else int(kept.result.get("kernel", 0)),
        0 if unchanged else int(kept.result.get("worker", 0)),
    )
