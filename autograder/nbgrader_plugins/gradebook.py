"""The only writer of the gradebook."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    MissingEntry,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    new_uuid,
)
from sqlalchemy import insert, select

from autograder.grading.scoring import CellScore

# nbgrader's kinds of cells: which have points, and which a comment goes with.
_GRADED: Final = ("GradeCell", "TaskCell")
_ANSWERED: Final = ("SolutionCell", "TaskCell")


@dataclass(frozen=True)
class NotebookKey:
    """Where scores belong: one student's notebook in one assignment."""

    assignment: str
    notebook: str
    student: str


@dataclass(frozen=True)
class SubmissionKey:
    """A submission as it came in.

    Attributes:
        assignment: The assignment's name.
        student: Who handed it in.
        timestamp: When, in UTC; None if nobody knows.
    """

    assignment: str
    student: str
    timestamp: datetime | None


Results = dict[str, tuple[list[CellScore], dict[str, str]]]


def save(
    db_url: str,
    course_id: str,
    place: NotebookKey,
    verdicts: list[CellScore],
    comments: dict[str, str],
) -> None:
    """Write the scores of one notebook, all or none.

    A score that a person gave stays; the cell is marked for another look, as nbgrader does.

    Args:
        db_url: The gradebook's address.
        course_id: The course's name in it.
        place: Whose notebook it is.
        verdicts: One for each graded cell.
        comments: What to tell the student, by the name of the cell in which the answer stands.

    Raises:
        LookupError: The gradebook knows other questions than ``source/``.
    """
    with Gradebook(db_url, course_id) as gradebook:
        store(gradebook, place, verdicts, comments)


def store(
    gradebook: Gradebook, place: NotebookKey, verdicts: list[CellScore], comments: dict[str, str]
) -> None:
    """Write the scores of one notebook into an open gradebook; as `save`."""
    where = (place.notebook, place.assignment, place.student)
    notebook = gradebook.find_submission_notebook(*where)
    framed = gradebook.db.query(BaseCell).filter_by(notebook_id=notebook.notebook_id)
    cells = {cell.id: cell.name for cell in framed}  # one query, not one for each
    grades = {cells[grade.cell_id]: grade for grade in notebook.grades}
    boxes = {cells[comment.cell_id]: comment for comment in notebook.comments}
    _compare(place.assignment, grades.keys(), {verdict.name for verdict in verdicts})
    try:
        for verdict in verdicts:
            grade = grades[verdict.name]
            grade.auto_score = verdict.points
            grade.needs_manual_grade = verdict.points is None or grade.manual_score is not None
        for name, text in comments.items():
            boxes[name].auto_comment = text or None
        gradebook.db.commit()
    except BaseException:
        gradebook.db.rollback()
        raise


def begin(
    gradebook: Gradebook, arrival: SubmissionKey, results: Results, *, create_student: bool = True
) -> bool:
    """Write a submission that the gradebook does not know yet, all of it or nothing.

    It comes out as with nbgrader's own `add_submission` and then `save` for each notebook, which
    ask the gradebook some twenty times as often.

    Args:
        gradebook: The gradebook.
        arrival: Whose submission it is.
        results: By notebook, the verdicts and the comments; as for `save`.
        create_student: Whether to enter a student whom the gradebook does not know.

    Returns:
        Whether it was written; False if there is such a submission already, or other notebooks.

    Raises:
        MissingEntry: It does not know the student.
        LookupError: The gradebook knows other questions than ``source/``.
    """
    db = gradebook.db
    unknown = db.get(Student, arrival.student) is None
    if unknown and not create_student:
        raise MissingEntry(f"No such student: {arrival.student}")
    framed = (
        select(Notebook.assignment_id, Notebook.id.label("notebook"), Notebook.name.label("of"))
        .add_columns(BaseCell.id, BaseCell.name, BaseCell.type)
        .join(Assignment, Assignment.id == Notebook.assignment_id)
        .join(BaseCell, BaseCell.notebook_id == Notebook.id)
        .where(Assignment.name == arrival.assignment)
    )
    rows = db.execute(framed).all()
    notebooks = {row.of: row.notebook for row in rows}
    if not rows or notebooks.keys() != results.keys():
        return False
    whole = {"assignment_id": rows[0].assignment_id, "student_id": arrival.student}
    if db.scalar(select(SubmittedAssignment.id).filter_by(**whole)):
        return False
    whole |= {"id": new_uuid(), "timestamp": arrival.timestamp}
    lines: dict[Any, list[dict[str, Any]]] = {Student: [{"id": arrival.student}] if unknown else []}
    lines |= {SubmittedAssignment: [whole], SubmittedNotebook: [], Grade: [], Comment: []}
    for name, number in notebooks.items():
        part = {"id": new_uuid(), "assignment_id": whole["id"], "notebook_id": number}
        cells = [row for row in rows if row.of == name]
        grades, comments = _lines(arrival.assignment, part["id"], cells, *results[name])
        lines[SubmittedNotebook].append(part)
        lines[Grade] += grades
        lines[Comment] += comments
    try:
        for table, values in lines.items():
            if values:
                db.execute(insert(table), values)
        db.commit()
    except BaseException:
        db.rollback()
        raise
    return True


def _lines(
    assignment: str,
    notebook: str,
    cells: list[Any],
    verdicts: list[CellScore],
    told: dict[str, str],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return what the gradebook holds of one notebook's points, and of its comments."""
    points = {verdict.name: verdict.points for verdict in verdicts}
    graded = {cell.name: cell.id for cell in cells if cell.type in _GRADED}
    _compare(assignment, graded.keys(), points.keys())
    grades = [
        {"notebook_id": notebook, "cell_id": number, "auto_score": points[name]}
        | {"needs_manual_grade": points[name] is None}
        for name, number in graded.items()
    ]
    comments = [
        {"notebook_id": notebook, "cell_id": cell.id, "auto_comment": told.get(cell.name) or None}
        for cell in cells
        if cell.type in _ANSWERED
    ]
    return grades, comments


def _compare(assignment: str, known: AbstractSet[str], found: AbstractSet[str]) -> None:
    """Make sure that the gradebook and ``source/`` have the same questions."""
    if known != found:
        raise LookupError(
            f"{assignment}: source/ and the gradebook differ in {', '.join(sorted(known ^ found))};"
            f" run: nbgrader generate_assignment {assignment} --force"
        )


def open_ends(db_url: str, course_id: str, place: NotebookKey) -> tuple[set[str], datetime | None]:
    """Return the cells that nobody has graded yet, and the student's due date in UTC."""
    with Gradebook(db_url, course_id) as gradebook:
        notebook = gradebook.find_submission_notebook(
            place.notebook, place.assignment, place.student
        )
        waiting = {
            grade.name
            for grade in notebook.grades
            if grade.auto_score is None and grade.manual_score is None
        }
        return waiting, notebook.assignment.duedate
