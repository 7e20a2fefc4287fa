"""The only part of a run that reads and writes the gradebook and ``autograded/``."""

from __future__ import annotations

import functools
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError
from traitlets.config import Config

from autograder.batch.gradebook_lock import retry_while_locked
from autograder.batch.result import JobResult, MaxPoints
from autograder.nbgrader_plugins import gradebook_connection, gradebook_reader
from autograder.nbgrader_plugins.collect import exchange_zone, read_timestamp
from autograder.nbgrader_plugins.converter_writer import ConverterWriter
from autograder.nbgrader_plugins.course_paths import CoursePaths
from autograder.nbgrader_plugins.direct_writer import DirectWriter
from autograder.nbgrader_plugins.gradebook_reader import CellKey, StoredScores, StoredSubmission
from autograder.nbgrader_plugins.late_policy import LatePolicy


class GradebookWriter:
    """Writes the results of one assignment, as ``nbgrader autograde`` would."""

    def __init__(self, config: Config, assignment: str, notify: Callable[[str], object]) -> None:
        self._assignment, self._notify = assignment, notify
        self._paths = CoursePaths.from_config(config, assignment)
        self.db_url, self._zone = self._paths.db_url, exchange_zone(config)
        self._late_policy = LatePolicy(config, self.db_url, assignment)
        self._writer: DirectWriter | ConverterWriter = (
            DirectWriter(config, assignment, self._late_policy)
            if DirectWriter.supports(config)
            else ConverterWriter(config, assignment)
        )
        self._stored, self._graded = StoredScores({}, {}), set[str]()

    def close(self) -> None:
        """Close the gradebook."""
        self._writer.close()

    def read(self, max_points: MaxPoints) -> None:
        """Read what the gradebook holds already; see `holds`.

        Raises:
            CourseError: The gradebook can't be read, or its cells aren't those of ``source/``.
            RunStoppedError: Another program kept the gradebook locked.
        """
        read = functools.partial(gradebook_reader.read_scores, self.db_url, self._assignment)
        self._stored = retry_while_locked(read, self.db_url, self._notify)
        self._graded = {  # the row of any other student only holds an extension
            student
            for student, stored in self._stored.submissions.items()
            if stored.is_graded or self._paths.autograded(student).is_dir()
        }
        maxima = {
            (notebook, cell): points
            for notebook, cells in max_points.items()
            for cell, points in cells.items()
        }
        gradebook_reader.require_same_cells(self._assignment, self._stored.maxima, maxima)

    def before(self, student: str) -> StoredSubmission | None:
        """Return what the gradebook held about a graded submission when it was read."""
        return self._stored.submissions.get(student) if student in self._graded else None

    def now(self, student: str) -> StoredSubmission | None:
        """Return what the gradebook holds about a submission now."""
        read = functools.partial(
            gradebook_reader.read_submission, self.db_url, self._assignment, student
        )
        return retry_while_locked(read, self.db_url, self._notify)

    def holds(self, student: str, result: JobResult) -> bool:
        """Return whether gradebook and ``autograded/`` held this result when they were read."""
        is_graded = self._paths.has_graded(student, result.notebooks)
        stored = self.before(student)
        return is_graded and _points(result) == (stored.points if stored else {})

    def predict(
        self, student: str, result: JobResult, *, unchanged: bool = False
    ) -> StoredSubmission:
        """Return what the gradebook would hold about a submission after `write`."""
        before = self._stored.submissions.get(student) or StoredSubmission()
        points = _points(result)
        manual = {cell: given for cell, given in before.manual.items() if cell in points}
        stored = StoredSubmission(points=points, manual=manual, extra=before.extra)
        for cell, value in points.items():
            is_kept = unchanged and before.points.get(cell) == value
            is_open = value is None or cell in stored.manual
            if cell in before.needs_review if is_kept else is_open:
                stored.needs_review.add(cell)
        submitted_at = read_timestamp(self._paths.submitted(student), self._zone)
        due_date = self._stored.due_date
        if submitted_at and due_date:
            late = submitted_at - due_date - before.extension
            stored.seconds_late = max(0.0, late.total_seconds())
        stored.penalties = dict.fromkeys(result.notebooks, None)
        expected = self._late_policy.expected(student, stored)
        stored.penalties = dict(before.penalties if expected is None else expected)
        return stored

    def update_late_penalty(self, student: str) -> StoredSubmission | None:
        """Set the late penalty anew if it isn't what the policy says now.

        Returns:
            What the gradebook holds about the submission now.

        Raises:
            RunStoppedError: Another program kept the gradebook locked.
        """
        stored = self.before(student)
        if stored is None or self._late_policy.is_current(student, stored):
            return stored

        def apply() -> None:
            try:
                for notebook in stored.penalties:
                    self._late_policy.apply(student, notebook)
            except SQLAlchemyError as error:
                if gradebook_connection.is_lock_error(error):
                    raise gradebook_connection.GradebookLockedError from error
                raise

        retry_while_locked(apply, self.db_url, self._notify)
        return self.now(student)

    def write(self, student: str, result: JobResult, *, unchanged: bool = False) -> None:
        """Write the results of one submission; wait while another program locks the gradebook.

        With `unchanged`, the results are those of an earlier run.

        Raises:
            NotWrittenError: nbgrader refused the result; nothing was written.
            ValueError: A notebook in the result is invalid.
            RunStoppedError: Another program kept the gradebook locked.
        """
        graded = result.notebooks
        for notebook in graded.values():
            _ = notebook.nb  # an invalid one raises here, before anything is written
        write = functools.partial(self._writer.write, student, graded, unchanged=unchanged)
        retry_while_locked(write, self.db_url, self._notify)


def _points(result: JobResult) -> dict[CellKey, float | None]:
    return {
        (name, score.name): score.points
        for name, notebook in result.notebooks.items()
        for score in notebook.scores
    }
