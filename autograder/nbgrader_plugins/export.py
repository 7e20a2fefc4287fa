"""``nbgrader export``: the gradebook as CSV, with a status for each score."""

from __future__ import annotations

import csv
import io
import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from logging import Logger
from pathlib import Path
from typing import Any, Final

from nbgrader.api import Assignment, Gradebook, MissingEntry, Student, SubmittedAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import ExportPlugin
from traitlets.config import Config

from autograder import cells
from autograder.nbgrader_plugins.course_paths import CourseError, CoursePaths
from autograder.nbgrader_plugins.review import review_reasons
from autograder.student_names import csv_text, printable, why_invalid
from course import atomic_write

COLUMNS: Final = (
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"),
    *("raw_score", "late_submission_penalty", "score", "max_score", "status", "reason"),
)


class ExportGrades(ExportPlugin):
    """nbgrader's columns plus ``status`` and ``reason``.

    ``status`` is ``graded``, ``needs review`` (some answers need manual grading), ``not graded``
    (not yet, or the submission is unreadable) or ``not submitted``. Only ``graded`` rows have a
    final score. The others have a reason instead of a number, so that no one mistakes them for a
    zero.
    """

    def export(self, gradebook: Gradebook) -> None:
        """Write one row per student and assignment; replace the file only when it is complete."""
        path = Path(self.to or "grades.csv")
        with (
            atomic_write.replacing(path) as temporary,
            temporary.open("w", newline="", encoding="utf-8") as file,
        ):
            table = csv.DictWriter(file, COLUMNS)
            table.writeheader()
            chosen = set(map(str, self.student))
            for row in grade_rows(gradebook, self.parent.coursedir, self.assignment, self.log):
                if not chosen or row["student_id"] in chosen:
                    table.writerow({key: csv_text(value) for key, value in row.items()})
        self.log.info("Exported grades to %s", path)


def grade_rows(
    gradebook: Gradebook, course: CourseDirectory, assignments: Iterable[str], log: Logger
) -> Iterator[dict[str, Any]]:
    """Yield one row per student and assignment; without names, of all assignments."""
    chosen = set(assignments)
    for assignment in gradebook.assignments:
        if chosen and assignment.name not in chosen:
            continue
        paths = CoursePaths(course, assignment.name)
        known = {student.id: student for student in gradebook.students}
        unknown = [Student(id=name) for name in sorted(paths.submissions().keys() - known)]
        for student in [*known.values(), *unknown]:
            yield _row_or_reason(gradebook, assignment, student, paths, log)


def _row_or_reason(
    gradebook: Gradebook, assignment: Assignment, student: Student, paths: CoursePaths, log: Logger
) -> dict[str, Any]:
    """Return one row; if it can't be made, one that says why."""
    known = {"assignment": assignment.name, "student_id": student.id, "status": "not graded"}
    if student not in gradebook.db and (problem := why_invalid(student.id)):
        return known | {"reason": f"{problem}. Rename the folder in submitted/."}
    try:
        return _row(gradebook, assignment, student, paths)
    except Exception as error:
        name = printable(student.id)
        log.exception("Can't export %s for %s", assignment.name, name)
        reason = f"Can't be exported: {type(error).__name__}: {error}"
        return known | {"max_score": assignment.max_score, "reason": reason}


@dataclass(frozen=True)
class GradeTable:
    """The grades of some assignments.

    Attributes:
        maxima: The maximum score of each assignment, in the gradebook's order.
        students: A row for each student, with their names.
        rows: As the export has them.
    """

    maxima: dict[str, float]
    students: list[dict[str, str]]
    rows: list[dict[str, Any]]

    def final_scores(self, assignment: str) -> dict[str, float]:
        """Return the final scores of an assignment, by student."""
        return {
            row["student_id"]: float(row["score"])
            for row in self.rows
            if row["assignment"] == assignment and row["status"] == "graded"
        }

    def to_csv(self) -> str:
        """Return all rows, as ``nbgrader export`` writes them."""
        file = io.StringIO(newline="")
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        table.writerows({key: csv_text(value) for key, value in row.items()} for row in self.rows)
        return file.getvalue()

    @property
    def open_rows(self) -> list[str]:
        """Who has no final score in which assignment, and why."""
        return [
            f"{row['assignment']}, {printable(row['student_id'])}: {row['status']}."
            f" {printable(row['reason'])}"
            for row in self.rows
            if row["status"] != "graded"
        ]


