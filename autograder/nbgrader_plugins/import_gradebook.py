"""Import another course's gradebook: students, due dates, and what people scored by hand.

Automatic scores are left out, because grading works them out anew.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from nbgrader.api import (
    Comment,
    Grade,
    Gradebook,
    MissingEntry,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy.exc import SQLAlchemyError

from autograder.nbgrader_plugins.course_paths import CourseError
from autograder.nbgrader_plugins.gradebook_connection import sqlite_path
from autograder.student_names import printable, why_invalid
from course.wording import format_count

PERSONAL: Final = ("first_name", "last_name", "email", "lms_user_id")
CellName = tuple[str, str]  # notebook and cell


@dataclass
class OldSubmission:
    """What a gradebook holds of a submission, without automatic scores.

    Attributes:
        attributes: When it was handed in, and its extension.
        scores: By cell, a person's score and extra credit.
        comments: By cell, a person's comment.
    """

    attributes: dict[str, Any]
    scores: dict[CellName, dict[str, float]] = field(default_factory=dict)
    comments: dict[CellName, str] = field(default_factory=dict)


@dataclass
class OldGradebook:
    """What is imported of a gradebook.

    Attributes:
        students: Names and addresses, by student id.
        due_dates: By assignment; None without one.
        submissions: By assignment and student.
        notes: What is left out, and why.
    """

    students: dict[str, dict[str, str]] = field(default_factory=dict)
    due_dates: dict[str, Any] = field(default_factory=dict)
    submissions: dict[tuple[str, str], OldSubmission] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def summary(self) -> str:
        """Return how much it holds, as a phrase."""
        scores = sum(len(one.scores) for one in self.submissions.values())
        comments = sum(len(one.comments) for one in self.submissions.values())
        return (
            f"{format_count(len(self.students), 'student')},"
            f" {format_count(len(self.submissions), 'submission')},"
            f" {format_count(scores, 'score')} and"
            f" {format_count(comments, 'comment')} given by hand"
        )


def read(db_url: str, assignments: Collection[str]) -> OldGradebook:
    """Read a gradebook without changing it.

    Raises:
        CourseError: It can't be read; the message says what to do.
    """
    old = OldGradebook()
    try:
        with _open_copy(db_url) as gradebook:
            if gradebook is not None:
                _read(gradebook, assignments, old)
    except SQLAlchemyError as error:
        raise CourseError(
            f"Can't read the gradebook {db_url}: {str(error).splitlines()[0]}. If an older nbgrader"
            " made it, back it up and run: nbgrader db upgrade"
        ) from error
    return old


@contextlib.contextmanager
def _open_copy(db_url: str) -> Iterator[Gradebook | None]:
    path = sqlite_path(db_url)
    with tempfile.TemporaryDirectory(prefix="gradebook-") as folder:
        if path is not None:
            if not path.is_file():
                yield None
                return
            db_url = f"sqlite:///{shutil.copy(path, folder)}"  # opening may add tables
        with Gradebook(db_url) as gradebook:
            yield gradebook


def _read(gradebook: Gradebook, assignments: Collection[str], old: OldGradebook) -> None:
    for student in gradebook.students:
        if problem := why_invalid(student.id):
            old.notes.append(f"student left out: {problem}")
        else:
            old.students[student.id] = {
                name: value for name in PERSONAL if (value := getattr(student, name)) is not None
            }
    for assignment in gradebook.assignments:
        if assignment.name not in assignments:
            old.notes.append(f"{assignment.name} is in the gradebook only; left out")
            continue
        old.due_dates[assignment.name] = assignment.duedate
        for row in gradebook.assignment_submissions(assignment.name):
            if row.student_id in old.students:
                old.submissions[assignment.name, row.student_id] = _read_submission(row)


def _read_submission(row: SubmittedAssignment) -> OldSubmission:
    submission = OldSubmission({"timestamp": row.timestamp, "extension": row.extension})
    for notebook in row.notebooks:
        for grade in notebook.grades:
            given = {"manual_score": grade.manual_score, "extra_credit": grade.extra_credit}
            if scores := {name: value for name, value in given.items() if value is not None}:
                submission.scores[notebook.name, grade.name] = scores
        for comment in notebook.comments:
            if comment.manual_comment:
                submission.comments[notebook.name, comment.name] = comment.manual_comment
    return submission


def write(old: OldGradebook, db_url: str, course_id: str) -> list[str]:
    """Add a gradebook's contents to another one; what that holds already stays.

    Every cell of a new submission waits for grading.

    Returns:
        A line for each score or comment that no cell of the assignment could take.
    """
    lost: list[str] = []
    with Gradebook(db_url, course_id) as gradebook:
        db = gradebook.db
        for student, values in old.students.items():
            if db.get(Student, student) is None:
                gradebook.add_student(student, **values)
        for name, due_date in old.due_dates.items():
            assignment = gradebook.find_assignment(name)
            if assignment.duedate is None:
                assignment.duedate = due_date
        for (name, student), submission in old.submissions.items():
            try:
                row = gradebook.find_submission(name, student)
            except MissingEntry:
                row = gradebook.add_submission(name, student, **submission.attributes)
                for notebook in row.notebooks:
                    for grade in notebook.grades:
                        grade.needs_manual_grade = True
            lost += _fill(row, submission)
        db.commit()
    return lost


def _fill(row: SubmittedAssignment, submission: OldSubmission) -> Iterator[str]:
    """Enter what people gave; yield a line for each entry without a cell."""
    grades: dict[CellName, Grade] = _by_cell(row.notebooks, "grades")
    comments: dict[CellName, Comment] = _by_cell(row.notebooks, "comments")
    student = printable(row.student_id)
    for key, scores in submission.scores.items():
        if grade := grades.get(key):
            for column, value in scores.items():
                if getattr(grade, column) is None:
                    setattr(grade, column, value)
        else:
            given = ", ".join(f"{value:g}" for value in scores.values())
            yield f"{student} had {given} by hand for {key[1]}, which is no longer graded"
    for key, text in submission.comments.items():
        if comment := comments.get(key):
            comment.manual_comment = comment.manual_comment or text
        else:
            yield f"{student} had a comment on {key[1]}, which is not an answer any more"


def _by_cell(notebooks: list[SubmittedNotebook], kind: str) -> dict[CellName, Any]:
    return {(one.name, row.name): row for one in notebooks for row in getattr(one, kind)}
