"""The submissions of an assignment as the page lists them, and those that need a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder.batch.report import ReportLine
from autograder.batch.result_cache import ResultCache
from autograder.nbgrader_plugins import gradebook_reader, overview
from autograder.nbgrader_plugins.course_paths import CoursePaths
from autograder.nbgrader_plugins.gradebook_reader import StoredSubmission
from autograder.nbgrader_plugins.review import review_reasons
from autograder.student_names import printable, why_invalid

NOT_YET = "not graded yet"


@dataclass(frozen=True)
class SubmissionRow:
    """A submission.

    Attributes:
        student: The name, safe to show.
        status: ``graded``, ``needs review``, ``not graded``, ``failed`` or ``not graded yet``.
        reason: Why it needs a person.
        score: The points so far, less the late penalty; None if nothing was graded.
        penalty: The late penalty.
        seconds_late: How long after the due date it was submitted, extension included.
        formgrader: The id with which formgrader opens it; may be empty.
    """

    student: str
    status: str
    reason: str = ""
    score: float | None = None
    penalty: float = 0.0
    seconds_late: float = 0.0
    formgrader: str = ""

    @property
    def needs_person(self) -> bool:
        """True if grading alone doesn't settle it.

        Example:
            >>> SubmissionRow("ada", "failed").needs_person
            True
        """
        return self.status not in {"graded", NOT_YET}


def list_submissions(
    root: Path, paths: CoursePaths, failed: Mapping[str, str]
) -> list[SubmissionRow]:
    """Return a row for each submission, by student.

    Args:
        root: The course folder.
        paths: The assignment's.
        failed: Why the last run couldn't grade some of them.

    Raises:
        CourseError: The gradebook can't be read.
        GradebookLockedError: Another program has locked it.
    """
    students = paths.students()
    if not students:
        return []
    stored = gradebook_reader.read_scores(paths.db_url, paths.assignment).submissions
    ids = overview.submission_ids(paths.db_url, paths.assignment)
    cache = ResultCache(root, paths.assignment, paths.db_url)
    return [
        _row(student, stored.get(student), cache, failed.get(student, ""), ids.get(student, ""))
        for student in students
    ]


def _row(
    student: str, stored: StoredSubmission | None, cache: ResultCache, failure: str, number: str
) -> SubmissionRow:
    name = printable(student)
    if problem := why_invalid(student):
        return SubmissionRow(name, "failed", f"{problem}. Rename the folder in submitted/.")
    if failure:
        return SubmissionRow(name, "failed", failure, formgrader=number)
    if stored is None or not (stored.is_graded or stored.needs_review):
        return SubmissionRow(name, NOT_YET)
    line = _line(student, stored, cache)
    return SubmissionRow(
        *(name, line.status, line.reason, line.score),
        *(stored.penalty, stored.seconds_late, number),
    )


def _line(student: str, stored: StoredSubmission, cache: ResultCache) -> ReportLine:
    if not stored.needs_review:
        return ReportLine(student, "graded", stored.score)
    if entry := cache.entry(student):
        return ReportLine.from_result(student, entry.result, stored, None, unchanged=True)
    names = {cell for _, cell in stored.needs_review}
    reason = review_reasons(names, {cell for _, cell in stored.by_hand}, {})
    return ReportLine(student, "needs review", stored.score, reason=reason)
