"""Grade all submissions of an assignment: grade what is new, write what is done.

A submission whose result is known is not graded again. If only keys of questions have changed, the
known result is scored anew, and no student's code runs.

Workers, local or on a cluster, are behind the interface of `concurrent.futures`. They return JSON,
which is validated, cached at once, and written to the gradebook by this process only.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import shutil
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from concurrent.futures import BrokenExecutor
from pathlib import Path

from nbformat import NotebookNode

from autograder import cells, score_history
from autograder.batch import changes
from autograder.batch.course_folder import CourseFolder
from autograder.batch.executors import WorkerPool
from autograder.batch.gradebook_writer import GradebookWriter
from autograder.batch.inputs import GradingInputs
from autograder.batch.report import ReportLine
from autograder.batch.result import JobResult, read_max_points
from autograder.batch.result_cache import CacheEntry, ResultCache
from autograder.batch.scheduler import MAX_ATTEMPTS, QueuedJob, Scheduler
from autograder.grading.rescore import rescore
from autograder.nbgrader_plugins.converter_writer import NotWrittenError
from autograder.nbgrader_plugins.gradebook_reader import StoredSubmission
from autograder.sandbox import temp_dirs
from autograder.sandbox.protection import WEAKNESSES, Weakness
from autograder.score_history import ScoreChange
from autograder.student_names import why_invalid


class BatchRun:
    """A run over one assignment.

    Args:
        course: The assignment.
        pool: The workers.
        notify: Gets messages for the person who started it.
        by: Who that is, for the history; the account by default.
        dry_run: Whether to find out what would change and write nothing.

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
        *,
        by: str = "",
        dry_run: bool = False,
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
        self._notify, self._by = notify, by
        self._dry_run, self._copies = dry_run, Path()  # of the submissions, in a dry run
        self._older: dict[str, GradingInputs | None] = {}  # of the results before this run
        self._newer: dict[str, GradingInputs] = {}

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
        with contextlib.ExitStack() as stack:
            stack.callback(self._writer.close)
            stack.callback(self.scheduler.shutdown)
            if self._dry_run:
                self._copies = stack.enter_context(temp_dirs.temp_dir("grading"))
            if not self._has_read:
                self.read_gradebook()
            while new := [name for name in self.course.paths.students() if name not in seen]:
                seen.update(new)
                yield from self._grade(new)

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
        try:
            job = self.course.job(student, self._copies / student if self._dry_run else None)
        except OSError as error:
            if not self._dry_run:
                raise
            return ReportLine(student, "failed", reason=f"It can't be read: {error.strerror}.")
        version = job.version()
        inputs = job.inputs(version)
        key, entry = inputs.key, self.cache.entry(student)
        self._newer[student] = inputs
        self._older.setdefault(student, entry.inputs if entry else None)
        is_again = self._force or self._attempts[student] or student in self._disturbed
        known = None if is_again or entry is None else self._known_result(entry, inputs)
        # With --only failed, the others may come out better this time.
        if known is not None and entry and (known.is_complete or not self._only_failed):
            # Either the same result, or one in which corrected keys make no difference.
            is_same = known is entry.result and self.cache.is_written(student, entry.key)
            if entry.key != key and not self._dry_run:
                self.cache.put(student, key, known.model_dump_json(), inputs)
            if is_same and self._writer.holds(student, known):
                if entry.key != key and not self._dry_run:
                    self.cache.mark_written(student, key)
                return self._update_penalty(student, known)
            return self._write(student, key, known, unchanged=True)
        self.scheduler.submit(QueuedJob(job, version, key), alone=student in self._disturbed)
        return None

    def _known_result(self, entry: CacheEntry, inputs: GradingInputs) -> JobResult | None:
        """Return the result of an earlier run, scored with today's keys, if it is still valid."""
        result = entry.result
        if result.mismatch(read_max_points(self.course.source)):
            return None
        if entry.key == inputs.key:
            return result
        if entry.inputs is None or entry.inputs.run_key != inputs.run_key:
            return None
        return rescore_result(result, self.course.source, inputs.changed_keys(entry.inputs))

    def _update_penalty(self, student: str, result: JobResult) -> ReportLine:
        if self._dry_run:
            stored: StoredSubmission | None = self._writer.predict(student, result, unchanged=True)
        else:
            stored = self._writer.update_late_penalty(student)
        return self._line(student, result, stored, unchanged=True)

    def _line(
        self, student: str, result: JobResult, stored: StoredSubmission | None, *, unchanged: bool
    ) -> ReportLine:
        """Return a submission's line, and add to the student's history what changed."""
        before, stored = self._writer.before(student), stored or StoredSubmission()
        inputs = self._newer[student]
        why = changes.causes(before, stored, self._older[student], inputs)
        line = ReportLine.from_result(student, result, stored, before, unchanged=unchanged)
        line = dataclasses.replace(line, causes=tuple(map(str, why)))
        if self._dry_run:
            shutil.rmtree(self._copies / student, ignore_errors=True)
        elif line.changed or (line.before is None and line.score is not None):
            change = ScoreChange(
                score=(line.before, line.score),
                maximum=line.maximum or 0.0,
                cells=line.cells,
                penalty=(before.penalty if before else 0.0, stored.penalty),
                causes=tuple(why),
                program=inputs.program[:12],
                submission=inputs.submission[:12],
                **({"by": self._by} if self._by else {}),
            )
            path = score_history.history_path(self.course.root, self.course.assignment, student)
            score_history.append(path, [change])
        return line

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
                if not self._dry_run:
                    self.cache.put(student, queued.key, outcome, self._newer[student])
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
        if self._dry_run:
            stored = self._writer.predict(student, result, unchanged=unchanged)
            return self._line(student, result, stored, unchanged=unchanged)
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
        line = self._line(student, result, self._writer.now(student), unchanged=unchanged)
        self.cache.mark_written(student, key)
        return line


def rescore_result(result: JobResult, source: Path, names: AbstractSet[str]) -> JobResult:
    """Return a result with some questions, such as ``intro/dice``, scored by today's keys.

    It is the same object if no points, reasons or ticks differ.
    """
    graded = {}
    for name, notebook in result.notebooks.items():
        own = {cell for stem, _, cell in (entry.partition("/") for entry in names) if stem == name}
        path = source / f"{name}.ipynb"
        graded[name] = rescore(notebook, _read_source(path, path.stat().st_mtime_ns), own)
    if all(graded[name] is notebook for name, notebook in result.notebooks.items()):
        return result
    return result.model_copy(update={"notebooks": graded})


@functools.lru_cache(maxsize=16)
def _read_source(path: Path, _mtime_ns: int) -> NotebookNode:
    return cells.read_source(path)
