"""Grade all submissions of an assignment: grade what is new, write what is done.

Workers, local or on a cluster, are behind the interface of `concurrent.futures`. They return JSON,
which is validated, cached at once, and written to the gradebook by this process only.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor

from autograder.batch import fingerprint
from autograder.batch.course_folder import CourseFolder
from autograder.batch.executors import WorkerPool
from autograder.batch.gradebook_writer import GradebookWriter
from autograder.batch.report import ReportLine
from autograder.batch.result import JobResult, read_max_points
from autograder.batch.result_cache import ResultCache
from autograder.batch.scheduler import MAX_ATTEMPTS, QueuedJob, Scheduler
from autograder.nbgrader_plugins.converter_writer import NotWrittenError
from autograder.nbgrader_plugins.gradebook_reader import StoredSubmission
from autograder.sandbox.launch import WEAKNESSES, Weakness
from autograder.student_names import why_invalid


class BatchRun:
    """A run over one assignment; `notify` gets messages for the person who started it.

    Attributes:
        cache: The results of this and earlier runs.
        write_seconds: Seconds spent on writing new results.
        weaknesses: What was not enforced for students' code in this run.
    """

    def __init__(
        self,
        course: CourseFolder,
        pool: WorkerPool,
        notify: Callable[[str], object] = lambda _: None,
    ) -> None:
        self.course = course
        self.scheduler = Scheduler(pool, notify)
        self._writer = GradebookWriter(course.config, course.assignment, notify)
        self.cache = ResultCache(course.root, course.assignment, self._writer.db_url)
        self._has_read = False
        self._attempts: Counter[str] = Counter()
        self._only_failed = self._force = False
        self._disturbed: set[str] = set()  # students to grade once more, with nobody beside them
        self.write_seconds = 0.0
        self.weaknesses: list[Weakness] = []
        self._notify = notify

    def read_gradebook(self) -> None:
        """Read what the gradebook holds already.

        Raises:
            CourseError: The gradebook can't be read, or its cells aren't those of ``source/``.
            RunStoppedError: Another program kept the gradebook locked.
        """
        self._writer.read(read_max_points(self.course.source))
        self._has_read = True

    def grade(self, *, only_failed: bool = False, force: bool = False) -> Iterator[ReportLine]:
        """Grade all submissions, including those that arrive meanwhile; yield a line for each.

        With `only_failed`, grade those again, too, that failed or need review; with `force`, all.

        Raises:
            CourseError: The gradebook can't be read, or its cells aren't those of ``source/``.
            UnprotectedError: A worker's machine can't sandbox students' code.
            WorkerMismatchError: A worker doesn't see the course folder, or runs another version.
            RunStoppedError: The run can't continue; what is graded is kept.
        """
        seen: set[str] = set()
        self._only_failed, self._force = only_failed, force
        try:
            if not self._has_read:
                self.read_gradebook()
            while new := [name for name in self.course.paths.students() if name not in seen]:
                seen.update(new)
                yield from self._grade(new)
        finally:
            self.scheduler.shutdown()
            self._writer.close()

    def _grade(self, students: list[str]) -> Iterator[ReportLine]:
        queue = deque(students)
        while queue or not self.scheduler.idle:
            while queue and self.scheduler.has_capacity():
                line = self._start(queue.popleft())
                if line:
                    yield line
            for queued, outcome in self.scheduler.wait_for_finished():
                line = self._finish(queued, outcome)
                if line:
                    yield line
                else:
                    queue.append(queued.job.student)

    def _start(self, student: str) -> ReportLine | None:
        """Submit a job, or return the line of a submission that needs none."""
        if problem := why_invalid(student):
            return ReportLine(student, "failed", reason=f"{problem}. Rename the folder.")
        job = self.course.job(student)
        version = fingerprint.current()
        key = job.cache_key(version)
        is_again = self._force or self._attempts[student] or student in self._disturbed
        cached = None if is_again else self._cached(student, key)
        # With --only failed, the others may come out better this time.
        if cached is not None and (cached.is_complete or not self._only_failed):
            if self.cache.is_written(student, key) and self._writer.holds(student, cached):
                stored = self._writer.update_late_penalty(student)
                return self._line(student, cached, stored, unchanged=True)
            return self._write(student, key, cached, unchanged=True)
        self.scheduler.submit(QueuedJob(job, version, key), alone=student in self._disturbed)
        return None

    def _line(
        self, student: str, result: JobResult, stored: StoredSubmission | None, *, unchanged: bool
    ) -> ReportLine:
        before = self._writer.before(student)
        stored = stored or StoredSubmission()
        return ReportLine.from_result(student, result, stored, before, unchanged=unchanged)

    def _cached(self, student: str, key: str) -> JobResult | None:
        """Return the result of an earlier run if it is still valid."""
        result = self.cache.get(student, key)
        max_points = read_max_points(self.course.source)
        return result if result and not result.mismatch(max_points) else None

    def _finish(self, queued: QueuedJob, outcome: str | BaseException) -> ReportLine | None:
        """Cache and write a worker's result; return None if the job should be tried again."""
        student, error = queued.job.student, outcome
        if not isinstance(outcome, BaseException):
            try:
                result = JobResult.read(outcome, read_max_points(queued.job.source))
            except ValueError as invalid:
                error = invalid
            else:
                self._report_weaknesses(result)
                if result.disturbed and student not in self._disturbed:
                    self._disturbed.add(student)
                    return None
                self.cache.put(student, queued.key, outcome)
                return self._write(student, queued.key, result, unchanged=False)
        self._attempts[student] += 1
        was_retried = isinstance(error, BrokenExecutor)  # by the scheduler
        if not was_retried and self._attempts[student] < MAX_ATTEMPTS:
            return None
        message = str(error) or type(error).__name__
        return ReportLine(student, "failed", reason=f"The grader failed: {message}")

    def _report_weaknesses(self, result: JobResult) -> None:
        for weakness in result.weaknesses:
            if weakness not in self.weaknesses:
                self.weaknesses.append(weakness)
                self._notify(WEAKNESSES[weakness])

    def _write(self, student: str, key: str, result: JobResult, *, unchanged: bool) -> ReportLine:
        start = time.monotonic()
        self.cache.clear_mark(student)
        try:
            self._writer.write(student, result, unchanged=unchanged)
        except (ValueError, NotWrittenError) as error:
            if isinstance(error, ValueError):  # an invalid notebook, which will stay invalid
                self.cache.delete(student)
            return ReportLine(student, "failed", reason=str(error))
        if not unchanged:
            self.write_seconds += time.monotonic() - start
        self.cache.mark_written(student, key)
        return self._line(student, result, self._writer.now(student), unchanged=unchanged)