def read_grades(config: Config, assignments: Sequence[str] = ()) -> GradeTable:
    """Read the grades of a course; without names, of all assignments.

    Raises:
        CourseError: The gradebook lacks an assignment.
    """
    course = CourseDirectory(config=config)
    with Gradebook(course.db_url) as gradebook:
        known = {one.name: float(one.max_score or 0.0) for one in gradebook.assignments}
        if missing := [name for name in assignments if name not in known]:
            raise CourseError(
                f"{', '.join(missing)} isn't in the gradebook; it has"
                f" {', '.join(known) or 'no assignment'}"
            )
        names = list(dict.fromkeys(assignments)) or list(known)
        rows = list(grade_rows(gradebook, course, names, logging.getLogger(__name__)))
    students = {row["student_id"]: row for row in rows}
    fields = ("student_id", "first_name", "last_name", "email")
    return GradeTable(
        {name: known[name] for name in names},
        [{field: row.get(field) or "" for field in fields} for row in students.values()],
        rows,
    )


def _is_untouched(submission: SubmittedAssignment, paths: CoursePaths) -> bool:
    """Return whether a submission in the gradebook has neither a time nor any score."""
    grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
    scores = [score for grade in grades for score in (grade.auto_score, grade.manual_score)]
    has_notebooks = any(paths.autograded(submission.student.id).glob("*.ipynb"))
    return submission.timestamp is None and set(scores) <= {None} and not has_notebooks


def _row(
    gradebook: Gradebook, assignment: Assignment, student: Student, paths: CoursePaths
) -> dict[str, Any]:
    row = {
        "assignment": assignment.name,
        "duedate": assignment.duedate,
        "student_id": student.id,
        "last_name": student.last_name,
        "first_name": student.first_name,
        "email": student.email,
        "max_score": assignment.max_score,
    }
    try:
        submission = gradebook.find_submission(assignment.name, student.id)
    except MissingEntry:
        submission = None
    was_collected = paths.submitted(student.id).exists()
    # A row without a time may only hold an extension.
    if not was_collected and (submission is None or _is_untouched(submission, paths)):
        return row | {"status": "not submitted", "reason": "Nothing was submitted."}
    if submission is None:
        reason = "The submission has not been graded yet."
        return row | {"status": "not graded", "reason": reason}
    row["timestamp"] = submission.timestamp
    grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
    graded_notebooks = sorted(paths.autograded(student.id).glob("*.ipynb"))
    if not graded_notebooks and all(grade.manual_score is None for grade in grades):
        # nbgrader may have left zeros.
        reason = "Grading failed; see the output of `nbgrader autograde` for the cause."
        return row | {"status": "not graded", "reason": reason}
    penalty = row["late_submission_penalty"] = submission.late_submission_penalty
    ungraded = {grade.name for grade in grades if grade.needs_manual_grade}
    if not ungraded:
        score = max(0.0, submission.score - (penalty or 0.0))
        return row | {"raw_score": submission.score, "score": score, "status": "graded"}
    by_hand = {grade.name for grade in grades if grade.manual_score is not None}
    notebooks = [json.loads(path.read_bytes()) for path in graded_notebooks]
    reasons = review_reasons(ungraded, by_hand, _recorded_reasons(notebooks))
    is_ungraded = all(grade.needs_manual_grade and grade.name not in by_hand for grade in grades)
    if is_ungraded and all(map(cells.unreadable, notebooks)):
        return row | {"status": "not graded", "reason": reasons}
    return row | {"raw_score": submission.score, "status": "needs review", "reason": reasons}


def _recorded_reasons(notebooks: list[dict[str, Any]]) -> dict[str, str]:
    """Return why cells got no points, as recorded in the graded notebooks."""
    reasons = {}
    for notebook in notebooks:
        for cell in notebook["cells"]:
            record = cells.score_record(cell)
            if record and record["points"] is None:
                reasons[cells.grade_id(cell)] = record["reason"]
    return reasons
