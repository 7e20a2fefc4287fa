"""``nbgrader export``: the gradebook as CSV, with a status for each score."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any, Final

from nbgrader.api import Assignment, Gradebook, MissingEntry, Student
from nbgrader.plugins import ExportPlugin

from autograder import cells
from autograder.nbgrader_plugins.course_paths import CoursePaths
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
            for assignment in gradebook.assignments:
                if self.assignment and assignment.name not in self.assignment:
                    continue
                paths = CoursePaths(self.parent.coursedir, assignment.name)
                known = {student.id: student for student in gradebook.students}
                unknown = [Student(id=name) for name in sorted(paths.submissions().keys() - known)]
                for student in [*known.values(), *unknown]:
                    if not self.student or student.id in map(str, self.student):
                        row = _row(gradebook, assignment, student, paths)
                        table.writerow({key: _csv_text(value) for key, value in row.items()})
        self.log.info("Exported grades to %s", path)


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
        if paths.submitted(student.id).exists():
            reason = "The submission has not been graded yet."
            return row | {"status": "not graded", "reason": reason}
        return row | {"status": "not submitted", "reason": "Nothing was submitted."}
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
    notebooks = [json.loads(path.read_bytes()) for path in graded_notebooks]
    reasons = _reasons(notebooks, ungraded)
    if all(grade.needs_manual_grade for grade in grades) and all(map(cells.unreadable, notebooks)):
        return row | {"status": "not graded", "reason": reasons}
    return row | {"raw_score": submission.score, "status": "needs review", "reason": reasons}


def _reasons(graded_notebooks: list[dict[str, Any]], ungraded: set[str]) -> str:
    """Say why the cells need manual grading, as recorded in the graded notebooks."""
    reasons: dict[str, list[str]] = {}
    for notebook in graded_notebooks:
        for cell in notebook["cells"]:
            name, record = cells.grade_id(cell), cells.score_record(cell)
            if name in ungraded and record and record["points"] is None:
                reasons.setdefault(record["reason"], []).append(name)
    if not reasons:
        return f"Needs manual grading: {', '.join(sorted(ungraded))}."
    if len(reasons) == 1 and set(*reasons.values()) == ungraded and len(ungraded) > 1:
        return next(iter(reasons))
    return " ".join(f"{', '.join(names)}: {reason}" for reason, names in reasons.items())


def _csv_text(value: Any) -> str:
    """Format a value so that no spreadsheet takes a student's name for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "@", "\t", "\r")) else text
