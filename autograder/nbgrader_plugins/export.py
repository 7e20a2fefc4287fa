"""``nbgrader export``: the gradebook as a table that says how far each score can be trusted."""

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
    """``nbgrader export``: nbgrader's columns, and how far each score can be trusted.

    ``status`` is ``graded``, ``needs review`` (a person must look at some answers first),
    ``not graded`` or ``not submitted``. Only what is graded has a score; what is not has a
    reason and no number, so that nobody takes it for a zero.
    """

    def export(self, gradebook: Gradebook) -> None:
        """Write one line for each student and assignment, complete or not at all."""
        target = Path(self.to or "grades.csv")
        with (
            atomic_write.replacing(target) as temporary,
            temporary.open("w", newline="", encoding="utf-8") as file,
        ):
            table = csv.DictWriter(file, COLUMNS)
            table.writeheader()
            for assignment in gradebook.assignments:
                if self.assignment and assignment.name not in self.assignment:
                    continue
                for student in [*gradebook.students, *self._unknown(gradebook, assignment.name)]:
                    if not self.student or student.id in map(str, self.student):
                        row = self._row(gradebook, assignment, student)
                        table.writerow({key: _cell(value) for key, value in row.items()})
        self.log.info("Exported grades to %s", target)

    def _unknown(self, gradebook: Gradebook, assignment: str) -> list[Student]:
        """Those who handed something in, but nothing that got them into the gradebook."""
        coursedir = self.parent.coursedir
        known = {student.id for student in gradebook.students}
        handed_in = Path(coursedir.root).glob(
            coursedir.format_path(coursedir.submitted_directory, "*", assignment).removeprefix(
                f"{coursedir.root}/"
            )
        )
        names = sorted(folder.parent.name for folder in handed_in)
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
            return row | self._absent(assignment.name, student.id)
        waiting = [
            grade
            for notebook in submission.notebooks
            for grade in notebook.grades
            if grade.needs_manual_grade
        ]
        row["timestamp"] = submission.timestamp
        if not self._finished(submission):
            reason = "Grading it failed; what `nbgrader autograde` said has the cause."
            return row | {"status": "not graded", "reason": reason}
        row["late_submission_penalty"] = submission.late_submission_penalty
        if not waiting:
            penalty = submission.late_submission_penalty or 0.0
            score = max(0.0, submission.score - penalty)
            return row | {"raw_score": submission.score, "score": score, "status": "graded"}
        graded = sum(len(notebook.grades) for notebook in submission.notebooks) - len(waiting)
        reasons = self._reasons(submission, {grade.name for grade in waiting})
        if not graded:
            return row | {"status": "not graded", "reason": reasons}
        return row | {"raw_score": submission.score, "status": "needs review", "reason": reasons}

    def _finished(self, submission: SubmittedAssignment) -> bool:
        """Whether grading came to its end, or a person has graded: nbgrader may leave zeros."""
        coursedir = self.parent.coursedir
        place = (submission.student.id, submission.assignment.name)
        folder = Path(coursedir.format_path(coursedir.autograded_directory, *place))
        by_hand = any(
            grade.manual_score is not None
            for notebook in submission.notebooks
            for grade in notebook.grades
        )
        return by_hand or any(folder.glob("*.ipynb"))

    def _absent(self, assignment: str, student: str) -> dict[str, str]:
        coursedir = self.parent.coursedir
        folder = Path(coursedir.format_path(coursedir.submitted_directory, student, assignment))
        if folder.exists():
            reason = "The submission has no notebook, or it has not been graded yet."
            return {"status": "not graded", "reason": reason}
        return {"status": "not submitted", "reason": "Nothing was submitted."}

    def _reasons(self, submission: SubmittedAssignment, waiting: set[str]) -> str:
        """Collect why a person must look, from the graded notebooks."""
        coursedir = self.parent.coursedir
        folder = Path(
            coursedir.format_path(
                coursedir.autograded_directory, submission.student.id, submission.assignment.name
            )
        )
        reasons: dict[str, list[str]] = {}
        for path in sorted(folder.glob("*.ipynb")):
            for cell in json.loads(path.read_bytes())["cells"]:
                name, verdict = cells.grade_id(cell), cells.score_record(cell)
                if name in waiting and verdict and verdict["points"] is None:
                    reasons.setdefault(verdict["reason"], []).append(name)
        if not reasons:
            return f"A person must look at: {', '.join(sorted(waiting))}."
        if len(reasons) == 1 and set(*reasons.values()) == waiting and len(waiting) > 1:
            return next(iter(reasons))
        return " ".join(f"{', '.join(names)}: {reason}" for reason, names in reasons.items())


def _cell(value: Any) -> str:
    """A value for a spreadsheet, which must not take a student's name for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "@", "\t", "\r")) else text
