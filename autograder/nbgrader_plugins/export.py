"""``nbgrader export``: the gradebook as CSV, with a status for each score."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any, Final

from nbgrader.api import Gradebook, MissingEntry, Student, SubmittedAssignment
from nbgrader.plugins import ExportPlugin

from autograder import cells
from course import atomic_write

COLUMNS: Final = (
    "assignment",
    "duedate",
    "timestamp",
    "student_id",
    "last_name",
    "first_name",
    "email",
    "raw_score",
    "late_submission_penalty",
    "score",
    "max_score",
    "status",
    "reason",
)


class ExportGrades(ExportPlugin):
    """nbgrader's columns plus ``status`` and ``reason``.

    ``status`` is ``graded``, ``needs review`` (some answers need manual grading), ``not graded``
    or ``not submitted``. Only ``graded`` rows have a final score. The others have a reason
    instead of a number, so that no one mistakes them for a zero.
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
                unknown = self._unknown_students(gradebook, assignment.name)
                for student in [*gradebook.students, *unknown]:
                    if not self.student or student.id in map(str, self.student):
                        row = self._row(gradebook, assignment, student)
                        table.writerow({key: _csv_text(value) for key, value in row.items()})
        self.log.info("Exported grades to %s", path)

    def _unknown_students(self, gradebook: Gradebook, assignment: str) -> list[Student]:
        """Return students with a submitted folder who are missing from the gradebook."""
        coursedir = self.parent.coursedir
        known = {student.id for student in gradebook.students}
        pattern = coursedir.format_path(coursedir.submitted_directory, "*", assignment)
        folders = Path(coursedir.root).glob(pattern.removeprefix(f"{coursedir.root}/"))
        names = sorted(folder.parent.name for folder in folders)
        return [Student(id=name) for name in names if name not in known]

    def _row(self, gradebook: Gradebook, assignment: Any, student: Any) -> dict[str, Any]:
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
            return row | self._status_without_entry(assignment.name, student.id)
        row["timestamp"] = submission.timestamp
        if not self._is_complete(submission):
            reason = "Grading failed; see the output of `nbgrader autograde` for the cause."
            return row | {"status": "not graded", "reason": reason}
        penalty = row["late_submission_penalty"] = submission.late_submission_penalty
        grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
        ungraded = {grade.name for grade in grades if grade.needs_manual_grade}
        if not ungraded:
            score = max(0.0, submission.score - (penalty or 0.0))
            return row | {"raw_score": submission.score, "score": score, "status": "graded"}
        reasons = self._reasons(submission, ungraded)
        if all(grade.needs_manual_grade for grade in grades):
            return row | {"status": "not graded", "reason": reasons}
        return row | {"raw_score": submission.score, "status": "needs review", "reason": reasons}

    def _is_complete(self, submission: SubmittedAssignment) -> bool:
        """Return whether grading finished or someone graded by hand; nbgrader may leave zeros."""
        graded_manually = any(
            grade.manual_score is not None
            for notebook in submission.notebooks
            for grade in notebook.grades
        )
        return graded_manually or any(self._autograded_folder(submission).glob("*.ipynb"))

    def _autograded_folder(self, submission: SubmittedAssignment) -> Path:
        coursedir = self.parent.coursedir
        return Path(
            coursedir.format_path(
                coursedir.autograded_directory, submission.student.id, submission.assignment.name
            )
        )

    def _status_without_entry(self, assignment: str, student: str) -> dict[str, str]:
        coursedir = self.parent.coursedir
        folder = Path(coursedir.format_path(coursedir.submitted_directory, student, assignment))
        if folder.exists():
            reason = "The submission has no notebook or has not been graded yet."
            return {"status": "not graded", "reason": reason}
        return {"status": "not submitted", "reason": "Nothing was submitted."}

    def _reasons(self, submission: SubmittedAssignment, ungraded: set[str]) -> str:
        """Say why the cells need manual grading, as recorded in the graded notebooks."""
        reasons: dict[str, list[str]] = {}
        for path in sorted(self._autograded_folder(submission).glob("*.ipynb")):
            for cell in json.loads(path.read_bytes())["cells"]:
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
